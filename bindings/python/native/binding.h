/* SPDX-License-Identifier: Apache-2.0
 *
 * binding.h - what the files of the extension share.
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
 *   buffer.c    its life: make, lock, close, be collected
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

/* ---- library.c ---- */

#define LIBRARY_FUNCTIONS(X)                                                                                 \
    X(last_error)                                                                                            \
    X(callback_fault)                                                                                        \
    X(status_text)                                                                                           \
    X(layout_create)                                                                                         \
    X(layout_destroy)                                                                                        \
    X(layout_size)                                                                                           \
    X(layout_describe)                                                                                       \
    X(layout_numpy)                                                                                          \
    X(layout_fields)                                                                                         \
    X(layout_field)                                                                                          \
    X(layout_field_text)                                                                                     \
    X(layout_fill)                                                                                           \
    X(layout_from_numpy)                                                                                     \
    X(layout_check)                                                                                          \
    X(formatter_create)                                                                                      \
    X(formatter_destroy)                                                                                     \
    X(formatter_format)                                                                                      \
    X(formatter_header)                                                                                      \
    X(file_open)                                                                                             \
    X(file_close)                                                                                            \
    X(file_get_info)                                                                                         \
    X(file_refresh)                                                                                          \
    X(file_map)                                                                                              \
    X(file_read)                                                                                             \
    X(file_check)                                                                                            \
    X(buffer_create)                                                                                         \
    X(buffer_destroy)                                                                                        \
    X(buffer_abandon)                                                                                        \
    X(buffer_on_end)                                                                                         \
    X(on_loss)                                                                                               \
    X(buffer_discard)                                                                                        \
    X(buffer_open_producer)                                                                                  \
    X(buffer_close_producer)                                                                                 \
    X(buffer_pop)                                                                                            \
    X(buffer_peek)                                                                                           \
    X(buffer_take)                                                                                           \
    X(buffer_stride)                                                                                         \
    X(buffer_layout)                                                                                         \
    X(buffer_size)                                                                                           \
    X(buffer_clear)                                                                                          \
    X(buffer_add_file_sink)                                                                                  \
    X(buffer_add_text_sink)                                                                                  \
    X(buffer_add_callback_sink)                                                                              \
    X(buffer_add_memory_sink)                                                                                \
    X(sink_take)                                                                                             \
    X(buffer_add_controller)                                                                                 \
    X(buffer_on_reset)                                                                                       \
    X(buffer_force_release)                                                                                  \
    X(buffer_event)                                                                                          \
    X(buffer_on_fault)                                                                                       \
    X(sink_get_info)                                                                                         \
    X(buffer_remove_sink)                                                                                    \
    X(buffer_restore_files)                                                                                  \
    X(sink_last_error)                                                                                       \
    X(buffer_disconnect)                                                                                     \
    X(buffer_configure)                                                                                      \
    X(buffer_flush_needed)                                                                                   \
    X(buffer_almost_full)                                                                                    \
    X(buffer_since_flush)                                                                                    \
    X(buffer_due_in)                                                                                         \
    X(buffer_flush)                                                                                          \
    X(buffer_start)                                                                                          \
    X(buffer_stop)                                                                                           \
    X(buffer_poll)                                                                                           \
    X(buffer_get_stats)                                                                                      \
    X(hex_encode)                                                                                            \
    X(abi_version)                                                                                           \
    X(build_info)                                                                                            \
    X(shutdown)

#define LIBRARY_MEMBER(name) __typeof__(&sluice_##name) name;
typedef struct Library {
    LIBRARY_FUNCTIONS(LIBRARY_MEMBER)
} Library;
#undef LIBRARY_MEMBER

extern Library library;

/* Fills the table. Enters no function of the library: a process that has only imported the package may fork.
 */
PyObject *library_load(PyObject *module, PyObject *path);

/* To be called before the first call into the library. 0, or -1 with an exception. */
int library_ready(void);

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

/* ---- buffer.c, type.c ---- */

struct PacketClass;

/* A class of packets that were put. */
typedef struct BufferClass {
    PyObject *class;
    struct PacketClass *native; /* NULL: its `unpack` is called */
} BufferClass;

typedef struct Claim Claim;
typedef struct Reader Reader;

typedef struct Buffer {
    PyObject_HEAD sluice_producer producer; /* view.header NULL: not open */
    uint32_t stride;                        /* bytes of a packet; 0: framed records of any size */
    uint32_t ready;                         /* a put may use the producer at once; 0 from the start on */
    uint32_t check_room; /* a put that finds no room would wait or grow: not with the GIL */
    uint32_t closing;
    uint32_t discarding;   /* formatters are not asked any more */
    sluice_buffer *handle; /* NULL: closed */
    PyThread_type_lock lock;
    int64_t block_timeout_ns;
    PyObject *layout; /* or NULL */
    PyTypeObject *known;       /* the class of the last instance of a packet class that was put, */
    uint32_t known_type;       /* and the type of its records */
    uint32_t runs_python;      /* making a packet may run Python code */
    Constants *constants;      /* of the layout, beyond those that the ring checks; or NULL */
    BufferClass packet_class;  /* the one the buffer was made for */
    BufferClass *classes;      /* of records of type 1, 2, ... */
    uint32_t class_count;
    uint32_t class_room;
    uint32_t shared; /* others put and take too: packets are bytes */
    uint32_t many;   /* producers */
    uint32_t inside;  /* functions of Python that run, or are about to, under the engine's lock; atomic, as the next one */
    uint32_t entries; /* how many there ever were */
    Claim *claim;      /* the open one, or one that was left with something still seeing its memory */
    PyObject *arrays;  /* what makes an array of memory; None: nothing does; NULL: not asked yet */
    SeenArray seen;    /* the last one that was put */
    Reader *reader;    /* of an iteration over batches; NULL: there never was one */
    Formatter *formatters;
    Callback *callbacks;
    Callback *reset_hook; /* one of them */
    uint64_t release_packets;
    uint64_t release_bytes;
    int64_t release_after_ns;
    uint32_t controllers;
    uint32_t waiting; /* a task waits for the event */
    int event_fd;     /* a copy of the engine's; 0: none */
    int own_event;    /* or one of its own, while a thread of the engine takes the packets */
    PyObject *failure; /* last exception in a formatter, for the call that reports it */
    uint32_t awaited;  /* calls that wait for what a thread of the engine does: its exceptions are theirs */
    uint32_t sinks;
    sluice_buffer_stats final; /* of a buffer that has ended; ends.c */
    uint32_t has_final;
    uint32_t raises; /* a close that loses packets */
    struct Buffer *next_left; /* callback.c */
    uint32_t has_primary;
} Buffer;

