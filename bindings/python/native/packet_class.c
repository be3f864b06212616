/* SPDX-License-Identifier: Apache-2.0
 *
 * packet_class.c - the type PacketClass: what a packet class is natively. sluice.packetclass makes one of a
 * declaration.
 *
 * It is the attribute `_native` of its class. A subclass that is not decorated gets one of its own when it is
 * first used.
 */
#include "packet.h"

static PyTypeObject *class_type;
static PyObject *native_name, *unpack_name, *post_init_name;

/* The method of Packet: what a class has that does not override it. */
static PyObject *no_post_init;

/* ---- constants ---- */

static PyObject *shown(PyObject *value)
{
    if (PyLong_Check(value) && !PyBool_Check(value)) {
        int overflow = 0;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow != 0 || number < 0 || number >= 10) {
            return PyNumber_ToBase(value, 16);
        }
    }
    return PyObject_Repr(value);
}

/* Whether a member breaks its constant; then the exception is set. */
static int breaks(const PacketClass *self, const PacketField *member, const uint8_t *packet)
{
    PacketField raw = *member;
    raw.scaled = 0;
    PyObject *value = packet_field_value(&raw, packet);
    int same = value == NULL ? -1 : PyObject_RichCompareBool(value, member->constant, Py_EQ);
    if (same == 0) {
        PyObject *found = shown(value), *expected = shown(member->constant), *text = NULL, *name = NULL,
                 *bytes = NULL;
        if (found != NULL && expected != NULL) {
            name = PyObject_GetAttrString((PyObject *)self->type, "__name__");
            text = name == NULL ? NULL
                                : PyUnicode_FromFormat("%U: field '%U' is %U, expected %U", name,
                                                       member->name, found, expected);
            bytes = text == NULL ? NULL : PyUnicode_AsUTF8String(text);
        }
        if (bytes != NULL) {
            raise_status(SLUICE_E_CONSTANT, "%s", PyBytes_AsString(bytes));
        }
        Py_XDECREF(bytes);
        Py_XDECREF(text);
        Py_XDECREF(name);
        Py_XDECREF(expected);
        Py_XDECREF(found);
    }
    Py_XDECREF(value);
    return same != 1;
}

static void raise_constant(const PacketClass *self, const uint8_t *packet)
{
    Py_ssize_t count = PyTuple_Size(self->members);
    for (Py_ssize_t i = 0; i < count; i++) {
        const PacketField *member = (PacketField *)PyTuple_GetItem(self->members, i);
        if (member->constant != NULL && breaks(self, member, packet)) {
            return;
        }
    }
    raise_status(SLUICE_E_CONSTANT, "a constant of the packet has other bytes");
}

/* ---- instances ---- */

int packet_fill(Packet *packet, PacketClass *self, PyObject *data)
{
    if (UNLIKELY(PyBytes_Size(data) != (Py_ssize_t)self->size)) {
        PyObject *name = PyObject_GetAttrString((PyObject *)self->type, "__name__");
        PyObject *encoded = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
        if (encoded != NULL) {
            raise_status(SLUICE_E_SIZE, "a %s has %u bytes, not %zd", PyBytes_AsString(encoded), self->size,
                         PyBytes_Size(data));
        }
        Py_XDECREF(encoded);
        Py_XDECREF(name);
        Py_DECREF(data);
        return -1;
    }
    const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(data);
    if (self->constants != NULL && UNLIKELY(!constants_hold(self->constants, bytes))) {
        raise_constant(self, bytes);
        Py_DECREF(data);
        return -1;
    }
    packet->class = (PacketClass *)Py_NewRef((PyObject *)self);
    packet->data = data;
    packet->bytes = bytes;
    if (self->completes) {
        PyObject *done = PyObject_CallMethodObjArgs((PyObject *)packet, post_init_name, NULL);
        if (done == NULL) {
            return -1;
        }
        Py_DECREF(done);
    }
    packet->frozen = 1;
    return 0;
}

PyObject *packet_class_make(PacketClass *self, PyObject *data)
{
    Packet *packet = (Packet *)self->allocate(self->type, 0);
    if (UNLIKELY(packet == NULL)) {
        Py_DECREF(data);
        return NULL;
    }
    if (UNLIKELY(packet_fill(packet, self, data) < 0)) {
        Py_DECREF((PyObject *)packet);
        return NULL;
    }
    return (PyObject *)packet;
}

/* The bytes of one packet out of something bytes-like, an array or a record of one. */
static PyObject *bytes_of(const PacketClass *class, PyObject *data)
{
    SeenArray none = {NULL, NULL};
    Py_buffer view;
    PyObject *layout = PyObject_GetAttrString((PyObject *)class->type, "packet_layout"), *bytes = NULL;
    if (layout == NULL) {
        PyErr_Clear();
    }
    if (packets_view(&none, data, layout, PyBUF_SIMPLE, &view) == 0) {
        bytes = PyBytes_FromStringAndSize(view.buf, view.len);
        PyBuffer_Release(&view);
    }
    seen_array_drop(&none);
    Py_XDECREF(layout);
    return bytes;
}

