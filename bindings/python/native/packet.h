/* SPDX-License-Identifier: Apache-2.0
 *
 * packet.h - packets as objects of Python: what packet.c, packet_class.c, packet_field.c and the buffer
 * share.
 *
 *   PacketClass   what is in the packets of a class: their size, their fields, the constants they must have
 *   PacketField   a field, or a range of bits, as a descriptor: reads its value from the bytes when it is
 * asked for PacketRun     an iterator over packets that lie back to back Packet        an instance: its
 * bytes, and a dictionary only if `__post_init__` made one
 */
#ifndef SLUICE_PYTHON_PACKET_H
#define SLUICE_PYTHON_PACKET_H

#include "binding.h"

#pragma GCC visibility push(hidden)

/* ---- packet_field.c ---- */

typedef struct PacketField {
    PyObject_HEAD PyObject *name;
    PyObject *constant; /* its value on the class, or NULL */
    uint32_t offset;    /* bytes from the start of the packet */
    uint32_t size;      /* bytes of a string or of an element */
    uint32_t count;     /* elements of an array; 0: it is none */
    char type;          /* as in Python's struct */
    uint8_t swap;       /* its byte order is not the machine's */
    uint8_t scaled;     /* value = raw * scale + shift */
    uint8_t low;        /* the lowest bit of a range */
    uint8_t bits;       /* bits of a range; 0: the whole field */
    double scale;
    double shift;
} PacketField;

/* (name, type, offset, size, count, swap, low, bits, scale, shift, constant) of a class; NULL with an
 * exception. */
PyObject *packet_field_new(PyObject *described, uint32_t packet_bytes);

/* The value in the bytes of a packet. */
PyObject *packet_field_value(const PacketField *field, const uint8_t *packet);

/* ---- packet_class.c ---- */

typedef struct PacketClass {
    PyObject_HEAD PyTypeObject *type;
    PyObject *members; /* a tuple of PacketField: the fields in their order, then the ranges of bits */
    PyObject *unpack;  /* the bound method that type.unpack is */
    Constants *constants;
    uint8_t *initial; /* a packet of zeros and the constants */
    allocfunc allocate;
    uint32_t size;
    uint32_t field_count; /* of the members; the others are ranges of bits */
    uint32_t completes;   /* the class has a __post_init__ of its own */
} PacketClass;

/* That of a type; of a subclass that is not decorated, the one of its base, made anew for it. A borrowed
 * reference, or NULL with an exception. */
PacketClass *packet_class_of(PyTypeObject *type);

/* That of a class whose `unpack` is the native one, else NULL, without an exception. A borrowed reference. */
PacketClass *packet_class_native(PyObject *class);

/* An instance of these bytes, a bytes object of the right size, of which it takes the reference. NULL with an
 * exception. */
PyObject *packet_class_make(PacketClass *self, PyObject *data);

/* ---- packet_unpack.c ---- */

#define UNPACK_DOC                                                                                           \
    "unpack(data)\n--\n\nThe packet of these bytes, any bytes-like object of :attr:`size` bytes.\n\n"            \
    ":raises SluiceError: (a ValueError) another size; a constant with another value. The text names\n"      \
    "    field, found and expected value."

/* Gives a class whose `unpack` is the native one a descriptor of its own, which need not look for its
 * PacketClass. */
int packet_unpack_own(PacketClass *self);

/* ---- packet.c ---- */

typedef struct Packet {
    PyObject_HEAD PacketClass *class; /* NULL: it has no bytes yet */
    PyObject *data;
    const uint8_t *bytes; /* of data */
    PyObject *dict;
    PyObject *weak_references;
    uint32_t frozen;
} Packet;

extern PyTypeObject *packet_type;

/* Gives an instance its bytes, a reference that it takes; completes and freezes it. 0, or -1 with an
 * exception. */
int packet_fill(Packet *self, PacketClass *class, PyObject *data);

/* 0, or -1 with an exception: it has no bytes yet. */
int packet_filled(Packet *self);

/* ---- packet_init.c ---- */

int packet_init(PyObject *self, PyObject *args, PyObject *names);

int packet_init_register(PyObject *module);
int packet_register(PyObject *module);
int packet_class_register(PyObject *module);
int packet_field_register(PyObject *module);
int packet_unpack_register(PyObject *module);
int packet_run_register(PyObject *module);

#pragma GCC visibility pop

#endif
