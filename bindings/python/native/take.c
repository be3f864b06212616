/* SPDX-License-Identifier: Apache-2.0
 *
 * take.c - packets out, by hand.
 */
#include "binding.h"

static PyObject *empty(void)
{
    PyErr_SetString(PyExc_IndexError, "the buffer is empty");
    return NULL;
}

/* Packets of any size: into memory on the stack, or as much as the engine says it takes. */
static PyObject *pop_record(Buffer *self)
{
    uint8_t small[2048];
    size_t bytes = 0;
    int32_t status;
    ENGINE_CALL(self, status, library.buffer_pop(self->handle, small, sizeof small, &bytes));
    if (status == SLUICE_OK) {
        return PyBytes_FromStringAndSize((const char *)small, (Py_ssize_t)bytes);
    }
    size_t capacity = sizeof small;
    while (status == SLUICE_E_SIZE) {
        capacity = bytes > capacity ? bytes : capacity * 2;
        uint8_t *large = malloc(capacity);
        if (large == NULL) {
            return PyErr_NoMemory();
        }
        ENGINE_CALL(self, status, library.buffer_pop(self->handle, large, capacity, &bytes));
        PyObject *packet =
            status == SLUICE_OK ? PyBytes_FromStringAndSize((const char *)large, (Py_ssize_t)bytes) : NULL;
        free(large);
        if (status == SLUICE_OK) {
            return packet;
        }
    }
    return status == SLUICE_WOULD_BLOCK ? empty() : raise_engine(status, NULL);
}

PyObject *buffer_pop(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    if (buffer_usable(self) < 0) {
        return NULL;
    }
    if (self->stride == 0) {
        return pop_record(self);
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
        return packet;
    }
    Py_DECREF(packet);
    return status == SLUICE_WOULD_BLOCK ? empty() : raise_engine(status, NULL);
}

typedef struct Copy {
    uint8_t *memory;
    size_t bytes;
    int found;
} Copy;

/* Runs under the engine's lock, without the GIL. */
static int32_t copy_first(void *user, const sluice_batch *batch)
{
    Copy *copy = user;
    const uint8_t *from = batch->data;
    uint64_t bytes = batch->stride;
    if (batch->packets == 0) {
        return SLUICE_OK;
    }
    for (uint64_t at = 0; batch->stride == 0 && at < batch->bytes;) {
        uint64_t word;
        memcpy(&word, batch->data + at, sizeof word);
        from = batch->data + at + sizeof word;
        bytes = (uint32_t)word - sizeof word;
        if (((word >> 48) & SLUICE_RECORD_ABORTED) == 0) {
            break;
        }
        at += sluice_record_span(word);
    }
    copy->memory = malloc(bytes == 0 ? 1 : (size_t)bytes);
    if (copy->memory == NULL) {
        return SLUICE_E_MEMORY;
    }
    memcpy(copy->memory, from, (size_t)bytes);
    copy->bytes = (size_t)bytes;
    copy->found = 1;
    return SLUICE_OK;
}

PyObject *buffer_peek(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    Copy copy = {NULL, 0, 0};
    int32_t status;
    if (buffer_usable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_peek(self->handle, self->stride, copy_first, &copy));
    PyObject *packet = NULL;
    if (copy.found) {
        packet = PyBytes_FromStringAndSize((const char *)copy.memory, (Py_ssize_t)copy.bytes);
    } else if (status == SLUICE_OK || status == SLUICE_WOULD_BLOCK) {
        (void)empty();
    } else {
        (void)raise_engine(status, NULL);
    }
    free(copy.memory);
    return packet;
}

PyObject *buffer_clear(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status;
    if (buffer_usable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_clear(self->handle));
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    Py_RETURN_NONE;
}
