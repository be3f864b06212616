/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c - text that the engine copies out, of any length.
 */
#include "binding.h"

PyObject *engine_text(engine_text_fn call, const void *handle)
{
    size_t length = 0, capacity = 4096;
    while (engine_there() == 0) {
        char *text = PyMem_Malloc(capacity);
        if (text == NULL) {
            return PyErr_NoMemory();
        }
        int32_t status = call(handle, text, capacity, &length);
        PyObject *result = NULL;
        int again = status == SLUICE_OK && length >= capacity;
        if (status != SLUICE_OK) {
            (void)raise_engine(status, NULL);
        } else if (!again) {
            result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "strict");
        }
        PyMem_Free(text);
        if (!again) {
            return result;
        }
        capacity = length + 1;
    }
    return NULL;
}
