/* SPDX-License-Identifier: Apache-2.0
 *
 * file.c - the type File: packets out of a file. sluice.PacketFile is the Python side of it.
 *
 * It exports the whole packets of the file as a read-only buffer without a copy. Whoever looks at such a buffer - a
 * memoryview, an array - refers to this object, and NumPy may do so after it released the buffer. So a file that was
 * ever exported keeps its mapping until the object goes, whatever close() says.
 */
#include "binding.h"

typedef struct File {
    PyObject_HEAD sluice_file *handle; /* NULL: closed, and never exported */
    Py_ssize_t calls;                  /* under way without the GIL */
    int exported;
    int closed;
    PyObject *path;
} File;

static int file_usable(File *self)
{
    if (self->closed || self->handle == NULL) {
        raise_status(SLUICE_E_HANDLE, "the file is closed");
        return -1;
    }
    return engine_there();
}

static PyObject *file_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"path", "layout", "stride", "header_bytes", "check_constants", NULL};
    PyObject *path = NULL, *layout = NULL, *encoded = NULL;
    unsigned long long stride, header_bytes;
    int check;
    if (!PyArg_ParseTupleAndKeywords(args, names, "OOKKp:File", keywords, &path, &layout, &stride, &header_bytes,
                                     &check) ||
        library_ready() < 0) {
        return NULL;
    }
    if (layout != Py_None && !PyObject_TypeCheck(layout, layout_type)) {
        return PyErr_Format(PyExc_TypeError, "layout must be a PacketLayout, not %R", (PyObject *)Py_TYPE(layout));
    }
    if (!PyUnicode_FSConverter(path, &encoded)) {
        return NULL;
    }
    sluice_reading_options options = {
        .struct_size = sizeof options,
        .stride = stride > UINT32_MAX ? UINT32_MAX : (uint32_t)stride,
        .path = PyBytes_AsString(encoded),
        .layout = layout == Py_None ? NULL : ((Layout *)layout)->handle,
        .header_bytes = header_bytes,
        .check_constants = (uint32_t)check,
    };
    sluice_file *handle = NULL;
    int32_t status;
    Py_BEGIN_ALLOW_THREADS status = library.file_open(&options, &handle);
    Py_END_ALLOW_THREADS Py_DECREF(encoded);
    if (status != SLUICE_OK) {
        return raise_engine(status, path);
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    File *self = (File *)allocate(type, 0);
    if (self == NULL) {
        (void)library.file_close(handle);
        return NULL;
    }
    self->handle = handle;
    Py_INCREF(path);
    self->path = path;
    return (PyObject *)self;
}

/* Closes for good as soon as nothing uses the file any more. */
static void file_release(File *self)
{
    if (self->handle != NULL && self->closed && self->calls == 0 && !self->exported) {
        sluice_file *handle = self->handle;
        self->handle = NULL;
        if (engine_gone == 0) {
            Py_BEGIN_ALLOW_THREADS(void) library.file_close(handle);
            Py_END_ALLOW_THREADS
        }
    }
}

static PyObject *file_close(PyObject *object, PyObject *unused)
{
    (void)unused;
    ((File *)object)->closed = 1;
    file_release((File *)object);
    Py_RETURN_NONE;
}

static void file_dealloc(PyObject *object)
{
    File *self = (File *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    self->closed = 1;
    self->exported = 0;
    file_release(self);
    Py_CLEAR(self->path);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static int file_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((File *)object)->path);
    return 0;
}

static int file_get_buffer(PyObject *object, Py_buffer *view, int flags)
{
    File *self = (File *)object;
    sluice_batch batch = {0};
    int32_t status;
    view->obj = NULL;
    if (file_usable(self) < 0) {
        return -1;
    }
    self->calls++; /* a close meanwhile waits */
    Py_BEGIN_ALLOW_THREADS status = library.file_map(self->handle, 0, 0, &batch);
    Py_END_ALLOW_THREADS self->calls--;
    if (status == SLUICE_OK || status == SLUICE_END) {
        self->exported = 1;
        return PyBuffer_FillInfo(view, object, batch.bytes == 0 ? "" : (void *)batch.data, (Py_ssize_t)batch.bytes, 1,
                                 flags);
    }
    (void)raise_engine(status, self->path);
    file_release(self);
    return -1;
}

