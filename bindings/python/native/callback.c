/* SPDX-License-Identifier: Apache-2.0
 *
 * callback.c - Python functions that the engine calls: how its threads come by the GIL, and where exceptions
 * go.
 *
 * A callback runs on the thread that flushes or evaluates, under the engine's lock: one of Python's inside a
 * method of the buffer, or the pump's. An exception keeps the packets stored; it is the cause of what the
 * call of this thread raises, or goes to the logger `sluice`, once until the function works again. Ctrl-C in
 * a callback is Ctrl-C.
 */
#include "binding.h"

__thread Buffer *formatting;

/* A thread of the engine keeps its Python thread state from its first callback to its end: making one takes
 * far longer than most of them. The state is given back by a destructor of the thread, before its
 * thread-specific data go. */
extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *module);
extern void *__dso_handle;

static __thread PyThreadState *kept;

static void give_back(void *unused)
{
    (void)unused;
    if (!interpreter_gone) {
        PyEval_RestoreThread(kept);
        PyGILState_Release(PyGILState_UNLOCKED);
    }
}

static void keep_thread_state(void)
{
    (void)PyGILState_Ensure(); /* matched by the one in give_back */
    if (__cxa_thread_atexit_impl(give_back, NULL, &__dso_handle) != 0) {
        PyGILState_Release(
            PyGILState_UNLOCKED); /* no destructor to be had: every call makes a state of its own */
        return;
    }
    kept = PyEval_SaveThread();
}

/* Buffers that nothing but a callback of theirs still held. A buffer cannot be ended by its own callback, and what held
 * this one is gone: the main thread lets go of it as soon as it can. */
static Buffer *left;

static int let_go(void *unused)
{
    (void)unused;
    while (left != NULL) {
        Buffer *buffer = left;
        left = buffer->next_left;
        Py_DECREF((PyObject *)buffer);
    }
    return 0;
}

/* A callback holds its buffer: a collection in there does not find it unreachable. */
static int enter(Buffer *buffer, int locked, Entered *entered)
{
    if (interpreter_gone || buffer->discarding) {
        (void)library.callback_fault(interpreter_gone ? "the interpreter has ended" : "the buffer is being discarded");
        return -1;
    }
    if (kept == NULL && PyGILState_GetThisThreadState() == NULL) {
        keep_thread_state();
    }
    entered->locked = locked;
    if (locked) { /* before it waits for the GIL */
        (void)__atomic_fetch_add(&buffer->entries, 1, __ATOMIC_RELAXED);
        (void)__atomic_fetch_add(&buffer->inside, 1, __ATOMIC_RELAXED);
    }
    entered->state = PyGILState_Ensure();
    entered->buffer = (Buffer *)Py_NewRef((PyObject *)buffer);
    entered->outer = formatting;
    formatting = buffer;
    return 0;
}

int callback_enter(Buffer *buffer, Entered *entered)
{
    return enter(buffer, 1, entered);
}

void callback_leave(const Entered *entered)
{
    Buffer *buffer = entered->buffer;
    if (entered->locked) {
        (void)__atomic_fetch_sub(&buffer->inside, 1, __ATOMIC_RELAXED);
    }
    formatting = entered->outer;
    if (Py_REFCNT((PyObject *)buffer) == 1 && buffer->handle != NULL) {
        buffer->next_left = left;
        left = buffer;
        (void)Py_AddPendingCall(let_go, NULL); /* too many are pending: a later one lets go of this buffer as well */
    } else {
        Py_DECREF((PyObject *)buffer);
    }
    PyGILState_Release(entered->state);
}

void callback_raised(Buffer *buffer, int *reported, const char *report)
{
    PyObject *error = take_exception();
    if (error == NULL) {
        return;
    }
    callback_tell(error);
    if (calling == buffer || buffer->awaited != 0) {
        PyObject *before = buffer->failure;
        if (before != NULL &&
            !PyObject_IsInstance(before, PyExc_Exception)) { /* Ctrl-C outlasts the faults after it */
            Py_DECREF(error);
            return;
        }
        buffer->failure = error;
        Py_XDECREF(before);
        return;
    }
    callback_log(error, reported, report);
}

void callback_tell(PyObject *error)
{
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(error), "__name__");
    PyObject *text = name == NULL ? NULL : PyUnicode_FromFormat("%U: %S", name, error);
    const char *bytes = text == NULL ? NULL : PyUnicode_AsUTF8AndSize(text, NULL);
    if (bytes == NULL) { /* an exception whose text cannot be made */
        PyErr_Clear();
    }
    (void)library.callback_fault(bytes != NULL ? bytes : "an exception without a text");
    Py_XDECREF(text);
    Py_XDECREF(name);
}

void callback_log(PyObject *error, int *reported, const char *report)
{
    if (!*reported) {
        *reported = 1;
        call_errors(report, error);
    }
    Py_DECREF(error);
}

/* Called by a thread of the engine, or by one inside a call of the buffer: both without the GIL. What a Python function
 * raised was logged by itself, with its trace. */
void callback_fault(void *user, const sluice_fault *fault)
{
    Entered entered;
    if ((fault->status == SLUICE_E_CALLBACK && fault->source != SLUICE_FAULT_GROWTH) || enter(user, 0, &entered) < 0) {
        return;
    }
    PyObject *pending = take_exception();
    PyObject *text = PyUnicode_DecodeUTF8(fault->text, (Py_ssize_t)strlen(fault->text), "replace");
    if (text != NULL) {
        call_errors(fault->status == SLUICE_OK ? "report_over" : "report_fault", text);
        Py_DECREF(text);
    }
    PyErr_Clear();
    if (pending != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(pending), pending);
        Py_DECREF(pending);
    }
    callback_leave(&entered);
}

/* ---- callbacks of a buffer ---- */

Callback *callback_new(Buffer *buffer, PyObject *function, int is_sink)
{
    Callback *callback = PyMem_Calloc(1, sizeof *callback);
    if (callback == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    callback->buffer = buffer;
    callback->function = Py_NewRef(function);
    callback->is_sink = is_sink;
    callback->next = buffer->callbacks;
    buffer->callbacks = callback;
    return callback;
}

void callback_drop(Buffer *buffer, const Callback *one, int only_sinks)
{
    for (Callback **at = &buffer->callbacks; *at != NULL;) {
        Callback *callback = *at;
        if (one != NULL ? callback != one : only_sinks && !callback->is_sink) {
            at = &callback->next;
            continue;
        }
        *at = callback->next;
        Py_DECREF(callback->function);
        PyMem_Free(callback);
        if (one != NULL) {
            return;
        }
        at = &buffer->callbacks; /* what was dropped may have run Python code */
    }
}

int32_t callback_accept(void *user, const sluice_batch *batch)
{
    Callback *callback = user;
    Entered entered;
    if (callback_enter(callback->buffer, &entered) < 0) {
        return SLUICE_E_CALLBACK;
    }
    int32_t status = SLUICE_E_CALLBACK;
    PyObject *packets = batch_object(callback->buffer, batch);
    PyObject *answer =
        packets == NULL ? NULL : PyObject_CallFunctionObjArgs(callback->function, packets, NULL);
    Py_XDECREF(packets);
    if (answer != NULL) {
        status = Py_IsFalse(answer) ? SLUICE_WOULD_BLOCK : SLUICE_OK;
        callback->reported = 0;
        Py_DECREF(answer);
    } else {
        callback_raised(callback->buffer, &callback->reported, "report_sink");
    }
    callback_leave(&entered);
    return status;
}
