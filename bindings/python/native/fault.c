/* SPDX-License-Identifier: Apache-2.0
 *
 * fault.c - statuses as exceptions. Which class goes with a status is decided in sluice/_errors.py.
 */
#include "binding.h"

#include <stdarg.h>

static PyObject *errors_module(void)
{
    return PyImport_ImportModule("sluice._errors");
}

/* Takes the message; NULL: an exception is set already. */
static PyObject *raise_message(int32_t status, PyObject *message, PyObject *path)
{
    PyObject *errors = message == NULL ? NULL : errors_module(), *error = NULL;
    if (errors != NULL) {
        error = PyObject_CallMethod(errors, "error_of", "iOO", (int)status, message,
                                    path == NULL ? Py_None : path);
    }
    if (error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    }
    Py_XDECREF(error);
    Py_XDECREF(message);
    Py_XDECREF(errors);
    return NULL;
}

PyObject *raise_status(int32_t status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : PyMem_Malloc((size_t)length + 1);
    if (text == NULL) {
        return PyErr_NoMemory();
    }
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    PyObject *message = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace");
    PyMem_Free(text);
    return raise_message(status, message, NULL);
}

PyObject *raise_engine(int32_t status, PyObject *path)
{
    return raise_message(status, engine_last_error(status), path);
}

int engine_there(void)
{
    if (LIKELY(engine_gone == 0)) {
        return 0;
    }
    if (engine_gone == SLUICE_E_FORKED) {
        raise_status(engine_gone,
                     "the engine does not run in a forked child: use the spawn start method, or make "
                     "buffers after the fork in a process that had none");
    } else {
        raise_status(engine_gone, "the engine was shut down: the interpreter is exiting");
    }
    return -1;
}

PyObject *take_exception(void)
{
    PyObject *type = NULL, *value = NULL, *trace = NULL;
    PyErr_Fetch(&type, &value, &trace);
    if (type == NULL) {
        return NULL;
    }
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL && value != NULL) {
        (void)PyException_SetTraceback(value, trace);
    }
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
}

void call_errors(const char *function, PyObject *value)
{
    PyObject *errors = errors_module(), *result = NULL;
    if (errors != NULL) {
        result = PyObject_CallMethod(errors, function, "(O)", value);
    }
    if (result == NULL) {
        PyErr_WriteUnraisable(value);
    }
    Py_XDECREF(result);
    Py_XDECREF(errors);
}