/* (stride, packets, bytes, header_bytes, torn_offset, torn_bytes) */
static PyObject *file_info(PyObject *object, PyObject *unused)
{
    (void)unused;
    File *self = (File *)object;
    sluice_file_info info = {.struct_size = sizeof info};
    if (file_usable(self) < 0) {
        return NULL;
    }
    int32_t status = library.file_get_info(self->handle, &info);
    if (status != SLUICE_OK) {
        return raise_engine(status, self->path);
    }
    return Py_BuildValue("(IKKKKK)", info.stride, (unsigned long long)info.packets, (unsigned long long)info.bytes,
                         (unsigned long long)info.header_bytes, (unsigned long long)info.torn_offset,
                         (unsigned long long)info.torn_bytes);
}

static PyObject *file_refresh(PyObject *object, PyObject *unused)
{
    (void)unused;
    File *self = (File *)object;
    uint64_t came = 0;
    if (file_usable(self) < 0) {
        return NULL;
    }
    int32_t status = library.file_refresh(self->handle, &came);
    return status == SLUICE_OK ? PyLong_FromUnsignedLongLong(came) : raise_engine(status, self->path);
}

/* _read(first, packets): the bytes of so many packets, which must be there. */
static PyObject *file_read(PyObject *object, PyObject *args)
{
    File *self = (File *)object;
    unsigned long long first, packets;
    sluice_file_info info = {.struct_size = sizeof info};
    if (!PyArg_ParseTuple(args, "KK:_read", &first, &packets) || file_usable(self) < 0) {
        return NULL;
    }
    int32_t status = library.file_get_info(self->handle, &info);
    if (status != SLUICE_OK) {
        return raise_engine(status, self->path);
    }
    if (first > info.packets || packets > info.packets - first) {
        return PyErr_Format(PyExc_IndexError, "packets %llu to %llu of a file of %llu", first, first + packets,
                            (unsigned long long)info.packets);
    }
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(packets * info.stride));
    if (bytes == NULL || packets == 0) {
        return bytes;
    }
    uint64_t done = 0;
    char *memory = PyBytes_AsString(bytes);
    self->calls++; /* a close meanwhile waits */
    Py_BEGIN_ALLOW_THREADS status =
        library.file_read(self->handle, first, memory, (size_t)(packets * info.stride), &done);
    Py_END_ALLOW_THREADS self->calls--;
    if (status != SLUICE_OK) {
        (void)raise_engine(status, self->path);
    } else if (done != packets) {
        raise_status(SLUICE_E_IO, "%llu of %llu packets were read", (unsigned long long)done, packets);
    }
    file_release(self);
    if (PyErr_Occurred()) {
        Py_DECREF(bytes);
        return NULL;
    }
    return bytes;
}

static PyObject *file_check(PyObject *object, PyObject *unused)
{
    (void)unused;
    File *self = (File *)object;
    int32_t status;
    if (file_usable(self) < 0) {
        return NULL;
    }
    self->calls++;
    Py_BEGIN_ALLOW_THREADS status = library.file_check(self->handle, 0, 0, NULL);
    Py_END_ALLOW_THREADS self->calls--;
    if (status != SLUICE_OK) {
        (void)raise_engine(status, self->path);
    }
    file_release(self);
    if (status != SLUICE_OK) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *file_closed(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((File *)object)->closed);
}

static PyMethodDef methods[] = {
    {"close", file_close, METH_NOARGS,
     "close()\n--\n\nCloses the file; a second call does nothing. Arrays and memoryviews of it stay valid: the mapping "
     "ends when\nnothing refers to the file and them any more."},
    {"check", file_check, METH_NOARGS,
     "check()\n--\n\nRaises SluiceError (a ValueError) when a constant of one of the packets does not hold; the text "
     "names\npacket, field, found and expected value."},
    {"refresh", file_refresh, METH_NOARGS,
     "refresh()\n--\n\nLooks how long the file is now, for one that is still written; returns how many packets came. "
     "Arrays made\nbefore stay as they are. SluiceError (an OSError): the file became shorter."},
    {"_info", file_info, METH_NOARGS, "(stride, packets, bytes, header_bytes, torn_offset, torn_bytes)"},
    {"_read", file_read, METH_VARARGS, "_read(first, packets): their bytes."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"closed", file_closed, NULL, "Whether it was closed.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, file_new},
    {Py_tp_dealloc, file_dealloc},
    {Py_tp_traverse, file_traverse},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_bf_getbuffer, file_get_buffer},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.File",
    .basicsize = sizeof(File),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int file_register(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&spec);
    if (type == NULL) {
        return -1;
    }
    int status = PyModule_AddObjectRef(module, "File", type);
    Py_DECREF(type);
    return status;
}
