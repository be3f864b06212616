/* SPDX-License-Identifier: Apache-2.0
 *
 * sinks.c - files that packets go to. What a sink is to a user is the class sluice.Sink.
 */
#include "binding.h"

/* What a first look at a memory sink makes room for. */
#define FIRST_ROOM ((size_t)64 << 10)

static PyObject *added(Buffer *self, int32_t status, sluice_sink *sink, PyObject *path)
{
    if (status != SLUICE_OK) {
        return raise_engine(status, path);
    }
    self->sinks++;
    return sink_capsule(sink);
}

/* _add_file_sink(path, header, primary, durability, rotate_bytes) */
PyObject *buffer_add_file_sink(PyObject *object, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"path", "header", "primary", "durability", "rotate_bytes", NULL};
    Buffer *self = (Buffer *)object;
    PyObject *path = NULL, *encoded = NULL, *result = NULL;
    sluice_file_options options = {.struct_size = sizeof options};
    Py_ssize_t header_bytes = 0;
    unsigned long long rotate = 0;
    int primary = 0;
    if (!PyArg_ParseTupleAndKeywords(args, names, "Oz#pIK:_add_file_sink", keywords, &path, &options.header,
                                     &header_bytes, &primary, &options.durability, &rotate) ||
        buffer_enterable(self) < 0 || !PyUnicode_FSConverter(path, &encoded)) {
        return NULL;
    }
    options.path = PyBytes_AsString(encoded);
    options.header_bytes = (uint64_t)header_bytes;
    options.rotate_bytes = rotate;
    if (primary && self->has_primary) {
        raise_status(SLUICE_E_STATE, "the buffer has a primary sink already");
    } else {
        sluice_sink *sink = NULL;
        int32_t status;
        ENGINE_CALL(self, status, library.buffer_add_file_sink(self->handle, &options, &sink));
        result = added(self, status, sink, path);
        self->has_primary |= (uint32_t)(primary && status == SLUICE_OK);
    }
    Py_DECREF(encoded);
    return result;
}

/* _add_text_sink(path, header, formatter, binary, per_batch, style, separator, line_end, layout_header,
 * comment, durability, rotate_bytes) */
PyObject *buffer_add_text_sink(PyObject *object, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"path",       "header",       "formatter", "binary",        "per_batch",
                               "style",      "separator",    "line_end",  "layout_header", "comment",
                               "durability", "rotate_bytes", NULL};
    Buffer *self = (Buffer *)object;
    PyObject *path = NULL, *encoded = NULL, *function = NULL, *result = NULL;
    sluice_text_options options = {.struct_size = sizeof options};
    unsigned long long rotate = 0;
    int binary = 0, per_batch = 0, layout_header = 0;
    Py_ssize_t header_bytes = 0, line_end_bytes = 0;
    if (!PyArg_ParseTupleAndKeywords(args, names, "Oz#OppIzz#pzIK:_add_text_sink", keywords, &path,
                                     &options.header, &header_bytes, &function, &binary, &per_batch,
                                     &options.style, &options.separator, &options.line_end, &line_end_bytes,
                                     &layout_header, &options.comment, &options.durability, &rotate) ||
        buffer_enterable(self) < 0 || !PyUnicode_FSConverter(path, &encoded)) {
        return NULL;
    }
    options.path = PyBytes_AsString(encoded);
    options.header_bytes = (uint64_t)header_bytes;
    options.line_end_bytes = (uint64_t)line_end_bytes;
    options.layout_header = (uint32_t)layout_header;
    options.rotate_bytes = rotate;
    Formatter *formatter = Py_IsNone(function) ? NULL : formatter_new(self, function, binary, per_batch);
    if (formatter != NULL || Py_IsNone(function)) {
        if (formatter != NULL) {
            options.format = formatter_format;
            options.format_user = formatter;
            formatter->next = self->formatters;
            self->formatters = formatter;
        }
        sluice_sink *sink = NULL;
        int32_t status;
        ENGINE_CALL(self, status, library.buffer_add_text_sink(self->handle, &options, &sink));
        if (status != SLUICE_OK && formatter != NULL) {
            for (Formatter **at = &self->formatters; *at != NULL; at = &(*at)->next) {
                if (*at == formatter) {
                    *at = formatter->next;
                    formatter_free(formatter);
                    break;
                }
            }
        }
        result = added(self, status, sink, path);
    }
    Py_DECREF(encoded);
    return result;
}

