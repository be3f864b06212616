/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c - text that the engine copies out, of any length, and bytes on their way in.
 */
#include "binding.h"

/* Reads the whole text. A status of the call other than OK is left in *status, and NULL returned without an exception. */
static PyObject *read_text(engine_text_fn call, const void *handle, const char *errors, int32_t *status)
{
    size_t length = 0, capacity = 1024;
    for (;;) {
        char *text = PyMem_Malloc(capacity);
        if (text == NULL) {
            return PyErr_NoMemory();
        }
        *status = call(handle, text, capacity, &length);
        int again = *status == SLUICE_OK && length >= capacity;
        PyObject *result =
            *status == SLUICE_OK && !again ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, errors) : NULL;
        PyMem_Free(text);
        if (!again) {
            return result;
        }
        capacity = length + 1;
    }
}

PyObject *engine_text(engine_text_fn call, const void *handle)
{
    int32_t status = SLUICE_OK;
    PyObject *text = engine_there() < 0 ? NULL : read_text(call, handle, "surrogateescape", &status);
    return status == SLUICE_OK ? text : raise_engine(status, NULL);
}

static int32_t last_error(const void *unused, char *text, size_t capacity, size_t *length)
{
    (void)unused;
    return library.last_error(text, capacity, length);
}

PyObject *engine_last_error(int32_t status)
{
    int32_t read = SLUICE_OK;
    PyObject *text = status < 0 || status == SLUICE_TIMEOUT || status == SLUICE_LOST || status == SLUICE_WOULD_BLOCK
                         ? read_text(last_error, NULL, "replace", &read)
                         : NULL;
    if (text == NULL && PyErr_Occurred()) {
        return NULL;
    }
    if (text != NULL && PyUnicode_GetLength(text) > 0) {
        return text;
    }
    Py_XDECREF(text);
    return PyUnicode_FromString(library.status_text(status));
}

int bytes_or_null(PyObject *object, void *bytes)
{
    if (Py_IsNone(object)) {
        *(const char **)bytes = NULL;
        return 1;
    }
    return PyBytes_AsStringAndSize(object, (char **)bytes, NULL) == 0;
}
