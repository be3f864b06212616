/* SPDX-License-Identifier: Apache-2.0
 *
 * producer.c - the type Producer: the putting end of a ring that another process takes from. sluice.Producer
 * is the Python side of it.
 *
 * It stands on the inline ring alone. A put that finds room keeps the GIL; one that waits for room gives it
 * up, in slices, and marks the producer as busy meanwhile: its end belongs to one thread at a time.
 */
#include "binding.h"

typedef struct Producer {
    PyObject_HEAD sluice_producer end; /* view.header NULL: closed */
    sluice_ring ring;
    int64_t timeout_ns; /* of a put that waits for room */
    PyObject *layout;   /* what is in a packet; None or NULL: the ring does not say */
    SeenArray seen;     /* the last array that was put */
    int busy;
} Producer;

static int producer_usable(const Producer *self)
{
    if (engine_there() < 0) {
        return -1;
    }
    if (self->end.view.header == NULL) {
        raise_status(SLUICE_E_HANDLE, "the producer is closed");
        return -1;
    }
    if (self->busy) {
        raise_status(SLUICE_E_BUSY, "another thread waits in a put of this producer; one thread at a time");
        return -1;
    }
    return 0;
}

/* Attaches in slices, which look for signals. 0, or -1 with an exception. */
static int attach(Producer *self, const char *name, const char *file, int any_owner, int64_t timeout_ns)
{
    sluice_attach_options options = {
        sizeof options, any_owner ? SLUICE_ATTACH_ANY_OWNER : 0u, name, file, 0};
    int64_t deadline = sluice_deadline(timeout_ns);
    int unready =
        0; /* slices in a row that ended with a file that is no ring: one may fall into its making */
    for (;;) {
        int64_t left = deadline - sluice_monotonic_ns();
        int32_t status;
        options.timeout_ns = left < 0 ? 0 : left < SLICE_NS ? left : SLICE_NS;
        Py_BEGIN_ALLOW_THREADS status = sluice_ring_attach_with(&self->ring, &options);
        Py_END_ALLOW_THREADS if (status == SLUICE_OK)
        {
            return 0;
        }
        if (PyErr_CheckSignals() < 0) {
            return -1;
        }
        unready = status == SLUICE_E_ABI ? unready + 1 : 0;
        if ((status != SLUICE_E_NOT_FOUND && unready != 1) || sluice_monotonic_ns() >= deadline) {
            raise_status(status, "%s", self->ring.error);
            return -1;
        }
    }
}

static PyObject *producer_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"name", "file", "timeout_ns", "any_owner", "adopt", NULL};
    const char *name = NULL;
    PyObject *file = NULL, *encoded = NULL;
    long long timeout_ns;
    int any_owner, adopt;
    if (!PyArg_ParseTupleAndKeywords(args, names, "O&OLpp:Producer", keywords, bytes_or_null, &name, &file,
                                     &timeout_ns, &any_owner, &adopt) ||
        library_ready() < 0 || engine_there() < 0 ||
        (file != Py_None && !PyUnicode_FSConverter(file, &encoded))) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Producer *self = (Producer *)allocate(type, 0);
    if (self != NULL &&
        attach(self, name, encoded == NULL ? NULL : PyBytes_AsString(encoded), any_owner, timeout_ns) < 0) {
        Py_CLEAR(self);
    }
    Py_XDECREF(encoded);
    if (self == NULL) {
        return NULL;
    }
    if (adopt) {
        sluice_ring_adopt(&self->ring);
    }
    int32_t status = sluice_producer_open(&self->end, &self->ring);
    if (status != SLUICE_OK) {
        memset(&self->end, 0, sizeof self->end);
        raise_status(status, "%s", self->ring.error);
        Py_DECREF(self);
        return NULL;
    }
    self->timeout_ns = self->end.timeout_ns;
    self->end.timeout_ns = 0; /* a put that would wait comes back at once, and waits without the GIL */
    return (PyObject *)self;
}

