/* SPDX-License-Identifier: Apache-2.0
 *
 * binding.h - what the files of the extension share; library.h, buffer.h, taking.h and methods.h are parts of it.
 *
 *   library.c   finds libsluice, holds its functions in one table
 *   fault.c     turns statuses into exceptions
 *   module.c    the module: fork, shutdown
 *   text.c      text that the engine copies out
 *   layout.c    the type Layout
 *   constants.c the bits of a packet that must have one value
 *   packet.c    the type PacketBase, instances of packet classes; packet.h says what belongs to it
 *   packet_text.c the type PacketText: packets as text in memory
 *   file.c      the type File: packets out of a file
 *   producer.c  the type Producer: packets into a ring of another process
 *   type.c      the type Buffer, and the methods that only ask
 *   make.c      makes one
 *   buffer.c    its life: lock, close, be collected
 *   put.c       packets in; the only hot file
 *   arrays.c    whether the items of an array are packets of a layout
 *   take.c      packets out
 *   classes.c   which class each packet of a buffer had
 *   batch.c     many packets as one object; pop_many
 *   claim.c     room in the ring, filled in place; claim_type.c is the type Claim
 *   iterate.c   packets one after the other
 *   event.c     waiting in an event loop
 *   reader.c    batches for an event loop, as a sink of the buffer
 *   callback.c  Python functions that the engine calls
 *   controllers.c those that say when packets are released
 *   formatter.c Python functions that make text of packets
 *   hex.c       bytes as hexadecimal text
 *   sinks.c     files that packets go to
 *   run.c       flush, and the pump
 *   ends.c      what is left of a buffer and its sinks when they have ended; what was lost
 *   records.h   what belongs to the type Records
 *
 * The GIL and the engine
 *   1. Every call into the engine that may wait for a lock of the engine releases the GIL: whoever holds that
 *      lock may be waiting for the GIL, to call a formatter. A put that finds room stays in the inline ring
 * and keeps the GIL.
 *   2. The producer of a buffer belongs to the thread that holds the GIL while `ready` is 1. A call that
 * needs the producer without the GIL, opens or closes it, takes `lock` and clears `ready` first; puts of
 * other threads then go the slow way and wait for the lock in slices. While a claim is open it belongs to the
 * claim (claim.c).
 *   3. A wait is cut into slices; between them signals are looked at, so that Ctrl-C ends it.
 */
#ifndef SLUICE_PYTHON_BINDING_H
#define SLUICE_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <sluice/ring.h>
#include <sluice/sluice.h>

#pragma GCC visibility push(hidden) /* what is shared below is shared inside the extension */

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#include "constants.h"

/* How long a wait goes on before it looks for signals and for a close. */
#define SLICE_NS INT64_C(50000000)

#include "library.h"

/* ---- module.c ---- */

/* 0, or the status that every call answers from now on: E_FORKED in a child of a process that used the
 * engine, E_SHUTDOWN after the exit handler ran. */
extern int32_t engine_gone;

/* Whether the library was ever called: a fork before that leaves the child free. */
extern int engine_used;

/* Claims that are open; the exit handler gives them half a second. Under the GIL. */
extern int open_claims;

/* Slow puts that are under way without the GIL; the exit handler waits for them. Under the GIL. */
extern int slow_puts;

/* Set when the interpreter goes away: engine threads must not ask for the GIL any more. */
extern int interpreter_gone;

extern PyObject *sluice_module;

/* ---- producer.c ---- */

PyObject *module_remove_ring(PyObject *module, PyObject *args);

/* ---- hex.c ---- */

PyObject *module_hex_encode(PyObject *module, PyObject *args);

/* ---- fault.c ---- */

/* Raises SluiceError, or the subclass that goes with the status, with this text. Returns NULL. */
/* The s of a noun behind a number. */
#define PLURAL(number) ((number) == 1 ? "" : "s")

