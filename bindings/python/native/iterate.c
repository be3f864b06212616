/* SPDX-License-Identifier: Apache-2.0
 *
 * iterate.c - packets one after the other: those that are stored, which stay, and those that are taken.
 */
#include "binding.h"

/* The bytes of the stored packets, run behind run. */
typedef struct Snapshot {
    uint8_t *memory;
    size_t bytes;
    uint64_t packets;
} Snapshot;

/* Runs under the engine's lock, without the GIL. */
static int32_t copy_run(void *user, const sluice_batch *batch)
{
    Snapshot *snapshot = user;
    uint8_t *memory = realloc(snapshot->memory, snapshot->bytes + (size_t)batch->bytes + 1);
    if (memory == NULL) {
        return SLUICE_E_MEMORY;
    }
    memcpy(memory + snapshot->bytes, batch->data, (size_t)batch->bytes);
    snapshot->memory = memory;
    snapshot->bytes += (size_t)batch->bytes;
    snapshot->packets += batch->packets;
    return SLUICE_OK;
}

/* iter(buffer): what is stored now, oldest first. The packets are made at once: the buffer may be closed
 * before they are asked for, and then their classes are unknown. */
PyObject *buffer_iter(PyObject *object)
{
    Buffer *self = (Buffer *)object;
    Snapshot snapshot = {NULL, 0, 0};
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_peek(self->handle, 0, copy_run, &snapshot));
    PyObject *list = NULL, *iterator = NULL;
    if (status < 0) {
        (void)raise_engine(status, NULL);
    } else {
        list = PyList_New(0);
    }
    if (list != NULL) {
        sluice_batch all = {.data = snapshot.memory,
                            .bytes = snapshot.bytes,
                            .packets = snapshot.packets,
                            .stride = self->stride};
        iterator = batch_append(self, list, &all) < 0 ? NULL : PyObject_GetIter(list);
        Py_DECREF(list);
    }
    free(snapshot.memory);
    return iterator;
}

/* ---- drain ---- */

typedef struct Drain {
    PyObject_HEAD PyObject *buffer; /* NULL: over */
} Drain;

static PyTypeObject *drain_type;

PyObject *buffer_drain(PyObject *object, PyObject *unused)
{
    (void)unused;
    if (buffer_usable((Buffer *)object) < 0) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(drain_type, Py_tp_alloc);
    Drain *drain = (Drain *)allocate(drain_type, 0);
    if (drain != NULL) {
        drain->buffer = Py_NewRef(object);
    }
    return (PyObject *)drain;
}

static PyObject *drain_next(PyObject *object)
{
    Drain *drain = (Drain *)object;
    PyObject *buffer = drain->buffer;
    int none = 0;
    if (buffer == NULL) {
        return NULL;
    }
    Py_INCREF(buffer);
    PyObject *packet = buffer_pop_one((Buffer *)buffer, &none);
    if (none) {
        Py_CLEAR(drain->buffer);
    }
    Py_DECREF(buffer);
    return packet;
}

static int drain_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((Drain *)object)->buffer);
    return 0;
}

static int drain_clear(PyObject *object)
{
    Py_CLEAR(((Drain *)object)->buffer);
    return 0;
}

static void drain_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    (void)drain_clear(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_doc, "Takes packets out of a buffer, see `drain`."},
    {Py_tp_dealloc, drain_dealloc},
    {Py_tp_traverse, drain_traverse},
    {Py_tp_clear, drain_clear},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, drain_next},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Drain",
    .basicsize = sizeof(Drain),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int iterate_register(PyObject *module)
{
    drain_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return drain_type == NULL ? -1 : PyModule_AddObjectRef(module, "Drain", (PyObject *)drain_type);
}