/* type.c */
extern PyTypeObject *buffer_type;
int buffer_register(PyObject *module);
PyObject *buffer_own_put(PyObject *module, PyObject *type);

int buffer_init(PyObject *self, PyObject *args, PyObject *names);
PyObject *buffer_close(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *buffer_discard(PyObject *self, PyObject *unused);
void buffer_finalize(PyObject *self);
int buffer_traverse(PyObject *self, visitproc visit, void *arg);
int buffer_clear_references(PyObject *self);
void buffer_dealloc(PyObject *self);

/* The engine calls of this thread on behalf of a buffer: a formatter's exception is raised by that call, not
 * logged. */
extern __thread Buffer *calling;

/* 0, or -1 with an exception: closed, forked or shut down. */
int buffer_usable(Buffer *self);

/* A call waits for whoever is inside the buffer, in the engine, where no signal handler of Python runs: a function of Python
 * that runs there on another thread is waited for here, where they do. The one after it is waited for in the engine, which
 * is fair. 0, or -1 with an exception of a handler. */
int buffer_await_function(Buffer *self);

/* Usable, and no such function runs. */
int buffer_enterable(Buffer *self);

/* Takes and gives the right to use the producer without the GIL. */
int buffer_lock(Buffer *self);
void buffer_unlock(Buffer *self);
int buffer_open_producer(Buffer *self);

/* Raises for a status of a call that ran formatters. */
PyObject *buffer_fault(Buffer *self, int32_t status);

/* Runs an engine call of `self` without the GIL. */
#define ENGINE_CALL(self, status, call)                                                                      \
    do {                                                                                                     \
        Buffer *outer_ = calling;                                                                            \
        calling = (self);                                                                                    \
        Py_BEGIN_ALLOW_THREADS status = (call);                                                              \
        Py_END_ALLOW_THREADS calling = outer_;                                                               \
    } while (0)

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

/* ---- put.c, take.c ---- */

/* Whether an array is whole packets; raises if not. */
int whole_packets(const Buffer *self, const Py_buffer *view);

/* Under the lock: waits for room within the buffer's block time-out. OK: try again. INT32_MIN: an exception is set. */
int32_t buffer_wait_for_room(Buffer *self, uint64_t span, int64_t deadline);

/* The oldest packet, taken out. NULL: *none is 1 when nothing is stored (`none` NULL: IndexError), else an exception. */
PyObject *buffer_pop_one(Buffer *self, int *none);

/* ---- the methods ---- */

/* A view of a packet: of the object itself, or of its attribute `data`; *instance: it is of a class. 0, or -1 with
 * an exception. */
int packet_view(SeenArray *before, PyObject *packet, PyObject *layout, Py_buffer *view, int *instance);

/* Adds to the exception that is set how many packets a put of many stored before it. */
void tell_stored(uint64_t stored);

PyObject *buffer_put(PyObject *self, PyObject *packet);
PyObject *buffer_put_many(PyObject *self, PyObject *packets);
PyObject *buffer_pop(PyObject *self, PyObject *unused);
PyObject *buffer_peek(PyObject *self, PyObject *unused);
PyObject *buffer_clear(PyObject *self, PyObject *unused);
PyObject *buffer_add_callback_sink(PyObject *self, PyObject *accept);
PyObject *buffer_add_memory_sink(PyObject *self, PyObject *limit);
PyObject *buffer_sink_take(PyObject *self, PyObject *args);
PyObject *buffer_add_file_sink(PyObject *self, PyObject *args, PyObject *names);
PyObject *buffer_add_text_sink(PyObject *self, PyObject *args, PyObject *names);
PyObject *buffer_disconnect_sinks(PyObject *self, PyObject *unused);
PyObject *buffer_restore_files(PyObject *self, PyObject *unused);
PyObject *buffer_flush(PyObject *self, PyObject *unused);
PyObject *buffer_start(PyObject *self, PyObject *unused);
PyObject *buffer_stop(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *buffer_poll(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* The one argument `timeout` of a method, by place or by name; *ns stays as it is without one. */
int timeout_of(const char *name, PyObject *const *args, Py_ssize_t count, PyObject *names, int64_t *ns);

/* Stops the pump in slices. The engine's status: WOULD_BLOCK: a sink was not ready, TIMEOUT: something hangs; or INT32_MIN
 * with an exception of a signal handler. */
int32_t stop_in_slices(Buffer *self, int64_t timeout_ns);

#pragma GCC visibility pop

#endif