PyObject *raise_status(int32_t status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, with the engine's text of the last fault on this thread. `path` (may be NULL) becomes `filename`.
 */
PyObject *raise_engine(int32_t status, PyObject *path);

/* 0, or -1 with an exception: the engine cannot be called any more. */
int engine_there(void);

/* Takes the exception that is set, as an object; NULL: none. */
PyObject *take_exception(void);

/* Calls sluice._errors.FUNCTION(value) and writes an exception in it to stderr. */
void call_errors(const char *function, PyObject *value);

/* ---- text.c ---- */

/* Copies text of the object behind the handle, at most capacity - 1 bytes; *length is the whole length. */
typedef int32_t (*engine_text_fn)(const void *handle, char *text, size_t capacity, size_t *length);

/* The text as a str, or NULL with an exception. */
PyObject *engine_text(engine_text_fn call, const void *handle);

/* The text of the last fault on this thread, whole; of the status where there is none. NULL with an exception: no memory. */
PyObject *engine_last_error(int32_t status);

/* For "O&" of PyArg_Parse...: None is NULL, bytes without a zero byte are what they are, as long as the object lives. */
int bytes_or_null(PyObject *object, void *bytes);

/* ---- layout.c ---- */

typedef struct Layout {
    PyObject_HEAD sluice_layout *handle;
} Layout;

extern PyTypeObject *layout_type;
int layout_register(PyObject *module);

/* ---- packet_text.c ---- */

int packet_text_register(PyObject *module);

/* ---- file.c ---- */

int file_register(PyObject *module);

/* ---- callback.c ---- */

typedef struct Callback {
    struct Callback *next;
    struct Buffer *buffer;
    PyObject *function;
    int is_sink;
    int reported; /* the present fault was logged */
} Callback;

/* Tells the logger of a fault that no call answers with; `user` is the buffer. */
void callback_fault(void *user, const sluice_fault *fault);

/* Into Python and out of it again, on a thread of the engine or of Python's without the GIL. -1: Python cannot be called. */
typedef struct Entered {
    PyGILState_STATE state;
    int locked; /* under the engine's lock */
    struct Buffer *buffer; /* held meanwhile */
    struct Buffer *outer;
} Entered;
int callback_enter(struct Buffer *buffer, Entered *entered);
void callback_leave(const Entered *entered);

/* Takes the exception that is set: for the call of this thread, or for the log. `report` is a function of sluice._errors. */
void callback_raised(struct Buffer *buffer, int *reported, const char *report);

/* Tells the engine "ZeroDivisionError: division by zero", before the function answers with a fault. */
void callback_tell(PyObject *error);

/* Logs an exception unless one was; takes the reference. */
void callback_log(PyObject *error, int *reported, const char *report);

/* Adds to the callbacks of a buffer, and drops one of them (NULL: all, or all sinks). */
Callback *callback_new(struct Buffer *buffer, PyObject *function, int is_sink);
void callback_drop(struct Buffer *buffer, const Callback *one, int only_sinks);

int32_t callback_accept(void *user, const sluice_batch *batch);

/* The buffer whose callback runs on this thread. */
extern __thread struct Buffer *formatting;

/* ---- records.c; the rest is in records.h ---- */

int records_register(PyObject *module);

/* The exit handler, before the engine goes: what buffers of records hold goes to their on_close. Buffers that other threads do
 * not leave by the deadline are left to the engine. */
void records_shutdown(int64_t deadline);

/* ---- arrays.c ---- */

/* The array that was checked last: another one of the same type and dtype need not be. */
typedef struct SeenArray {
    PyObject *dtype; /* or NULL */
    PyTypeObject *type;
} SeenArray;

/* The memory of packets, as PyObject_GetBuffer with these flags. An array has the dtype of the layout (NULL: any), or is of
 * bytes; one with a mask has none; times are integers. 0, or -1 with an exception. */
int packets_view(SeenArray *before, PyObject *packets, PyObject *layout, int flags, Py_buffer *view);

void seen_array_drop(SeenArray *before);

/* ---- producer.c ---- */

int producer_register(PyObject *module);

/* ---- formatter.c ---- */

typedef struct Formatter {
    struct Formatter *next;
    struct Buffer *buffer;
    PyObject *function;
    PyObject *pending_packet; /* the packet whose text did not fit into what the engine offered, */
    PyObject *pending_text;   /* and that text */
    uint16_t pending_type;
    int binary;
    int per_batch;     /* called with many packets at once */
    int reported;      /* the present fault was logged */
    double text_bytes; /* per batch: what a packet's text took the last time */
} Formatter;

/* NULL with an exception when there is no memory. */
Formatter *formatter_new(struct Buffer *buffer, PyObject *function, int binary, int per_batch);
void formatter_free(Formatter *formatter);
int32_t formatter_format(void *user, const sluice_batch *batch, char *text, size_t capacity,
                         uint64_t *packets, size_t *written);

#include "buffer.h"

/* ---- ends.c ---- */

/* Told by the engine of what has ended; `user` is the buffer. */
void ends_tell(void *user, sluice_sink *sink, const sluice_buffer_stats *stats);

/* Told by the engine of packets that nothing took before their buffer ended. */
void ends_loss(void *user, const sluice_loss *loss);

/* From here on buffers end because the interpreter does. */
void ends_at_exit(void);

void ends_in_child(void);

/* 1, with the numbers of its end: the buffer has ended. */
int ends_stats(Buffer *self, sluice_buffer_stats *stats);

/* A sink of the engine as a Python object, and back. */
PyObject *sink_capsule(sluice_sink *sink);
sluice_sink *sink_handle(PyObject *capsule);

PyObject *module_sink_info(PyObject *module, PyObject *capsule);

/* Seconds as a Python number (None: -1, for ever) to nanoseconds. 0, or -1 with an exception that names
 * `what`. */
int seconds_to_ns(PyObject *seconds, const char *what, int64_t *ns);

#include "taking.h"

/* ---- classes.c ---- */

/* What was put, of the bytes and the type of a record (0: of packets of one size): bytes, or an instance of the class that was
 * put. Under the GIL. NULL with an exception: of an `unpack` of the user, or there is no memory. */
PyObject *buffer_packet(Buffer *self, const void *data, size_t bytes, uint16_t type);

/* The buffer is made for packets of this class. */
void buffer_set_class(Buffer *self, PyObject *class);

/* The next put of an instance of the class of `packet`, a native one, need not look it up. */
void buffer_know(Buffer *self, PyObject *packet, uint16_t type);

/* The type of the record of a packet that is no bytes, in a buffer of packets of any size. -1 with an exception. */
int32_t buffer_type_of(Buffer *self, PyObject *packet);

int buffer_visit_classes(Buffer *self, visitproc visit, void *arg);
void buffer_drop_classes(Buffer *self);

#include "methods.h"

#pragma GCC visibility pop

#endif
