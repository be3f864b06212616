/* SPDX-License-Identifier: Apache-2.0
 *
 * packet_run.c - the type PacketRun: an iterator over packets of one size that lie back to back in a bytes
 * object.
 */
#include "packet.h"

typedef struct PacketRun {
    PyObject_HEAD PyObject *data;
    PyObject *unpack;    /* NULL: packets are bytes, or native */
    PacketClass *native; /* or NULL */
    Py_ssize_t size;
    Py_ssize_t at;
} PacketRun;

/* PacketRun(data, size, class): class None for bytes. */
static PyObject *run_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *data, *class, *unpack = NULL;
    Py_ssize_t size;
    (void)names;
    if (!PyArg_ParseTuple(args, "O!nO:PacketRun", &PyBytes_Type, &data, &size, &class)) {
        return NULL;
    }
    if (size <= 0 || PyBytes_Size(data) % size != 0) {
        return PyErr_Format(PyExc_ValueError, "%zd byte%s not whole packets of %zd", PyBytes_Size(data),
                            PyBytes_Size(data) == 1 ? " is" : "s are", size);
    }
    PacketClass *native = Py_IsNone(class) ? NULL : packet_class_native(class);
    if (native == NULL && !Py_IsNone(class)) {
        unpack = PyObject_GetAttrString(class, "unpack");
        if (unpack == NULL) {
            return NULL;
        }
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PacketRun *self = (PacketRun *)allocate(type, 0);
    if (self == NULL) {
        Py_XDECREF(unpack);
        return NULL;
    }
    self->data = Py_NewRef(data);
    self->unpack = unpack;
    self->native = native;
    Py_XINCREF((PyObject *)native);
    self->size = size;
    return (PyObject *)self;
}

static PyObject *run_next(PyObject *object)
{
    PacketRun *self = (PacketRun *)object;
    if (self->at >= PyBytes_Size(self->data)) {
        return NULL;
    }
    PyObject *packet = PyBytes_FromStringAndSize(PyBytes_AsString(self->data) + self->at, self->size);
    if (packet == NULL) {
        return NULL;
    }
    self->at += self->size;
    if (self->native != NULL) {
        return packet_class_make(self->native, packet);
    }
    if (self->unpack == NULL) {
        return packet;
    }
    PyObject *made = PyObject_CallFunctionObjArgs(self->unpack, packet, NULL);
    Py_DECREF(packet);
    return made;
}

static int run_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((PacketRun *)object)->unpack);
    Py_VISIT(((PacketRun *)object)->native);
    return 0;
}

static void run_dealloc(PyObject *object)
{
    PacketRun *self = (PacketRun *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Py_CLEAR(self->data);
    Py_CLEAR(self->unpack);
    Py_CLEAR(self->native);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_new, run_new},           {Py_tp_dealloc, run_dealloc},
    {Py_tp_traverse, run_traverse}, {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, run_next},     {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.PacketRun",
    .basicsize = sizeof(PacketRun),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int packet_run_register(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&spec);
    int status = type == NULL ? -1 : PyModule_AddObjectRef(module, "PacketRun", type);
    Py_XDECREF(type);
    return status;
}
