/* SPDX-License-Identifier: Apache-2.0
 *
 * packet_init.c - values to bytes: the constructor of packet classes.
 *
 * What is ordinary - the right number of values, Python's own numbers and bytes, in range - is written here.
 * Everything else, and every fault, is left to FixedSizePacketBase._assemble, which makes the same bytes with
 * struct and has the words for what is wrong.
 */
#include "packet.h"

#include <math.h>

static PyObject *assemble_name;

static inline void store(uint8_t *to, uint64_t bits, uint32_t width, int swap)
{
    uint64_t word =
        swap ? __builtin_bswap64(bits) >> (64 - 8 * width) : bits; /* little-endian, as every image is */
    memcpy(to, &word, width);
}

/* Whether a number has room in `width` bytes. */
static inline int fits_signed(int64_t number, uint32_t width)
{
    uint32_t unused = 64 - 8 * width;
    return (int64_t)((uint64_t)number << unused) >> unused == number;
}

static inline int fits_unsigned(uint64_t number, uint32_t bits)
{
    return bits == 64 || number >> bits == 0;
}

/* The raw number of a value: of an int, or of what a scale makes of a number. 0 if it is neither, or does not
 * fit. */
static int whole_of(const PacketField *field, PyObject *value, int is_signed, uint64_t *raw)
{
    int overflow = 0;
    if (field->scaled) {
        if (!PyFloat_Check(value) && !PyLong_Check(value)) {
            return 0;
        }
        double number = rint((PyFloat_AsDouble(value) - field->shift) / field->scale);
        if (!(number >= -0x1p63 && number < 0x1p63)) {
            return 0;
        }
        *raw = (uint64_t)(int64_t)number;
        return is_signed || number >= 0;
    }
    if (!PyLong_Check(value)) {
        return 0;
    }
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    *raw = (uint64_t)number;
    if (overflow > 0 && !is_signed) {
        *raw = PyLong_AsUnsignedLongLong(value);
        return !PyErr_Occurred();
    }
    return overflow == 0 && (is_signed || number >= 0);
}

static int write_real(const PacketField *field, PyObject *value, uint8_t *to)
{
    if (!PyFloat_Check(value) && !PyLong_Check(value)) {
        return 0;
    }
    double number = PyFloat_AsDouble(value);
    number = field->scaled ? (number - field->shift) / field->scale : number;
    float single = (float)number;
    uint64_t bits = 0;
    if (field->type == 'f') {
        if (isinf(single) && !isinf(number)) {
            return 0;
        }
        uint32_t half;
        memcpy(&half, &single, sizeof half);
        bits = half;
    } else {
        memcpy(&bits, &number, sizeof bits);
    }
    store(to, bits, field->size, field->swap);
    return 1;
}

/* 0: not here. */
static int write_element(const PacketField *field, PyObject *value, uint8_t *to)
{
    uint64_t raw;
    switch (field->type) {
    case 'c':
    case 's': {
        if (!PyBytes_Check(value) || (field->type == 'c' && PyBytes_Size(value) != 1)) {
            return 0;
        }
        Py_ssize_t bytes = PyBytes_Size(value);
        memset(to, 0, field->size);
        memcpy(to, PyBytes_AsString(value),
               (size_t)(bytes < (Py_ssize_t)field->size ? bytes : (Py_ssize_t)field->size));
        return 1;
    }
    case 'f':
    case 'd':
        return write_real(field, value, to);
    case '?':
        if (!PyBool_Check(value)) {
            return 0;
        }
        *to = Py_IsTrue(value);
        return 1;
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
    case 'n':
        if (!whole_of(field, value, 1, &raw) || !fits_signed((int64_t)raw, field->size)) {
            return 0;
        }
        store(to, raw, field->size, field->swap);
        return 1;
    case 'e':
    case 'p':
        return 0;
    default:
        if (!whole_of(field, value, 0, &raw) || !fits_unsigned(raw, field->size * 8)) {
            return 0;
        }
        store(to, raw, field->size, field->swap);
        return 1;
    }
}

static int write_field(const PacketField *field, PyObject *value, uint8_t *packet)
{
    uint8_t *to = packet + field->offset;
    if (LIKELY(field->count == 0)) {
        return write_element(field, value, to);
    }
    if (!PyTuple_Check(value) || PyTuple_Size(value) != (Py_ssize_t)field->count) {
        return 0;
    }
    for (uint32_t i = 0; i < field->count; i++) {
        if (!write_element(field, PyTuple_GetItem(value, (Py_ssize_t)i), to + (size_t)i * field->size)) {
            return 0;
        }
    }
    return 1;
}

