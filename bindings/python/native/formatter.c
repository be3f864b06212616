/* SPDX-License-Identifier: Apache-2.0
 *
 * formatter.c - Python functions that make text of packets.
 *
 * Called by the thread that flushes: one of Python's inside flush, stop, poll or close, or the pump's. An
 * exception keeps the packet stored; it is the cause of what the call of this thread raises, or goes to the
 * logger `sluice`, once until the function works again.
 */
#include "binding.h"

__thread Buffer *formatting;

Formatter *formatter_new(Buffer *buffer, PyObject *function, int binary)
{
    Formatter *formatter = PyMem_Calloc(1, sizeof *formatter);
    if (formatter == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    formatter->buffer = buffer;
    formatter->function = Py_NewRef(function);
    formatter->binary = binary;
    return formatter;
}

void formatter_free(Formatter *formatter)
{
    Py_XDECREF(formatter->function);
    Py_XDECREF(formatter->pending_packet);
    Py_XDECREF(formatter->pending_text);
    PyMem_Free(formatter);
}

/* The text of a packet: kept from the call before, which offered too little room, or asked for. */
static PyObject *text_of(Formatter *formatter, const void *packet, size_t bytes)
{
    PyObject *kept_packet = formatter->pending_packet, *kept_text = formatter->pending_text;
    formatter->pending_packet = NULL;
    formatter->pending_text = NULL;
    if (kept_packet != NULL) {
        char *data = PyBytes_AsString(kept_packet);
        int same = (size_t)Py_SIZE(kept_packet) == bytes && memcmp(data, packet, bytes) == 0;
        Py_DECREF(kept_packet);
        if (same) {
            return kept_text;
        }
        Py_XDECREF(kept_text);
    }
    PyObject *argument = PyBytes_FromStringAndSize(packet, (Py_ssize_t)bytes);
    if (argument == NULL) {
        return NULL;
    }
    PyObject *text = PyObject_CallFunctionObjArgs(formatter->function, argument, NULL);
    Py_DECREF(argument);
    return text;
}

/* The bytes of a text, as long as it lives. NULL with an exception. */
static const char *bytes_of(const Formatter *formatter, PyObject *text, Py_ssize_t *length)
{
    char *data = NULL;
    if (!formatter->binary && PyUnicode_Check(text)) {
        return PyUnicode_AsUTF8AndSize(text, length);
    }
    if (formatter->binary && PyBytes_Check(text)) {
        return PyBytes_AsStringAndSize(text, &data, length) < 0 ? NULL : data;
    }
    PyErr_Format(PyExc_TypeError, "a formatter of a %s sink returns %s, this one returned %R",
                 formatter->binary ? "binary" : "text", formatter->binary ? "bytes" : "str",
                 (PyObject *)Py_TYPE(text));
    return NULL;
}

static void failed(Formatter *formatter)
{
    PyObject *error = take_exception();
    if (error == NULL) {
        return;
    }
    if (calling == formatter->buffer) {
        PyObject *before = formatter->buffer->failure;
        formatter->buffer->failure = error;
        Py_XDECREF(before);
        return;
    }
    if (!formatter->reported) {
        formatter->reported = 1;
        call_errors("report_formatter", error);
    }
    Py_DECREF(error);
}

/* A thread of the engine keeps its Python thread state from its first formatter to its end: making one takes
 * far longer than most formatters. The state is given back by a destructor of the thread, before its
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

int32_t formatter_format(void *user, const void *packet, size_t bytes, char *text, size_t capacity,
                         size_t *written)
{
    Formatter *formatter = user;
    int32_t status = SLUICE_E_CALLBACK;
    if (interpreter_gone || formatter->buffer->discarding) {
        return status;
    }
    if (kept == NULL && PyGILState_GetThisThreadState() == NULL) {
        keep_thread_state();
    }
    PyGILState_STATE state = PyGILState_Ensure();
    Buffer *outer = formatting;
    formatting = formatter->buffer;
    PyObject *made = text_of(formatter, packet, bytes);
    Py_ssize_t length = 0;
    const char *from = made == NULL ? NULL : bytes_of(formatter, made, &length);
    if (from == NULL) {
        failed(formatter);
    } else if ((size_t)length > capacity) {
        *written = (size_t)length;
        formatter->pending_packet = PyBytes_FromStringAndSize(packet, (Py_ssize_t)bytes);
        formatter->pending_text = formatter->pending_packet == NULL ? NULL : Py_NewRef(made);
        PyErr_Clear(); /* without memory to keep it, the function is simply asked again */
        status = SLUICE_WOULD_BLOCK;
    } else {
        memcpy(text, from, (size_t)length);
        *written = (size_t)length;
        formatter->reported = 0;
        status = SLUICE_OK;
    }
    Py_XDECREF(made);
    formatting = outer;
    PyGILState_Release(state);
    return status;
}