PyObject *buffer_add_callback_sink(PyObject *object, PyObject *accept)
{
    Buffer *self = (Buffer *)object;
    sluice_sink *sink = NULL;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    Callback *callback = callback_new(self, accept, 1);
    if (callback == NULL) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_add_callback_sink(self->handle, callback_accept, callback, &sink));
    if (status != SLUICE_OK) {
        callback_drop(self, callback, 0);
    }
    return added(self, status, sink, NULL);
}

PyObject *buffer_add_memory_sink(PyObject *object, PyObject *limit)
{
    Buffer *self = (Buffer *)object;
    sluice_sink *sink = NULL;
    int32_t status;
    unsigned long long most = PyLong_AsUnsignedLongLong(limit);
    if ((most == (unsigned long long)-1 && PyErr_Occurred()) || buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_add_memory_sink(self->handle, most, &sink));
    return added(self, status, sink, NULL);
}

/* _sink_take(sink, most) -> bytes of a memory sink, at most `most` (0: all). */
PyObject *buffer_sink_take(PyObject *object, PyObject *args)
{
    Buffer *self = (Buffer *)object;
    PyObject *sink;
    unsigned long long most = 0;
    if (!PyArg_ParseTuple(args, "OK:_sink_take", &sink, &most) || buffer_usable(self) < 0) {
        return NULL;
    }
    sluice_sink *handle = sink_handle(sink);
    size_t room = most == 0 || most > FIRST_ROOM ? FIRST_ROOM : (size_t)most, length = 0;
    PyObject *data = handle == NULL ? NULL : PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
    while (data != NULL) {
        char *memory = PyBytes_AsString(data) + length;
        size_t taken = 0;
        int32_t status;
        ENGINE_CALL(self, status, library.sink_take(handle, memory, room - length, &taken));
        if (status != SLUICE_OK && length == 0) {
            Py_DECREF(data);
            return raise_engine(status, NULL);
        }
        length += taken;
        if (length < room || length == most) {
            break;
        }
        room = most == 0 || most > room * 2 ? room * 2 : (size_t)most;
        PyObject *larger = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)room);
        if (larger == NULL) { /* the rest stays in the sink */
            PyErr_Clear();
            return data;
        }
        memcpy(PyBytes_AsString(larger), PyBytes_AsString(data), length);
        Py_DECREF(data);
        data = larger;
    }
    if (data != NULL && length != room) {
        PyObject *exact = PyBytes_FromStringAndSize(PyBytes_AsString(data), (Py_ssize_t)length);
        Py_DECREF(data);
        data = exact;
    }
    return data;
}

PyObject *buffer_disconnect_sinks(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    if (self->sinks == 0) {
        Py_RETURN_NONE;
    }
    ENGINE_CALL(self, status, library.buffer_disconnect(self->handle));
    if (status != SLUICE_OK) {
        return buffer_fault(self, status);
    }
    if (!reader_reads(self)) {
        reader_detached(self);
    } else if (reader_attach(self) < 0) { /* the iteration goes on */
        return NULL;
    }
    self->sinks = 0;
    self->has_primary = 0;
    callback_drop(self, NULL, 1);
    Formatter *formatter = self->formatters;
    self->formatters = NULL;
    while (formatter != NULL) {
        Formatter *next = formatter->next;
        formatter_free(formatter);
        formatter = next;
    }
    Py_RETURN_NONE;
}

PyObject *buffer_restore_files(PyObject *object, PyObject *unused)
{
    (void)unused;
    Buffer *self = (Buffer *)object;
    uint64_t restored = 0;
    int32_t status;
    if (buffer_enterable(self) < 0) {
        return NULL;
    }
    ENGINE_CALL(self, status, library.buffer_restore_files(self->handle, &restored));
    return status == SLUICE_OK ? PyLong_FromUnsignedLongLong(restored) : buffer_fault(self, status);
}
