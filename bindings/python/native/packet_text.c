/* SPDX-License-Identifier: Apache-2.0
 *
 * packet_text.c - the type PacketText: packets as text in memory. sluice.PacketFormatter is its Python side.
 */
#include "binding.h"

typedef struct PacketText {
    PyObject_HEAD sluice_formatter *handle;
    PyObject *layout;
    SeenArray seen; /* the last array that was formatted */
    size_t packet_bytes;
    size_t line_bytes; /* of the longest line so far, as a guess for the next text */
} PacketText;

static PyObject *packet_text_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"layout", "style", "separator", "line_end", "comment", NULL};
    PyObject *layout;
    uint32_t packet_bytes;
    sluice_formatter_options options = {.struct_size = sizeof options};
    Py_ssize_t line_end_bytes = 0;
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!Izz#z:PacketFormatter", keywords, layout_type, &layout,
                                     &options.style, &options.separator, &options.line_end, &line_end_bytes,
                                     &options.comment) ||
        engine_there() < 0) {
        return NULL;
    }
    options.line_end_bytes = (uint64_t)line_end_bytes;
    const sluice_layout *of = ((Layout *)layout)->handle;
    sluice_formatter *handle = NULL;
    int32_t status = library.layout_size(of, &packet_bytes);
    if (status == SLUICE_OK) {
        status = library.formatter_create(of, &options, &handle);
    }
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PacketText *self = (PacketText *)allocate(type, 0);
    if (self == NULL) {
        (void)library.formatter_destroy(handle);
        return NULL;
    }
    self->handle = handle;
    self->layout = Py_NewRef(layout);
    self->packet_bytes = packet_bytes;
    self->line_bytes = 16;
    return (PyObject *)self;
}

static void packet_text_dealloc(PyObject *object)
{
    PacketText *self = (PacketText *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->handle != NULL && engine_gone == 0) {
        (void)library.formatter_destroy(self->handle);
    }
    Py_CLEAR(self->layout);
    seen_array_drop(&self->seen);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* Exported by every CPython, but declared outside the limited interface only. */
extern int _PyBytes_Resize(PyObject **bytes, Py_ssize_t size);

/* Formats all of `bytes`, into a bytes object that grows as it has to. */
static PyObject *text_of(PacketText *self, const char *packets, size_t bytes)
{
    size_t count = bytes / self->packet_bytes, done = 0, length = 0, room = 256 + count * self->line_bytes;
    PyObject *text = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
    while (text != NULL) {
        size_t consumed = 0, written = 0;
        char *to = PyBytes_AsString(text) + length;
        int32_t status;
        Py_BEGIN_ALLOW_THREADS status = library.formatter_format(
            self->handle, packets + done, bytes - done, to, room - length, &consumed, &written);
        Py_END_ALLOW_THREADS if (status != SLUICE_OK && status != SLUICE_E_SIZE)
        {
            Py_DECREF(text);
            return raise_engine(status, NULL);
        }
        done += consumed;
        length += written;
        if (done == bytes) {
            break;
        }
        /* What is left, at the length of the lines so far, half as much again, and a line of any length. */
        size_t left = (bytes - done) / self->packet_bytes;
        size_t line = done == 0 ? self->line_bytes : length * self->packet_bytes / done;
        room += 1024 + left * (line + 1) * 3 / 2 + (status == SLUICE_E_SIZE ? room : 0);
        if (_PyBytes_Resize(&text, (Py_ssize_t)room) < 0) {
            return NULL;
        }
    }
    if (text != NULL && count > 0) {
        size_t line = length / count + 2;
        self->line_bytes = line > self->line_bytes ? line : self->line_bytes;
    }
    if (text != NULL && (size_t)PyBytes_Size(text) != length) {
        (void)_PyBytes_Resize(&text, (Py_ssize_t)length);
    }
    return text;
}

static PyObject *packet_text_format(PyObject *object, PyObject *packets)
{
    PacketText *self = (PacketText *)object;
    Py_buffer view;
    if (engine_there() < 0 ||
        packets_view(&self->seen, packets, self->layout, PyBUF_SIMPLE, &view) < 0) {
        return NULL;
    }
    PyObject *text = NULL;
    if ((size_t)view.len % self->packet_bytes == 0) {
        text = text_of(self, view.buf, (size_t)view.len);
    } else {
        raise_status(SLUICE_E_SIZE, "%zd byte%s not a multiple of the packet's %zu bytes", view.len,
                     view.len == 1 ? " is" : "s are",
                     self->packet_bytes);
    }
    PyBuffer_Release(&view);
    return text;
}

static int32_t header(const void *formatter, char *text, size_t capacity, size_t *length)
{
    return library.formatter_header(formatter, text, capacity, length);
}

static PyObject *packet_text_header(PyObject *object, PyObject *unused)
{
    (void)unused;
    return engine_text(header, ((PacketText *)object)->handle);
}

static PyMethodDef methods[] = {
    {"format", packet_text_format, METH_O,
     "format(packets)\n--\n\nThe lines of consecutive packets, as UTF-8. `packets` is any contiguous "
     "bytes-like object of whole\npackets. Other threads run meanwhile."},
    {"_header", packet_text_header, METH_NOARGS, "The line of field names and units."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, packet_text_new},
    {Py_tp_dealloc, packet_text_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.PacketText",
    .basicsize = sizeof(PacketText),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

int packet_text_register(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&spec);
    int status = type == NULL ? -1 : PyModule_AddObjectRef(module, "PacketText", type);
    Py_XDECREF(type);
    return status;
}
