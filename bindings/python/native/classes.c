/* SPDX-License-Identifier: Apache-2.0
 *
 * classes.c - what was put comes out: which class each packet of a buffer had.
 *
 * A buffer made for a packet class has packets of that class alone. One of packets of any size writes a
 * number into each record (the host's 16-bit `type`): 0 for bytes, else the place of the class in a table of
 * the buffer. The table holds the classes as long as the buffer is open, so a class that is found by its
 * address is the class that was put.
 *
 * A ring with a name or a file has other ends, which know nothing of this table: there every packet is bytes.
 */
#include "packet.h"

/* The place of a class in the table, or -1. */
static int32_t place_of(const Buffer *self, PyTypeObject *class)
{
    for (uint32_t i = 0; i < self->class_count; i++) {
        if (self->classes[i].class == (PyObject *)class) {
            return (int32_t)i;
        }
    }
    return -1;
}

static BufferClass entry_of(Buffer *self, PyObject *class)
{
    PacketClass *native = packet_class_native(class);
    if (native == NULL || native->completes) {
        self->runs_python = 1;
    }
    Py_XINCREF((PyObject *)native);
    return (BufferClass){.class = Py_NewRef(class), .native = native};
}

static void drop_entry(BufferClass *entry)
{
    PyObject *class = entry->class, *native = (PyObject *)entry->native;
    *entry = (BufferClass){NULL, NULL};
    Py_XDECREF(native);
    Py_XDECREF(class);
}

void buffer_set_class(Buffer *self, PyObject *class)
{
    self->packet_class = entry_of(self, class);
}

/* Whether `class` makes packets of bytes: it has a method `unpack`. */
static int unpacks(PyTypeObject *class)
{
    PyObject *unpack = PyObject_GetAttrString((PyObject *)class, "unpack");
    if (unpack == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
            return -1;
        }
        PyErr_Clear();
        return 0;
    }
    int callable = PyCallable_Check(unpack);
    Py_DECREF(unpack);
    return callable;
}

int32_t buffer_type_of(Buffer *self, PyObject *packet)
{
    PyTypeObject *class = Py_TYPE(packet);
    if (self->shared) {
        return 0;
    }
    int32_t place = place_of(self, class);
    if (place >= 0) {
        return place + 1;
    }
    int able = unpacks(class);
    if (able <= 0) {
        return able;
    }
    if (self->class_count == UINT16_MAX) {
        PyErr_Format(PyExc_OverflowError, "the buffer has packets of %u classes already", UINT16_MAX);
        return -1;
    }
    if (self->class_count == self->class_room) {
        uint32_t room = self->class_room == 0 ? 4 : self->class_room * 2;
        BufferClass *classes = PyMem_Realloc(self->classes, room * sizeof *classes);
        if (classes == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        self->classes = classes;
        self->class_room = room;
    }
    self->classes[self->class_count++] = entry_of(self, (PyObject *)class);
    return (int32_t)self->class_count;
}

void buffer_know(Buffer *self, PyObject *packet, uint16_t type)
{
    PyTypeObject *before = self->known;
    self->known = (PyTypeObject *)Py_NewRef((PyObject *)Py_TYPE(packet));
    self->known_type = type;
    Py_XDECREF((PyObject *)before);
}

PyObject *buffer_packet(Buffer *self, const void *data, size_t bytes, uint16_t type)
{
    PyObject *packet = PyBytes_FromStringAndSize(data, (Py_ssize_t)bytes);
    if (type > self->class_count || packet == NULL) { /* a number of a producer that is not ours */
        return packet;
    }
    BufferClass entry = type == 0 ? self->packet_class : self->classes[type - 1];
    if (entry.native != NULL) {
        return packet_class_make(entry.native, packet);
    }
    if (entry.class == NULL) {
        return packet;
    }
    Py_INCREF(entry.class); /* its unpack may close the buffer */
    PyObject *made = PyObject_CallMethod(entry.class, "unpack", "O", packet);
    Py_DECREF(entry.class);
    Py_DECREF(packet);
    return made;
}

int buffer_visit_classes(Buffer *self, visitproc visit, void *arg)
{
    Py_VISIT(self->packet_class.class);
    Py_VISIT(self->packet_class.native);
    Py_VISIT(self->known);
    for (uint32_t i = 0; i < self->class_count; i++) {
        Py_VISIT(self->classes[i].class);
        Py_VISIT(self->classes[i].native);
    }
    return 0;
}

void buffer_drop_classes(Buffer *self)
{
    BufferClass *classes = self->classes;
    uint32_t count = self->class_count;
    self->classes = NULL;
    self->class_count = self->class_room = 0;
    for (uint32_t i = 0; i < count; i++) {
        drop_entry(&classes[i]);
    }
    PyMem_Free(classes);
    drop_entry(&self->packet_class);
    Py_CLEAR(self->known);
}
