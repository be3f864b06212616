/* SPDX-License-Identifier: Apache-2.0
 *
 * release.c - the policy asked, and records out. Only the policy of the engine decides; what is here shows
 * the records to the controllers that it calls.
 */
#include "records.h"

/* The next record that is bytes. */
typedef struct Cursor {
    const Lane *lane;
    size_t run;
    uint64_t at;
} Cursor;

static PyObject *next_payload(Cursor *cursor)
{
    for (; cursor->run < cursor->lane->run_count; cursor->run++, cursor->at = 0) {
        const Run *run = cursor->lane->runs + cursor->run;
        sluice_batch batch = {.data = run->first, .bytes = run->bytes, .packets = run->packets};
        const void *payload;
        uint32_t bytes;
        uint16_t type;
        if (sluice_batch_next(&batch, &cursor->at, &payload, &bytes, &type)) {
            return PyBytes_FromStringAndSize(payload, (Py_ssize_t)bytes);
        }
    }
    PyErr_SetString(PyExc_SystemError, "a record of bytes is missing");
    return NULL;
}

/* Records `first` and later to the end of a list. With `moved` the references go over to it; else it has its
 * own. */
static int fill_list(const Records *self, PyObject *list, int moved)
{
    Cursor cursor = {.lane = &self->payloads};
    Py_ssize_t index = 0;
    if (self->references != self->stored) { /* first what can fail */
        for (size_t run = 0; run < self->words.run_count; run++) {
            PyObject *const *words = (PyObject *const *)(const void *)self->words.runs[run].first;
            for (uint64_t i = 0; i < self->words.runs[run].packets; i++, index++) {
                PyObject *record = words[i] != NULL ? NULL : next_payload(&cursor);
                if (words[i] == NULL && (record == NULL || PyList_SetItem(list, index, record) < 0)) {
                    return -1;
                }
            }
        }
    }
    index = 0;
    PyObject **items = list_items(list);
    for (size_t run = 0; run < self->words.run_count && self->references != 0; run++) {
        PyObject *const *words = (PyObject *const *)(const void *)self->words.runs[run].first;
        uint64_t packets = self->words.runs[run].packets;
        if (moved && items != NULL && self->references == self->stored) {
            memcpy(items + index, words, (size_t)packets * sizeof *words); /* they were NULL */
            index += (Py_ssize_t)packets;
            continue;
        }
        for (uint64_t i = 0; i < packets; i++, index++) {
            if (words[i] == NULL) {
                continue;
            }
            if (!moved) {
                Py_INCREF(words[i]);
            }
            if (items != NULL) {
                items[index] = words[i];
            } else {
                (void)PyList_SetItem(list, index, words[i]);
            }
        }
    }
    return 0;
}

/* The words from record `first` on, appended; all of them are references. */
static int extend_list(const Records *self, PyObject *list, uint64_t first)
{
    uint64_t before = 0;
    for (size_t run = 0; run < self->words.run_count; run++) {
        PyObject *const *words = (PyObject *const *)(const void *)self->words.runs[run].first;
        uint64_t packets = self->words.runs[run].packets;
        for (uint64_t i = first > before ? first - before : 0; i < packets; i++) {
            if (PyList_Append(list, words[i]) < 0) {
                return -1;
            }
        }
        before += packets;
    }
    return 0;
}

static PyObject *array_of(const Records *self, Block *block)
{
    PyObject *helper = PyImport_ImportModule("sluice._release"), *array = NULL;
    if (helper != NULL) {
        array = PyObject_CallMethod(helper, "array_of", "OOO", (PyObject *)block, self->dtype, self->tail);
        Py_DECREF(helper);
    }
    return array;
}

PyObject *records_nothing(Records *self)
{
    return self->dtype != NULL ? Py_NewRef(self->nothing) : PyList_New(0);
}

PyObject *records_seen(Records *self)
{
    if (self->dtype != NULL && self->stored != 0) {
        self->block->read_only = 1;
        PyObject *array = array_of(self, self->block);
        self->block->read_only = 0;
        return array;
    }
    if (self->dtype != NULL) {
        return records_nothing(self);
    }
    PyObject *list = self->seen;
    self->seen = NULL;
    Py_ssize_t length = list == NULL ? -1 : PyList_Size(list);
    if (list != NULL && (Py_REFCNT(list) > 1 || (uint64_t)length > self->stored)) {
        Py_CLEAR(list); /* it was kept, and is what it was */
    }
    int status = 0;
    if (list != NULL) {
        status = extend_list(self, list, (uint64_t)length);
    } else if ((list = PyList_New((Py_ssize_t)self->stored)) != NULL) {
        status = fill_list(self, list, 0);
    }
    if (status < 0) {
        Py_CLEAR(list);
    }
    return list;
}

/* A list that nobody kept and nobody made longer or shorter serves again. */
static void keep_seen(Records *self, PyObject *shown)
{
    if (shown == NULL) {
        return;
    }
    if (self->dtype == NULL && Py_REFCNT(shown) == 1 && (uint64_t)PyList_Size(shown) == self->stored) {
        self->seen = shown;
    } else {
        Py_DECREF(shown);
    }
}

