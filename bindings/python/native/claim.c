/* SPDX-License-Identifier: Apache-2.0
 *
 * claim.c - room in the ring, filled in place by Python.
 *
 *   new -> open -> done            committed, or given back
 *            `--> left -> done     the block is over, but something still sees its memory: given back once nothing does
 *
 * 1. While a claim is open or left, the producer of the buffer is the claim's; `ready` is 0, and whoever needs the producer
 *    asks claim_wait under the lock.
 * 2. The claim itself exports its memory. Views, their slices and arrays made of them keep an export; as long as there is one,
 *    the room is neither committed nor used again, so that nothing can write into packets that are stored.
 * 3. A claim holds its buffer; the buffer knows its claim, and holds it not.
 */
#include "binding.h"

enum claim_state { CLAIM_NEW, CLAIM_OPEN, CLAIM_LEFT, CLAIM_DONE };

struct Claim {
    PyObject_HEAD Buffer *buffer;
    PyObject *view; /* what the block got; NULL before and after */
    void *memory;
    uint64_t count; /* packets, or bytes where packets have any size */
    uint64_t bytes;
    Py_ssize_t exports;
    unsigned long thread;
    enum claim_state state;
};

/* How long a call waits for the claim of another thread. */
#define CLAIM_PATIENCE_NS INT64_C(10000000000)

static PyTypeObject *claim_type;

/* The producer is the buffer's again. */
static void finish(Claim *claim)
{
    Buffer *self = claim->buffer;
    claim->state = CLAIM_DONE;
    if (self->claim == claim) {
        self->claim = NULL;
        slow_puts--;
        if (PyThread_acquire_lock(self->lock, NOWAIT_LOCK) == PY_LOCK_ACQUIRED) {
            buffer_unlock(self); /* else whoever has it will see to `ready` */
        }
    }
}

static void give_back(Claim *claim)
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
        give_back(claim);
    }
    return 1;
}

int claim_wait(Buffer *self, int64_t timeout_ns)
{
    int64_t deadline = sluice_deadline(timeout_ns < 0 || timeout_ns > CLAIM_PATIENCE_NS ? CLAIM_PATIENCE_NS : timeout_ns);
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
            raise_status(SLUICE_E_STATE, "an array or view of an earlier claim is still there: delete it first");
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
        give_back(claim);
        Py_DECREF((PyObject *)claim);
    }
}

/* claim(count=1): a new claim, not open yet. */
PyObject *buffer_claim(PyObject *object, PyObject *const *args, Py_ssize_t given, PyObject *names)
{
    Buffer *self = (Buffer *)object;
    Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names), count = 1;
    if (given + named > 1) {
        return PyErr_Format(PyExc_TypeError, "claim() takes at most 1 argument, got %zd", given + named);
    }
    if (named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "count") != 0) {
        return PyErr_Format(PyExc_TypeError, "claim() has no argument %R", PyTuple_GetItem(names, 0));
    }
    if (buffer_usable(self) < 0) {
        return NULL;
    }
    if (given + named == 1) {
        count = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
        if (count == -1 && PyErr_Occurred()) {
            return NULL;
        }
    }
    if (count < (self->stride != 0)) {
        return PyErr_Format(PyExc_ValueError, "count is %zd, it must be %d or more", count, self->stride != 0);
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(claim_type, Py_tp_alloc);
    Claim *claim = (Claim *)allocate(claim_type, 0);
    if (claim != NULL) {
        claim->buffer = (Buffer *)Py_NewRef(object);
        claim->count = (uint64_t)count;
        claim->state = CLAIM_NEW;
    }
    return (PyObject *)claim;
}

