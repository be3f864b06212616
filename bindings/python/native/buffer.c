/* SPDX-License-Identifier: Apache-2.0
 *
 * buffer.c - the life of a buffer: lock, close, be collected. make.c makes it.
 */
#include "binding.h"

__thread Buffer *calling;

int buffer_usable(Buffer *self)
{
    if (engine_there() < 0) {
        return -1;
    }
    if (self->handle == NULL || self->closing) {
        raise_status(SLUICE_E_HANDLE, "the buffer is closed");
        return -1;
    }
    return 0;
}

int buffer_await_function(Buffer *self)
{
    struct timespec pause = {.tv_sec = 0, .tv_nsec = 20000};
    uint32_t first = __atomic_load_n(&self->entries, __ATOMIC_RELAXED);
    while (__atomic_load_n(&self->inside, __ATOMIC_RELAXED) != 0 && formatting != self && engine_gone == 0 &&
           __atomic_load_n(&self->entries, __ATOMIC_RELAXED) == first) {
        Py_BEGIN_ALLOW_THREADS (void)nanosleep(&pause, NULL);
        Py_END_ALLOW_THREADS pause.tv_nsec = pause.tv_nsec < 5000000 ? pause.tv_nsec * 2 : pause.tv_nsec;
        if (PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
    return 0;
}

int buffer_enterable(Buffer *self)
{
    return buffer_usable(self) < 0 || buffer_await_function(self) < 0 ? -1 : buffer_usable(self);
}

static void update_ready(Buffer *self, int locked)
{
    const sluice_ring_view *view = &self->producer.view;
    self->ready = !locked && self->claim == NULL && self->handle != NULL && !self->closing && view->header != NULL &&
                  !(view->many && view->policy == SLUICE_GROW);
    self->check_room = view->policy == SLUICE_BLOCK || view->policy == SLUICE_GROW;
}

void raise_cannot_wait(void)
{
    raise_status(SLUICE_E_STATE, "the buffer is full, and a callback of it cannot wait for the room that only its own return "
                                 "makes: let it return, or hand the packet to another thread");
}

int buffer_lock(Buffer *self)
{
    while (PyThread_acquire_lock(self->lock, NOWAIT_LOCK) != PY_LOCK_ACQUIRED) {
        PyLockStatus taken;
        Py_BEGIN_ALLOW_THREADS taken = PyThread_acquire_lock_timed(self->lock, SLICE_NS / 1000, 0);
        Py_END_ALLOW_THREADS if (taken == PY_LOCK_ACQUIRED)
        {
            break;
        }
        if (engine_there() < 0 || PyErr_CheckSignals() < 0) {
            return -1;
        }
        if (formatting == self && self->awaits_room) {
            raise_cannot_wait();
            return -1;
        }
        if (formatting == self && self->closing) { /* the close waits for this callback */
            return buffer_usable(self);
        }
    }
    update_ready(self, 1);
    return 0;
}

void buffer_unlock(Buffer *self)
{
    update_ready(self, 0);
    PyThread_release_lock(self->lock);
}

/* Under the lock. */
int buffer_open_producer(Buffer *self)
{
    int32_t status;
    if (self->producer.view.header != NULL) {
        return 0;
    }
    ENGINE_CALL(self, status,
                library.buffer_open_producer(self->handle, &self->producer, sizeof self->producer));
    if (status != SLUICE_OK) {
        memset(&self->producer, 0, sizeof self->producer);
        if (status == SLUICE_E_BUSY && !self->many) {
            raise_status(status, "the buffer has one producer, and another thread or process has it: close that one, or make "
                                 "the buffer with many_producers=True");
        } else {
            (void)raise_engine(status, NULL);
        }
        return -1;
    }
    self->producer.timeout_ns = 0; /* waits are cut into slices here */
    return 0;
}

/* Under the lock. */
static void close_producer(Buffer *self)
{
    int32_t status;
    if (self->producer.view.header != NULL && engine_gone == 0) {
        ENGINE_CALL(self, status, library.buffer_close_producer(self->handle, &self->producer));
        (void)status;
    }
    memset(&self->producer, 0, sizeof self->producer);
}

PyObject *buffer_fault(Buffer *self, int32_t status)
{
    PyObject *cause = self->failure;
    self->failure = NULL;
    if (cause != NULL && !PyObject_IsInstance(cause, PyExc_Exception)) {
        PyErr_SetObject((PyObject *)Py_TYPE(cause), cause); /* Ctrl-C in a formatter is Ctrl-C */
        Py_DECREF(cause);
        return NULL;
    }
    (void)raise_engine(status, NULL);
    if (cause != NULL) {
        PyObject *error = take_exception();
        PyException_SetCause(error, cause);
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
    return NULL;
}

static void drop_callbacks(Buffer *self)
{
    self->reset_hook = NULL;
    callback_drop(self, NULL, 0);
    Formatter *formatter = self->formatters;
    self->formatters = NULL;
    while (formatter != NULL) {
        Formatter *next = formatter->next;
        formatter_free(formatter);
        formatter = next;
    }
}

/* How a buffer ends. */
typedef enum Way {
    CLOSE,   /* or stays, where a sink refuses */
    DISCARD, /* whatever the sinks say, on purpose */
    ABANDON  /* the same when it is dropped: after one more try, and a loss is told */
} Way;

/* Under the lock, closing set: what ends the buffer in the engine. */
static int32_t end_handle(Buffer *self, Way way, int64_t timeout_ns, uint64_t *lost)
{
    int32_t status;
    close_producer(self);
    if (way == DISCARD) {
        self->discarding = 1;
        ENGINE_CALL(self, status, library.buffer_discard(self->handle, lost));
        return status;
    }
    if (way == ABANDON) {
        ENGINE_CALL(self, status, library.buffer_abandon(self->handle, lost));
        return status;
    }
    if (timeout_ns != 0 && (self->sinks != 0 || reader_reads(self))) {
        status = stop_in_slices(self, timeout_ns);
        if (status == INT32_MIN || status == SLUICE_TIMEOUT) {
            return status;
        }
    }
    ENGINE_CALL(self, status, library.buffer_destroy(self->handle));
    return status;
}

/* 0, or -1 with an exception and the buffer as it was. */
static int end(Buffer *self, Way way, int64_t timeout_ns, uint64_t *lost)
{
    if (self->handle == NULL) {
        return 0;
    }
    if (formatting == self) { /* another close may be waiting for this formatter */
        raise_status(SLUICE_E_STATE, "a callback cannot close the buffer that calls it");
        return -1;
    }
    if (engine_gone != 0) { /* the data are the parent's, or are flushed by the exit handler */
        return 0;
    }
    self->closing++;
    self->ready = 0;
    if (buffer_lock(self) < 0 || claim_wait(self, timeout_ns) < 0) {
        self->closing--;
        return -1;
    }
    self->awaited++;
    int32_t status = self->handle == NULL ? SLUICE_OK : end_handle(self, way, timeout_ns, lost);
    self->awaited--;
    self->closing--;
    PyObject *loss = NULL; /* asked for: made while the engine's text is there */
    if (status == SLUICE_LOST && way == CLOSE && self->raises) {
        (void)raise_engine(status, NULL);
        loss = take_exception();
    }
    if (status == SLUICE_OK || status == SLUICE_LOST || status == SLUICE_E_HANDLE) {
        self->handle = NULL;
        self->discarding = 0;
        reader_detached(self);
        drop_callbacks(self);
        buffer_drop_classes(self);
        Py_CLEAR(self->failure);
        status = SLUICE_OK;
    } else if (way != CLOSE && status == SLUICE_TIMEOUT) {
        self->handle = NULL; /* gone, but for a callback that hangs and may come to the object and its functions at any time */
        Py_INCREF((PyObject *)self);
        status = SLUICE_OK;
    } else {
        self->discarding = 0;
    }
    buffer_unlock(self);
    event_wake(self);
    if (loss != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(loss), loss);
        Py_DECREF(loss);
        return -1;
    }
    if (status == SLUICE_OK) {
        return 0;
    }
    if (status != INT32_MIN) {
        (void)buffer_fault(self, status);
    }
    return -1;
}

PyObject *buffer_close(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    int64_t timeout_ns = INT64_C(10000000000);
    if (timeout_of("close", args, count, names, &timeout_ns) < 0) {
        return NULL;
    }
    if (end((Buffer *)object, CLOSE, timeout_ns, NULL) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *buffer_discard(PyObject *object, PyObject *unused)
{
    (void)unused;
    uint64_t lost = 0;
    if (end((Buffer *)object, DISCARD, 0, &lost) < 0) {
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(lost);
}

/* A buffer that is dropped without a close is flushed, as a file is; what cannot be written is told, as a loss. */
void buffer_finalize(PyObject *object)
{
    Buffer *self = (Buffer *)object;
    if (self->handle == NULL || engine_gone != 0) {
        return;
    }
    PyObject *pending = take_exception();
    uint64_t lost = 0;
    claim_forget(self);
    if (self->sinks > 0 && PyErr_ResourceWarning(object, 1, "unclosed buffer %R", object) < 0) {
        PyErr_WriteUnraisable(object);
    }
    if (end(self, ABANDON, 0, &lost) < 0) {
        PyErr_WriteUnraisable(object);
    }
    if (pending != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(pending), pending);
        Py_DECREF(pending);
    }
}

int buffer_traverse(PyObject *object, visitproc visit, void *arg)
{
    Buffer *self = (Buffer *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->layout);
    Py_VISIT(self->failure);
    int visited = buffer_visit_classes(self, visit, arg);
    if (visited != 0) {
        return visited;
    }
    for (Formatter *formatter = self->formatters; formatter != NULL; formatter = formatter->next) {
        Py_VISIT(formatter->function);
    }
    for (Callback *callback = self->callbacks; callback != NULL; callback = callback->next) {
        Py_VISIT(callback->function);
    }
    Py_VISIT(self->arrays);
    Py_VISIT(self->seen.dtype);
    Py_VISIT(self->seen.type);
    return 0;
}

int buffer_clear_references(PyObject *object)
{
    Buffer *self = (Buffer *)object;
    Py_CLEAR(self->failure);
    seen_array_drop(&self->seen);
    if (self->handle == NULL) { /* else the engine still has the formatters */
        drop_callbacks(self);
        buffer_drop_classes(self);
    }
    return 0;
}

void buffer_dealloc(PyObject *object)
{
    Buffer *self = (Buffer *)object;
    PyTypeObject *type = Py_TYPE(object);
    destructor finalize = (destructor)buffer_finalize;
    if (self->handle != NULL) {
        Py_SET_REFCNT(object, 1); /* alive while it flushes: formatters may run Python code */
        finalize(object);
        Py_SET_REFCNT(object, Py_REFCNT(object) - 1);
        if (Py_REFCNT(object) > 0) {
            return;
        }
    }
    PyObject_GC_UnTrack(object);
    if (engine_gone != SLUICE_E_FORKED && self->handle != NULL) {
        Py_SET_REFCNT(object, 1); /* for good: the engine has it until the exit, and a callback that hangs even longer */
        return;
    }
    drop_callbacks(self);
    buffer_drop_classes(self);
    PyMem_Free(self->constants);
    Py_CLEAR(self->failure);
    Py_CLEAR(self->arrays);
    Py_CLEAR(self->layout);
    seen_array_drop(&self->seen);
    event_close(self);
    if (engine_gone == 0 || self->handle == NULL) {
        reader_free(self);
    }
    if (self->lock != NULL && engine_gone == 0) {
        PyThread_free_lock(self->lock);
    }
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}
