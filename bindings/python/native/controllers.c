/* SPDX-License-Identifier: Apache-2.0
 *
 * controllers.c - Python functions that say when packets are released, and what is called then.
 *
 * A controller that raises is logged, counted and skipped: it is no fault of the call that asked it.
 */
#include "binding.h"

/* What a controller decides on. `batch` is NULL once its call is over. */
typedef struct Snapshot {
    PyObject_HEAD Buffer *buffer;
    const sluice_batch *batch;
    uint64_t packets;
    uint64_t bytes;
    int64_t age_ns;
} Snapshot;

static PyTypeObject *snapshot_type;

/* An exception that nobody can raise. Ctrl-C is left for the next look at signals. */
static void report(Callback *callback, const char *function)
{
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
        PyErr_Clear();
        PyErr_SetInterrupt();
        return;
    }
    PyObject *error = take_exception();
    if (error != NULL) {
        callback_tell(error);
        callback_log(error, &callback->reported, function);
    }
}

static int32_t decide(void *user, const sluice_snapshot *seen)
{
    Callback *callback = user;
    Entered entered;
    if (callback_enter(callback->buffer, &entered) < 0) {
        return SLUICE_E_CALLBACK;
    }
    int answer = -1;
    allocfunc allocate = (allocfunc)PyType_GetSlot(snapshot_type, Py_tp_alloc);
    Snapshot *snapshot = (Snapshot *)allocate(snapshot_type, 0);
    if (snapshot != NULL) {
        snapshot->buffer = (Buffer *)Py_NewRef((PyObject *)callback->buffer);
        snapshot->batch = seen->batch;
        snapshot->packets = seen->packets;
        snapshot->bytes = seen->bytes;
        snapshot->age_ns = seen->age_ns;
        PyObject *made = PyObject_CallFunctionObjArgs(callback->function, (PyObject *)snapshot, NULL);
        answer = made == NULL ? -1 : PyObject_IsTrue(made);
        Py_XDECREF(made);
        snapshot->batch = NULL;
        Py_DECREF(snapshot);
    }
    if (answer < 0) {
        report(callback, "report_controller");
    } else {
        callback->reported = 0;
    }
    callback_leave(&entered);
    return answer < 0 ? SLUICE_E_CALLBACK : answer;
}

static void reset(void *user)
{
    Callback *callback = user;
    Entered entered;
    if (callback_enter(callback->buffer, &entered) < 0) {
        return;
    }
    PyObject *made = PyObject_CallFunctionObjArgs(callback->function, NULL);
    if (made == NULL) {
        report(callback, "report_reset");
    } else {
        callback->reported = 0;
        Py_DECREF(made);
    }
    callback_leave(&entered);
}

static int callable(PyObject *function, const char *what)
{
    if (!PyCallable_Check(function)) {
        PyErr_Format(PyExc_TypeError, "%s must be callable, not %R", what, (PyObject *)Py_TYPE(function));
        return -1;
    }
    return 0;
}

PyObject *buffer_add_controller(PyObject *object, PyObject *function)
{
    Buffer *self = (Buffer *)object;
    int32_t status;
    if (buffer_enterable(self) < 0 || callable(function, "a controller") < 0) {
        return NULL;
    }
    Callback *callback = callback_new(self, function, 0);
    if (callback == NULL) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_add_controller(self->handle, decide, callback));
    if (status != SLUICE_OK) {
        callback_drop(self, callback, 0);
        return raise_engine(status, NULL);
    }
    self->controllers++;
    event_wake(self);
    Py_RETURN_NONE;
}

PyObject *buffer_on_reset(PyObject *object, PyObject *function)
{
    Buffer *self = (Buffer *)object;
    Callback *callback = NULL;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    if (!Py_IsNone(function)) {
        callback = callable(function, "a reset hook") < 0 ? NULL : callback_new(self, function, 0);
        if (callback == NULL) {
            return NULL;
        }
    }
    ENGINE_CALL(self, status,
                library.buffer_on_reset(self->handle, callback == NULL ? NULL : reset, callback));
    Callback *before = self->reset_hook;
    if (status == SLUICE_OK) {
        self->reset_hook = callback;
    }
    Callback *gone = status == SLUICE_OK ? before : callback;
    if (gone != NULL) {
        callback_drop(self, gone, 0);
    }
    return status == SLUICE_OK ? Py_NewRef(Py_None) : raise_engine(status, NULL);
}

PyObject *buffer_force_release(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_force_release(self->handle));
    event_wake(self);
    return status == SLUICE_OK ? Py_NewRef(Py_None) : raise_engine(status, NULL);
}

/* ---- Snapshot ---- */

static PyObject *get_packets(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((Snapshot *)object)->packets);
}

static PyObject *get_bytes(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(((Snapshot *)object)->bytes);
}

static PyObject *get_age(PyObject *object, void *unused)
{
    (void)unused;
    return PyFloat_FromDouble((double)((Snapshot *)object)->age_ns * 1e-9);
}

static PyObject *get_batch(PyObject *object, void *unused)
{
    (void)unused;
    Snapshot *snapshot = (Snapshot *)object;
    if (snapshot->batch == NULL) {
        PyErr_SetString(PyExc_ValueError,
                        "the packets of a snapshot are there during the call of the controller only");
        return NULL;
    }
    sluice_batch nothing = {.stride = snapshot->buffer->stride};
    return batch_object(snapshot->buffer, snapshot->batch->bytes == 0 ? &nothing : snapshot->batch);
}

static void snapshot_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    Py_CLEAR(((Snapshot *)object)->buffer);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyGetSetDef properties[] = {
    {"packets", get_packets, NULL, "Packets stored.", NULL},
    {"bytes", get_bytes, NULL, "Bytes stored.", NULL},
    {"age", get_age, NULL, "Seconds since the last release.", NULL},
    {"batch", get_batch, NULL,
     "The oldest stored packets, as many as lie in one run: a copy, as pop_many returns it. Only during the "
     "call of the controller.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "What is stored, as a release controller sees it."},
    {Py_tp_dealloc, snapshot_dealloc},
    {Py_tp_getset, properties},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Snapshot",
    .basicsize = sizeof(Snapshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int controllers_register(PyObject *module)
{
    snapshot_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return snapshot_type == NULL ? -1 : PyModule_AddObjectRef(module, "Snapshot", (PyObject *)snapshot_type);
}
