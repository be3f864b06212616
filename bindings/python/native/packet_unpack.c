/* SPDX-License-Identifier: Apache-2.0
 *
 * packet_unpack.c - the attribute `unpack` of packet classes.
 *
 * A descriptor that gives the method `unpack` of the PacketClass, which was made once: nothing is made for a
 * call, and the call finds all it needs in its `self`. That of a class serves its subclasses too, and super()
 * in an `unpack` of theirs.
 */
#include "packet.h"

static PyTypeObject *unpack_type;

typedef struct Unpack {
    PyObject_HEAD PacketClass *class; /* NULL: of Packet itself */
} Unpack;

/* `unpack` of a class that was not decorated yet. */
static PyObject *no_fields(PyObject *type, PyObject *data)
{
    PacketClass *class = packet_class_of((PyTypeObject *)type);
    return class == NULL ? NULL : PyObject_CallFunctionObjArgs(class->unpack, data, NULL);
}

static PyMethodDef no_fields_method = {"unpack", no_fields, METH_O, UNPACK_DOC};

static PyObject *unpack_get(PyObject *object, PyObject *instance, PyObject *owner)
{
    PacketClass *class = ((Unpack *)object)->class;
    PyTypeObject *type = owner == NULL || Py_IsNone(owner) ? Py_TYPE(instance) : (PyTypeObject *)owner;
    if (UNLIKELY(class == NULL || class->type != type)) {
        if (type == packet_type || !PyType_IsSubtype(type, packet_type)) {
            return Py_NewRef(object);
        }
        class = packet_class_of(type);
        if (class == NULL) {
            PyErr_Clear();
            return PyCFunction_New(&no_fields_method, (PyObject *)type);
        }
    }
    return Py_NewRef(class->unpack);
}

static int unpack_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((Unpack *)object)->class);
    return 0;
}

static void unpack_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Py_CLEAR(((Unpack *)object)->class);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_dealloc, unpack_dealloc},
    {Py_tp_traverse, unpack_traverse},
    {Py_tp_descr_get, unpack_get},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.PacketUnpack",
    .basicsize = sizeof(Unpack),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

static PyObject *unpack_new(PacketClass *class)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(unpack_type, Py_tp_alloc);
    Unpack *self = (Unpack *)allocate(unpack_type, 0);
    if (self != NULL) {
        self->class = class;
        Py_XINCREF((PyObject *)class);
    }
    return (PyObject *)self;
}

int packet_unpack_own(PacketClass *self)
{
    PyObject *type = (PyObject *)self->type;
    if (packet_class_native(type) != self) {
        return 0;
    }
    PyObject *unpack = unpack_new(self);
    int status = unpack == NULL ? -1 : PyObject_SetAttrString(type, "unpack", unpack);
    Py_XDECREF(unpack);
    return status;
}

int packet_unpack_register(PyObject *module)
{
    (void)module;
    unpack_type = (PyTypeObject *)PyType_FromSpec(&spec);
    PyObject *unpack = unpack_type == NULL ? NULL : unpack_new(NULL);
    int status = unpack == NULL ? -1 : PyObject_SetAttrString((PyObject *)packet_type, "unpack", unpack);
    Py_XDECREF(unpack);
    return status;
}
