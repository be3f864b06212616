/* SPDX-License-Identifier: Apache-2.0
 *
 * records.c - the type Records: its call and its attributes.
 */
#include "records.h"

/* A release is over: on_reset may use the buffer. What it raises is logged; an exception that is none of
 * Exception puts the records back, for the next call to release, and is raised. */
static PyObject *after_release(Records *self, PyObject *taken)
{
    if (self->on_reset == NULL || Py_IsNone(self->on_reset)) {
        return taken;
    }
    PyObject *hook = Py_NewRef(self->on_reset);
    PyObject *result = PyObject_CallNoArgs(hook);
    Py_DECREF(hook);
    if (LIKELY(result != NULL)) {
        Py_DECREF(result);
        return taken;
    }
    PyObject *error = take_exception();
    if (PyObject_IsInstance(error, PyExc_Exception)) {
        call_errors("report_reset", error);
        Py_DECREF(error);
        return taken;
    }
    if (taken != NULL && PyObject_Size(taken) > 0 && records_enter(self) == 0) {
        if (records_store(self, taken) == 0) {
            self->flush = 1;
        }
        records_leave(self);
    }
    if (PyErr_Occurred()) {
        PyErr_WriteUnraisable((PyObject *)self);
    }
    Py_XDECREF(taken);
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
    return NULL;
}

/* Lists, tuples and arrays as they are; of anything else a list, made before the buffer is entered: an
 * iterator is Python code. */
static PyObject *listed(PyObject *records)
{
    if (LIKELY(Py_IS_TYPE(records, &PyList_Type)) || Py_IS_TYPE(records, &PyTuple_Type) ||
        PyObject_CheckBuffer(records)) {
        return Py_NewRef(records);
    }
    PyObject *list = PySequence_List(records);
    if (list == NULL && PyErr_ExceptionMatches(PyExc_TypeError) && !PyIter_Check(records)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "records are a list, an iterable or an array; %R is none of them",
                     (PyObject *)Py_TYPE(records));
    }
    return list;
}

static PyObject *records_call(PyObject *object, PyObject *args, PyObject *names)
{
    Records *self = (Records *)object;
    if (UNLIKELY(PyTuple_Size(args) != 1 || (names != NULL && PyDict_Size(names) != 0))) {
        PyErr_SetString(PyExc_TypeError, "a buffer is called with one argument: records");
        return NULL;
    }
    PyObject *given = PyTuple_GetItem(args, 0), *records = listed(given);
    if (records == NULL || records_enter(self) < 0) {
        Py_XDECREF(records);
        return NULL;
    }
    PyObject *answer = NULL;
    int due = records_store(self, records) < 0 ? -1 : records_due(self);
    if (due >= 0) {
        answer = due ? records_take(self) : records_nothing(self);
    }
    records_leave(self);
    Py_DECREF(records);
    return due > 0 && answer != NULL ? after_release(self, answer) : answer;
}

static PyObject *records_reset(PyObject *object, PyObject *unused)
{
    (void)unused;
    Records *self = (Records *)object;
    if (records_enter(self) < 0) {
        return NULL;
    }
    PyObject *dropped = records_take(self);
    records_leave(self);
    if (dropped == NULL) {
        return NULL;
    }
    Py_DECREF(dropped);
    PyObject *result = after_release(self, NULL);
    return result == NULL && PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *records_close(PyObject *object, PyObject *unused)
{
    (void)unused;
    Records *self = (Records *)object;
    if (!self->open || engine_gone != 0) {
        return PyList_New(0);
    }
    if (records_enter(self) < 0) {
        return NULL;
    }
    PyObject *rest = records_take(self);
    if (rest != NULL) {
        records_abandon(self);
    }
    records_leave(self);
    return rest;
}

static PyObject *records_due_in(PyObject *object, PyObject *unused)
{
    (void)unused;
    Records *self = (Records *)object;
    int64_t ns = -1;
    if (records_enter(self) < 0) {
        return NULL;
    }
    int32_t status = records_tell(self) < 0 ? INT32_MIN : library.buffer_due_in(self->words.handle, &ns);
    records_leave(self);
    if (status != SLUICE_OK) {
        return status == INT32_MIN ? NULL : raise_engine(status, NULL);
    }
    return ns < 0 ? Py_NewRef(Py_None) : PyFloat_FromDouble((double)ns * 1e-9);
}

static Py_ssize_t records_length(PyObject *object)
{
    return (Py_ssize_t)((Records *)object)->stored;
}

/* A list or an array of the caller's own. A controller may ask too. */
static PyObject *get_records(PyObject *object, void *unused)
{
    (void)unused;
    Records *self = (Records *)object;
    int asked = self->owner == PyThread_get_thread_ident();
    if (!asked && records_enter(self) < 0) {
        return NULL;
    }
    PyObject *kept = self->seen;
    self->seen = NULL;
    PyObject *stored = records_seen(self);
    self->seen = kept;
    if (!asked) {
        records_leave(self);
    }
    return stored;
}

static PyObject *get_closed(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(!((Records *)object)->open || engine_gone != 0);
}

static PyObject *get_flush(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Records *)object)->flush);
}

