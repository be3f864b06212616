/* SPDX-License-Identifier: Apache-2.0
 *
 * hex.c - bytes as hexadecimal text.
 */
#include "binding.h"

/* From here on the GIL is released meanwhile. */
#define LONG_TEXT 65536

/* hex_encode(data, style, upper, separator, first_offset) -> str */
PyObject *module_hex_encode(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer data;
    sluice_hex_options options = {.struct_size = sizeof options};
    unsigned long long offset = 0;
    int upper = 0;
    if (!PyArg_ParseTuple(args, "y*IpIK:hex_encode", &data, &options.style, &upper, &options.separator,
                          &offset)) {
        return NULL;
    }
    options.upper = (uint32_t)upper;
    options.first_offset = offset;
    size_t length = 0;
    char *text = NULL;
    PyObject *made = NULL;
    if (library_ready() == 0) {
        int32_t status = library.hex_encode(data.buf, (size_t)data.len, &options, NULL, 0, &length);
        if (status == SLUICE_OK && (text = PyMem_Malloc(length == 0 ? 1 : length)) == NULL) {
            (void)PyErr_NoMemory();
        } else if (status == SLUICE_OK && length < LONG_TEXT) {
            status = library.hex_encode(data.buf, (size_t)data.len, &options, text, length, NULL);
        } else if (status == SLUICE_OK) {
            Py_BEGIN_ALLOW_THREADS status =
                library.hex_encode(data.buf, (size_t)data.len, &options, text, length, NULL);
            Py_END_ALLOW_THREADS
        }
        if (status != SLUICE_OK) {
            (void)raise_engine(status, NULL);
        } else if (text != NULL) {
            made = PyUnicode_DecodeASCII(text, (Py_ssize_t)length, NULL);
        }
    }
    PyMem_Free(text);
    PyBuffer_Release(&data);
    return made;
}
