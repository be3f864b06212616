/* SPDX-License-Identifier: Apache-2.0
 *
 * methods.h - the methods of the type Buffer, and what those that put and take share. A part of binding.h.
 */
#ifndef SLUICE_PYTHON_METHODS_H
#define SLUICE_PYTHON_METHODS_H

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

#endif
