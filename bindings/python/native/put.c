/* SPDX-License-Identifier: Apache-2.0
 *
 * put.c - packets in.
 *
 * A packet of the right size that finds room goes through the inline ring with the GIL held: no allocation,
 * no call into the library. Everything else - no room, a first put, another thread inside - goes the slow
 * way, without the GIL.
 */
#include "packet.h"

/* A copy that takes long releases the GIL. */
#define LARGE_BYTES (UINT64_C(64) << 10)

/* Bytes between two looks for signals. */
#define PIECE_BYTES (UINT64_C(16) << 20)

static inline uint64_t span_of(const Buffer *self, uint64_t bytes)
{
    return self->stride != 0 ? bytes : sluice_span_of(bytes + 8, sluice_trailer(&self->producer.view));
}

static inline int has_room(sluice_producer *producer, uint64_t span)
{
    return LIKELY(sluice_producer_head(producer) + span - producer->tail <= producer->view.capacity) ||
           sluice_has_room(producer, span);
}

static inline int32_t put_inline(Buffer *self, const void *data, uint32_t bytes, uint16_t type)
{
    if (UNLIKELY(self->stride == 0)) {
        return sluice_producer_put_record(&self->producer, data, bytes, type);
    }
    if (UNLIKELY(self->constants != NULL) && bytes == self->stride &&
        !constants_hold(self->constants, data)) {
        return sluice_reject(&self->producer, SLUICE_E_CONSTANT);
    }
    return sluice_producer_put(&self->producer, data, bytes);
}

/* Packets back to back, as far as they are right and there is room. */
static inline int32_t put_run(Buffer *self, const uint8_t *data, uint64_t packets, uint64_t *done)
{
    uint64_t right = packets;
    for (uint64_t i = 0; self->constants != NULL && i < right; i++) {
        right = constants_hold(self->constants, data + i * self->stride) ? right : i;
    }
    int32_t status = sluice_producer_put_many(&self->producer, data, right, done);
    if (right < packets && *done == right && status == SLUICE_OK) {
        sluice_count(&self->producer.view.header->rejected, packets - right);
        status = SLUICE_E_CONSTANT;
    }
    return status;
}

static int32_t wait_in_slices(Buffer *self, uint64_t span, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - sluice_monotonic_ns();
        int32_t status;
        if (left <= 0) {
            return SLUICE_TIMEOUT;
        }
        self->producer.timeout_ns = left < SLICE_NS ? left : SLICE_NS;
        Py_BEGIN_ALLOW_THREADS status = sluice_wait_for_room(&self->producer, span);
        Py_END_ALLOW_THREADS self->producer.timeout_ns = 0;
        if (status != SLUICE_TIMEOUT) {
            return status;
        }
        if (PyErr_CheckSignals() < 0 || buffer_usable(self) < 0) {
            return INT32_MIN;
        }
    }
}

int32_t buffer_wait_for_room(Buffer *self, uint64_t span, int64_t deadline)
{
    if (formatting == self && self->block_timeout_ns != 0) {
        raise_cannot_wait();
        return INT32_MIN;
    }
    self->awaits_room = 1;
    int32_t status = wait_in_slices(self, span, deadline);
    self->awaits_room = 0;
    return status;
}

/* Raises for a fault of an inline put, which leaves no text. */
static int32_t put_fault(Buffer *self, int32_t status, const void *data, uint64_t bytes)
{
    if (status == SLUICE_E_SIZE && self->stride != 0) {
        raise_status(status, "the packet has %llu byte%s, the buffer takes packets of %u",
                     (unsigned long long)bytes, PLURAL(bytes), self->stride);
    } else if (status == SLUICE_E_SIZE) {
        raise_status(status, "the packet has %llu byte%s, more than the buffer of %llu can hold",
                     (unsigned long long)bytes, PLURAL(bytes), (unsigned long long)self->producer.view.capacity);
    } else if (status == SLUICE_E_CONSTANT && self->layout != NULL) {
        int32_t found = library.layout_check(((Layout *)self->layout)->handle, data, (size_t)bytes, NULL);
        (void)raise_engine(found < 0 ? found : status, NULL);
    } else {
        (void)raise_engine(status, NULL);
    }
    return INT32_MIN;
}

/* One packet, or with `packets` several of the stride; *packets is how many were stored. A status >= 0, or INT32_MIN with an
 * exception. */
