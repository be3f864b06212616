/* SPDX-License-Identifier: Apache-2.0
 *
 * records.h - what the files of the type Records share: records of any kind, stored until the engine's
 * release policy says so. sluice.Buffer is the Python side of it.
 *
 *   records.c   the type: its attributes and its call
 *   records_life.c   made, locked, closed, collected
 *   lane.c      a FIFO of the engine that one thread at a time fills and empties
 *   store.c     records in: lists and arrays
 *   release.c   controllers asked, records out
 *   items.c     the items of lists and tuples where they lie
 *   block.c     the type Block: the items of arrays
 *
 * Where a record is
 *   1. `words` has eight bytes for each record, in order: a reference to the object, or 0. The policy counts
 *      these.
 *   2. A record whose word is 0 is the next one in `payloads`, if it is bytes, or the next item in `block`.
 *   3. Either lists are stored or items of arrays, never both: `dtype` is set while it is arrays.
 *   4. References are counted while they lie in `words`; the collector sees them along the runs of the lane.
 *
 * The GIL and the engine
 *   The buffers of the engine are this object's alone, and `lock` lets one call at a time near them: no lock
 * of the engine is ever waited for, and its calls keep the GIL. Controllers run on the thread that called.
 */
#ifndef SLUICE_PYTHON_RECORDS_H
#define SLUICE_PYTHON_RECORDS_H

#include "binding.h"

#pragma GCC visibility push(hidden)

/* ---- block.c ---- */

/* Memory of items, back to back. A view of it keeps it; one that is viewed never moves. */
typedef struct Block {
    PyObject_HEAD uint8_t *memory;
    size_t bytes; /* in use; what a view shows */
    size_t capacity;
    Py_ssize_t views;
    int read_only; /* views that are made now */
} Block;

int block_register(PyObject *module);

/* NULL with an exception. */
Block *block_new(size_t capacity);

/* Appends to *block, or to a copy of it that takes its place when it cannot grow where it is. 0, or -1 with
 * an exception and nothing changed. */
int block_append(Block **block, const void *data, size_t bytes);

/* Gives memory back that is not in use. */
void block_trim(Block *block);

/* ---- items.c ---- */

/* Where the items of a list or a tuple lie; NULL: not known, ask for them one by one. */
PyObject **list_items(PyObject *list);
PyObject **tuple_items(PyObject *tuple);

/* Looks for them, once. 0, or -1 with an exception. */
int items_find(void);

/* ---- lane.c ---- */

typedef struct Run {
    uint8_t *first;
    uint64_t bytes;
    uint64_t packets;
} Run;

typedef struct Lane {
    sluice_buffer *handle; /* NULL: not made */
    sluice_producer producer;
    Run *runs; /* where the packets lie, oldest first */
    size_t run_count;
    size_t run_room;
} Lane;

/* 0, or -1 with an exception. */
int lane_make(Lane *lane, const sluice_buffer_options *options);

/* Room for `packets` words, to be filled and committed; `packets` becomes fewer when they do not fit into one
 * run. NULL with an exception. */
void **lane_claim(Lane *lane, uint64_t *packets);
void lane_commit(Lane *lane, void **memory, uint64_t packets);

/* One record of any size. 0, or -1 with an exception. */
int lane_put_record(Lane *lane, const void *data, uint32_t bytes);

/* Gives up everything, as a release. 0, or -1 with an exception. */
int lane_empty(Lane *lane);

/* Frees it, with what is in it. */
void lane_end(Lane *lane);

/* ---- records.c, records_life.c ---- */

/* *at refers to `value`; what it referred to goes last, as that may run code. */
static inline void replace(PyObject **at, PyObject *value)
{
    PyObject *before = *at;
    *at = Py_NewRef(value);
    Py_XDECREF(before);
}

typedef struct Controller {
    struct Records *records;
    PyObject *function;
} Controller;

typedef struct Records {
    PyObject_HEAD Lane words;
    Lane payloads;
    Block *block;
    uint64_t stored;     /* records */
    uint64_t references; /* words that are not 0 */
    PyObject *dtype;     /* of the items of arrays; NULL: lists */
    PyObject *tail;      /* arrays: a tuple, the shape of an item */
    PyObject *nothing;   /* arrays: one of that kind without items */
    Py_ssize_t stride;   /* arrays: bytes of an item */
    size_t usual_bytes;  /* arrays: of the last release */
    PyObject *seen;      /* the list that controllers were shown, kept while nobody else has it; or NULL */
    PyObject *custom;    /* tuple of the controllers */
    Controller *controllers;
    PyObject *on_reset;
    PyObject *on_close;
    PyObject *count_threshold; /* as they were given */
    PyObject *time_threshold;
    PyObject *failure; /* what a controller raised that is no Exception */
    int conjugate;
    int flush;
    int changed; /* the thresholds: the engine does not know yet */
    int open;
    PyThread_type_lock lock;
    unsigned long owner; /* the thread that has it; 0: none */
    struct Records *next, *previous;
} Records;

int records_init(PyObject *object, PyObject *args, PyObject *names);
int records_traverse(PyObject *object, visitproc visit, void *arg);
int records_clear_references(PyObject *object);
void records_finalize(PyObject *object);
void records_dealloc(PyObject *object);

/* 0, or -1 with an exception: closed, forked, shut down, or called by one of its own controllers. */
int records_enter(Records *self);
void records_leave(Records *self);

/* 0, or -1 with an exception that names `name`: neither callable nor None. */
int hook_of(PyObject *hook, const char *name);

/* The thresholds as the engine takes them. 0, or -1 with an exception. */
int count_rule(PyObject *threshold, uint64_t *packets);
int time_rule(PyObject *threshold, int64_t *ns);

/* Frees what is stored and the buffers of the engine. */
void records_abandon(Records *self);

/* ---- store.c ---- */

/* Stores the records of a list, a tuple or an array. 0, or -1 with an exception. */
int records_store(Records *self, PyObject *records);

/* ---- release.c ---- */

/* The buffer of the words, with the rules and the controllers. 0, or -1 with an exception. */
int records_make(Records *self);

/* Thresholds that changed, to the engine. 0, or -1 with an exception. */
int records_tell(Records *self);

/* 1: the policy says so, 0: not now, -1 with an exception. */
int records_due(Records *self);

/* Everything stored, taken out: a list or an array. NULL with an exception, and everything still stored. */
PyObject *records_take(Records *self);

/* What a call returns that releases nothing. */
PyObject *records_nothing(Records *self);

/* What is stored, as controllers see it. */
PyObject *records_seen(Records *self);

#pragma GCC visibility pop

#endif
