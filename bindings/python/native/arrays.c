/* SPDX-License-Identifier: Apache-2.0
 *
 * arrays.c - what packets are copied from, or into, as memory: bytes of any kind, and arrays whose items are packets.
 *
 * Whether the items of an array are packets of the layout is decided in sluice/_arrays.py, once for each dtype that comes
 * twice in a row.
 */
#include "binding.h"

/* Bytes, of whatever sign: packets back to back, and no items of their own. */
static int is_bytes(const Py_buffer *view)
{
    const char *format = view->format;
    if (format == NULL) {
        return 1;
    }
    format += format[0] != '\0' && strchr("@=<>!|", format[0]) != NULL;
    return view->itemsize == 1 && (format[0] == '\0' || strchr("bBcsx", format[0]) != NULL);
}

/* What sluice._arrays says has the bytes: a reference, or NULL with an exception. */
static PyObject *packets_of(PyObject *packets, PyObject *layout)
{
    PyObject *module = PyImport_ImportModule("sluice._arrays"), *seen = NULL;
    if (module != NULL) {
        seen = PyObject_CallMethod(module, "packets_of", "OO", packets, layout == NULL ? Py_None : layout);
        Py_DECREF(module);
    }
    return seen;
}

static int view_of(PyObject *seen, int flags, Py_buffer *view)
{
    int status = seen == NULL ? -1 : PyObject_GetBuffer(seen, view, flags);
    Py_XDECREF(seen);
    return status;
}

/* What an array that is not contiguous raises, with what to do. */
static int tell_contiguous(int status)
{
    if (status < 0 && PyErr_ExceptionMatches(PyExc_ValueError)) {
        PyObject *error = take_exception();
        PyErr_Format(PyExc_ValueError, "%S: put numpy.ascontiguousarray of it", error);
        Py_XDECREF(error);
    }
    return status;
}

/* Of an object that has a dtype; takes that. Its format needs no second look, and takes long to write. */
static int view_array(SeenArray *before, PyObject *dtype, PyObject *packets, PyObject *layout, int flags,
                      Py_buffer *view)
{
    flags &= ~PyBUF_FORMAT;
    if (dtype == before->dtype && Py_TYPE(packets) == before->type) {
        Py_DECREF(dtype);
        return tell_contiguous(PyObject_GetBuffer(packets, view, flags));
    }
    PyObject *seen = packets_of(packets, layout);
    int status = view_of(seen == NULL ? NULL : Py_NewRef(seen), flags, view);
    if (seen == packets) {
        status = tell_contiguous(status);
    }
    if (status == 0 && seen == packets) {
        seen_array_drop(before);
        before->dtype = Py_NewRef(dtype);
        before->type = (PyTypeObject *)Py_NewRef((PyObject *)Py_TYPE(packets));
    }
    Py_XDECREF(seen);
    Py_DECREF(dtype);
    return status;
}

int packets_view(SeenArray *before, PyObject *packets, PyObject *layout, int flags, Py_buffer *view)
{
    if (LIKELY(PyBytes_CheckExact(packets) || PyByteArray_CheckExact(packets))) {
        return PyObject_GetBuffer(packets, view, flags);
    }
    static PyObject *name;
    if (name == NULL) {
        name = PyUnicode_InternFromString("dtype");
    }
    PyObject *dtype = PyMemoryView_Check(packets) || name == NULL ? NULL : PyObject_GetAttr(packets, name);
    if (dtype != NULL) {
        return view_array(before, dtype, packets, layout, flags, view);
    }
    PyErr_Clear();
    if (PyObject_GetBuffer(packets, view, flags | PyBUF_ND | PyBUF_FORMAT) < 0) {
        return -1;
    }
    if (layout == NULL || is_bytes(view)) {
        return 0;
    }
    PyBuffer_Release(view);
    return view_of(packets_of(packets, layout), flags, view);
}

void seen_array_drop(SeenArray *before)
{
    Py_CLEAR(before->dtype);
    Py_CLEAR(before->type);
}