static PyObject *class_unpack(PyObject *self, PyObject *data)
{
    PyObject *bytes = LIKELY(Py_IS_TYPE(data, &PyBytes_Type)) ? Py_NewRef(data) : NULL;
    if (bytes == NULL) {
        if (!PyObject_CheckBuffer(data)) {
            return PyErr_Format(PyExc_TypeError, "a packet is unpacked from a bytes-like object, not from %R",
                                (PyObject *)Py_TYPE(data));
        }
        bytes = bytes_of((PacketClass *)self, data);
        if (bytes == NULL) {
            return NULL;
        }
    }
    return packet_class_make((PacketClass *)self, bytes);
}

static PyMethodDef unpack_method = {"unpack", class_unpack, METH_O, UNPACK_DOC};

/* ---- the class ---- */

static int set_members(PacketClass *self)
{
    PyObject *own = PyObject_GetAttrString((PyObject *)self->type, "__dict__");
    Py_ssize_t count = PyTuple_Size(self->members);
    int status = own == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < count; i++) {
        PyObject *member = PyTuple_GetItem(self->members, i), *name = ((PacketField *)member)->name;
        int there = PySequence_Contains(own, name); /* a property of the user, over a field of the base */
        status = there < 0 ? -1 : there ? 0 : PyObject_SetAttr((PyObject *)self->type, name, member);
    }
    Py_XDECREF(own);
    return status;
}

static PacketClass *class_new(PyTypeObject *type, PyObject *members, uint32_t field_count,
                              const uint8_t *initial, uint32_t size)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(class_type, Py_tp_alloc);
    PacketClass *self = (PacketClass *)allocate(class_type, 0);
    PyObject *post_init = self == NULL ? NULL : PyObject_GetAttr((PyObject *)type, post_init_name);
    if (post_init == NULL) {
        Py_XDECREF((PyObject *)self);
        return NULL;
    }
    Py_DECREF(post_init);
    self->type = (PyTypeObject *)Py_NewRef((PyObject *)type);
    self->members = Py_NewRef(members);
    self->field_count = field_count;
    self->size = size;
    self->completes = post_init != no_post_init;
    self->allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    self->unpack = PyCFunction_New(&unpack_method, (PyObject *)self);
    self->initial = PyMem_Malloc(size + 1);
    if (self->initial != NULL) {
        memcpy(self->initial, initial, size);
    } else {
        PyErr_NoMemory();
    }
    if (self->unpack == NULL || self->initial == NULL) {
        Py_CLEAR(self);
    }
    return self;
}

/* For a type that has none of its own: that of its base. */
static PacketClass *derive(PyTypeObject *type, const PacketClass *base)
{
    PacketClass *self = class_new(type, base->members, base->field_count, base->initial, base->size);
    if (self != NULL && base->constants != NULL) {
        size_t bytes = sizeof *base->constants + base->constants->count * sizeof *base->constants->words;
        self->constants = PyMem_Malloc(bytes);
        if (self->constants == NULL) {
            PyErr_NoMemory();
            Py_CLEAR(self);
        } else {
            memcpy(self->constants, base->constants, bytes);
        }
    }
    if (self != NULL && PyObject_SetAttr((PyObject *)type, native_name, (PyObject *)self) < 0) {
        Py_CLEAR(self);
    }
    Py_XDECREF((PyObject *)self); /* the type has it */
    return self;
}

PacketClass *packet_class_of(PyTypeObject *type)
{
    PyObject *found = PyObject_GetAttr((PyObject *)type, native_name);
    if (found == NULL) {
        return NULL;
    }
    Py_DECREF(found); /* a class on the way to the root of `type` has it */
    if (!Py_IS_TYPE(found, class_type)) {
        PyObject *name = PyObject_GetAttrString((PyObject *)type, "__name__");
        PyErr_Format(PyExc_TypeError,
                     "%V has no fields: declare them, and decorate the class with packetclass", name,
                     "the class");
        Py_XDECREF(name);
        return NULL;
    }
    PacketClass *self = (PacketClass *)found;
    return LIKELY(self->type == type) ? self : derive(type, self);
}

PacketClass *packet_class_native(PyObject *class)
{
    PyObject *unpack = PyObject_GetAttr(class, unpack_name), *self = NULL;
    if (unpack != NULL && PyCFunction_Check(unpack)) {
        self = PyCFunction_GetSelf(unpack);
    }
    PyErr_Clear();
    Py_XDECREF(unpack); /* the class has the other reference */
    return self != NULL && Py_IS_TYPE(self, class_type) &&
                   ((PacketClass *)self)->type == (PyTypeObject *)class
               ? (PacketClass *)self
               : NULL;
}