static int32_t reserve(Claim *claim)
{
    sluice_producer *producer = &claim->buffer->producer;
    if (claim->buffer->stride != 0) {
        return sluice_producer_claim(producer, claim->count, &claim->memory);
    }
    return claim->count > INT32_MAX - 16 ? SLUICE_E_SIZE
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
            status = buffer_wait_for_room(self, self->stride != 0 ? claim->bytes : sluice_round_up(claim->bytes + 8, 8), deadline);
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

/* Opens the claim. A status >= 0, or INT32_MIN with an exception. */
static int32_t open_claim(Claim *claim)
{
    Buffer *self = claim->buffer;
    int32_t status = INT32_MIN;
    if (buffer_usable(self) < 0) {
        return INT32_MIN;
    }
    if (__builtin_mul_overflow(claim->count, self->stride != 0 ? self->stride : 1, &claim->bytes)) {
        claim->bytes = UINT64_MAX;
    }
    slow_puts++; /* until the claim is over: the exit handler waits for a while */
    if (buffer_lock(self) == 0 && claim_wait(self, self->block_timeout_ns) == 0) {
        if (buffer_usable(self) == 0 && buffer_open_producer(self) == 0) {
            status = reserve_slowly(claim);
        }
        if (status == SLUICE_OK) {
            claim->thread = PyThread_get_thread_ident();
            claim->state = CLAIM_OPEN;
            self->claim = claim;
        }
        buffer_unlock(self);
    }
    if (status != SLUICE_OK) {
        slow_puts--;
    }
    return status;
}

static PyObject *claim_enter(PyObject *object, PyObject *unused)
{
    (void)unused;
    Claim *claim = (Claim *)object;
    if (claim->state != CLAIM_NEW) {
        return raise_status(SLUICE_E_STATE, "a claim is entered once: ask the buffer for another one");
    }
    int32_t status = open_claim(claim);
    if (status == INT32_MIN) {
        return NULL;
    }
    if (status != SLUICE_OK) {
        claim->state = CLAIM_DONE;
        Py_RETURN_NONE;
    }
    claim->view = PyMemoryView_FromObject(object);
    if (claim->view == NULL) {
        give_back(claim);
        return NULL;
    }
    return Py_NewRef(claim->view);
}

/* 0, or -1 with an exception. */
static int is_open(Claim *claim)
{
    if (engine_there() < 0) {
        return -1;
    }
    if (claim->state != CLAIM_OPEN) {
        raise_status(SLUICE_E_STATE, claim->state == CLAIM_NEW ? "the claim is not open: use it as `with claim as view`"
                                                               : "the claim is over");
        return -1;
    }
    return 0;
}

static PyObject *seen(void)
{
    PyErr_SetString(PyExc_BufferError,
                    "an array or view made of the claim's view is still there: nothing was stored; delete it before the block ends, "
                    "or fill the view itself");
    return NULL;
}

/* The first `count` packets, or bytes of the record, are good. NULL with an exception: nothing was stored. */
static PyObject *commit(Claim *claim, uint64_t count)
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
            int32_t found = library.layout_check(((Layout *)self->layout)->handle, packet, self->stride, NULL);
            (void)raise_engine(found < 0 ? found : SLUICE_E_CONSTANT, NULL);
            give_back(claim);
            return NULL;
        }
    }
    int32_t status = self->stride != 0 ? sluice_producer_commit(producer, count)
                                       : sluice_producer_commit_record(producer, (uint32_t)count, 0);
    if (status != SLUICE_OK) {
        give_back(claim);
        return raise_engine(status, NULL);
    }
    finish(claim);
    Py_RETURN_NONE;
}

