/* SPDX-License-Identifier: Apache-2.0
 *
 * store.c - records in: objects by reference, bytes and the items of arrays by value.
 */
#include "records.h"

/* Larger bytes are kept by reference: they cannot change, so nobody can tell, and a copy takes long. */
#define LARGEST_PAYLOAD ((Py_ssize_t)1 << 20)

static int make_payloads(Records *self)
{
    sluice_buffer_options options = {
        .struct_size = sizeof options, .shape = SLUICE_FRAMED, .capacity = UINT64_C(1) << 18};
    return self->payloads.handle != NULL ? 0 : lane_make(&self->payloads, &options);
}

/* Bytes lie in memory of the engine, unless controllers look at them, who get objects. */
static inline int is_payload(const Records *self, PyObject *record)
{
    return Py_IS_TYPE(record, &PyBytes_Type) && self->controllers == NULL &&
           Py_SIZE(record) <= LARGEST_PAYLOAD;
}

static int put_payload(Records *self, PyObject *record)
{
    return make_payloads(self) < 0
               ? -1
               : lane_put_record(&self->payloads, PyBytes_AsString(record), (uint32_t)Py_SIZE(record));
}

/* A list or a tuple. */
typedef struct Source {
    PyObject *sequence;
    PyObject *const *items; /* or NULL */
    PyObject *(*item_of)(PyObject *, Py_ssize_t);
    Py_ssize_t count;
} Source;

static Source list_source(PyObject *list)
{
    return (Source){list, list_items(list), PyList_GetItem, PyList_Size(list)};
}

static Source tuple_source(PyObject *tuple)
{
    return (Source){tuple, tuple_items(tuple), PyTuple_GetItem, PyTuple_Size(tuple)};
}

/* Runs no Python code: the list stays as it is. */
static int store_items(Records *self, const Source *source)
{
    for (Py_ssize_t done = 0; done < source->count;) {
        uint64_t run = (uint64_t)(source->count - done), good = 0, payloads = 0;
        void **words = lane_claim(&self->words, &run);
        if (words == NULL) {
            return -1;
        }
        for (; good < run; good++) {
            Py_ssize_t at = done + (Py_ssize_t)good;
            PyObject *record =
                source->items != NULL ? source->items[at] : source->item_of(source->sequence, at);
            if (UNLIKELY(is_payload(self, record))) {
                if (put_payload(self, record) < 0) {
                    break;
                }
                words[good] = NULL;
                payloads++;
                continue;
            }
            Py_INCREF(record);
            words[good] = record;
        }
        lane_commit(&self->words, words, good);
        self->references += good - payloads;
        self->stored += good;
        done += (Py_ssize_t)good;
        if (good < run) {
            return -1;
        }
    }
    return 0;
}

/* Words for items that lie in the block. On a failure fewer than `count` were stored. */
static uint64_t store_places(Records *self, uint64_t count)
{
    uint64_t done = 0;
    while (done < count) {
        uint64_t run = count - done;
        void **words = lane_claim(&self->words, &run);
        if (words == NULL) {
            break;
        }
        memset(words, 0, (size_t)run * sizeof *words);
        lane_commit(&self->words, words, run);
        done += run;
    }
    self->stored += done;
    return done;
}

static int refuse_mixture(const Records *self, int array)
{
    if (self->stored == 0 || array == (self->dtype != NULL)) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "the buffer stores %s until the next release; %s cannot join",
                 array ? "a list of records" : "the items of arrays",
                 array ? "the items of an array" : "a list of records");
    return -1;
}

static int store_source(Records *self, Source source)
{
    if (source.count == 0) {
        return 0;
    }
    if (refuse_mixture(self, 0) < 0) {
        return -1;
    }
    Py_CLEAR(self->dtype);
    return store_items(self, &source);
}

static int store_block(Records *self, const void *items, size_t bytes, uint64_t count)
{
    if (self->block == NULL) {
        self->block = block_new(bytes > self->usual_bytes ? bytes : self->usual_bytes);
    }
    if (self->block == NULL || block_append(&self->block, items, bytes) < 0) {
        return -1;
    }
    uint64_t done = store_places(self, count);
    self->block->bytes -= (size_t)((count - done) * (uint64_t)self->stride);
    return done == count ? 0 : -1;
}