static int32_t failed(Controller *controller, int32_t settles)
{
    PyObject *error = take_exception();
    if (!PyObject_IsInstance(error, PyExc_Exception)) {
        controller->records->failure = error; /* Ctrl-C in a controller is Ctrl-C */
        return settles;
    }
    PyObject *report = PyTuple_Pack(2, controller->function, error);
    if (report == NULL) {
        PyErr_WriteUnraisable(controller->function);
    } else {
        call_errors("report_skipped", report);
        Py_DECREF(report);
    }
    Py_DECREF(error);
    return SLUICE_E_CALLBACK;
}

static int32_t ask(void *user, const sluice_snapshot *snapshot)
{
    (void)snapshot;
    Controller *controller = user;
    Records *self = controller->records;
    int32_t settles = !self->conjugate; /* no further controller is asked */
    if (self->failure != NULL) {
        return settles;
    }
    PyObject *shown = records_seen(self);
    if (shown == NULL) {
        self->failure = take_exception();
        return settles;
    }
    PyObject *answer = PyObject_CallFunctionObjArgs(controller->function, shown, NULL);
    int release = answer == NULL ? -1 : PyObject_IsTrue(answer);
    Py_XDECREF(answer);
    int32_t status = release < 0 ? failed(controller, settles) : release;
    keep_seen(self, shown);
    return status;
}

static int add_controllers(Records *self)
{
    Py_ssize_t count = PyTuple_Size(self->custom);
    if (count == 0) {
        return 0;
    }
    self->controllers = PyMem_Calloc((size_t)count, sizeof *self->controllers);
    if (self->controllers == NULL) {
        (void)PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        self->controllers[i] = (Controller){self, PyTuple_GetItem(self->custom, i)};
        int32_t status = library.buffer_add_controller(self->words.handle, ask, &self->controllers[i]);
        if (status != SLUICE_OK) {
            (void)raise_engine(status, NULL);
            return -1;
        }
    }
    return 0;
}

int records_make(Records *self)
{
    /* References have no business in files: all of the memory is theirs. */
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .stride = sizeof(PyObject *),
                                     .capacity = UINT64_C(1) << 16,
                                     .memory_limit = INT64_MAX,
                                     .release_combine = self->conjugate ? SLUICE_ALL : SLUICE_ANY,
                                     .release_clock = SLUICE_SINCE_ASKED};
    if (count_rule(self->count_threshold, &options.release_packets) < 0 ||
        time_rule(self->time_threshold, &options.release_after_ns) < 0) {
        return -1;
    }
    return lane_make(&self->words, &options) < 0 ? -1 : add_controllers(self);
}

int records_tell(Records *self)
{
    uint64_t packets;
    int64_t ns;
    if (!self->changed) {
        return 0;
    }
    if (count_rule(self->count_threshold, &packets) < 0 || time_rule(self->time_threshold, &ns) < 0) {
        return -1;
    }
    int32_t status = library.buffer_configure(self->words.handle, packets, 0, ns);
    if (status != SLUICE_OK) {
        (void)raise_engine(status, NULL);
        return -1;
    }
    self->changed = 0;
    return 0;
}

int records_due(Records *self)
{
    int32_t needed = 0;
    if (records_tell(self) < 0) {
        return -1;
    }
    if (self->flush) {
        if (self->stored == 0) {
            return 0; /* the next record is released */
        }
        int32_t forced = library.buffer_force_release(self->words.handle);
        if (forced != SLUICE_OK) {
            (void)raise_engine(forced, NULL);
            return -1;
        }
    }
    int32_t status = library.buffer_flush_needed(self->words.handle, &needed);
    if (UNLIKELY(self->failure != NULL)) {
        PyObject *error = self->failure;
        self->failure = NULL;
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
        return -1;
    }
    if (status != SLUICE_OK) {
        (void)raise_engine(status, NULL);
        return -1;
    }
    return needed && self->stored != 0;
}

/* A kept view shows what it showed, whatever happens to the array that is released. */
static PyObject *take_array(Records *self)
{
    Block *block = NULL;
    self->usual_bytes = self->block->bytes;
    if (self->block->views != 0) {
        block = block_new(self->block->bytes);
        if (block == NULL || block_append(&block, self->block->memory, self->block->bytes) < 0) {
            Py_XDECREF((PyObject *)block);
            return NULL;
        }
    } else {
        block_trim(self->block);
        block = (Block *)Py_NewRef((PyObject *)self->block);
    }
    PyObject *array = array_of(self, block);
    Py_DECREF(block);
    return array;
}

PyObject *records_take(Records *self)
{
    PyObject *taken = NULL;
    if (self->dtype != NULL && self->stored != 0) {
        taken = take_array(self);
    } else if ((taken = PyList_New((Py_ssize_t)self->stored)) != NULL && fill_list(self, taken, 1) < 0) {
        Py_CLEAR(taken);
    }
    if (taken == NULL) {
        return NULL;
    }
    self->stored = 0;
    self->references = 0;
    self->flush = 0;
    Py_CLEAR(self->block);
    Py_CLEAR(self->seen);
    if (lane_empty(&self->words) < 0 || lane_empty(&self->payloads) < 0) {
        PyErr_WriteUnraisable((PyObject *)self);
    }
    return taken;
}
