/* SPDX-License-Identifier: Apache-2.0
 *
 * event.c - waiting for a batch in the event loop of the host. sluice/_waiting.py is the Python side of it.
 *
 * The loop watches a copy of the engine's descriptor, which stays open as long as the Python object: a close
 * of the buffer cannot pull it away under the loop. Whatever may change the answer without a put - close,
 * configure, a forced release - signals it too.
 */
#include "binding.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How often rules are looked at that no producer can signal. */
#define LOOK_SECONDS 0.01

/* How often a ring of several processes is looked at: a producer that is killed between two steps of its wake leaves it to the
 * next one that puts, which may never come. */
#define SHARED_SECONDS 0.1

/* A little behind the moment at which the time rule is exceeded. */
#define BEHIND_SECONDS 0.0005

void event_wake(Buffer *self)
{
    if (self->event_fd > 0) {
        (void)eventfd_write(self->event_fd, 1);
    }
}

void event_close(Buffer *self)
{
    if (self->event_fd > 0) {
        (void)close(self->event_fd);
        self->event_fd = 0;
    }
}

/* Watches the engine's descriptor, by a copy of it. */
static int engine_event(Buffer *self, int fd)
{
    if (self->event_fd <= 0) {
        self->event_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    } else if (self->own_event && dup3(fd, self->event_fd, O_CLOEXEC) < 0) {
        return -1;
    }
    self->own_event = 0;
    return self->event_fd;
}

/* Watches one that the reader alone signals: a thread of the engine takes what is stored. */
static int own_event(Buffer *self)
{
    int made = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->event_fd <= 0) {
        self->event_fd = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, 3);
        self->own_event = 1;
    }
    if (made >= 0) {
        (void)close(made);
    }
    return self->event_fd;
}

/* _wait_begin() -> descriptor to watch. One task at a time. */
PyObject *buffer_wait_begin(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status, fd = -1;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    if (self->waiting) {
        return raise_status(SLUICE_E_BUSY, "another task waits for packets of this buffer already");
    }
    self->waiting = 1;
    ENGINE_CALL(self, status, library.buffer_event(self->handle, &fd));
    if (status == SLUICE_E_STATE && reader_reads(self)) {
        fd = own_event(self);
    } else if (status != SLUICE_OK) {
        self->waiting = 0;
        return raise_engine(status, NULL);
    } else {
        fd = engine_event(self, fd);
    }
    if (fd < 0) {
        self->waiting = 0;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyLong_FromLong(self->event_fd);
}

PyObject *buffer_wait_end(PyObject *object, PyObject *unused)
{
    (void)unused;
    ((Buffer *)object)->waiting = 0;
    Py_RETURN_NONE;
}

/* Runs under the engine's lock: what is stored stays; when nothing is, the clock of the release starts anew.
 */
static int32_t leave(void *user, const sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_WOULD_BLOCK;
}

/* Whether an armed descriptor would be readable at once: it tells nothing then. */
static int signalled(const Buffer *self, uint64_t packets)
{
    return packets != 0 && (self->stride == 0 || packets >= self->release_packets);
}

/* _wait_round() -> seconds until the next look; 0: a batch is there; None: the descriptor tells. Arms the
 * descriptor. */
PyObject *buffer_wait_round(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    sluice_buffer *handle = self->handle;
    uint64_t packets = 0, taken = 0;
    eventfd_t count;
    int32_t needed = 0, fd = -1, status;
    int64_t since = 0;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    (void)eventfd_read(self->event_fd, &count);
    if (reader_reads(self) && reader_waiting(self) != 0) {
        return PyFloat_FromDouble(0);
    }
    int rules = self->release_packets != 0 || self->release_bytes != 0 || self->release_after_ns != 0 ||
                self->controllers != 0;
    int polls = self->controllers != 0 || self->release_bytes != 0 ||
                (self->stride == 0 && self->release_packets > 1);
    ENGINE_CALL(self, status, library.buffer_size(handle, &packets));
    if (status == SLUICE_OK && !signalled(self, packets)) { /* what comes from here on is signalled */
        ENGINE_CALL(self, status, library.buffer_event(handle, &fd));
        if (status == SLUICE_E_STATE && reader_reads(self)) {
            return Py_NewRef(Py_None); /* a thread of the engine flushes: the reader is told */
        }
        if (status == SLUICE_OK && engine_event(self, fd) < 0) {
            return PyErr_SetFromErrno(PyExc_OSError);
        }
        if (status == SLUICE_OK) {
            ENGINE_CALL(self, status, library.buffer_size(handle, &packets));
        }
    }
    if (status == SLUICE_OK) {
        ENGINE_CALL(self, status, library.buffer_flush_needed(handle, &needed));
    }
    if (status == SLUICE_OK && needed && packets == 0) {
        ENGINE_CALL(self, status, library.buffer_take(handle, 0, leave, NULL, &taken));
        status = status == SLUICE_WOULD_BLOCK ? SLUICE_OK : status;
    }
    if (status == SLUICE_OK) {
        ENGINE_CALL(self, status, library.buffer_since_flush(handle, &since));
    }
    if (status != SLUICE_OK) {
        return buffer_usable(self) < 0 ? NULL : raise_engine(status, NULL);
    }
    if (PyErr_CheckSignals() < 0) {
        return NULL;
    }
    if (packets != 0 && (needed || !rules)) {
        return PyFloat_FromDouble(0);
    }
    double left = (double)(self->release_after_ns - since) * 1e-9 + BEHIND_SECONDS;
    left = left < BEHIND_SECONDS ? BEHIND_SECONDS : left;
    if (polls && (packets != 0 || self->release_packets > 1)) {
        return PyFloat_FromDouble(self->release_after_ns != 0 && left < LOOK_SECONDS ? left : LOOK_SECONDS);
    }
    if (signalled(self, packets) && self->release_after_ns == 0) {
        return PyFloat_FromDouble(LOOK_SECONDS);
    }
    if (self->shared && (self->release_after_ns == 0 || left > SHARED_SECONDS)) {
        return PyFloat_FromDouble(SHARED_SECONDS);
    }
    return self->release_after_ns != 0 ? PyFloat_FromDouble(left) : Py_NewRef(Py_None);
}
