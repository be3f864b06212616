/* SPDX-License-Identifier: Apache-2.0
 *
 * claim.c - room in the ring, filled in place by Python.
 *
 *   new -> open -> done            committed, or given back
 *            `--> left -> done     the block is over, but something still sees its memory: given back once
 * nothing does
 *
 * 1. While a claim is open or left, the producer of the buffer is the claim's; `ready` is 0, and whoever
 * needs the producer asks claim_wait under the lock.
 * 2. The claim itself exports its memory. Views, their slices and arrays made of them keep an export; as long
 * as there is one, the room is neither committed nor used again, so that nothing can write into packets that
 * are stored.
 * 3. A claim holds its buffer; the buffer knows its claim, and holds it not.
 */
#include "claim.h"

/* How long a call waits for the claim of another thread. */
#define CLAIM_PATIENCE_NS INT64_C(10000000000)

/* The producer is the buffer's again. */
static void finish(Claim *claim)
{
    Buffer *self = claim->buffer;
    claim->state = CLAIM_DONE;
    if (self->claim == claim) {
        self->claim = NULL;
        open_claims--;
        if (PyThread_acquire_lock(self->lock, NOWAIT_LOCK) == PY_LOCK_ACQUIRED) {
            buffer_unlock(self); /* else whoever has it will see to `ready` */
        }
    }
}

void claim_give_back(Claim *claim)
{
    if (engine_gone == 0 && claim->buffer->claim == claim) {
        sluice_producer_abort(&claim->buffer->producer);
    }
    finish(claim);
}

/* Ends the view of the block. 1: nothing sees the memory any more; no exception is set. */
static int unseen(Claim *claim)
{
    if (claim->view != NULL) {
        PyObject *released = PyObject_CallMethod(claim->view, "release", NULL);
        if (released == NULL) {
            PyErr_Clear(); /* an array was made of it */
            return 0;
        }
        Py_DECREF(released);
        Py_CLEAR(claim->view);
    }
    return claim->exports == 0;
}

/* 1: a claim that was left is settled now. */
static int settle_left(Claim *claim)
{
    if (claim->state != CLAIM_LEFT || !unseen(claim)) {
        return 0;
    }
    if (claim->state == CLAIM_LEFT) { /* the last release may have settled it */
        claim_give_back(claim);
    }
    return 1;
}

int claim_wait(Buffer *self, int64_t timeout_ns)
{
    int64_t deadline =
        sluice_deadline(timeout_ns < 0 || timeout_ns > CLAIM_PATIENCE_NS ? CLAIM_PATIENCE_NS : timeout_ns);
    struct timespec pause = {.tv_sec = 0, .tv_nsec = 1000000};
    for (;;) {
        Claim *claim = self->claim;
        if (claim == NULL) {
            return 0;
        }
        Py_INCREF((PyObject *)claim);
        int settled = settle_left(claim), left = claim->state == CLAIM_LEFT;
        int own = claim->thread == PyThread_get_thread_ident();
        Py_DECREF((PyObject *)claim);
        if (settled || self->claim == NULL) {
            return 0;
        }
        buffer_unlock(self);
        if (left) {
            raise_status(SLUICE_E_STATE,
                         "an array or view of an earlier claim is still there: delete it first");
            return -1;
        }
        if (own) {
            raise_status(SLUICE_E_STATE, "a claim of this thread is open: leave its block first");
            return -1;
        }
        if (sluice_monotonic_ns() >= deadline) {
            raise_status(SLUICE_E_BUSY, "a claim of another thread is open all the time");
            return -1;
        }
        Py_BEGIN_ALLOW_THREADS(void) nanosleep(&pause, NULL);
        Py_END_ALLOW_THREADS if (PyErr_CheckSignals() < 0 || buffer_lock(self) < 0)
        {
            return -1;
        }
    }
}

void claim_forget(Buffer *self)
{
    Claim *claim = self->claim;
    if (claim != NULL) {
        Py_INCREF((PyObject *)claim);
        claim_give_back(claim);
        Py_DECREF((PyObject *)claim);
    }
}

