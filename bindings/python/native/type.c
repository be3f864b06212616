/* SPDX-License-Identifier: Apache-2.0
 *
 * type.c - the type Buffer: its methods and properties, and those that only ask. sluice.FIFO and
 * sluice.CircularBuffer are the Python side of it.
 */
#include "binding.h"

#include <unistd.h>

PyTypeObject *buffer_type;

static PyObject *buffer_configure(PyObject *object, PyObject *args)
{
    Buffer *self = (Buffer *)object;
    unsigned long long packets, bytes;
    long long after_ns;
    int32_t status;
    if (!PyArg_ParseTuple(args, "KKL:configure", &packets, &bytes, &after_ns) || buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_configure(self->handle, packets, bytes, after_ns));
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    self->release_packets = packets;
    self->release_bytes = bytes;
    self->release_after_ns = after_ns;
    event_wake(self);
    Py_RETURN_NONE;
}

static Py_ssize_t buffer_length(PyObject *object)
{
    Buffer *self = (Buffer *)object;
    uint64_t packets = 0;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return -1;
    }
    ENGINE_CALL(self, status, library.buffer_size(self->handle, &packets));
    if (status != SLUICE_OK) {
        (void)raise_engine(status, NULL);
        return -1;
    }
    return (Py_ssize_t)packets;
}

static PyObject *buffer_size(PyObject *object, PyObject *unused)
{
    (void)unused;
    Py_ssize_t size = buffer_length(object);
    return size < 0 ? NULL : PyLong_FromSsize_t(size);
}

static PyObject *ask_flag(PyObject *object, int32_t (*ask)(sluice_buffer *, int32_t *))
{
    Buffer *self = (Buffer *)object;
    int32_t answer = 0, status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, ask(self->handle, &answer));
    return status == SLUICE_OK ? PyBool_FromLong(answer) : buffer_fault(self, status);
}

static PyObject *buffer_almost_full(PyObject *object, PyObject *unused)
{
    (void)unused;
    return ask_flag(object, library.buffer_almost_full);
}

static PyObject *buffer_flush_needed(PyObject *object, PyObject *unused)
{
    (void)unused;
    return ask_flag(object, library.buffer_flush_needed);
}

static PyObject *buffer_since_flush(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int64_t ns = 0;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_since_flush(self->handle, &ns));
    return status == SLUICE_OK ? PyFloat_FromDouble((double)ns * 1e-9) : raise_engine(status, NULL);
}

#define STATS_COUNTERS(X)                                                                                    \
    X(stored_packets)                                                                                        \
    X(stored_bytes)                                                                                          \
    X(capacity)                                                                                              \
    X(pushed) X(popped) X(dropped_newest) X(dropped_oldest) X(cleared) X(rejected) X(aborted) X(unblocked)   \
        X(stalls) X(high_water) X(flushes) X(written_bytes) X(sink_errors) X(controller_errors) X(segments)  \
            X(spilled_bytes) X(growth_refused) X(lost) X(corrupted)

static PyObject *buffer_stats(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    int32_t status;
    if (buffer_await_function(self) < 0) {
        return NULL;
    }
    if (!ends_stats(self, &stats)) {
        sluice_buffer *handle = self->handle; /* also of one that is being closed: the engine answers, or it has ended */
        if ((handle == NULL || engine_gone != 0) && buffer_usable(self) < 0) {
            return NULL;
        }
        ENGINE_CALL(self, status, library.buffer_get_stats(handle, &stats));
        while (status != SLUICE_OK && !ends_stats(self, &stats)) {
            if (!self->closing) {
                return raise_engine(status, NULL);
            }
            Py_BEGIN_ALLOW_THREADS usleep(1000); /* its end is under way, and tells the numbers */
            Py_END_ALLOW_THREADS if (PyErr_CheckSignals() < 0)
            {
                return NULL;
            }
        }
    }
#define STATS_FORMAT(name) "s:K,"
#define STATS_VALUE(name) , #name, (unsigned long long)stats.name
    return Py_BuildValue("{" STATS_COUNTERS(STATS_FORMAT) "s:i}" STATS_COUNTERS(STATS_VALUE), "last_fault",
                         (int)stats.last_fault);
}

static PyObject *get_closed(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Buffer *)object)->handle == NULL || engine_gone != 0);
}

static PyObject *get_layout(PyObject *object, void *unused)
{
    (void)unused;
    PyObject *layout = ((Buffer *)object)->layout;
    return Py_NewRef(layout == NULL ? Py_None : layout);
}

static PyObject *get_packet_size(PyObject *object, void *unused)
{
    (void)unused;
    uint32_t stride = ((Buffer *)object)->stride;
    return stride == 0 ? Py_NewRef(Py_None) : PyLong_FromUnsignedLong(stride);
}

