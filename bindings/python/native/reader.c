/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.c - an iteration over batches, `async for batch in buffer`, as one more sink of its buffer.
 *
 * What is flushed while there is one, by whomever, goes to the other sinks and is copied for the iteration, which takes all
 * of it at once; or the iteration flushes by itself, when a flush is due. While much waits for it, the sink answers "not now".
 * What an iteration that ends has not been given is what the next one gets first.
 */
#include "binding.h"

#include <pthread.h>

/* Bytes that may wait for an iteration that is slow. */
#define MOST_BYTES (UINT64_C(64) << 20)

struct Reader {
    Buffer *buffer;
    sluice_sink *sink; /* NULL: there is no iteration */
    pthread_mutex_t mutex;
    uint8_t *memory;
    size_t room;
    size_t bytes;
    uint64_t packets;
    int pulling; /* the iteration flushes by itself, and takes everything */
    int left;    /* the iteration ended inside a callback of the buffer, where no sink can be removed; the next one has it */
};

/* Makes room for more; what is there stays. */
static int grow(Reader *reader, size_t bytes)
{
    if (bytes <= reader->room - reader->bytes) {
        return 0;
    }
    size_t room = reader->bytes + bytes + reader->room / 2;
    uint8_t *memory = realloc(reader->memory, room);
    if (memory == NULL) {
        return -1;
    }
    reader->memory = memory;
    reader->room = room;
    return 0;
}

/* Runs under the engine's lock, without the GIL, on whatever thread flushes. */
static int32_t accept(void *user, const sluice_batch *batch)
{
    Reader *reader = user;
    int32_t status = SLUICE_OK;
    if (reader->buffer->discarding) {
        return SLUICE_WOULD_BLOCK;
    }
    (void)pthread_mutex_lock(&reader->mutex);
    int all = reader->pulling || reader->buffer->closing;
    if (reader->left) { /* what others take as well is theirs; nothing is thrown away */
        status = reader->buffer->sinks != 0 ? SLUICE_OK : SLUICE_WOULD_BLOCK;
    } else if (!all && reader->bytes != 0 && reader->bytes + batch->bytes > MOST_BYTES) {
        status = SLUICE_WOULD_BLOCK;
    } else if (grow(reader, (size_t)batch->bytes) < 0) {
        (void)library.callback_fault("no memory for the packets of an iteration");
        status = SLUICE_E_MEMORY;
    } else {
        memcpy(reader->memory + reader->bytes, batch->data, (size_t)batch->bytes);
        reader->bytes += (size_t)batch->bytes;
        reader->packets += batch->packets;
    }
    (void)pthread_mutex_unlock(&reader->mutex);
    event_wake(reader->buffer);
    return status;
}

uint64_t reader_waiting(Buffer *self)
{
    Reader *reader = self->reader;
    if (reader == NULL) {
        return 0;
    }
    (void)pthread_mutex_lock(&reader->mutex);
    uint64_t packets = reader->packets;
    (void)pthread_mutex_unlock(&reader->mutex);
    return packets;
}

int reader_reads(const Buffer *self)
{
    return self->reader != NULL && self->reader->sink != NULL && !self->reader->left;
}

int reader_attach(Buffer *self)
{
    sluice_sink *sink = NULL;
    int32_t status;
    ENGINE_CALL(self, status, library.buffer_add_callback_sink(self->handle, accept, self->reader, &sink));
    self->reader->sink = sink;
    if (status != SLUICE_OK) {
        (void)raise_engine(status, NULL);
    }
    return status == SLUICE_OK ? 0 : -1;
}

void reader_detached(Buffer *self)
{
    if (self->reader != NULL) {
        self->reader->sink = NULL;
        self->reader->left = 0;
    }
}

void reader_free(Buffer *self)
{
    Reader *reader = self->reader;
    self->reader = NULL;
    if (reader != NULL) {
        (void)pthread_mutex_destroy(&reader->mutex);
        free(reader->memory);
        free(reader);
    }
}

