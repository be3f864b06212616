/* SPDX-License-Identifier: Apache-2.0
 *
 * packet.c - the type PacketBase: an instance of a packet class. sluice.FixedSizePacketBase is the Python
 * side of it.
 */
#include "packet.h"

#include <structmember.h>

PyTypeObject *packet_type;

int packet_filled(Packet *self)
{
    if (LIKELY(self->class != NULL)) {
        return 0;
    }
    PyErr_Format(PyExc_AttributeError,
                 "this %R has no bytes yet: its __init__ has not called that of its base",
                 (PyObject *)Py_TYPE((PyObject *)self));
    return -1;
}

/* The arguments are those of __init__. */
static PyObject *packet_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    (void)args;
    (void)names;
    if (UNLIKELY((PyType_GetFlags(type) & Py_TPFLAGS_IS_ABSTRACT) != 0)) { /* object has the words for it */
        newfunc make = (newfunc)PyType_GetSlot(&PyBaseObject_Type, Py_tp_new);
        PyObject *none = PyTuple_New(0), *self = none == NULL ? NULL : make(type, none, NULL);
        Py_XDECREF(none);
        return self;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return allocate(type, 0);
}

static PyObject *packet_post_init(PyObject *object, PyObject *unused)
{
    (void)object;
    (void)unused;
    Py_RETURN_NONE;
}

static int packet_setattr(PyObject *object, PyObject *name, PyObject *value)
{
    Packet *self = (Packet *)object;
    if (LIKELY(!self->frozen && value != NULL)) {
        return PyObject_GenericSetAttr(object, name, value);
    }
    PyObject *class = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
    if (class != NULL) {
        PyErr_Format(PyExc_AttributeError, "%U.%S cannot be %s: packets are frozen", class, name,
                     value == NULL ? "deleted" : "set");
        Py_DECREF(class);
    }
    return -1;
}

static PyObject *packet_data(PyObject *object, void *unused)
{
    (void)unused;
    Packet *self = (Packet *)object;
    return packet_filled(self) < 0 ? NULL : Py_NewRef(self->data);
}

static PyObject *packet_pack(PyObject *object, PyObject *unused)
{
    (void)unused;
    return packet_data(object, NULL);
}

static Py_ssize_t packet_length(PyObject *object)
{
    Packet *self = (Packet *)object;
    return packet_filled(self) < 0 ? -1 : (Py_ssize_t)self->class->size;
}

/* The values of the fields; one that __post_init__ set is the value. */
static PyObject *packet_iter(PyObject *object)
{
    Packet *self = (Packet *)object;
    if (packet_filled(self) < 0) {
        return NULL;
    }
    PyObject *values = PyTuple_New((Py_ssize_t)self->class->field_count), *iterator = NULL;
    for (uint32_t i = 0; values != NULL && i < self->class->field_count; i++) {
        const PacketField *field = (PacketField *)PyTuple_GetItem(self->class->members, (Py_ssize_t)i);
        PyObject *value = self->dict == NULL ? NULL : PyDict_GetItemWithError(self->dict, field->name);
        Py_XINCREF(value);
        if (value == NULL && !PyErr_Occurred()) {
            value = packet_field_value(field, self->bytes);
        }
        if (value == NULL) {
            Py_CLEAR(values);
        } else {
            (void)PyTuple_SetItem(values, (Py_ssize_t)i, value);
        }
    }
    if (values != NULL) {
        iterator = PyObject_GetIter(values);
        Py_DECREF(values);
    }
    return iterator;
}

static PyObject *packet_compare(PyObject *object, PyObject *other, int operation)
{
    if (!PyObject_TypeCheck(other, packet_type) || (operation != Py_EQ && operation != Py_NE)) {
        return Py_NewRef(Py_NotImplemented);
    }
    int same = Py_IS_TYPE(other, Py_TYPE(object));
    if (same) {
        PyObject *ours = ((Packet *)object)->data, *theirs = ((Packet *)other)->data;
        same =
            ours == NULL || theirs == NULL ? ours == theirs : PyObject_RichCompareBool(ours, theirs, Py_EQ);
    }
    return same < 0 ? NULL : PyBool_FromLong(same == (operation == Py_EQ));
}

static Py_hash_t packet_hash(PyObject *object)
{
    Packet *self = (Packet *)object;
    Py_hash_t hash = packet_filled(self) < 0 ? -1 : PyObject_Hash(self->data);
    if (hash == -1) {
        return -1;
    }
    hash ^= (Py_hash_t)((uintptr_t)Py_TYPE(object) >> 4);
    return hash == -1 ? -2 : hash;
}

static int packet_get_buffer(PyObject *object, Py_buffer *view, int flags)
{
    Packet *self = (Packet *)object;
    view->obj = NULL;
    if (packet_filled(self) < 0) {
        return -1;
    }
    return PyBuffer_FillInfo(view, object, (void *)self->bytes, (Py_ssize_t)self->class->size, 1, flags);
}

static PyObject *packet_reduce(PyObject *object, PyObject *unused)
{
    (void)unused;
    if (packet_filled((Packet *)object) < 0) {
        return NULL;
    }
    PyObject *unpack = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "unpack");
    return unpack == NULL ? NULL : Py_BuildValue("N(O)", unpack, ((Packet *)object)->data);
}

static int packet_traverse(PyObject *object, visitproc visit, void *arg)
{
    Packet *self = (Packet *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->class);
    Py_VISIT(self->dict);
    return 0;
}

static int packet_clear(PyObject *object)
{
    Py_CLEAR(((Packet *)object)->dict);
    return 0;
}

static void packet_dealloc(PyObject *object)
{
    Packet *self = (Packet *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->weak_references != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    Py_XDECREF(self->data);
    Py_XDECREF(self->dict);
    Py_XDECREF((PyObject *)self->class);
    PyObject_GC_Del(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"pack", packet_pack, METH_NOARGS, "pack()\n--\n\nThe bytes of the packet."},
    {"__post_init__", packet_post_init, METH_NOARGS,
     "__post_init__()\n--\n\nCalled when the fields are set and before the instance is frozen: the place for "
     "derived values."},
    {"__bytes__", packet_pack, METH_NOARGS, "__bytes__()\n--\n\nThe bytes of the packet."},
    {"__reduce__", packet_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"data", packet_data, NULL, "The bytes of the packet.", NULL},
    {"__dict__", PyObject_GenericGetDict, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(Packet, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Packet, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, packet_new},
    {Py_tp_init, packet_init},
    {Py_tp_dealloc, packet_dealloc},
    {Py_tp_traverse, packet_traverse},
    {Py_tp_clear, packet_clear},
    {Py_tp_setattro, packet_setattr},
    {Py_tp_iter, packet_iter},
    {Py_tp_richcompare, packet_compare},
    {Py_tp_hash, packet_hash},
    {Py_sq_length, packet_length},
    {Py_bf_getbuffer, packet_get_buffer},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.PacketBase",
    .basicsize = sizeof(Packet),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int packet_register(PyObject *module)
{
    packet_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return packet_type == NULL ? -1 : PyModule_AddObjectRef(module, "PacketBase", (PyObject *)packet_type);
}