PyObject *module_remove_ring(PyObject *module, PyObject *args)
{
    (void)module;
    const char *name = NULL, *file = NULL;
    sluice_ring ring;
    int32_t status;
    if (!PyArg_ParseTuple(args, "O&O&:remove_ring", bytes_or_null, &name, bytes_or_null, &file) || library_ready() < 0 ||
        engine_there() < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS status = sluice_ring_remove(&ring, name, file);
    Py_END_ALLOW_THREADS if (status != SLUICE_OK)
    {
        raise_status(status, "%s", ring.error);
        return NULL;
    }
    Py_RETURN_NONE;
}

static void release_ring(Producer *self)
{
    if (self->ring.header != NULL) {
        if (self->end.view.header != NULL && engine_gone != SLUICE_E_FORKED) {
            sluice_producer_close(&self->end);
        }
        memset(&self->end, 0, sizeof self->end);
        sluice_ring_close(&self->ring, 0);
        self->ring.header = NULL;
    }
}

static PyObject *producer_close(PyObject *object, PyObject *unused)
{
    (void)unused;
    Producer *self = (Producer *)object;
    if (self->busy) {
        return raise_status(SLUICE_E_BUSY, "another thread waits in a put of this producer");
    }
    release_ring(self);
    Py_RETURN_NONE;
}

static void producer_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    release_ring((Producer *)object);
    Py_CLEAR(((Producer *)object)->layout);
    seen_array_drop(&((Producer *)object)->seen);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* Waits for room in slices. OK: put again; TIMEOUT; INT32_MIN: an exception is set. */
static int32_t wait_for_room(Producer *self, uint64_t span, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - sluice_monotonic_ns();
        int32_t status;
        if (left <= 0) {
            return SLUICE_TIMEOUT;
        }
        self->busy = 1;
        self->end.timeout_ns = left < SLICE_NS ? left : SLICE_NS;
        Py_BEGIN_ALLOW_THREADS status = sluice_wait_for_room(&self->end, span);
        Py_END_ALLOW_THREADS self->end.timeout_ns = 0;
        self->busy = 0;
        if (status != SLUICE_TIMEOUT) {
            return status;
        }
        if (PyErr_CheckSignals() < 0 || engine_there() < 0) {
            return INT32_MIN;
        }
    }
}

/* One packet, or with `count` several of the stride; *count is how many were stored. A status >= 0, or INT32_MIN with an
 * exception. */
static int32_t put(Producer *self, const uint8_t *data, uint64_t bytes, uint16_t type, uint64_t *count)
{
    uint32_t stride = self->end.view.stride;
    uint64_t wanted = count == NULL ? 0 : bytes / stride, done = 0;
    int64_t deadline = 0;
    int32_t status;
    for (;;) {
        uint64_t now = 0;
        if (count != NULL) {
            status = sluice_producer_put_many(&self->end, data + done * stride, wanted - done, &now);
            done += now;
            *count = done;
            deadline = now > 0 ? 0 : deadline;
        } else if (bytes > INT32_MAX - 16) {
            status = SLUICE_E_SIZE;
        } else {
            status = stride != 0 ? sluice_producer_put(&self->end, data, (uint32_t)bytes)
                                 : sluice_producer_put_record(&self->end, data, (uint32_t)bytes, type);
        }
        if (LIKELY(status != SLUICE_TIMEOUT)) {
            break;
        }
        deadline = deadline == 0 ? sluice_deadline(self->timeout_ns) : deadline;
        status = wait_for_room(self, stride != 0 ? stride : sluice_span_of(bytes + 8, sluice_trailer(&self->end.view)), deadline);
        if (status != SLUICE_OK) {
            break;
        }
    }
    if (status >= 0 || status == INT32_MIN) {
        return status;
    }
    if (status == SLUICE_E_SIZE) {
        raise_status(status, "the packet has %llu byte%s, the ring takes %s%u",
                     (unsigned long long)(count == NULL ? bytes : stride), PLURAL(count == NULL ? bytes : stride),
                     stride != 0 ? "packets of " : "records up to its capacity, ",
                     stride != 0 ? stride : (uint32_t)self->end.view.capacity);
    } else if (status == SLUICE_E_CONSTANT) {
        raise_status(status, "a constant of the ring's layout does not hold in the packet");
    } else {
        int ended = (status == SLUICE_E_STATE || status == SLUICE_E_ENDED) && sluice_ring_ended(&self->ring) == status;
        (void)raise_status(status, "%s", ended ? self->ring.error : library.status_text(status));
    }
    return INT32_MIN;
}

/* For comparing arrays with; borrowed. */
static PyObject *layout_known(const Producer *self)
{
    return self->layout == NULL || Py_IsNone(self->layout) ? NULL : self->layout;
}

