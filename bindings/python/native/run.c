/* SPDX-License-Identifier: Apache-2.0
 *
 * run.c - flush, and the pump: a thread of the engine, or stepped by the host.
 */
#include "binding.h"

/* Any sink will do, as for poll and close: an iteration too. */
static int needs_sink(const Buffer *self)
{
    if (self->sinks != 0 || reader_reads(self)) {
        return 0;
    }
    raise_status(SLUICE_E_STATE,
                 "the buffer has no sink to release packets to, no primary sink and no other one: call set_primary_sink, or add "
                 "another sink, first, or take the packets out (pop, batch)");
    return -1;
}

PyObject *buffer_flush(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    uint64_t packets = 0, bytes = 0;
    int32_t status;
    if (buffer_enterable(self) < 0 || needs_sink(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_flush(self->handle, &packets, &bytes));
    if (status != SLUICE_OK) {
        return buffer_fault(self, status);
    }
    if (PyErr_CheckSignals() < 0) {
        return NULL;
    }
    return Py_BuildValue("(KK)", (unsigned long long)packets, (unsigned long long)bytes);
}

PyObject *buffer_start(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status;
    if (buffer_enterable(self) < 0 || needs_sink(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_start(self->handle));
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    event_wake(self);
    Py_RETURN_NONE;
}

/* The last slice is the one whose answer counts. */
static int32_t in_slices(Buffer *self, int32_t (*call)(sluice_buffer *, int64_t), int64_t timeout_ns)
{
    int64_t deadline = sluice_deadline(timeout_ns);
    for (;;) {
        int64_t left = deadline - sluice_monotonic_ns();
        int32_t status;
        left = left < 0 ? 0 : left < SLICE_NS ? left : SLICE_NS;
        ENGINE_CALL(self, status, call(self->handle, left));
        if (PyErr_CheckSignals() < 0) {
            return INT32_MIN;
        }
        PyObject *failure = self->failure;
        if (failure != NULL && !PyObject_IsInstance(failure, PyExc_Exception)) { /* Ctrl-C in a callback */
            self->failure = NULL;
            PyErr_SetObject((PyObject *)Py_TYPE(failure), failure);
            Py_DECREF(failure);
            return INT32_MIN;
        }
        if ((status != SLUICE_WOULD_BLOCK && status != SLUICE_TIMEOUT) || left < SLICE_NS) {
            return status;
        }
    }
}

int32_t stop_in_slices(Buffer *self, int64_t timeout_ns)
{
    self->awaited++;
    int32_t status = in_slices(self, library.buffer_stop, timeout_ns);
    self->awaited--;
    return status;
}

int seconds_to_ns(PyObject *seconds, const char *what, int64_t *ns)
{
    if (seconds == NULL || Py_IsNone(seconds)) {
        *ns = -1;
        return 0;
    }
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        return -1;
    }
    if (!(value >= 0)) {
        PyErr_Format(PyExc_ValueError, "%s is %S s, it must be 0 or more, or None", what, seconds);
        return -1;
    }
    *ns = value >= 9e9 ? -1 : (int64_t)(value * 1e9);
    return 0;
}

int timeout_of(const char *name, PyObject *const *args, Py_ssize_t count, PyObject *names, int64_t *ns)
{
    Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
    if (count + named > 1) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most 1 argument, got %zd", name, count + named);
        return -1;
    }
    if (named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "timeout") != 0) {
        PyErr_Format(PyExc_TypeError, "%s() has no argument %R", name, PyTuple_GetItem(names, 0));
        return -1;
    }
    return count + named == 0 ? 0 : seconds_to_ns(args[0], "timeout", ns);
}

PyObject *buffer_stop(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    Buffer *self = (Buffer *)object;
    int64_t timeout_ns = INT64_C(10000000000);
    if (timeout_of("stop", args, count, names, &timeout_ns) < 0 || buffer_usable(self) < 0) {
        return NULL;
    }
    int32_t status = stop_in_slices(self, timeout_ns);
    event_wake(self);
    if (status == SLUICE_OK) {
        Py_CLEAR(self->failure); /* of an attempt before the one that went well */
        Py_RETURN_NONE;
    }
    status = status == SLUICE_WOULD_BLOCK ? SLUICE_TIMEOUT : status; /* a sink was not ready all the time */
    return status == INT32_MIN ? NULL : buffer_fault(self, status);
}

PyObject *buffer_poll(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    Buffer *self = (Buffer *)object;
    int64_t timeout_ns = 0;
    if (timeout_of("poll", args, count, names, &timeout_ns) < 0 || buffer_usable(self) < 0) {
        return NULL;
    }
    int32_t status = in_slices(self, library.buffer_poll, timeout_ns);
    if (status == INT32_MIN) {
        return NULL;
    }
    return status < 0 ? buffer_fault(self, status) : PyBool_FromLong(status == SLUICE_OK);
}