static int32_t put_locked(Buffer *self, const uint8_t *data, uint64_t bytes, uint16_t type, uint64_t *packets)
{
    int64_t deadline = 0;
    uint64_t done = 0, wanted = packets == NULL ? 1 : bytes / self->stride;
    int32_t status;
    if (buffer_open_producer(self) < 0) {
        return INT32_MIN;
    }
    if (bytes > INT32_MAX - 16 && packets == NULL) {
        return put_fault(self, SLUICE_E_SIZE, data, bytes);
    }
    for (;;) {
        Py_BEGIN_ALLOW_THREADS if (packets == NULL)
        {
            status = put_inline(self, data, (uint32_t)bytes, type);
        }
        else
        {
            uint64_t most = PIECE_BYTES / self->stride + 1, left = wanted - done, now = 0;
            status = put_run(self, data + done * self->stride, left < most ? left : most, &now);
            done += now;
        }
        Py_END_ALLOW_THREADS if (packets != NULL)
        {
            *packets = done;
        }
        if (status == SLUICE_OK && done < wanted && packets != NULL) {
            deadline = 0;
            if (PyErr_CheckSignals() < 0 || buffer_usable(self) < 0) {
                return INT32_MIN;
            }
            continue;
        }
        if (status == SLUICE_TIMEOUT && self->producer.view.policy == SLUICE_BLOCK) {
            deadline = deadline == 0 ? sluice_deadline(self->block_timeout_ns) : deadline;
            status =
                buffer_wait_for_room(self, span_of(self, packets == NULL ? bytes : self->stride), deadline);
            if (status == SLUICE_OK) {
                continue;
            }
        }
        if (status == INT32_MIN || status >= 0) {
            return status;
        }
        return put_fault(self, status, packets == NULL ? data : data + done * self->stride,
                         packets == NULL ? bytes : self->stride);
    }
}

static int32_t put_slow(Buffer *self, const void *data, uint64_t bytes, uint16_t type, uint64_t *packets)
{
    if (buffer_usable(self) < 0) {
        return INT32_MIN;
    }
    slow_puts++;
    int32_t status = INT32_MIN;
    if (buffer_lock(self) == 0 && claim_wait(self, -1) == 0) {
        if (buffer_usable(self) == 0) { /* it may have been closed meanwhile */
            status = put_locked(self, data, bytes, type, packets);
        }
        buffer_unlock(self);
    }
    if (status == SLUICE_WOULD_BLOCK && self->producer.view.policy == SLUICE_GROW && self->handle != NULL) {
        uint64_t stored; /* whoever comes out of the engine tells why there was no room */
        int32_t told;
        ENGINE_CALL(self, told, library.buffer_size(self->handle, &stored));
        (void)told;
    }
    slow_puts--;
    return status;
}

static inline int32_t put_bytes(Buffer *self, const void *data, uint64_t bytes, uint16_t type)
{
    if (UNLIKELY(!self->ready || engine_gone != 0)) {
        return put_slow(self, data, bytes, type, NULL);
    }
    if (UNLIKELY(bytes != self->stride && (self->stride != 0 || bytes > INT32_MAX - 16))) {
        return put_slow(self, data, bytes, type, NULL);
    }
    if (self->check_room && UNLIKELY(!has_room(&self->producer, span_of(self, bytes)))) {
        return put_slow(self, data, bytes, type, NULL);
    }
    int32_t status = put_inline(self, data, (uint32_t)bytes, type);
    return LIKELY(status >= 0) ? status : put_fault(self, status, data, bytes);
}

static inline PyObject *answer(int32_t status)
{
    if (UNLIKELY(status < 0)) {
        return NULL;
    }
    PyObject *taken = status == SLUICE_OK ? Py_True : Py_False;
    Py_INCREF(taken);
    return taken;
}

int packet_view(SeenArray *before, PyObject *packet, PyObject *layout, Py_buffer *view, int *instance)
{
    *instance = PyObject_TypeCheck(packet, packet_type);
    if (*instance) {
        return PyObject_GetBuffer(packet, view, PyBUF_SIMPLE);
    }
    if (PyObject_CheckBuffer(packet)) {
        return packets_view(before, packet, layout, PyBUF_SIMPLE, view);
    }
    *instance = 1;
    PyObject *data = PyObject_GetAttrString(packet, "data");
    int status = -1;
    if (data != NULL && PyObject_CheckBuffer(data)) {
        status = packets_view(before, data, layout, PyBUF_SIMPLE, view);
    } else if (data != NULL || PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError,
                     "a packet is bytes-like, or has a bytes-like attribute `data`; %R is neither",
                     (PyObject *)Py_TYPE(packet));
    }
    Py_XDECREF(data);
    return status;
}

__attribute__((noinline)) static PyObject *put_object(Buffer *self, PyObject *packet)
{
    Py_buffer view;
    int instance;
    if (packet_view(&self->seen, packet, self->layout, &view, &instance) < 0) {
        return NULL;
    }
    int32_t type = instance && self->stride == 0 ? buffer_type_of(self, packet) : 0;
    if (type >= 0 && PyObject_TypeCheck(packet, packet_type)) {
        buffer_know(self, packet, (uint16_t)type);
    }
    int32_t status = type < 0 ? INT32_MIN : put_bytes(self, view.buf, (uint64_t)view.len, (uint16_t)type);
    PyBuffer_Release(&view);
    return answer(status);
}

