/* SPDX-License-Identifier: Apache-2.0
 *
 * batch.c - many packets as one Python object.
 *
 *   packets of one size, with a layout    a NumPy array of its dtype (bytes where there is no NumPy)
 *   packets of one size, without          bytes, back to back
 *   packets of any size                   a list of what was put
 *
 * A batch belongs to whoever got it: its memory is its own, never that of the ring. Packets of one size are
 * copied once, without the GIL.
 */
#include "binding.h"

/* What makes an array of memory: a callable, or None where bytes are all there is. Borrowed; NULL with an
 * exception. */
static PyObject *array_maker(Buffer *self)
{
    if (self->arrays == NULL) {
        PyObject *module = PyImport_ImportModule("sluice._batches");
        PyObject *made = module == NULL ? NULL
                                        : PyObject_CallMethod(module, "array_maker", "O",
                                                              self->layout == NULL ? Py_None : self->layout);
        Py_XDECREF(module);
        if (self->arrays == NULL) { /* else another thread was first */
            self->arrays = made;
        } else {
            Py_XDECREF(made);
        }
    }
    return self->arrays;
}

/* Packets of one size on their way into memory of Python's. */
typedef struct Taking {
    PyObject *object; /* bytearray, or bytes; NULL: the caller's memory */
    PyObject *error;
    uint8_t *memory;
    uint64_t room;
    uint64_t bytes;
} Taking;

static PyObject *new_memory(int array, uint64_t bytes)
{
    if (bytes > (uint64_t)PY_SSIZE_T_MAX - 64) {
        return PyErr_NoMemory();
    }
    return array ? PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)bytes)
                 : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)bytes);
}

static uint8_t *memory_of(PyObject *object)
{
    return (uint8_t *)(PyByteArray_Check(object) ? PyByteArray_AsString(object) : PyBytes_AsString(object));
}

/* More was put since the room was made. 0, or -1 with everything as it was. */
static int grow(Taking *taking, uint64_t bytes)
{
    PyGILState_STATE state = PyGILState_Ensure();
    uint64_t room = taking->bytes + bytes + taking->room / 2;
    PyObject *larger = new_memory(PyByteArray_Check(taking->object), room);
    if (larger == NULL) {
        taking->error = take_exception();
    } else {
        uint8_t *memory = memory_of(larger);
        memcpy(memory, taking->memory, (size_t)taking->bytes);
        Py_DECREF(taking->object);
        taking->object = larger;
        taking->memory = memory;
        taking->room = room;
    }
    PyGILState_Release(state);
    return larger == NULL ? -1 : 0;
}

/* Runs under the engine's lock, without the GIL. */
static int32_t accept_packets(void *user, const sluice_batch *batch)
{
    Taking *taking = user;
    if (batch->bytes > taking->room - taking->bytes &&
        (taking->object == NULL || grow(taking, batch->bytes) < 0)) {
        return SLUICE_E_MEMORY;
    }
    memcpy(taking->memory + taking->bytes, batch->data, (size_t)batch->bytes);
    taking->bytes += batch->bytes;
    return SLUICE_OK;
}

/* The memory of a batch as what users get; takes the reference. */
static PyObject *finished(PyObject *maker, PyObject *object, uint64_t bytes)
{
    if (PyByteArray_Check(object)) {
        PyObject *array = NULL;
        if ((uint64_t)PyByteArray_Size(object) == bytes ||
            PyByteArray_Resize(object, (Py_ssize_t)bytes) == 0) {
            array = PyObject_CallFunctionObjArgs(maker, object, NULL);
        }
        Py_DECREF(object);
        return array;
    }
    if ((uint64_t)PyBytes_Size(object) == bytes) {
        return object;
    }
    PyObject *exact = PyBytes_FromStringAndSize(PyBytes_AsString(object),
                                                (Py_ssize_t)bytes); /* others took or put meanwhile */
    Py_DECREF(object);
    return exact;
}

/* Packets of one size, at most `most` (0: all). */
static PyObject *take_packets(Buffer *self, uint64_t most)
{
    PyObject *maker = array_maker(self);
    uint64_t stored = 0, taken = 0;
    int32_t status;
    if (maker == NULL) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_size(self->handle, &stored));
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    Taking taking = {.room = (most != 0 && most < stored ? most : stored) * self->stride};
    taking.object = new_memory(!Py_IsNone(maker), taking.room);
    if (taking.object == NULL) {
        return NULL;
    }
    taking.memory = memory_of(taking.object);
    ENGINE_CALL(self, status, library.buffer_take(self->handle, most, accept_packets, &taking, &taken));
    if (status < 0 &&
        taking.bytes == 0) { /* else what was taken before is more than the fault, which will come again */
        Py_DECREF(taking.object);
        if (taking.error == NULL) {
            return raise_engine(status, NULL);
        }
        PyErr_SetObject((PyObject *)Py_TYPE(taking.error), taking.error);
        Py_DECREF(taking.error);
        return NULL;
    }
    Py_XDECREF(taking.error);
    return finished(maker, taking.object, taking.bytes);
}

/* Packets of any size on their way into a list. */
typedef struct Listing {
    Buffer *buffer;
    PyObject *list;
    PyObject *error;
} Listing;

