/* SPDX-License-Identifier: Apache-2.0
 *
 * make.c - how a buffer is made: its options on their way to the engine, and what a ring has that is attached to.
 */
#include "binding.h"

/* Bytes of a buffer that is made without `capacity`. */
#define DEFAULT_CAPACITY (UINT64_C(1) << 20)

static int32_t describe(const void *buffer, char *text, size_t capacity, size_t *length)
{
    return library.buffer_layout((sluice_buffer *)(uintptr_t)buffer, text, capacity, length);
}

/* What the ring has that was attached to: its stride, and its layout or None as a new reference; NULL with an exception. */
static PyObject *described(Buffer *self)
{
    int32_t status = library.buffer_stride(self->handle, &self->stride);
    if (status != SLUICE_OK) {
        return raise_engine(status, NULL);
    }
    self->many = 1; /* perhaps: what is told of a producer that is taken fits both */
    PyObject *text = engine_text(describe, self->handle), *module = NULL, *layout = NULL;
    if (text != NULL && PyUnicode_GetLength(text) == 0) {
        layout = Py_NewRef(Py_None);
    } else if (text != NULL && (module = PyImport_ImportModule("sluice._layout")) != NULL) {
        layout = PyObject_CallMethod(module, "PacketLayout", "O", text);
        Py_DECREF(module);
    }
    Py_XDECREF(text);
    if (layout != NULL && !Py_IsNone(layout) &&
        constants_of_layout(((Layout *)layout)->handle, self->stride, 8, &self->constants) < 0) {
        Py_CLEAR(layout);
    }
    return layout;
}

static int create(Buffer *self, PyObject *args, PyObject *names)
{
    static char *keywords[] = {
        "kind",  "layout", "stride",           "capacity",      "full_policy",      "producers",
        "flags", "attach", "block_timeout_ns", "memory_limit",  "spill_limit",      "spill_directory",
        "name",  "file",   "release_packets",  "release_bytes", "release_after_ns", "wait",
        "packet_class", "raise_on_loss", NULL};
    sluice_buffer_options options = {.struct_size = sizeof options, .release_clock = SLUICE_SINCE_RELEASE};
    PyObject *layout = NULL, *packet_class = NULL;
    unsigned long long capacity = 0, memory_limit = 0, spill_limit = 0, packets = 0, bytes = 0;
    long long block_timeout_ns = 0, after_ns = 0;
    int raises = 0;
    if (!PyArg_ParseTupleAndKeywords(args, names, "|$IOIKIIIILKKO&O&O&KKLIOp:Buffer", keywords, &options.kind,
                                     &layout, &options.stride, &capacity, &options.full_policy,
                                     &options.producers, &options.flags, &options.attach, &block_timeout_ns,
                                     &memory_limit, &spill_limit, bytes_or_null, &options.spill_directory,
                                     bytes_or_null, &options.name, bytes_or_null, &options.file, &packets, &bytes, &after_ns,
                                     &options.wait, &packet_class, &raises)) {
        return -1;
    }
    self->raises = (uint32_t)raises;
    if (layout != NULL && Py_IsNone(layout)) {
        layout = NULL;
    }
    if (layout != NULL && !PyObject_TypeCheck(layout, layout_type)) {
        PyErr_SetString(PyExc_TypeError, "layout must be a PacketLayout, its description or name, a packet class, or a NumPy dtype");
        return -1;
    }
    options.capacity = capacity;
    options.memory_limit = memory_limit;
    options.spill_limit = spill_limit;
    options.block_timeout_ns = block_timeout_ns;
    options.release_packets = packets;
    options.release_bytes = bytes;
    options.release_after_ns = after_ns;
    options.layout = layout == NULL ? NULL : ((Layout *)layout)->handle;
    int asks = options.attach == SLUICE_ATTACH && layout == NULL && options.stride == 0; /* the ring */
    options.shape = layout == NULL && options.stride == 0 && !asks ? SLUICE_FRAMED : SLUICE_FIXED;
    if (layout != NULL) {
        uint32_t size = 0;
        int32_t status = library.layout_size(options.layout, &size);
        if (status != SLUICE_OK) {
            (void)raise_engine(status, NULL);
            return -1;
        }
        if (options.stride != 0 && options.stride != size) {
            raise_status(SLUICE_E_INVALID, "packet_size is %u bytes, but the layout has %u", options.stride,
                         size);
            return -1;
        }
        options.stride = size;
    }
    uint64_t most = options.capacity == 0 ? DEFAULT_CAPACITY : options.capacity;
    if (options.attach == SLUICE_CREATE && options.stride > most) {
        raise_status(SLUICE_E_INVALID, "packet_size is %u bytes, it must be 1 to the capacity of %llu", options.stride,
                     (unsigned long long)most);
        return -1;
    }
    if (layout != NULL && constants_of_layout(options.layout, options.stride, 8, &self->constants) < 0) {
        return -1;
    }
    self->stride = options.stride;
    self->block_timeout_ns = options.block_timeout_ns == 0 ? INT64_C(1000000000) : options.block_timeout_ns;
    int32_t status;
    ENGINE_CALL(self, status, library.buffer_create(&options, &self->handle));
    if (status != SLUICE_OK) {
        self->handle = NULL;
        PyObject *path = options.file == NULL ? NULL : PyUnicode_DecodeFSDefault(options.file);
        (void)raise_engine(status, path);
        Py_XDECREF(path);
        return -1;
    }
    self->many = options.producers;
    if (asks && (layout = described(self)) == NULL) {
        PyObject *error = take_exception();
        (void)library.buffer_abandon(self->handle, NULL);
        self->handle = NULL;
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
        return -1;
    }
    (void)library.buffer_on_fault(self->handle, callback_fault, self);
    (void)library.buffer_on_end(self->handle, ends_tell, self);
    self->layout = asks ? layout : Py_XNewRef(layout);
    if (self->layout != NULL && Py_IsNone(self->layout)) {
        Py_CLEAR(self->layout);
    }
    if (packet_class != NULL && !Py_IsNone(packet_class)) {
        buffer_set_class(self, packet_class);
    }
    self->shared = options.name != NULL || options.file != NULL;
    self->release_packets = options.release_packets;
    self->release_bytes = options.release_bytes;
    self->release_after_ns = options.release_after_ns;
    return 0;
}

int buffer_init(PyObject *object, PyObject *args, PyObject *names)
{
    Buffer *self = (Buffer *)object;
    if (library_ready() < 0) {
        return -1;
    }
    if (self->handle != NULL || self->lock != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the buffer is initialised already");
        return -1;
    }
    self->lock = PyThread_allocate_lock();
    if (self->lock == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return create(self, args, names);
}