PyObject *buffer_put(PyObject *object, PyObject *packet)
{
    Buffer *self = (Buffer *)object;
    if (LIKELY(Py_IS_TYPE(packet, &PyBytes_Type))) {
        return answer(put_bytes(self, PyBytes_AsString(packet), (uint64_t)Py_SIZE(packet), 0));
    }
    if (LIKELY(Py_IS_TYPE(packet, self->known))) {
        const Packet *instance = (Packet *)packet;
        if (LIKELY(instance->class != NULL)) {
            return answer(
                put_bytes(self, instance->bytes, instance->class->size, (uint16_t)self->known_type));
        }
    }
    return put_object(self, packet);
}

void tell_stored(uint64_t stored)
{
    PyObject *error = take_exception(), *errors = PyImport_ImportModule("sluice._errors"), *told = NULL;
    if (errors != NULL) {
        told = PyObject_CallMethod(errors, "tell_stored", "OK", error, (unsigned long long)stored);
        Py_DECREF(errors);
    }
    Py_XDECREF(told);
    PyErr_Clear(); /* what is told matters less than the fault */
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
}

/* An iterable of packets, one by one. */
static PyObject *put_each(PyObject *object, PyObject *packets, uint64_t *taken)
{
    PyObject *iterator = PyObject_GetIter(packets), *packet;
    if (iterator == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Clear();
            PyErr_Format(PyExc_TypeError,
                         "packets are a bytes-like object, an array or an iterable; %R is none of them",
                         (PyObject *)Py_TYPE(packets));
        }
        return NULL;
    }
    while ((packet = PyIter_Next(iterator)) != NULL) {
        PyObject *stored = buffer_put(object, packet);
        Py_DECREF(packet);
        if (stored == NULL) {
            break;
        }
        int full = Py_IsFalse(stored);
        Py_DECREF(stored);
        if (full && ((Buffer *)object)->producer.view.policy < SLUICE_DROP_NEWEST) {
            break; /* the packets after it would find no room either; those that are dropped are counted one
                      by one */
        }
        *taken += !full;
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? NULL : PyLong_FromUnsignedLongLong(*taken);
}

int whole_packets(const Buffer *self, const Py_buffer *view)
{
    if (view->format != NULL && strchr(view->format, 'O') != NULL) {
        PyErr_SetString(PyExc_TypeError, "an array of Python objects holds references, not packets");
        return -1;
    }
    if (view->ndim > 0 && view->shape != NULL && view->shape[0] > 0 &&
        (view->ndim > 1 || view->itemsize != 1)) {
        uint64_t item = (uint64_t)(view->len / view->shape[0]);
        if (item != self->stride) {
            raise_status(SLUICE_E_SIZE,
                         "the items of the array have %llu byte%s, the buffer takes packets of %u",
                         (unsigned long long)item, PLURAL(item), self->stride);
            return -1;
        }
    }
    if ((uint64_t)view->len % self->stride != 0) {
        raise_status(SLUICE_E_SIZE, "%zd byte%s not whole packets of %u bytes", view->len, view->len == 1 ? " is" : "s are",
                     self->stride);
        return -1;
    }
    return 0;
}

PyObject *buffer_put_many(PyObject *object, PyObject *packets)
{
    Buffer *self = (Buffer *)object;
    Py_buffer view;
    uint64_t done = 0;
    if (buffer_usable(self) < 0) {
        return NULL;
    }
    if (!PyObject_CheckBuffer(packets)) {
        PyObject *stored = put_each(object, packets, &done);
        if (stored == NULL) {
            tell_stored(done);
        }
        return stored;
    }
    if (self->stride == 0) {
        return PyErr_Format(
            PyExc_TypeError,
            "a buffer of packets of any size takes an iterable of packets, not one run of bytes");
    }
    if (packets_view(&self->seen, packets, self->layout, PyBUF_ND | PyBUF_FORMAT, &view) < 0) {
        return NULL;
    }
    int32_t status = whole_packets(self, &view) < 0 ? INT32_MIN : SLUICE_OK;
    uint64_t count = (uint64_t)view.len / self->stride;
    if (status == SLUICE_OK && count > 0) {
        if ((uint64_t)view.len < LARGE_BYTES && self->ready && engine_gone == 0 &&
            (!self->check_room || has_room(&self->producer, (uint64_t)view.len))) {
            status = put_run(self, view.buf, count, &done);
            if (status < 0) {
                status =
                    put_fault(self, status, (const uint8_t *)view.buf + done * self->stride, self->stride);
            }
        } else {
            status = put_slow(self, view.buf, (uint64_t)view.len, 0, &done);
        }
    }
    PyBuffer_Release(&view);
    if (status == INT32_MIN) {
        tell_stored(done);
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(done);
}
