/* SPDX-License-Identifier: Apache-2.0
 *
 * layout.c - the type Layout: what is in a packet. sluice.PacketLayout is the Python side of it.
 */
#include "binding.h"

PyTypeObject *layout_type;

static PyObject *layout_made(PyTypeObject *type, const char *text, int32_t (*make)(const char *, sluice_layout **))
{
    sluice_layout *handle = NULL;
    int32_t status = make(text, &handle);
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Layout *self = (Layout *)allocate(type, 0);
    if (self == NULL) {
        (void)library.layout_destroy(handle);
        return NULL;
    }
    self->handle = handle;
    return (PyObject *)self;
}

static PyObject *layout_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"text", NULL};
    const char *text;
    if (!PyArg_ParseTupleAndKeywords(args, names, "s:PacketLayout", keywords, &text) || library_ready() < 0) {
        return NULL;
    }
    return layout_made(type, text, library.layout_create);
}

static PyObject *layout_from_numpy(PyObject *type, PyObject *json)
{
    const char *text = PyUnicode_AsUTF8AndSize(json, NULL);
    if (text == NULL || library_ready() < 0) {
        return NULL;
    }
    return layout_made((PyTypeObject *)type, text, library.layout_from_numpy);
}

static void layout_dealloc(PyObject *object)
{
    Layout *self = (Layout *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->handle != NULL && engine_gone == 0) {
        (void)library.layout_destroy(self->handle);
    }
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static int32_t describe(const void *layout, char *text, size_t capacity, size_t *length)
{
    return library.layout_describe(layout, text, capacity, length);
}

static PyObject *layout_describe(PyObject *object, PyObject *unused)
{
    (void)unused;
    return engine_text(describe, ((Layout *)object)->handle);
}

static int32_t numpy(const void *layout, char *text, size_t capacity, size_t *length)
{
    return library.layout_numpy(layout, text, capacity, length);
}

static PyObject *layout_numpy(PyObject *object, PyObject *unused)
{
    (void)unused;
    return engine_text(numpy, ((Layout *)object)->handle);
}

static PyObject *layout_size(PyObject *object, PyObject *unused)
{
    (void)unused;
    uint32_t bytes = 0;
    if (engine_there() < 0) {
        return NULL;
    }
    int32_t status = library.layout_size(((Layout *)object)->handle, &bytes);
    return status == SLUICE_OK ? PyLong_FromUnsignedLong(bytes) : raise_engine(status, NULL);
}

/* A text of a field, whole: the struct cuts it. */
typedef struct FieldText {
    const sluice_layout *layout;
    uint32_t index, what;
} FieldText;

static int32_t field_text(const void *field, char *text, size_t capacity, size_t *length)
{
    const FieldText *of = field;
    return library.layout_field_text(of->layout, of->index, of->what, text, capacity, length);
}

static PyObject *text_of_field(const sluice_layout *layout, uint32_t index, uint32_t what)
{
    FieldText of = {layout, index, what};
    return engine_text(field_text, &of);
}

/* [(name, type, offset, size, count, bit, bits, constant, scale, shift, unit, format), ...] */
static PyObject *layout_fields(PyObject *object, PyObject *unused)
{
    (void)unused;
    const sluice_layout *handle = ((Layout *)object)->handle;
    uint32_t count = 0;
    if (engine_there() < 0) {
        return NULL;
    }
    int32_t status = library.layout_fields(handle, &count);
    PyObject *list = status == SLUICE_OK ? PyList_New(0) : raise_engine(status, NULL);
    for (uint32_t i = 0; list != NULL && i < count; i++) {
        sluice_field field = {.struct_size = sizeof field};
        status = library.layout_field(handle, i, &field);
        PyObject *name = status != SLUICE_OK ? raise_engine(status, NULL) : text_of_field(handle, i, SLUICE_FIELD_NAME);
        PyObject *unit = name == NULL ? NULL : text_of_field(handle, i, SLUICE_FIELD_UNIT);
        PyObject *format = unit == NULL ? NULL : text_of_field(handle, i, SLUICE_FIELD_FORMAT);
        PyObject *item = format == NULL ? NULL
                                        : Py_BuildValue("(OCIIIIIOddOO)", name, field.type, field.offset, field.size,
                                                        field.count, field.bit, field.bits,
                                                        field.constant ? Py_True : Py_False, field.scale,
                                                        field.shift, unit, format);
        Py_XDECREF(name);
        Py_XDECREF(unit);
        Py_XDECREF(format);
        if (item == NULL || PyList_Append(list, item) < 0) {
            Py_DECREF(list);
            list = NULL;
        }
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *layout_template(PyObject *object, PyObject *unused)
{
    PyObject *size = layout_size(object, unused);
    if (size == NULL) {
        return NULL;
    }
    Py_ssize_t bytes = PyLong_AsSsize_t(size);
    Py_DECREF(size);
    PyObject *packet = PyBytes_FromStringAndSize(NULL, bytes);
    if (packet == NULL) {
        return NULL;
    }
    char *memory = PyBytes_AsString(packet);
    memset(memory, 0, (size_t)bytes);
    int32_t status = library.layout_fill(((Layout *)object)->handle, memory, (size_t)bytes);
    if (status != SLUICE_OK) {
        Py_DECREF(packet);
        return raise_engine(status, NULL);
    }
    return packet;
}

static PyObject *layout_check(PyObject *object, PyObject *packets)
{
    Py_buffer view;
    SeenArray none = {NULL, NULL};
    uint64_t bad = 0;
    if (engine_there() < 0 || packets_view(&none, packets, object, PyBUF_SIMPLE, &view) < 0) {
        return NULL;
    }
    seen_array_drop(&none);
    int32_t status;
    Py_BEGIN_ALLOW_THREADS status =
        library.layout_check(((Layout *)object)->handle, view.buf, (size_t)view.len, &bad);
    Py_END_ALLOW_THREADS PyBuffer_Release(&view);
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"_describe", layout_describe, METH_NOARGS, "The canonical description."},
    {"_numpy", layout_numpy, METH_NOARGS, "The NumPy dtype as JSON."},
    {"_size", layout_size, METH_NOARGS, "Bytes of a packet."},
    {"_fields", layout_fields, METH_NOARGS,
     "[(name, type, offset, size, count, bit, bits, constant, scale, shift, unit, format), ...]"},
    {"_template", layout_template, METH_NOARGS, "A packet of zeros and the constants."},
    {"_from_numpy", layout_from_numpy, METH_O | METH_CLASS, "The layout of a dtype given as JSON."},
    {"check", layout_check, METH_O,
     "check(packets)\n--\n\nRaises SluiceError (a ValueError) when a constant of one of the packets does not "
     "hold; the text\n"
     "names packet, field, expected and found. `packets` is any contiguous bytes-like object of whole "
     "packets."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, layout_new},
    {Py_tp_dealloc, layout_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Layout",
    .basicsize = sizeof(Layout),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

int layout_register(PyObject *module)
{
    layout_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return layout_type == NULL ? -1 : PyModule_AddObjectRef(module, "Layout", (PyObject *)layout_type);
}