static int not_deleted(PyObject *value, const char *name)
{
    if (value != NULL) {
        return 0;
    }
    PyErr_Format(PyExc_AttributeError, "%s cannot be deleted", name);
    return -1;
}

static int set_flush(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    int flush = not_deleted(value, "flush") < 0 ? -1 : PyObject_IsTrue(value);
    if (flush < 0) {
        return -1;
    }
    ((Records *)object)->flush = flush;
    return 0;
}

static PyObject *value_of(PyObject *value)
{
    return Py_NewRef(value == NULL ? Py_None : value);
}

static PyObject *get_count_threshold(PyObject *object, void *unused)
{
    (void)unused;
    return value_of(((Records *)object)->count_threshold);
}

/* The engine is told by the next call, which no controller is in the middle of. */
static int set_count_threshold(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    Records *self = (Records *)object;
    uint64_t packets;
    if (not_deleted(value, "count_threshold") < 0 || count_rule(value, &packets) < 0) {
        return -1;
    }
    replace(&self->count_threshold, value);
    self->changed = 1;
    return 0;
}

static PyObject *get_time_threshold(PyObject *object, void *unused)
{
    (void)unused;
    return value_of(((Records *)object)->time_threshold);
}

static int set_time_threshold(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    Records *self = (Records *)object;
    int64_t ns;
    if (not_deleted(value, "time_threshold") < 0 || time_rule(value, &ns) < 0) {
        return -1;
    }
    replace(&self->time_threshold, value);
    self->changed = 1;
    return 0;
}

static PyObject *get_custom_controllers(PyObject *object, void *unused)
{
    (void)unused;
    PyObject *custom = ((Records *)object)->custom;
    return custom == NULL ? PyTuple_New(0) : Py_NewRef(custom);
}

static PyObject *get_conjugate_controllers(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Records *)object)->conjugate);
}

static PyObject *get_on_reset(PyObject *object, void *unused)
{
    (void)unused;
    return value_of(((Records *)object)->on_reset);
}

static int set_on_reset(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    if (not_deleted(value, "on_reset") < 0 || hook_of(value, "on_reset") < 0) {
        return -1;
    }
    replace(&((Records *)object)->on_reset, value);
    return 0;
}

static PyObject *get_on_close(PyObject *object, void *unused)
{
    (void)unused;
    return value_of(((Records *)object)->on_close);
}

static int set_on_close(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    if (not_deleted(value, "on_close") < 0 || hook_of(value, "on_close") < 0) {
        return -1;
    }
    replace(&((Records *)object)->on_close, value);
    return 0;
}

static PyMethodDef methods[] = {
    {"reset", records_reset, METH_NOARGS,
     "reset()\n--\n\nDrops what is stored, starts the clock of the time threshold anew, takes the flush flag "
     "back, "
     "then calls\non_reset."},
    {"close", records_close, METH_NOARGS,
     "close()\n--\n\nFrees the buffer and returns what was stored: a list, or an array. A second call "
     "returns an "
     "empty list."},
    {"due_in", records_due_in, METH_NOARGS,
     "due_in()\n--\n\nSeconds until the time threshold is exceeded; 0.0: it is; None: there is none, or the "
     "time "
     "controller\nwas not asked yet. Nothing comes by itself: call the buffer then, with an empty list."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"flush", get_flush, set_flush, "Whether the next call releases, controllers unasked.", NULL},
    {"count_threshold", get_count_threshold, set_count_threshold,
     "Records beyond which all are released; None: no such controller.", NULL},
    {"time_threshold", get_time_threshold, set_time_threshold,
     "Seconds after the time controller was first asked beyond which all are released; None: no such "
     "controller.",
     NULL},
    {"custom_controllers", get_custom_controllers, NULL, "The controllers that were given, in order.", NULL},
    {"conjugate_controllers", get_conjugate_controllers, NULL,
     "Whether all controllers must agree; else any is enough.", NULL},
    {"on_reset", get_on_reset, set_on_reset,
     "Called without arguments after each release and reset, or None.", NULL},
    {"on_close", get_on_close, set_on_close,
     "Called with what is left when nobody closes the buffer, or None.", NULL},
    {"records", get_records, NULL, "What is stored, oldest first: a list of one's own, or a read-only array.",
     NULL},
    {"closed", get_closed, NULL, "Whether the buffer was closed.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_init, records_init},         {Py_tp_call, records_call},
    {Py_tp_dealloc, records_dealloc},   {Py_tp_finalize, records_finalize},
    {Py_tp_traverse, records_traverse}, {Py_tp_clear, records_clear_references},
    {Py_tp_methods, methods},           {Py_tp_getset, properties},
    {Py_sq_length, records_length},     {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Records",
    .basicsize = sizeof(Records),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int records_register(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&spec);
    int status = type == NULL ? -1 : PyModule_AddObjectRef(module, "Records", type);
    Py_XDECREF(type);
    return status < 0 || items_find() < 0 ? -1 : block_register(module);
}
