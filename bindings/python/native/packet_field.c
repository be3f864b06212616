/* SPDX-License-Identifier: Apache-2.0
 *
 * packet_field.c - the type PacketField: a field of a packet class, or a range of bits of one.
 *
 * It stands in the dictionary of the class and reads its value from the bytes of an instance each time it is
 * asked. It is no data descriptor: a value that `__post_init__` sets under its name hides it. On the class, a
 * constant is its value and any other field is its description.
 */
#include "packet.h"

static PyTypeObject *field_type;

/* An unsigned number of `width` bytes in the field's order. */
static inline uint64_t load(const uint8_t *from, uint32_t width, int swap)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (width) {
    case 1:
        return *from;
    case 2:
        memcpy(&two, from, sizeof two);
        return swap ? __builtin_bswap16(two) : two;
    case 4:
        memcpy(&four, from, sizeof four);
        return swap ? __builtin_bswap32(four) : four;
    default:
        memcpy(&eight, from, sizeof eight);
        return swap ? __builtin_bswap64(eight) : eight;
    }
}

static inline int64_t extend(uint64_t bits, uint32_t width)
{
    uint32_t unused = 64 - 8 * width;
    return (int64_t)(bits << unused) >> unused;
}

/* IEEE 754 binary16. */
static double half(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023, value;
    if (exponent == 31) {
        value = fraction == 0 ? __builtin_inf() : __builtin_nan("");
    } else if (exponent == 0) {
        value = fraction * 0x1p-24;
    } else {
        value = __builtin_ldexp(fraction + 1024, exponent - 25);
    }
    return bits & 0x8000 ? -value : value;
}

static double real(char type, uint64_t bits)
{
    float single;
    double value;
    uint32_t low = (uint32_t)bits;
    switch (type) {
    case 'e':
        return half((uint16_t)bits);
    case 'f':
        memcpy(&single, &low, sizeof single);
        return single;
    default:
        memcpy(&value, &bits, sizeof value);
        return value;
    }
}

static inline PyObject *scaled(const PacketField *field, double raw)
{
    double value = raw * field->scale;
    return PyFloat_FromDouble(field->shift == 0 ? value : value + field->shift);
}

static PyObject *bytes_of(const PacketField *field, const uint8_t *from)
{
    Py_ssize_t bytes = field->size;
    if (field->type == 'p') {
        bytes = bytes == 0 ? 0 : from[0] < bytes ? from[0] : bytes - 1;
        from++;
    }
    return PyBytes_FromStringAndSize((const char *)from, bytes);
}

static inline PyObject *element(const PacketField *field, const uint8_t *from)
{
    uint64_t bits;
    int64_t number;
    switch (field->type) {
    case 'c':
    case 's':
    case 'p':
        return bytes_of(field, from);
    case 'e':
    case 'f':
    case 'd':
        bits = load(from, field->size, field->swap);
        return field->scaled ? scaled(field, real(field->type, bits))
                             : PyFloat_FromDouble(real(field->type, bits));
    case '?':
        return field->scaled ? scaled(field, *from != 0) : PyBool_FromLong(*from != 0);
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
    case 'n':
        number = extend(load(from, field->size, field->swap), field->size);
        return field->scaled ? scaled(field, (double)number) : PyLong_FromLongLong(number);
    default:
        bits = load(from, field->size, field->swap);
        if (field->bits != 0) {
            bits = bits >> field->low & (UINT64_MAX >> (64 - field->bits));
        }
        return field->scaled ? scaled(field, (double)bits) : PyLong_FromUnsignedLongLong(bits);
    }
}

static PyObject *elements(const PacketField *field, const uint8_t *from)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)field->count);
    for (uint32_t i = 0; tuple != NULL && i < field->count; i++) {
        PyObject *one = element(field, from + (size_t)i * field->size);
        if (one == NULL) {
            Py_CLEAR(tuple);
        } else {
            (void)PyTuple_SetItem(tuple, (Py_ssize_t)i, one);
        }
    }
    return tuple;
}

PyObject *packet_field_value(const PacketField *field, const uint8_t *packet)
{
    const uint8_t *from = packet + field->offset;
    return UNLIKELY(field->count != 0) ? elements(field, from) : element(field, from);
}

