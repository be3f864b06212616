/* SPDX-License-Identifier: Apache-2.0
 *
 * records_life.c - the life of Records: made, locked, closed, collected.
 */
#include "records.h"

/* All that are open, for the exit handler. */
static Records *first;

static void list_in(Records *self)
{
    self->next = first;
    self->previous = NULL;
    if (first != NULL) {
        first->previous = self;
    }
    first = self;
    self->open = 1;
}

static void list_out(Records *self)
{
    if (!self->open) {
        return;
    }
    *(self->previous == NULL ? &first : &self->previous->next) = self->next;
    if (self->next != NULL) {
        self->next->previous = self->previous;
    }
    self->open = 0;
}

int count_rule(PyObject *threshold, uint64_t *packets)
{
    *packets = 0;
    if (threshold == NULL || Py_IsNone(threshold)) {
        return 0;
    }
    PyObject *number = PyNumber_Index(threshold);
    if (number == NULL) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "count_threshold must be an int or None, not %R",
                     (PyObject *)Py_TYPE(threshold));
        return -1;
    }
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    Py_DECREF(number);
    if (value == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (value < 0 && overflow <= 0) {
        PyErr_Format(PyExc_ValueError, "count_threshold is %S, it must be 0 or more, or None", threshold);
        return -1;
    }
    *packets = overflow > 0 || value == INT64_MAX ? INT64_MAX : (uint64_t)value + 1; /* more than that many */
    return 0;
}

int time_rule(PyObject *threshold, int64_t *ns)
{
    *ns = 0;
    if (threshold == NULL || Py_IsNone(threshold)) {
        return 0;
    }
    if (seconds_to_ns(threshold, "time_threshold", ns) < 0) {
        return -1;
    }
    *ns = *ns < 0 ? INT64_MAX : *ns == 0 ? 1 : *ns; /* 0 is no rule */
    return 0;
}

/* None, a callable, or an iterable of callables, as a tuple. */
static PyObject *controllers_of(PyObject *custom)
{
    if (custom == NULL || Py_IsNone(custom)) {
        return PyTuple_New(0);
    }
    PyObject *all = PyCallable_Check(custom) ? PyTuple_Pack(1, custom) : PySequence_Tuple(custom);
    if (all == NULL && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "custom_controllers must be a callable or a list of callables, not %R",
                     (PyObject *)Py_TYPE(custom));
    }
    for (Py_ssize_t i = 0; all != NULL && i < PyTuple_Size(all); i++) {
        PyObject *one = PyTuple_GetItem(all, i);
        if (!PyCallable_Check(one)) {
            PyErr_Format(PyExc_TypeError, "custom_controllers[%zd] is %R, it must be callable", i, one);
            Py_CLEAR(all);
        }
    }
    return all;
}

int hook_of(PyObject *hook, const char *name)
{
    if (hook == NULL || Py_IsNone(hook) || PyCallable_Check(hook)) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "%s must be callable or None, not %R", name, (PyObject *)Py_TYPE(hook));
    return -1;
}

int records_init(PyObject *object, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"count_threshold",
                               "time_threshold",
                               "custom_controllers",
                               "on_reset",
                               "conjugate_controllers",
                               "on_close",
                               NULL};
    Records *self = (Records *)object;
    PyObject *count = Py_None, *time = Py_None, *custom = Py_None, *on_reset = Py_None, *on_close = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, names, "|OOOOp$O:Buffer", keywords, &count, &time, &custom,
                                     &on_reset, &self->conjugate, &on_close) ||
        library_ready() < 0) {
        return -1;
    }
    if (self->lock != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the buffer is initialised already");
        return -1;
    }
    if (hook_of(on_reset, "on_reset") < 0 || hook_of(on_close, "on_close") < 0) {
        return -1;
    }
    self->custom = controllers_of(custom);
    if (self->custom == NULL) {
        return -1;
    }
    self->count_threshold = Py_NewRef(count);
    self->time_threshold = Py_NewRef(time);
    self->on_reset = Py_NewRef(on_reset);
    self->on_close = Py_NewRef(on_close);
    self->lock = PyThread_allocate_lock();
    if (self->lock == NULL) {
        (void)PyErr_NoMemory();
        return -1;
    }
    if (records_make(self) < 0) {
        records_abandon(self);
        return -1;
    }
    list_in(self);
    return 0;
}

