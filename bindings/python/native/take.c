/* SPDX-License-Identifier: Apache-2.0
 *
 * take.c - packets out, by hand.
 */
#include "packet.h"

#include <stddef.h>

/* Nothing is there: an exception, or where `none` is given, a flag. */
static PyObject *empty(int *none)
{
    if (none != NULL) {
        *none = 1;
    } else {
        PyErr_SetString(PyExc_IndexError, "the buffer is empty");
    }
    return NULL;
}

/* The oldest packet, copied out of the ring, or what it was put as. */
typedef struct Oldest {
    Buffer *buffer;
    uint8_t *memory; /* `small`, or allocated */
    size_t bytes;
    uint16_t type;
    int found;
    PyObject *packet;
    PyObject *error; /* why there is no packet */
    uint8_t small[1024];
} Oldest;

/* Runs under the engine's lock, without the GIL. */
static int32_t copy_oldest(void *user, const sluice_batch *batch)
{
    Oldest *oldest = user;
    const void *packet;
    uint32_t bytes;
    uint64_t at = 0;
    if (!sluice_batch_next(batch, &at, &packet, &bytes, &oldest->type)) {
        return SLUICE_OK; /* nothing but aborted records */
    }
    oldest->memory = bytes <= sizeof oldest->small ? oldest->small : malloc(bytes);
    if (oldest->memory == NULL) {
        return SLUICE_E_MEMORY;
    }
    memcpy(oldest->memory, packet, bytes);
    oldest->bytes = bytes;
    oldest->found = 1;
    return SLUICE_OK;
}

/* The first run is enough. */
static int32_t look_at_oldest(void *user, const sluice_batch *batch)
{
    int32_t status = copy_oldest(user, batch);
    return status == SLUICE_OK && ((Oldest *)user)->found ? SLUICE_WOULD_BLOCK : status;
}

/* The same for packets of a class, whose `unpack` may be Python code, and may raise: then the packet stays. */
static int32_t unpack_oldest(void *user, const sluice_batch *batch)
{
    Oldest *oldest = user;
    const void *packet;
    uint32_t bytes;
    uint64_t at = 0;
    if (!sluice_batch_next(batch, &at, &packet, &bytes, &oldest->type)) {
        return SLUICE_OK;
    }
    const Buffer *buffer = oldest->buffer; /* the flag was set before the packet was put */
    if (!buffer->runs_python || (oldest->type == 0 && buffer->packet_class.class == NULL)) {
        return copy_oldest(user, batch);
    }
    PyGILState_STATE state = PyGILState_Ensure();
    oldest->packet = buffer_packet(oldest->buffer, packet, bytes, oldest->type);
    oldest->error = oldest->packet == NULL ? take_exception() : NULL;
    PyGILState_Release(state);
    return oldest->packet == NULL ? SLUICE_E_CALLBACK : SLUICE_OK;
}

/* The packet of what was found. */
static PyObject *packet_of(Oldest *oldest, int32_t status, int *none)
{
    PyObject *packet = oldest->packet;
    if (oldest->error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(oldest->error), oldest->error);
        Py_DECREF(oldest->error);
    } else if (oldest->found) {
        packet = buffer_packet(oldest->buffer, oldest->memory, oldest->bytes, oldest->type);
    } else if (packet == NULL && (status == SLUICE_OK || status == SLUICE_WOULD_BLOCK)) {
        (void)empty(none);
    } else if (packet == NULL) {
        (void)raise_engine(status, NULL);
    }
    if (oldest->memory != oldest->small) {
        free(oldest->memory);
    }
    return packet;
}

/* A packet of any size, or of a class. */
static PyObject *pop_any(Buffer *self, int *none)
{
    Oldest oldest;
    memset(&oldest, 0, offsetof(Oldest, small));
    oldest.buffer = self;
    uint64_t taken = 0;
    int32_t status;
    ENGINE_CALL(self, status, library.buffer_take(self->handle, 1, unpack_oldest, &oldest, &taken));
    return packet_of(&oldest, status, none);
}

PyObject *buffer_pop_one(Buffer *self, int *none)
{
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    if (self->stride == 0 || self->runs_python) {
        return pop_any(self, none);
    }
    PyObject *packet = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)self->stride);
    if (packet == NULL) {
        return NULL;
    }
    size_t bytes = 0;
    int32_t status;
    char *memory = PyBytes_AsString(packet);
    ENGINE_CALL(self, status, library.buffer_pop(self->handle, memory, self->stride, &bytes));
    if (status == SLUICE_OK) {
        PacketClass *class = self->packet_class.native;
        return class == NULL ? packet : packet_class_make(class, packet);
    }
    Py_DECREF(packet);
    return status == SLUICE_WOULD_BLOCK ? empty(none) : raise_engine(status, NULL);
}

PyObject *buffer_pop(PyObject *object, PyObject *unused)
{
    (void)unused;
    return buffer_pop_one((Buffer *)object, NULL);
}

PyObject *buffer_peek(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    Oldest oldest;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    memset(&oldest, 0, offsetof(Oldest, small));
    oldest.buffer = self;
    ENGINE_CALL(self, status, library.buffer_peek(self->handle, self->stride, look_at_oldest, &oldest));
    return packet_of(&oldest, status, NULL);
}

PyObject *buffer_clear(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_clear(self->handle));
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    Py_RETURN_NONE;
}