static int32_t reserve(Claim *claim)
{
    sluice_producer *producer = &claim->buffer->producer;
    if (claim->buffer->stride != 0) {
        return sluice_producer_claim(producer, claim->count, &claim->memory);
    }
    return claim->count > INT32_MAX - 16
               ? SLUICE_E_SIZE
               : sluice_producer_claim_record(producer, (uint32_t)claim->count, &claim->memory);
}

/* Without the GIL where it may wait or grow. A status >= 0, or INT32_MIN with an exception. */
static int32_t reserve_slowly(Claim *claim)
{
    Buffer *self = claim->buffer;
    int64_t deadline = 0;
    int32_t status;
    for (;;) {
        Py_BEGIN_ALLOW_THREADS status = reserve(claim);
        Py_END_ALLOW_THREADS if (status == SLUICE_TIMEOUT && self->producer.view.policy == SLUICE_BLOCK)
        {
            deadline = deadline == 0 ? sluice_deadline(self->block_timeout_ns) : deadline;
            status = buffer_wait_for_room(
                self, self->stride != 0 ? claim->bytes : sluice_round_up(claim->bytes + 8, 8), deadline);
            if (status == SLUICE_OK) {
                continue;
            }
        }
        if (status == SLUICE_E_SIZE) {
            raise_status(status, "a claim of %llu %s is more than the buffer of %llu bytes can give at once",
                         (unsigned long long)claim->count, self->stride != 0 ? "packets" : "bytes",
                         (unsigned long long)self->producer.view.capacity);
            return INT32_MIN;
        }
        if (status < 0 && status != INT32_MIN) {
            (void)raise_engine(status, NULL);
            return INT32_MIN;
        }
        return status;
    }
}

int32_t claim_open(Claim *claim)
{
    Buffer *self = claim->buffer;
    int32_t status = INT32_MIN;
    if (buffer_usable(self) < 0) {
        return INT32_MIN;
    }
    if (__builtin_mul_overflow(claim->count, self->stride != 0 ? self->stride : 1, &claim->bytes)) {
        claim->bytes = UINT64_MAX;
    }
    slow_puts++;
    if (buffer_lock(self) == 0 && claim_wait(self, self->block_timeout_ns) == 0) {
        if (buffer_usable(self) == 0 && buffer_open_producer(self) == 0) {
            status = reserve_slowly(claim);
        }
        if (status == SLUICE_OK) {
            claim->thread = PyThread_get_thread_ident();
            claim->state = CLAIM_OPEN;
            self->claim = claim;
            open_claims++;
        }
        buffer_unlock(self);
    }
    slow_puts--;
    return status;
}

static PyObject *seen(void)
{
    PyErr_SetString(PyExc_BufferError, "an array or view made of the claim's view is still there: nothing "
                                       "was stored; delete it before the block ends, "
                                       "or fill the view itself");
    return NULL;
}

PyObject *claim_finish(Claim *claim, uint64_t count)
{
    Buffer *self = claim->buffer;
    sluice_producer *producer = &self->producer;
    if (!unseen(claim)) {
        return seen();
    }
    int checks = producer->check_mask != 0 || self->constants != NULL;
    for (uint64_t i = 0; checks && i < count; i++) {
        const uint8_t *packet = (const uint8_t *)claim->memory + i * self->stride;
        if (!sluice_constants_hold(producer, packet) ||
            (self->constants != NULL && !constants_hold(self->constants, packet))) {
            (void)sluice_reject(producer, SLUICE_E_CONSTANT);
            int32_t found =
                library.layout_check(((Layout *)self->layout)->handle, packet, self->stride, NULL);
            (void)raise_engine(found < 0 ? found : SLUICE_E_CONSTANT, NULL);
            claim_give_back(claim);
            return NULL;
        }
    }
    int32_t status = self->stride != 0 ? sluice_producer_commit(producer, count)
                                       : sluice_producer_commit_record(producer, (uint32_t)count, 0);
    if (status != SLUICE_OK) {
        claim_give_back(claim);
        return raise_engine(status, NULL);
    }
    finish(claim);
    Py_RETURN_NONE;
}

void claim_leave(Claim *claim)
{
    claim->state = CLAIM_LEFT;
    (void)settle_left(claim);
}
