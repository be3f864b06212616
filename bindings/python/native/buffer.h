/* SPDX-License-Identifier: Apache-2.0
 *
 * buffer.h - the type Buffer: its state, its life, its lock. A part of binding.h.
 */
#ifndef SLUICE_PYTHON_BUFFER_H
#define SLUICE_PYTHON_BUFFER_H

struct PacketClass;

/* A class of packets that were put. */
typedef struct BufferClass {
    PyObject *class;
    struct PacketClass *native; /* NULL: its `unpack` is called */
} BufferClass;

typedef struct Claim Claim;
typedef struct Reader Reader;

typedef struct Buffer {
    PyObject_HEAD sluice_producer producer; /* view.header NULL: not open */
    uint32_t stride;                        /* bytes of a packet; 0: framed records of any size */
    uint32_t ready;                         /* a put may use the producer at once; 0 from the start on */
    uint32_t check_room; /* a put that finds no room would wait or grow: not with the GIL */
    uint32_t closing;
    uint32_t discarding;   /* formatters are not asked any more */
    sluice_buffer *handle; /* NULL: closed */
    PyThread_type_lock lock;
    int64_t block_timeout_ns;
    PyObject *layout; /* or NULL */
    PyTypeObject *known;       /* the class of the last instance of a packet class that was put, */
    uint32_t known_type;       /* and the type of its records */
    uint32_t runs_python;      /* making a packet may run Python code */
    Constants *constants;      /* of the layout, beyond those that the ring checks; or NULL */
    BufferClass packet_class;  /* the one the buffer was made for */
    BufferClass *classes;      /* of records of type 1, 2, ... */
    uint32_t class_count;
    uint32_t class_room;
    uint32_t shared; /* others put and take too: packets are bytes */
    uint32_t many;   /* producers */
    uint32_t inside;  /* functions of Python that run, or are about to, under the engine's lock; atomic, as the next one */
    uint32_t entries; /* how many there ever were */
    int awaits_room;  /* a put waits for room, under the lock */
    Claim *claim;      /* the open one, or one that was left with something still seeing its memory */
    PyObject *arrays;  /* what makes an array of memory; None: nothing does; NULL: not asked yet */
    SeenArray seen;    /* the last one that was put */
    Reader *reader;    /* of an iteration over batches; NULL: there never was one */
    Formatter *formatters;
    Callback *callbacks;
    Callback *reset_hook; /* one of them */
    uint64_t release_packets;
    uint64_t release_bytes;
    int64_t release_after_ns;
    uint32_t controllers;
    uint32_t waiting; /* a task waits for the event */
    int event_fd;     /* a copy of the engine's; 0: none */
    int own_event;    /* or one of its own, while a thread of the engine takes the packets */
    PyObject *failure; /* last exception in a formatter, for the call that reports it */
    uint32_t awaited;  /* calls that wait for what a thread of the engine does: its exceptions are theirs */
    uint32_t sinks;
    sluice_buffer_stats final; /* of a buffer that has ended; ends.c */
    uint32_t has_final;
    uint32_t raises; /* a close that loses packets */
    struct Buffer *next_left; /* callback.c */
    uint32_t has_primary;
} Buffer;

/* type.c */
extern PyTypeObject *buffer_type;
int buffer_register(PyObject *module);
PyObject *buffer_own_put(PyObject *module, PyObject *type);

int buffer_init(PyObject *self, PyObject *args, PyObject *names);
PyObject *buffer_close(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);
PyObject *buffer_discard(PyObject *self, PyObject *unused);
void buffer_finalize(PyObject *self);
int buffer_traverse(PyObject *self, visitproc visit, void *arg);
int buffer_clear_references(PyObject *self);
void buffer_dealloc(PyObject *self);

/* The engine calls of this thread on behalf of a buffer: a formatter's exception is raised by that call, not
 * logged. */
extern __thread Buffer *calling;

/* 0, or -1 with an exception: closed, forked or shut down. */
int buffer_usable(Buffer *self);

/* A call waits for whoever is inside the buffer, in the engine, where no signal handler of Python runs: a function of Python
 * that runs there on another thread is waited for here, where they do. The one after it is waited for in the engine, which
 * is fair. 0, or -1 with an exception of a handler. */
int buffer_await_function(Buffer *self);

/* Usable, and no such function runs. */
int buffer_enterable(Buffer *self);

/* Raises that a callback of the buffer cannot wait for room. */
void raise_cannot_wait(void);

/* Takes and gives the right to use the producer without the GIL. */
int buffer_lock(Buffer *self);
void buffer_unlock(Buffer *self);
int buffer_open_producer(Buffer *self);

/* Raises for a status of a call that ran formatters. */
PyObject *buffer_fault(Buffer *self, int32_t status);

/* Runs an engine call of `self` without the GIL. */
#define ENGINE_CALL(self, status, call)                                                                      \
    do {                                                                                                     \
        Buffer *outer_ = calling;                                                                            \
        calling = (self);                                                                                    \
        Py_BEGIN_ALLOW_THREADS status = (call);                                                              \
        Py_END_ALLOW_THREADS calling = outer_;                                                               \
    } while (0)

#endif