static int write_bits(const PacketField *range, PyObject *value, uint8_t *packet)
{
    uint64_t raw, word = 0, mask = UINT64_MAX >> (64 - range->bits);
    uint8_t *at = packet + range->offset;
    if (!whole_of(range, value, 0, &raw) || raw > mask) {
        return 0;
    }
    memcpy(&word, at, range->size);
    word = range->swap ? __builtin_bswap64(word) >> (64 - 8 * range->size) : word;
    word = (word & ~(mask << range->low)) | raw << range->low;
    store(at, word, range->size, range->swap);
    return 1;
}

/* What the arguments say of the ranges of bits of a field. */
typedef struct Ranges {
    int named;
    int constant;
} Ranges;

static Ranges ranges_of(const PacketClass *class, const PacketField *field, PyObject *names)
{
    Ranges found = {0, 0};
    Py_ssize_t count = PyTuple_Size(class->members);
    for (Py_ssize_t i = class->field_count; i < count; i++) {
        const PacketField *range = (PacketField *)PyTuple_GetItem(class->members, i);
        if (range->offset == field->offset) {
            found.constant |= range->constant != NULL;
            found.named |= names != NULL && PyDict_GetItemWithError(names, range->name) != NULL;
        }
    }
    return found;
}

/* Writes all values over the constants. 0: something is not ordinary. */
static int write_values(const PacketClass *class, PyObject *args, PyObject *names, uint8_t *packet)
{
    Py_ssize_t given = PyTuple_Size(args), left = names == NULL ? 0 : PyDict_Size(names);
    Py_ssize_t count = PyTuple_Size(class->members);
    if (given > (Py_ssize_t) class->field_count) {
        return 0;
    }
    for (Py_ssize_t i = 0; i < (Py_ssize_t) class->field_count; i++) {
        const PacketField *field = (PacketField *)PyTuple_GetItem(class->members, i);
        PyObject *named = left == 0 ? NULL : PyDict_GetItemWithError(names, field->name);
        PyObject *value = i < given ? PyTuple_GetItem(args, i) : named;
        if (i < given && named != NULL) {
            return 0;
        }
        Ranges ranges = {0, 0};
        if (count > (Py_ssize_t) class->field_count && i >= given) {
            ranges = ranges_of(class, field, names);
        }
        if (value == NULL && field->constant == NULL && !ranges.named && !ranges.constant) {
            return 0;
        }
        if (value != NULL && (ranges.constant || !write_field(field, value, packet))) {
            return 0;
        }
        left -= named != NULL;
    }
    for (Py_ssize_t i = class->field_count; left > 0 && i < count; i++) {
        const PacketField *range = (PacketField *)PyTuple_GetItem(class->members, i);
        PyObject *value = PyDict_GetItemWithError(names, range->name);
        if (value != NULL && !write_bits(range, value, packet)) {
            return 0;
        }
        left -= value != NULL;
    }
    return left == 0;
}

int packet_init(PyObject *object, PyObject *args, PyObject *names)
{
    Packet *self = (Packet *)object;
    if (self->class != NULL) {
        PyErr_Format(PyExc_AttributeError, "this %R has its values: packets are frozen",
                     (PyObject *)Py_TYPE(object));
        return -1;
    }
    PacketClass *class = packet_class_of(Py_TYPE(object));
    /* Made empty and then filled: bytes of one given byte would be an object that everybody shares. */
    PyObject *data = class == NULL ? NULL : PyBytes_FromStringAndSize(NULL, (Py_ssize_t) class->size);
    if (data == NULL) {
        return -1;
    }
    memcpy(PyBytes_AsString(data), class->initial, class->size);
    int written = write_values(class, args, names, (uint8_t *)PyBytes_AsString(data));
    if (PyErr_Occurred()) {
        PyErr_Clear(); /* it comes again, with better words */
        written = 0;
    }
    if (UNLIKELY(!written)) {
        Py_DECREF(data);
        PyObject *all = names == NULL ? PyDict_New() : PyDict_Copy(names);
        data = all == NULL ? NULL : PyObject_CallMethodObjArgs(object, assemble_name, args, all, NULL);
        Py_XDECREF(all);
        if (data != NULL && !PyBytes_Check(data)) {
            PyErr_SetString(PyExc_TypeError, "_assemble returns bytes");
            Py_CLEAR(data);
        }
    }
    return data == NULL ? -1 : packet_fill(self, class, data);
}

int packet_init_register(PyObject *module)
{
    (void)module;
    assemble_name = PyUnicode_InternFromString("_assemble");
    return assemble_name == NULL ? -1 : 0;
}
