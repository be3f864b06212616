/* SPDX-License-Identifier: Apache-2.0
 *
 * claim_type.c - the type Claim: a context manager that exports the memory of the claim.
 */
#include "claim.h"

static PyTypeObject *claim_type;

/* -1 with an exception, or the number, which may be -1. */
static Py_ssize_t count_of(PyObject *given)
{
    Py_ssize_t count = PyNumber_AsSsize_t(given, PyExc_OverflowError);
    if (count == -1 && PyErr_Occurred() != NULL && PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Clear();
        (void)PyErr_Format(PyExc_OverflowError, "count is %S, it must be at most %zd", given, PY_SSIZE_T_MAX);
    }
    return count;
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
        count = count_of(args[0]);
        if (count == -1 && PyErr_Occurred()) {
            return NULL;
        }
    }
    if (count < (self->stride != 0)) {
        return PyErr_Format(PyExc_ValueError, "count is %zd, it must be %d or more", count,
                            self->stride != 0);
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

static PyObject *claim_enter(PyObject *object, PyObject *unused)
{
    (void)unused;
    Claim *claim = (Claim *)object;
    if (claim->state != CLAIM_NEW) {
        return raise_status(SLUICE_E_STATE, "a claim is entered once: ask the buffer for another one");
    }
    int32_t status = claim_open(claim);
    if (status == INT32_MIN) {
        return NULL;
    }
    if (status != SLUICE_OK) {
        claim->state = CLAIM_DONE;
        Py_RETURN_NONE;
    }
    claim->view = PyMemoryView_FromObject(object);
    if (claim->view == NULL) {
        claim_give_back(claim);
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
        raise_status(SLUICE_E_STATE, claim->state == CLAIM_NEW
                                         ? "the claim is not open: use it as `with claim as view`"
                                         : "the claim is over");
        return -1;
    }
    return 0;
}

static PyObject *claim_commit(PyObject *object, PyObject *args)
{
    Claim *claim = (Claim *)object;
    PyObject *given = Py_None;
    if (!PyArg_ParseTuple(args, "|O:commit", &given) || is_open(claim) < 0) {
        return NULL;
    }
    if (Py_IsNone(given)) {
        return claim_finish(claim, claim->count);
    }
    Py_ssize_t count = count_of(given);
    if (count == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (count < 0 || (uint64_t)count > claim->count) {
        return PyErr_Format(PyExc_ValueError, "count is %zd, the claim has %llu", count,
                            (unsigned long long)claim->count);
    }
    return claim_finish(claim, (uint64_t)count);
}

static PyObject *claim_abort(PyObject *object, PyObject *unused)
{
    (void)unused;
    Claim *claim = (Claim *)object;
    if (claim->state == CLAIM_OPEN || claim->state == CLAIM_LEFT) {
        claim_leave(claim);
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
        result = claim_finish(claim, claim->count);
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
        claim_give_back(claim);
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
        claim_give_back(claim);
    }
    Py_CLEAR(claim->view);
    Py_CLEAR(claim->buffer);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"__enter__", claim_enter, METH_NOARGS,
     "Opens the claim: a writable memoryview into the ring, or None: no room now."},
    {"__exit__", claim_exit, METH_VARARGS,
     "Commits all of the claim, or gives it back when the block raised."},
    {"commit", claim_commit, METH_VARARGS,
     "commit(count=None)\n--\n\nStores the first `count` packets (bytes, where packets have any size; None: "
     "all that was claimed) and ends\n"
     "the claim. BufferError: something made of the view is still there; the claim stays open."},
    {"abort", claim_abort, METH_NOARGS,
     "abort()\n--\n\nGives the room back; nothing is stored. Without an open claim it does nothing."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"open", claim_get_open, NULL, "Whether the view may be written and nothing is decided.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc,
     "Room in the ring of a buffer, see `claim`: a context manager that gives a writable memoryview."},
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