/* _know(layout) */
static PyObject *producer_know(PyObject *object, PyObject *layout)
{
    Producer *self = (Producer *)object;
    PyObject *before = self->layout;
    self->layout = Py_NewRef(layout);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

static PyObject *producer_put(PyObject *object, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"packet", "type", NULL};
    Producer *self = (Producer *)object;
    PyObject *packet;
    unsigned long type = 0;
    Py_buffer view;
    int instance;
    if (!PyArg_ParseTupleAndKeywords(args, names, "O|k:put", keywords, &packet, &type)) {
        return NULL;
    }
    if (type > UINT16_MAX) {
        return PyErr_Format(PyExc_ValueError, "type is %lu, it must be 0 to 65535", type);
    }
    if (producer_usable(self) < 0 ||
        packet_view(&self->seen, packet, layout_known(self), &view, &instance) < 0) {
        return NULL;
    }
    int32_t status = producer_usable(self) < 0
                         ? INT32_MIN /* `data` ran Python */
                         : put(self, view.buf, (uint64_t)view.len, (uint16_t)type, NULL);
    PyBuffer_Release(&view);
    return status == INT32_MIN ? NULL : PyBool_FromLong(status == SLUICE_OK);
}

static PyObject *producer_put_many(PyObject *object, PyObject *packets)
{
    Producer *self = (Producer *)object;
    Py_buffer view;
    if (producer_usable(self) < 0) {
        return NULL;
    }
    if (self->end.view.stride == 0) {
        return PyErr_Format(PyExc_TypeError, "the ring takes records of any size: put them one by one");
    }
    if (packets_view(&self->seen, packets, layout_known(self), PyBUF_SIMPLE, &view) < 0) {
        return NULL;
    }
    uint64_t count = 0;
    int32_t status = INT32_MIN;
    if ((uint64_t)view.len % self->end.view.stride != 0) {
        raise_status(SLUICE_E_SIZE, "%zd byte%s not whole packets of %u bytes", view.len, view.len == 1 ? " is" : "s are",
                     self->end.view.stride);
    } else if (producer_usable(self) == 0) {
        status = put(self, view.buf, (uint64_t)view.len, 0, &count);
    }
    PyBuffer_Release(&view);
    if (status == INT32_MIN) {
        tell_stored(count);
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(count);
}

/* (stride, capacity, layout text) */
static PyObject *producer_info(PyObject *object, PyObject *unused)
{
    (void)unused;
    Producer *self = (Producer *)object;
    if (producer_usable(self) < 0) {
        return NULL;
    }
    size_t bytes;
    const char *text = sluice_ring_layout(&self->ring, &bytes);
    return Py_BuildValue("(IKs#)", self->end.view.stride, (unsigned long long)self->end.view.capacity, text,
                         (Py_ssize_t)bytes);
}

static PyObject *producer_closed(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((Producer *)object)->end.view.header == NULL);
}

static PyMethodDef methods[] = {
    {"put", (PyCFunction)(void (*)(void))producer_put, METH_VARARGS | METH_KEYWORDS,
     "put(packet, type=0) -> bool: copies a packet into the ring.\n\n"
     ":param packet: bytes-like, or an object with such a ``data``.\n"
     ":param type: a number that comes out with a record, 0 to 65535; of rings of packets of any size.\n"
     ":returns: True: stored. False: no room in time, or dropped, as the full policy of the ring says.\n"
     ":raises SluiceError: (a ValueError) another size than the ring's, or a constant that does not hold; "
     "closed."},
    {"put_many", producer_put_many, METH_O,
     "put_many(packets) -> int: copies whole packets in, back to back in anything bytes-like or a "
     "C-contiguous array.\n\n"
     ":returns: how many were stored, as the full policy of the ring allowed."},
    {"close", producer_close, METH_NOARGS, "close(): gives the end back. A second call does nothing."},
    {"_info", producer_info, METH_NOARGS, "(packet size, capacity, description of the layout)"},
    {"_know", producer_know, METH_O, "_know(layout): what is in a packet, or None"},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"closed", producer_closed, NULL, "Whether it was closed.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "The putting end of a ring of another process."},
    {Py_tp_new, producer_new},
    {Py_tp_dealloc, producer_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "sluice._sluice.Producer",
    .basicsize = sizeof(Producer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

int producer_register(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&spec);
    if (type == NULL || PyModule_AddObjectRef(module, "Producer", type) < 0) {
        Py_XDECREF(type);
        return -1;
    }
    Py_DECREF(type);
    return 0;
}