/* _read_begin(): the iteration becomes a sink. One at a time. */
PyObject *buffer_read_begin(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    if (self->reader == NULL) {
        Reader *reader = calloc(1, sizeof *reader);
        if (reader == NULL) {
            return PyErr_NoMemory();
        }
        reader->buffer = self;
        (void)pthread_mutex_init(&reader->mutex, NULL);
        self->reader = reader;
    }
    if (self->waiting || reader_reads(self)) {
        return raise_status(SLUICE_E_BUSY, "another task waits for packets of this buffer already");
    }
    if (self->reader->left) {
        self->reader->left = 0;
        Py_RETURN_NONE;
    }
    self->waiting = 1; /* whoever comes meanwhile is the second */
    int attached = reader_attach(self);
    self->waiting = 0;
    return attached < 0 ? NULL : Py_NewRef(Py_None);
}

/* _read_end(): it is no sink any more. */
PyObject *buffer_read_end(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int reads = reader_reads(self);
    sluice_sink *sink = reads ? self->reader->sink : NULL;
    int32_t status = SLUICE_OK;
    if (reads) {
        reader_detached(self);
    }
    if (sink != NULL && self->handle != NULL && engine_gone == 0) {
        ENGINE_CALL(self, status, library.buffer_remove_sink(self->handle, sink));
        if (status == SLUICE_E_STATE && self->handle != NULL) {
            self->reader->sink = sink;
            self->reader->left = 1;
            status = SLUICE_OK;
        }
    }
    return status == SLUICE_OK || status == SLUICE_E_HANDLE ? Py_NewRef(Py_None) : raise_engine(status, NULL);
}

/* What waits is the caller's to free, or to give back. */
static uint8_t *detach(Reader *reader, sluice_batch *batch)
{
    (void)pthread_mutex_lock(&reader->mutex);
    uint8_t *memory = reader->memory;
    batch->data = memory;
    batch->bytes = reader->bytes;
    batch->packets = reader->packets;
    reader->memory = NULL;
    reader->room = reader->bytes = 0;
    reader->packets = 0;
    (void)pthread_mutex_unlock(&reader->mutex);
    return memory;
}

/* In front of what came since; takes the memory. -1: there is none for both. */
static int give_back(Reader *reader, uint8_t *memory, const sluice_batch *batch)
{
    (void)pthread_mutex_lock(&reader->mutex);
    size_t bytes = (size_t)batch->bytes + reader->bytes;
    uint8_t *all = reader->bytes == 0 ? memory : realloc(memory, bytes);
    if (all != NULL) {
        if (reader->bytes != 0) {
            memcpy(all + batch->bytes, reader->memory, reader->bytes);
        }
        free(reader->memory);
        reader->memory = all;
        reader->room = reader->bytes = bytes;
        reader->packets += batch->packets;
    }
    (void)pthread_mutex_unlock(&reader->mutex);
    return all == NULL ? -1 : 0;
}

/* What waits, as a batch; an empty one where nothing does. After an exception, as of an `unpack`, it still waits. */
static PyObject *take_waiting(Buffer *self)
{
    sluice_batch batch = {.stride = self->stride};
    uint8_t *memory = self->reader == NULL ? NULL : detach(self->reader, &batch);
    PyObject *object = batch_object(self, &batch);
    if (object != NULL) {
        free(memory);
    } else if (memory != NULL && give_back(self->reader, memory, &batch) < 0) {
        free(memory);
    }
    return object;
}

/* _read() -> what was flushed since the last time, as pop_many returns it. Also after a close. */
PyObject *buffer_read(PyObject *object, PyObject *unused)
{
    (void)unused;
    return take_waiting((Buffer *)object);
}

/* _pull() -> the same; flushes first, where nothing waits. What a sink beside it refuses is raised when there is nothing to
 * give; None: a sink is not ready. */
PyObject *buffer_pull(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status = SLUICE_OK;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    if (reader_reads(self) && reader_waiting(self) == 0) {
        self->reader->pulling = 1;
        ENGINE_CALL(self, status, library.buffer_flush(self->handle, NULL, NULL));
        self->reader->pulling = 0;
    }
    if (status < 0 && reader_waiting(self) == 0) {
        return buffer_fault(self, status);
    }
    Py_CLEAR(self->failure); /* it will come again, and then there is nothing else to tell */
    return status > 0 && reader_waiting(self) == 0 ? Py_NewRef(Py_None) : take_waiting(self);
}
