/* SPDX-License-Identifier: Apache-2.0
 *
 * formatter.c - Python functions that make text of packets, one at a time or many.
 *
 * Called by the thread that flushes, once for as much text as the engine has room for (callback.c). An
 * exception keeps the packet stored.
 */
#include "binding.h"

/* A guess at the text of a packet, before the first one was seen. */
#define FIRST_GUESS 64

/* Bytes of packets that one call gets at most, if it is not a single one. */
#define MOST_BYTES (UINT64_C(1) << 20)

Formatter *formatter_new(Buffer *buffer, PyObject *function, int binary, int per_batch)
{
    Formatter *formatter = PyMem_Calloc(1, sizeof *formatter);
    if (formatter == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    formatter->buffer = buffer;
    formatter->function = Py_NewRef(function);
    formatter->binary = binary;
    formatter->per_batch = per_batch;
    formatter->text_bytes = FIRST_GUESS;
    return formatter;
}

void formatter_free(Formatter *formatter)
{
    Py_XDECREF(formatter->function);
    Py_XDECREF(formatter->pending_packet);
    Py_XDECREF(formatter->pending_text);
    PyMem_Free(formatter);
}

/* The text of a packet: kept from the call before, which offered too little room, or asked for. */
static PyObject *text_of(Formatter *formatter, const void *packet, size_t bytes, uint16_t type)
{
    PyObject *kept_packet = formatter->pending_packet, *kept_text = formatter->pending_text;
    formatter->pending_packet = NULL;
    formatter->pending_text = NULL;
    if (kept_packet != NULL) {
        char *data = PyBytes_AsString(kept_packet);
        int same = (size_t)Py_SIZE(kept_packet) == bytes && formatter->pending_type == type &&
                   memcmp(data, packet, bytes) == 0;
        Py_DECREF(kept_packet);
        if (same) {
            return kept_text;
        }
        Py_XDECREF(kept_text);
    }
    PyObject *argument = buffer_packet(formatter->buffer, packet, bytes, type);
    if (argument == NULL) {
        return NULL;
    }
    PyObject *text = PyObject_CallFunctionObjArgs(formatter->function, argument, NULL);
    Py_DECREF(argument);
    return text;
}

/* The bytes of a text, as long as it lives. NULL with an exception. */
static const char *bytes_of(const Formatter *formatter, PyObject *text, Py_ssize_t *length)
{
    char *data = NULL;
    if (!formatter->binary && PyUnicode_Check(text)) {
        return PyUnicode_AsUTF8AndSize(text, length);
    }
    if (formatter->binary && PyBytes_Check(text)) {
        return PyBytes_AsStringAndSize(text, &data, length) < 0 ? NULL : data;
    }
    PyErr_Format(PyExc_TypeError, "a formatter of a %s sink returns %s, this one returned %R",
                 formatter->binary ? "binary" : "text", formatter->binary ? "bytes" : "str",
                 (PyObject *)Py_TYPE(text));
    return NULL;
}

/* A packet after the other, until a text does not fit; that one is kept for the next call. */
static int32_t format_packets(Formatter *formatter, const sluice_batch *batch, char *text, size_t capacity,
                              uint64_t *packets, size_t *written)
{
    const void *packet;
    uint32_t bytes;
    uint16_t type;
    for (uint64_t at = 0; sluice_batch_next(batch, &at, &packet, &bytes, &type);) {
        PyObject *made = text_of(formatter, packet, bytes, type);
        Py_ssize_t length = 0;
        const char *from = made == NULL ? NULL : bytes_of(formatter, made, &length);
        if (from == NULL) {
            Py_XDECREF(made);
            return SLUICE_E_CALLBACK;
        }
        if ((size_t)length > capacity - *written) {
            formatter->pending_packet = PyBytes_FromStringAndSize(packet, (Py_ssize_t)bytes);
            formatter->pending_type = type;
            formatter->pending_text = formatter->pending_packet == NULL ? NULL : Py_NewRef(made);
            PyErr_Clear(); /* without memory to keep it, the function is simply asked again */
            Py_DECREF(made);
            if (*packets > 0) {
                return SLUICE_OK;
            }
            *written = (size_t)length;
            return SLUICE_WOULD_BLOCK;
        }
        memcpy(text + *written, from, (size_t)length);
        Py_DECREF(made);
        *written += (size_t)length;
        ++*packets;
    }
    return SLUICE_OK;
}

/* The first packets of a batch: bytes where all have one size, else a list of bytes. */
static PyObject *first_packets(const sluice_batch *batch, uint64_t count)
{
    const void *packet;
    uint32_t bytes;
    uint16_t type;
    if (batch->stride != 0) {
        return PyBytes_FromStringAndSize((const char *)batch->data, (Py_ssize_t)(count * batch->stride));
    }
    PyObject *list = PyList_New((Py_ssize_t)count);
    uint64_t at = 0;
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        PyObject *one = NULL;
        if (sluice_batch_next(batch, &at, &packet, &bytes, &type)) {
            one = PyBytes_FromStringAndSize(packet, (Py_ssize_t)bytes);
        }
        if (one == NULL || PyList_SetItem(list, (Py_ssize_t)i, one) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

/* As many packets in one call as should fit by what their texts took before; fewer when they do not. */
static int32_t format_many(Formatter *formatter, const sluice_batch *batch, char *text, size_t capacity,
                           uint64_t *packets, size_t *written)
{
    uint64_t count = batch->packets, most = MOST_BYTES / (batch->bytes / batch->packets + 1);
    count = most < count ? most : count;
    for (;;) {
        uint64_t likely = (uint64_t)((double)(capacity - capacity / 8) / formatter->text_bytes);
        count = likely < count ? likely : count;
        count = count == 0 ? 1 : count;
        PyObject *argument = first_packets(batch, count);
        PyObject *made =
            argument == NULL ? NULL : PyObject_CallFunctionObjArgs(formatter->function, argument, NULL);
        Py_XDECREF(argument);
        Py_ssize_t length = 0;
        const char *from = made == NULL ? NULL : bytes_of(formatter, made, &length);
        if (from == NULL) {
            Py_XDECREF(made);
            return SLUICE_E_CALLBACK;
        }
        formatter->text_bytes = length == 0 ? 1 : (double)length / (double)count;
        int fits = (size_t)length <= capacity;
        if (fits) {
            memcpy(text, from, (size_t)length);
            *packets = count;
        }
        Py_DECREF(made);
        if (fits || count == 1) {
            *written = (size_t)length;
            return fits ? SLUICE_OK : SLUICE_WOULD_BLOCK;
        }
        count /= 2;
    }
}

int32_t formatter_format(void *user, const sluice_batch *batch, char *text, size_t capacity,
                         uint64_t *packets, size_t *written)
{
    Formatter *formatter = user;
    Entered entered;
    if (callback_enter(formatter->buffer, &entered) < 0) {
        return SLUICE_E_CALLBACK;
    }
    int32_t status = formatter->per_batch
                         ? format_many(formatter, batch, text, capacity, packets, written)
                         : format_packets(formatter, batch, text, capacity, packets, written);
    if (status < 0) {
        callback_raised(formatter->buffer, &formatter->reported, "report_formatter");
    } else if (status == SLUICE_OK) {
        formatter->reported = 0;
    }
    callback_leave(&entered);
    return status;
}