static PyObject *claim_commit(PyObject *object, PyObject *args)
{
    Claim *claim = (Claim *)object;
    PyObject *given = Py_None;
    if (!PyArg_ParseTuple(args, "|O:commit", &given) || is_open(claim) < 0) {
        return NULL;
    }
    if (Py_IsNone(given)) {
        return commit(claim, claim->count);
    }
    Py_ssize_t count = PyNumber_AsSsize_t(given, PyExc_OverflowError);
    if (count == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (count < 0 || (uint64_t)count > claim->count) {
        return PyErr_Format(PyExc_ValueError, "count is %zd, the claim has %llu", count, (unsigned long long)claim->count);
    }
    return commit(claim, (uint64_t)count);
}

static PyObject *claim_abort(PyObject *object, PyObject *unused)
{
    (void)unused;
    Claim *claim = (Claim *)object;
    if (claim->state == CLAIM_OPEN || claim->state == CLAIM_LEFT) {
        claim->state = CLAIM_LEFT;
        (void)settle_left(claim);
    } else {
        claim->state = CLAIM_DONE;
    }
    Py_RETURN_NONE;
}

static PyObject *claim_exit(PyObject *object, PyObject *args)
{
    Claim *claim = (Claim *)object;
    PyObject *kind, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO:__exit__", &kind, &(PyObject *){NULL}, &(PyObject *){NULL})) {
        return NULL;
    }
    if (claim->state != CLAIM_OPEN) {
        Py_RETURN_NONE;
    }
    if (!Py_IsNone(kind)) {
        return claim_abort(object, NULL);
    }
    if (engine_there() == 0) {
        result = commit(claim, claim->count);
    }
    if (claim->state == CLAIM_OPEN) {
        claim->state = CLAIM_LEFT;
    }
    return result;
}

static int claim_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    Claim *claim = (Claim *)object;
    if (claim->state != CLAIM_OPEN) {
        PyErr_SetString(PyExc_BufferError, "the claim is not open");
        return -1;
    }
    if (PyBuffer_FillInfo(view, object, claim->memory, (Py_ssize_t)claim->bytes, 0, flags) < 0) {
        return -1;
    }
    claim->exports++;
    return 0;
}

static void claim_releasebuffer(PyObject *object, Py_buffer *view)
{
    (void)view;
    Claim *claim = (Claim *)object;
    if (--claim->exports == 0 && claim->state == CLAIM_LEFT) {
        give_back(claim);
    }
}

static PyObject *claim_get_open(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Claim *)object)->state == CLAIM_OPEN);
}

static int claim_traverse(PyObject *object, visitproc visit, void *arg)
{
    Claim *claim = (Claim *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(claim->buffer);
    Py_VISIT(claim->view);
    return 0;
}

static int claim_clear(PyObject *object)
{
    Py_CLEAR(((Claim *)object)->view); /* the buffer is given up with the claim only */
    return 0;
}

static void claim_dealloc(PyObject *object)
{
    Claim *claim = (Claim *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (claim->state == CLAIM_OPEN || claim->state == CLAIM_LEFT) {
        give_back(claim);
    }
    Py_CLEAR(claim->view);
    Py_CLEAR(claim->buffer);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"__enter__", claim_enter, METH_NOARGS, "Opens the claim: a writable memoryview into the ring, or None: no room now."},
    {"__exit__", claim_exit, METH_VARARGS, "Commits all of the claim, or gives it back when the block raised."},
    {"commit", claim_commit, METH_VARARGS,
     "commit(count=None)\n--\n\nStores the first `count` packets (bytes, where packets have any size; None: all that was claimed) and ends\n"
     "the claim. BufferError: something made of the view is still there; the claim stays open."},
    {"abort", claim_abort, METH_NOARGS, "abort()\n--\n\nGives the room back; nothing is stored. Without an open claim it does nothing."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"open", claim_get_open, NULL, "Whether the view may be written and nothing is decided.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Room in the ring of a buffer, see `claim`: a context manager that gives a writable memoryview."},
    {Py_tp_dealloc, claim_dealloc},
    {Py_tp_traverse, claim_traverse},
    {Py_tp_clear, claim_clear},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_bf_getbuffer, claim_getbuffer},
    {Py_bf_releasebuffer, claim_releasebuffer},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Claim",
    .basicsize = sizeof(Claim),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int claim_register(PyObject *module)
{
    claim_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return claim_type == NULL ? -1 : PyModule_AddObjectRef(module, "Claim", (PyObject *)claim_type);
}