static PyMethodDef methods[] = {
    {"put", buffer_put, METH_O, /* first: see buffer_own_put */
     "put(packet)\n--\n\nCopies one packet in: bytes, bytearray, memoryview, an array, an instance of a "
     "packet class, or any "
     "object\nwith a bytes-like `data`. True: stored. False: not now, the buffer is full (CircularBuffer; "
     "its `full` policy says "
     "what is\ncounted).\n\nTypeError: it is none of these. SluiceError (a ValueError): another size than "
     "the buffer's packets, or "
     "a constant of the\nlayout does not hold."},
    {"put_many", buffer_put_many, METH_O,
     "put_many(packets)\n--\n\nCopies packets in; returns how many were stored. `packets` is a contiguous "
     "bytes-like object or "
     "array\nof whole packets, back to back (one packet per item along the first axis), or an iterable of "
     "packets."},
    {"pop", buffer_pop, METH_NOARGS,
     "pop()\n--\n\nTakes the oldest packet out and returns what was put: bytes, or an instance of its class. "
     "IndexError: the\n"
     "buffer is empty. What the `unpack` of a class raises; the packet stays then."},
    {"peek", buffer_peek, METH_NOARGS,
     "peek()\n--\n\nThe oldest packet, as pop returns it; it stays. IndexError: the buffer is empty."},
    {"pop_many", (PyCFunction)(void (*)(void))buffer_pop_many, METH_VARARGS | METH_KEYWORDS,
     "pop_many(most=None, out=None)\n--\n\nTakes the oldest packets out, at most `most` (None: all that are "
     "stored, which counts as a\n"
     "flush: the clock of flush_timeout starts anew). Returns a batch: of packets of one size a NumPy array "
     "of the\n"
     "layout's dtype, shape (packets,), or bytes, back to back, where there is no layout or no NumPy; of "
     "packets of any size\n"
     "a list of what was put. An empty buffer gives an empty batch.\n\n`out`: a writable, contiguous array "
     "or buffer of whole\n"
     "packets; it is filled from its begin, and the number of packets is returned.\n\nValueError: `most` is "
     "negative, or the\n"
     "items of `out` are no packets. TypeError: `out` for packets of any size."},
    {"drain", buffer_drain, METH_NOARGS,
     "drain()\n--\n\nAn iterator that takes the oldest packet out at each step, as pop does, until the "
     "buffer is empty. What a loop\n"
     "that is left early has not seen stays stored."},
    {"claim", (PyCFunction)(void (*)(void))buffer_claim, METH_FASTCALL | METH_KEYWORDS,
     "claim(count=1)\n--\n\nRoom for `count` packets (bytes of one packet, where they have any size), to be "
     "filled in place:\n\n"
     "    with buffer.claim(100) as view:\n        socket.recv_into(view)\n\nThe block gets a writable "
     "memoryview of the ring, or None: no room "
     "now (the `full` policy spoke). At its end the\npackets are stored; not when it raises. "
     "`Claim.commit(count)` stores fewer, "
     "`Claim.abort()` none. The view is released\nthen. BufferError: a slice of it or an array made of it is "
     "still there; nothing was "
     "stored, and other puts raise until\nit is gone. RuntimeError: a claim of this thread is open. Puts of "
     "other threads wait for the "
     "end of the block, up to 10 s."},
    {"add_controller", buffer_add_controller, METH_O,
     "add_controller(decide)\n--\n\nAsks `decide(snapshot)` whether to flush, before flush_size and "
     "flush_timeout: true flushes. The snapshot\n"
     "has `packets`, `bytes`, `age` (seconds since the last flush) and `batch`. It is called by whoever "
     "evaluates: flush_needed,\n"
     "poll, the thread of start(). One that raises is logged, counted in stats()['controller_errors'] and "
     "skipped."},
    {"on_reset", buffer_on_reset, METH_O,
     "on_reset(hook)\n--\n\nCalls `hook()` after each flush, in place of the one before; None: nothing."},
    {"force_release", buffer_force_release, METH_NOARGS,
     "force_release()\n--\n\nMakes a flush due, controllers unasked, until there was one."},
    {"clear", buffer_clear, METH_NOARGS, "clear()\n--\n\nTakes all packets out and counts them as cleared."},
    {"size", buffer_size, METH_NOARGS, "size()\n--\n\nPackets stored."},
    {"almost_full", buffer_almost_full, METH_NOARGS,
     "almost_full()\n--\n\nWhether flush_size packets are stored."},
    {"flush_needed", buffer_flush_needed, METH_NOARGS,
     "flush_needed()\n--\n\nWhether the buffer is almost full, or flush_timeout seconds are over since the "
     "last flush."},
    {"time_since_last_flush", buffer_since_flush, METH_NOARGS,
     "time_since_last_flush()\n--\n\nSeconds since the last flush, or since the buffer was made; monotonic "
     "clock."},
    {"flush", buffer_flush, METH_NOARGS,
     "flush()\n--\n\nWrites what is stored now to all sinks. Returns (packets, bytes written over all "
     "sinks). Packets put\n"
     "meanwhile wait for the next flush. RuntimeError: there is no sink. SluiceError: a sink failed; "
     "what\n"
     "it has not taken stays stored."},
    {"start", buffer_start, METH_NOARGS,
     "start()\n--\n\nStarts a thread of the engine that flushes whenever flush_needed. Without any rule (flush_size and "
     "flush_timeout\nNone, no flush_bytes, no controller) it flushes packets as they come; a buffer with full='drop_oldest' "
     "holds the\nlatest then, until a flush or its end. Faults of sinks are retried. RuntimeError: it runs, or there is no sink."},
    {"stop", (PyCFunction)(void (*)(void))buffer_stop, METH_FASTCALL | METH_KEYWORDS,
     "stop(timeout=10.0)\n--\n\nStops that thread and flushes. TimeoutError: a sink did not take everything "
     "within `timeout`\n"
     "seconds (None: for ever); it stays stored."},
    {"poll", (PyCFunction)(void (*)(void))buffer_poll, METH_FASTCALL | METH_KEYWORDS,
     "poll(timeout=0.0)\n--\n\nOne round of what that thread does, on this one: waits up to `timeout` "
     "seconds (None: for ever)\n"
     "until a flush is needed. True: something was written."},
    {"close", (PyCFunction)(void (*)(void))buffer_close, METH_FASTCALL | METH_KEYWORDS,
     "close(timeout=10.0)\n--\n\nFlushes what is stored to the sinks, closes them and frees the buffer. A "
     "second call does nothing.\n"
     "Without a sink, what is stored is lost: it is counted in stats()['lost'] and logged, or with raise_on_loss a "
     "SluiceError\n(`Status.LOST`), and the buffer is closed; a ring with a name or a file keeps it instead.\n"
     "SluiceError: a sink failed; the buffer stays open: mend it and close again, or discard()."},
    {"discard", buffer_discard, METH_NOARGS,
     "discard()\n--\n\nFrees the buffer and what it stores on purpose, also what lies under its name or in its file. "
     "Returns how many\npackets no sink has."},
    {"stats", buffer_stats, METH_NOARGS,
     "stats()\n--\n\nAll counters of the buffer: packets, bytes, losses, faults. Of a buffer that was closed, those "
     "of its end."},
    {"_configure", buffer_configure, METH_VARARGS, "_configure(packets, bytes, ns)"},
    {"_add_file_sink", (PyCFunction)(void (*)(void))buffer_add_file_sink, METH_VARARGS | METH_KEYWORDS, NULL},
    {"_add_text_sink", (PyCFunction)(void (*)(void))buffer_add_text_sink, METH_VARARGS | METH_KEYWORDS, NULL},
    {"_add_callback_sink", buffer_add_callback_sink, METH_O, NULL},
    {"_add_memory_sink", buffer_add_memory_sink, METH_O, NULL},
    {"_sink_take", buffer_sink_take, METH_VARARGS, NULL},
    {"_wait_begin", buffer_wait_begin, METH_NOARGS, NULL},
    {"_wait_end", buffer_wait_end, METH_NOARGS, NULL},
    {"_wait_round", buffer_wait_round, METH_NOARGS, NULL},
    {"_read_begin", buffer_read_begin, METH_NOARGS, NULL},
    {"_read_end", buffer_read_end, METH_NOARGS, NULL},
    {"_read", buffer_read, METH_NOARGS, NULL},
    {"_pull", buffer_pull, METH_NOARGS, NULL},
    {"_disconnect_sinks", buffer_disconnect_sinks, METH_NOARGS, NULL},
    {"_restore_files", buffer_restore_files, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"closed", get_closed, NULL, "Whether the buffer was closed.", NULL},
    {"layout", get_layout, NULL, "The PacketLayout, or None.", NULL},
    {"packet_size", get_packet_size, NULL, "Bytes of a packet; None: packets of any size.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

/* own_put(type): gives a subclass a descriptor of put of its own. The interpreter calls a method straight
 * away only where the type of the object is the one that owns the method. */
PyObject *buffer_own_put(PyObject *module, PyObject *type)
{
    (void)module;
    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, buffer_type)) {
        return PyErr_Format(PyExc_TypeError, "%R is no class of buffers", type);
    }
    PyObject *descriptor = PyDescr_NewMethod((PyTypeObject *)type, &methods[0]);
    int status = descriptor == NULL ? -1 : PyObject_SetAttrString(type, "put", descriptor);
    Py_XDECREF(descriptor);
    return status < 0 ? NULL : Py_NewRef(Py_None);
}

static PyType_Slot slots[] = {
    {Py_tp_init, buffer_init},
    {Py_tp_dealloc, buffer_dealloc},
    {Py_tp_finalize, buffer_finalize},
    {Py_tp_traverse, buffer_traverse},
    {Py_tp_clear, buffer_clear_references},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_sq_length, buffer_length},
    {Py_tp_iter, buffer_iter},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Buffer",
    .basicsize = sizeof(Buffer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int buffer_register(PyObject *module)
{
    buffer_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return buffer_type == NULL ? -1 : PyModule_AddObjectRef(module, "Buffer", (PyObject *)buffer_type);
}