/* PacketClass(type, size, fields, ranges, mask, value): fields and ranges as packet_field_new takes them; the
 * bytes of `mask` tell which bits of a packet are constant, those of `value` which value they have. */
static PyObject *class_make(PyTypeObject *unused, PyObject *args, PyObject *names)
{
    PyObject *type, *fields, *ranges, *members;
    const char *mask, *value;
    Py_ssize_t mask_bytes, value_bytes;
    unsigned size;
    (void)unused;
    if (names != NULL && PyDict_Size(names) > 0) {
        PyErr_SetString(PyExc_TypeError, "PacketClass takes no arguments by name");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "OIO!O!y#y#:PacketClass", &type, &size, &PyTuple_Type, &fields, &PyTuple_Type,
                          &ranges, &mask, &mask_bytes, &value, &value_bytes)) {
        return NULL;
    }
    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, packet_type) ||
        mask_bytes != (Py_ssize_t)size || value_bytes != (Py_ssize_t)size) {
        PyErr_SetString(PyExc_TypeError,
                        "PacketClass takes a subclass of PacketBase, and constants of its size");
        return NULL;
    }
    Py_ssize_t field_count = PyTuple_Size(fields), count = field_count + PyTuple_Size(ranges);
    members = PyTuple_New(count);
    for (Py_ssize_t i = 0; members != NULL && i < count; i++) {
        PyObject *described =
            i < field_count ? PyTuple_GetItem(fields, i) : PyTuple_GetItem(ranges, i - field_count);
        PyObject *member = packet_field_new(described, size);
        if (member == NULL) {
            Py_CLEAR(members);
        } else {
            (void)PyTuple_SetItem(members, i, member);
        }
    }
    PacketClass *self = members == NULL ? NULL
                                        : class_new((PyTypeObject *)type, members, (uint32_t)field_count,
                                                    (const uint8_t *)value, size);
    Py_XDECREF(members);
    if (self != NULL &&
        (constants_new((const uint8_t *)mask, (const uint8_t *)value, size, 0, &self->constants) < 0 ||
         PyObject_SetAttr(type, native_name, (PyObject *)self) < 0 || set_members(self) < 0 ||
         packet_unpack_own(self) < 0)) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static PyObject *class_reduce(PyObject *object, PyObject *unused)
{
    (void)unused;
    PyObject *builtins = PyImport_ImportModule("builtins");
    PyObject *get = builtins == NULL ? NULL : PyObject_GetAttrString(builtins, "getattr");
    Py_XDECREF(builtins);
    return get == NULL ? NULL
                       : Py_BuildValue("N(OO)", get, (PyObject *)((PacketClass *)object)->type, native_name);
}

static int class_traverse(PyObject *object, visitproc visit, void *arg)
{
    PacketClass *self = (PacketClass *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->type);
    Py_VISIT(self->members);
    Py_VISIT(self->unpack);
    return 0;
}

static int class_clear(PyObject *object)
{
    Py_CLEAR(((PacketClass *)object)->unpack);
    return 0;
}

static void class_dealloc(PyObject *object)
{
    PacketClass *self = (PacketClass *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Py_CLEAR(self->unpack);
    Py_CLEAR(self->members);
    Py_CLEAR(self->type);
    PyMem_Free(self->constants);
    PyMem_Free(self->initial);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyMethodDef class_methods[] = {
    {"unpack", class_unpack, METH_O, UNPACK_DOC},
    {"__reduce__", class_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot class_slots[] = {
    {Py_tp_new, class_make},    {Py_tp_dealloc, class_dealloc}, {Py_tp_traverse, class_traverse},
    {Py_tp_clear, class_clear}, {Py_tp_methods, class_methods}, {0, NULL},
};

static PyType_Spec class_spec = {
    .name = "sluice._sluice.PacketClass",
    .basicsize = sizeof(PacketClass),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = class_slots,
};

int packet_class_register(PyObject *module)
{
    native_name = PyUnicode_InternFromString("_native");
    unpack_name = PyUnicode_InternFromString("unpack");
    post_init_name = PyUnicode_InternFromString("__post_init__");
    class_type = (PyTypeObject *)PyType_FromSpec(&class_spec);
    if (native_name == NULL || unpack_name == NULL || post_init_name == NULL || class_type == NULL) {
        return -1;
    }
    no_post_init = PyObject_GetAttr((PyObject *)packet_type, post_init_name);
    return no_post_init == NULL ? -1 : PyModule_AddObjectRef(module, "PacketClass", (PyObject *)class_type);
}
