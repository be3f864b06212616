/* SPDX-License-Identifier: Apache-2.0
 *
 * block.c - the type Block: the items of arrays, one behind the other. What is released is an array over this
 * memory itself, without a copy.
 */
#include "records.h"

#define LEAST_BYTES ((size_t)4096)

/* A copy that takes long releases the GIL. */
#define LARGE_BYTES ((size_t)64 << 10)

static PyTypeObject *block_type;

Block *block_new(size_t capacity)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(block_type, Py_tp_alloc);
    Block *block = (Block *)allocate(block_type, 0);
    if (block == NULL) {
        return NULL;
    }
    block->capacity = capacity < LEAST_BYTES ? LEAST_BYTES : capacity;
    block->memory = PyMem_Malloc(block->capacity);
    if (block->memory == NULL) {
        Py_DECREF(block);
        (void)PyErr_NoMemory();
        return NULL;
    }
    return block;
}

static void copy(uint8_t *to, const void *from, size_t bytes)
{
    if (bytes < LARGE_BYTES) {
        memcpy(to, from, bytes);
        return;
    }
    Py_BEGIN_ALLOW_THREADS memcpy(to, from, bytes);
    Py_END_ALLOW_THREADS
}

/* Room for `bytes` more. */
static int grow(Block **at, size_t bytes)
{
    Block *block = *at;
    size_t needed = block->bytes + bytes;
    if (needed < bytes || needed > PY_SSIZE_T_MAX / 2) {
        (void)PyErr_NoMemory();
        return -1;
    }
    if (needed <= block->capacity) {
        return 0;
    }
    size_t capacity = needed > block->capacity * 2 ? needed : block->capacity * 2;
    if (block->views == 0) {
        uint8_t *memory = PyMem_Realloc(block->memory, capacity);
        if (memory == NULL) {
            (void)PyErr_NoMemory();
            return -1;
        }
        block->memory = memory;
        block->capacity = capacity;
        return 0;
    }
    Block *larger = block_new(capacity);
    if (larger == NULL) {
        return -1;
    }
    copy(larger->memory, block->memory, block->bytes);
    larger->bytes = block->bytes;
    *at = larger;
    Py_DECREF(block);
    return 0;
}

int block_append(Block **block, const void *data, size_t bytes)
{
    if (grow(block, bytes) < 0) {
        return -1;
    }
    copy((*block)->memory + (*block)->bytes, data, bytes);
    (*block)->bytes += bytes;
    return 0;
}

void block_trim(Block *block)
{
    size_t needed = block->bytes > LEAST_BYTES ? block->bytes : LEAST_BYTES;
    if (block->views == 0 && block->capacity - needed > needed / 2) {
        uint8_t *memory = PyMem_Realloc(block->memory, needed);
        if (memory != NULL) {
            block->memory = memory;
            block->capacity = needed;
        }
    }
}

static int get_view(PyObject *object, Py_buffer *view, int flags)
{
    Block *self = (Block *)object;
    if (PyBuffer_FillInfo(view, object, self->memory, (Py_ssize_t)self->bytes, self->read_only, flags) < 0) {
        return -1;
    }
    self->views++;
    return 0;
}

static void release_view(PyObject *object, Py_buffer *view)
{
    (void)view;
    ((Block *)object)->views--;
}

static void deallocate(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    PyMem_Free(((Block *)object)->memory);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_doc, "The memory of released items."},
    {Py_tp_dealloc, deallocate},
    {Py_bf_getbuffer, get_view},
    {Py_bf_releasebuffer, release_view},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Block",
    .basicsize = sizeof(Block),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int block_register(PyObject *module)
{
    block_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return block_type == NULL ? -1 : PyModule_AddObjectRef(module, "Block", (PyObject *)block_type);
}