/* What sluice._release says of an array: NULL with an exception, None when its records are objects. */
static PyObject *describe(PyObject *array)
{
    PyObject *helper = PyImport_ImportModule("sluice._release"), *description = NULL;
    if (helper != NULL) {
        description = PyObject_CallMethod(helper, "described", "O", array);
        Py_DECREF(helper);
    }
    return description;
}

/* Makes the arrays that follow those of this kind. 0, or -1 with an exception: others are stored. */
static int turn_to(Records *self, PyObject *dtype, PyObject *tail, PyObject *nothing, Py_ssize_t stride)
{
    if (self->dtype != NULL) {
        int same = PyObject_RichCompareBool(dtype, self->dtype, Py_EQ);
        same = same > 0 ? PyObject_RichCompareBool(tail, self->tail, Py_EQ) : same;
        if (same != 0) {
            return same < 0 ? -1 : 0;
        }
        if (self->stored != 0) {
            PyErr_Format(PyExc_TypeError,
                         "the buffer stores items of %S and shape %S until the next release; items of %S and "
                         "shape %S cannot join",
                         self->dtype, self->tail, dtype, tail);
            return -1;
        }
    }
    replace(&self->dtype, dtype);
    replace(&self->tail, tail);
    replace(&self->nothing, nothing);
    self->stride = stride;
    return 0;
}

/* An array of objects. */
static int store_objects(Records *self, PyObject *records)
{
    PyObject *list = PySequence_List(records);
    int status = list == NULL ? -1 : store_source(self, list_source(list));
    Py_XDECREF(list);
    return status;
}

static int store_described(Records *self, PyObject *records)
{
    PyObject *description = describe(records), *bytes, *dtype, *tail, *nothing;
    Py_ssize_t stride, count;
    Py_buffer view;
    int status = -1;
    if (description == NULL || Py_IsNone(description)) {
        status = description == NULL ? -1 : store_objects(self, records);
        Py_XDECREF(description);
        return status;
    }
    if (PyArg_ParseTuple(description, "OOOOnn", &bytes, &dtype, &tail, &nothing, &stride, &count) &&
        refuse_mixture(self, 1) == 0 && turn_to(self, dtype, tail, nothing, stride) == 0) {
        status = 0;
        if (count > 0) {
            status = PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE);
            if (status == 0) {
                status = store_block(self, view.buf, (size_t)view.len, (uint64_t)count);
                PyBuffer_Release(&view);
            }
        }
    }
    Py_DECREF(description);
    return status;
}

/* An array of the very kind that was stored before: 1 stored, 0 it is not, -1 with an exception. */
static int store_same(Records *self, PyObject *records)
{
    if (self->dtype == NULL || PyTuple_Size(self->tail) != 0 ||
        !Py_IS_TYPE(records, Py_TYPE(self->nothing))) {
        return 0;
    }
    PyObject *dtype = PyObject_GetAttrString(records, "dtype");
    int same = dtype == self->dtype;
    Py_XDECREF(dtype);
    Py_buffer view;
    if (!same || PyObject_GetBuffer(records, &view, PyBUF_ND) < 0) {
        PyErr_Clear(); /* not contiguous, or of a kind that has no such view: it is described */
        return 0;
    }
    int status = 0;
    if (view.ndim == 1) {
        status = view.len == 0 || store_block(self, view.buf, (size_t)view.len, (uint64_t)view.shape[0]) == 0
                     ? 1
                     : -1;
    }
    PyBuffer_Release(&view);
    return status;
}

int records_store(Records *self, PyObject *records)
{
    if (LIKELY(Py_IS_TYPE(records, &PyList_Type))) {
        return store_source(self, list_source(records));
    }
    if (Py_IS_TYPE(records, &PyTuple_Type)) {
        return store_source(self, tuple_source(records));
    }
    int status = store_same(self, records);
    return status != 0 ? (status > 0 ? 0 : -1) : store_described(self, records);
}