static PyObject *field_get(PyObject *object, PyObject *instance, PyObject *owner)
{
    (void)owner;
    PacketField *field = (PacketField *)object;
    if (instance == NULL || Py_IsNone(instance)) {
        return Py_NewRef(field->constant != NULL ? field->constant : object);
    }
    if (UNLIKELY(!PyObject_TypeCheck(instance, packet_type))) {
        return PyErr_Format(PyExc_TypeError, "field %R is of a packet class, not of %R", field->name,
                            (PyObject *)Py_TYPE(instance));
    }
    Packet *packet = (Packet *)instance;
    if (UNLIKELY(packet_filled(packet) < 0)) {
        return NULL;
    }
    uint64_t end = (uint64_t)field->offset + (uint64_t)field->size * (field->count == 0 ? 1 : field->count);
    if (UNLIKELY(end > packet->class->size)) {
        return PyErr_Format(PyExc_TypeError, "field %R is of another packet class than %R", field->name,
                            (PyObject *)Py_TYPE(instance));
    }
    return packet_field_value(field, packet->bytes);
}

PyObject *packet_field_new(PyObject *described, uint32_t packet_bytes)
{
    PyObject *name, *constant;
    int type, swap, low, bits;
    unsigned offset, size, count;
    double scale, shift;
    if (!PyArg_ParseTuple(described, "UCIIIpiiddO", &name, &type, &offset, &size, &count, &swap, &low, &bits,
                          &scale, &shift, &constant)) {
        return NULL;
    }
    int whole = strchr("csp", type) == NULL, integer = whole && strchr("efd?", type) == NULL;
    if ((uint64_t)offset + (uint64_t)size * (count == 0 ? 1 : count) > packet_bytes ||
        strchr("cspefd?bBhHiIlLqQnN", type) == NULL ||
        (whole && size != 1 && size != 2 && size != 4 && size != 8)) {
        return PyErr_Format(PyExc_ValueError,
                            "field %R of type %c and %u bytes at %u does not lie in %u bytes", name, type,
                            size, offset, packet_bytes);
    }
    if (bits != 0 && (!integer || count != 0)) {
        return PyErr_Format(PyExc_TypeError, "%R names bits of a field that is no integer", name);
    }
    if (bits != 0 && (low < 0 || bits < 0 || (unsigned)low + (unsigned)bits > size * 8)) {
        return PyErr_Format(PyExc_ValueError,
                            "bits %d to %d of %R are not all among those of its field, 0 to %u", low,
                            low + bits - 1, name, size * 8 - 1);
    }
    if (!whole && (scale != 1 || shift != 0)) {
        return PyErr_Format(PyExc_TypeError, "field %R is bytes, it has no scale", name);
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(field_type, Py_tp_alloc);
    PacketField *self = (PacketField *)allocate(field_type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->name = Py_NewRef(name);
    self->constant = Py_IsNone(constant) ? NULL : Py_NewRef(constant);
    self->offset = offset;
    self->size = size;
    self->count = count;
    self->type = (char)(bits == 0 ? type : 'Q'); /* ranges of bits are unsigned */
    self->swap = (uint8_t)swap;
    self->low = (uint8_t)low;
    self->bits = (uint8_t)bits;
    self->scaled = scale != 1 || shift != 0;
    self->scale = scale;
    self->shift = shift;
    return (PyObject *)self;
}

static PyObject *field_repr(PyObject *object)
{
    PacketField *field = (PacketField *)object;
    return field->bits != 0 ? PyUnicode_FromFormat("<bits %d to %d at byte %u, %R>", field->low,
                                                   field->low + field->bits - 1, field->offset, field->name)
                            : PyUnicode_FromFormat("<field %R at byte %u>", field->name, field->offset);
}

static void field_dealloc(PyObject *object)
{
    PacketField *self = (PacketField *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_CLEAR(self->name);
    Py_CLEAR(self->constant);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_dealloc, field_dealloc},
    {Py_tp_descr_get, field_get},
    {Py_tp_repr, field_repr},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.PacketField",
    .basicsize = sizeof(PacketField),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int packet_field_register(PyObject *module)
{
    (void)module;
    field_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return field_type == NULL ? -1 : 0;
}