int batch_append(Buffer *self, PyObject *list, const sluice_batch *batch)
{
    Py_ssize_t before = PyList_Size(list);
    const void *packet;
    uint32_t bytes;
    uint16_t type;
    for (uint64_t at = 0; sluice_batch_next(batch, &at, &packet, &bytes, &type);) {
        PyObject *one = buffer_packet(self, packet, bytes, type);
        int status = one == NULL ? -1 : PyList_Append(list, one);
        Py_XDECREF(one);
        if (status < 0) {
            PyObject *error = take_exception();
            (void)PyList_SetSlice(list, before, PyList_Size(list), NULL);
            PyErr_SetObject((PyObject *)Py_TYPE(error), error);
            Py_DECREF(error);
            return -1;
        }
    }
    return 0;
}

/* Runs under the engine's lock. The packets are made there, as the `unpack` of a class may raise: then they
 * stay. */
static int32_t accept_records(void *user, const sluice_batch *batch)
{
    Listing *listing = user;
    PyGILState_STATE state = PyGILState_Ensure();
    Buffer *outer = formatting;
    formatting = listing->buffer;
    int status = batch_append(listing->buffer, listing->list, batch);
    listing->error = status < 0 ? take_exception() : NULL;
    formatting = outer;
    PyGILState_Release(state);
    return status < 0 ? SLUICE_E_CALLBACK : SLUICE_OK;
}

static PyObject *take_records(Buffer *self, uint64_t most)
{
    Listing listing = {.buffer = self, .list = PyList_New(0)};
    uint64_t taken = 0;
    int32_t status;
    if (listing.list == NULL) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_take(self->handle, most, accept_records, &listing, &taken));
    if (status >= 0 || PyList_Size(listing.list) > 0) {
        Py_XDECREF(listing.error);
        return listing.list;
    }
    Py_DECREF(listing.list);
    if (listing.error == NULL) {
        return raise_engine(status, NULL);
    }
    PyErr_SetObject((PyObject *)Py_TYPE(listing.error), listing.error);
    Py_DECREF(listing.error);
    return NULL;
}

PyObject *buffer_take_batch(Buffer *self, uint64_t most)
{
    return self->stride != 0 ? take_packets(self, most) : take_records(self, most);
}

PyObject *batch_object(Buffer *self, const sluice_batch *batch)
{
    if (batch->stride == 0) {
        PyObject *list = PyList_New(0);
        if (list != NULL && batch_append(self, list, batch) < 0) {
            Py_CLEAR(list);
        }
        return list;
    }
    PyObject *maker = array_maker(self), *object = NULL;
    if (maker != NULL) {
        object = new_memory(!Py_IsNone(maker), batch->bytes);
    }
    if (object == NULL) {
        return NULL;
    }
    if (batch->bytes != 0) {
        memcpy(memory_of(object), batch->data, (size_t)batch->bytes);
    }
    return finished(maker, object, batch->bytes);
}

/* Into memory of the caller's. */
static PyObject *take_into(Buffer *self, uint64_t most, PyObject *out)
{
    Py_buffer view;
    if (self->stride == 0) {
        PyErr_SetString(PyExc_TypeError,
                        "packets of any size do not lie back to back: `out` needs packets of one size");
        return NULL;
    }
    if (packets_view(&self->seen, out, self->layout, PyBUF_WRITABLE | PyBUF_ND | PyBUF_FORMAT, &view) < 0) {
        return NULL;
    }
    uint64_t fit = (uint64_t)view.len / self->stride, taken = 0;
    int32_t status = SLUICE_OK;
    PyObject *result = NULL;
    if (whole_packets(self, &view) == 0) {
        Taking taking = {.memory = view.buf, .room = (uint64_t)view.len};
        most = most == 0 || most > fit ? fit : most;
        if (most > 0) {
            ENGINE_CALL(self, status,
                        library.buffer_take(self->handle, most, accept_packets, &taking, &taken));
        }
        result = status < 0 && taken == 0 ? raise_engine(status, NULL) : PyLong_FromUnsignedLongLong(taken);
    }
    PyBuffer_Release(&view);
    return result;
}

PyObject *buffer_pop_many(PyObject *object, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"most", "out", NULL};
    Buffer *self = (Buffer *)object;
    PyObject *limit = Py_None, *out = Py_None;
    Py_ssize_t most = 0;
    if (!PyArg_ParseTupleAndKeywords(args, names, "|OO:pop_many", keywords, &limit, &out) ||
        buffer_enterable(self) < 0) {
        return NULL;
    }
    if (!Py_IsNone(limit)) {
        most = PyNumber_AsSsize_t(limit, NULL); /* clamped: more than there ever are means all */
        if (most == -1 && PyErr_Occurred()) {
            return NULL;
        }
        if (most < 0) {
            return PyErr_Format(PyExc_ValueError, "most is %zd, it must be 0 or more, or None", most);
        }
        if (most == 0) {
            sluice_batch nothing = {.stride = self->stride};
            return Py_IsNone(out) ? batch_object(self, &nothing) : PyLong_FromLong(0);
        }
    }
    return Py_IsNone(out) ? buffer_take_batch(self, (uint64_t)most) : take_into(self, (uint64_t)most, out);
}