int records_enter(Records *self)
{
    unsigned long here = PyThread_get_thread_ident();
    if (UNLIKELY(self->owner == here)) {
        raise_status(SLUICE_E_STATE, "a controller cannot call the buffer that asks it");
        return -1;
    }
    if (UNLIKELY(self->lock == NULL)) {
        raise_status(SLUICE_E_HANDLE, "the buffer is closed");
        return -1;
    }
    while (UNLIKELY(PyThread_acquire_lock(self->lock, NOWAIT_LOCK) != PY_LOCK_ACQUIRED)) {
        PyLockStatus taken;
        Py_BEGIN_ALLOW_THREADS taken = PyThread_acquire_lock_timed(self->lock, SLICE_NS / 1000, 0);
        Py_END_ALLOW_THREADS if (taken == PY_LOCK_ACQUIRED)
        {
            break;
        }
        if (engine_there() < 0 || PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    if (UNLIKELY(!self->open || engine_gone != 0)) {
        PyThread_release_lock(self->lock);
        if (engine_there() == 0) {
            raise_status(SLUICE_E_HANDLE, "the buffer is closed");
        }
        return -1;
    }
    self->owner = here;
    return 0;
}

void records_leave(Records *self)
{
    self->owner = 0;
    PyThread_release_lock(self->lock);
}

/* References that go with the buffer. They are taken out first: what a finalizer of theirs sees is empty. */
static void drop_references(Records *self)
{
    size_t runs = self->words.run_count;
    uint64_t references = self->references;
    self->words.run_count = 0;
    self->references = 0;
    self->stored = 0;
    for (size_t run = 0; run < runs && references != 0; run++) {
        PyObject **words = (PyObject **)(void *)self->words.runs[run].first;
        for (uint64_t i = 0; i < self->words.runs[run].packets; i++) {
            Py_XDECREF(words[i]);
        }
    }
}

void records_abandon(Records *self)
{
    list_out(self);
    if (engine_gone == 0) { /* in a forked child the words are the parent's */
        drop_references(self);
    }
    Py_CLEAR(self->seen);
    Py_CLEAR(self->block);
    lane_end(&self->payloads);
    lane_end(&self->words);
    PyMem_Free(self->controllers);
    self->controllers = NULL;
    self->stored = 0;
    self->references = 0;
}

/* What is stored goes to on_close, or is counted in the log; sluice._release does both. */
static void leave_rest(PyObject *object)
{
    PyObject *pending = take_exception();
    PyObject *result = PyObject_CallMethod(object, "_drop", NULL);
    if (result == NULL) {
        PyErr_WriteUnraisable(object);
    }
    Py_XDECREF(result);
    if (pending != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(pending), pending);
        Py_DECREF(pending);
    }
}

void records_shutdown(int64_t deadline)
{
    while (first != NULL) {
        Records *self = first;
        Py_INCREF((PyObject *)self);
        PyLockStatus taken;
        int64_t left = (deadline - sluice_monotonic_ns()) / 1000;
        left = left < 0 ? 0 : left;
        Py_BEGIN_ALLOW_THREADS taken = PyThread_acquire_lock_timed(self->lock, left, 0);
        Py_END_ALLOW_THREADS if (taken != PY_LOCK_ACQUIRED)
        {
            list_out(self);
            continue;
        }
        PyThread_release_lock(self->lock);
        if (self->open && self->stored != 0) {
            leave_rest((PyObject *)self);
        }
        if (self->open) {
            records_abandon(self);
        }
        Py_DECREF((PyObject *)self);
    }
}

void records_finalize(PyObject *object)
{
    Records *self = (Records *)object;
    if (self->open && self->stored != 0 && engine_gone == 0) {
        leave_rest(object);
    }
}

int records_traverse(PyObject *object, visitproc visit, void *arg)
{
    Records *self = (Records *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->seen);
    Py_VISIT(self->custom);
    Py_VISIT(self->on_reset);
    Py_VISIT(self->on_close);
    Py_VISIT(self->failure);
    Py_VISIT(self->dtype);
    Py_VISIT(self->tail);
    Py_VISIT(self->nothing);
    if (self->references == 0 || engine_gone != 0) {
        return 0;
    }
    for (size_t run = 0; run < self->words.run_count; run++) {
        PyObject *const *words = (PyObject *const *)(const void *)self->words.runs[run].first;
        for (uint64_t i = 0; i < self->words.runs[run].packets; i++) {
            Py_VISIT(words[i]);
        }
    }
    return 0;
}

int records_clear_references(PyObject *object)
{
    Records *self = (Records *)object;
    records_abandon(self);
    Py_CLEAR(self->custom);
    Py_CLEAR(self->on_reset);
    Py_CLEAR(self->on_close);
    Py_CLEAR(self->failure);
    Py_CLEAR(self->dtype);
    Py_CLEAR(self->tail);
    Py_CLEAR(self->nothing);
    return 0;
}

void records_dealloc(PyObject *object)
{
    Records *self = (Records *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->open && self->stored != 0 && engine_gone == 0) { /* not a subclass, whose finalizer ran */
        Py_SET_REFCNT(object, 1);
        records_finalize(object);
        Py_SET_REFCNT(object, Py_REFCNT(object) - 1);
        if (Py_REFCNT(object) > 0) {
            return;
        }
    }
    PyObject_GC_UnTrack(object);
    (void)records_clear_references(object);
    Py_CLEAR(self->count_threshold);
    Py_CLEAR(self->time_threshold);
    if (self->lock != NULL) {
        PyThread_free_lock(self->lock);
    }
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}
