/* SPDX-License-Identifier: Apache-2.0
 *
 * taking.h - batches, claims, iteration, the event and controllers. A part of binding.h.
 */
#ifndef SLUICE_PYTHON_TAKING_H
#define SLUICE_PYTHON_TAKING_H

/* ---- batch.c ---- */

/* At most `most` packets (0: all, which counts as a release), taken out, as pop_many returns them. */
PyObject *buffer_take_batch(Buffer *self, uint64_t most);

/* A copy of the packets of a run. Under the GIL; may run Python code. */
PyObject *batch_object(Buffer *self, const sluice_batch *batch);

/* The packets of a run behind those of the list. 0, or -1 with an exception and the list as it was. */
int batch_append(Buffer *self, PyObject *list, const sluice_batch *batch);

/* ---- claim.c ---- */

int claim_register(PyObject *module);

/* Under the lock: waits until no claim is open. -1: an exception is set, and the lock is given back. */
int claim_wait(Buffer *self, int64_t timeout_ns);

/* Gives an open claim back whoever sees its memory: nobody does any more. */
void claim_forget(Buffer *self);

/* ---- iterate.c, controllers.c ---- */

int iterate_register(PyObject *module);
int controllers_register(PyObject *module);

/* ---- event.c ---- */

void event_wake(Buffer *self);
void event_close(Buffer *self);

/* ---- the methods ---- */

PyObject *buffer_pop_many(PyObject *self, PyObject *args, PyObject *names);
PyObject *buffer_claim(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *buffer_iter(PyObject *self);
PyObject *buffer_drain(PyObject *self, PyObject *unused);
PyObject *buffer_add_controller(PyObject *self, PyObject *decide);
PyObject *buffer_on_reset(PyObject *self, PyObject *hook);
PyObject *buffer_force_release(PyObject *self, PyObject *unused);
PyObject *buffer_wait_begin(PyObject *self, PyObject *unused);
PyObject *buffer_wait_end(PyObject *self, PyObject *unused);
PyObject *buffer_wait_round(PyObject *self, PyObject *unused);

/* ---- reader.c ---- */

/* Packets that were flushed for an iteration and that it was not given yet. */
uint64_t reader_waiting(Buffer *self);

/* Whether there is an iteration: it is a sink. */
int reader_reads(const Buffer *self);

/* It becomes a sink, also again after the others were removed. 0, or -1 with an exception. */
int reader_attach(Buffer *self);

/* Its sink is gone, with the others. */
void reader_detached(Buffer *self);

/* The buffer goes. */
void reader_free(Buffer *self);

PyObject *buffer_read_begin(PyObject *self, PyObject *unused);
PyObject *buffer_read_end(PyObject *self, PyObject *unused);
PyObject *buffer_read(PyObject *self, PyObject *unused);
PyObject *buffer_pull(PyObject *self, PyObject *unused);

#endif
