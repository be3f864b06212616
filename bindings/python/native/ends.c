/* SPDX-License-Identifier: Apache-2.0
 *
 * ends.c - what is left of a buffer and its sinks when they have ended: their final numbers; and packets that nothing took.
 *
 * The engine tells on whatever thread ends them, without the GIL. A sink of Python is a capsule of a state of its own, which
 * outlives the sink of the engine; the states of the sinks that are open hang in a list, under one lock.
 */
#include "binding.h"

#include <pthread.h>

static const char *const capsule_name = "sluice.sink";

typedef struct SinkState {
    struct SinkState *next; /* among those that are open */
    sluice_sink *handle;
    int ended;
    char *error; /* of the end: the last error, whole; NULL: none, or no memory for it */
    sluice_sink_info final;
} SinkState;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static SinkState *open_sinks;
static int exiting; /* guarded by the GIL */

/* In a child of fork() nobody holds it. */
void ends_in_child(void)
{
    (void)pthread_mutex_init(&mutex, NULL);
}

/* The text of the last error of a sink of the engine, to be freed. */
static char *error_of(sluice_sink *handle)
{
    size_t length = 0;
    if (library.sink_last_error(handle, NULL, 0, &length) != SLUICE_OK) {
        return NULL;
    }
    char *text = malloc(length + 1);
    if (text != NULL && library.sink_last_error(handle, text, length + 1, &length) != SLUICE_OK) {
        text[0] = '\0';
    }
    return text;
}

/* Takes a state out of the list. Under the lock. */
static SinkState *unlink_sink(const sluice_sink *handle)
{
    for (SinkState **at = &open_sinks; *at != NULL; at = &(*at)->next) {
        if ((*at)->handle == handle) {
            SinkState *found = *at;
            *at = found->next;
            return found;
        }
    }
    return NULL;
}

void ends_tell(void *user, sluice_sink *sink, const sluice_buffer_stats *stats)
{
    Buffer *buffer = user;
    (void)pthread_mutex_lock(&mutex);
    if (sink == NULL) {
        buffer->final = *stats;
        buffer->has_final = 1;
    } else {
        SinkState *state = unlink_sink(sink);
        if (state != NULL) {
            state->final.struct_size = sizeof state->final;
            state->ended = library.sink_get_info(sink, &state->final) == SLUICE_OK;
            state->error = error_of(sink);
        }
    }
    (void)pthread_mutex_unlock(&mutex);
}

int ends_stats(Buffer *self, sluice_buffer_stats *stats)
{
    (void)pthread_mutex_lock(&mutex);
    int ended = (int)self->has_final;
    if (ended) {
        *stats = self->final;
    }
    (void)pthread_mutex_unlock(&mutex);
    return ended;
}

static void free_capsule(PyObject *capsule)
{
    SinkState *state = PyCapsule_GetPointer(capsule, capsule_name);
    (void)pthread_mutex_lock(&mutex);
    (void)unlink_sink(state->handle);
    (void)pthread_mutex_unlock(&mutex);
    free(state->error);
    free(state);
}

PyObject *sink_capsule(sluice_sink *sink)
{
    SinkState *state = calloc(1, sizeof *state);
    PyObject *capsule = state == NULL ? PyErr_NoMemory() : PyCapsule_New(state, capsule_name, free_capsule);
    if (capsule == NULL) {
        free(state);
        return NULL;
    }
    state->handle = sink;
    (void)pthread_mutex_lock(&mutex);
    state->next = open_sinks;
    open_sinks = state;
    (void)pthread_mutex_unlock(&mutex);
    return capsule;
}

sluice_sink *sink_handle(PyObject *capsule)
{
    SinkState *state = PyCapsule_GetPointer(capsule, capsule_name);
    return state == NULL ? NULL : state->handle;
}

/* 1, with the numbers of its end and the text of its last error, to be freed: the sink has ended. */
static int ended_info(SinkState *state, sluice_sink_info *info, char **error)
{
    (void)pthread_mutex_lock(&mutex);
    int ended = state->ended;
    if (ended) {
        *info = state->final;
        *error = state->error == NULL ? NULL : strdup(state->error);
    }
    (void)pthread_mutex_unlock(&mutex);
    return ended;
}

/* sink_info(sink) -> (packets, bytes, errors, last_status, last_error): now, or at its end. */
PyObject *module_sink_info(PyObject *module, PyObject *capsule)
{
    (void)module;
    SinkState *state = PyCapsule_GetPointer(capsule, capsule_name);
    sluice_sink_info info = {.struct_size = sizeof info};
    char *error = NULL;
    if (state == NULL) {
        return NULL;
    }
    if (!ended_info(state, &info, &error)) {
        if (engine_there() < 0) {
            return NULL;
        }
        int32_t status;
        Py_BEGIN_ALLOW_THREADS status = library.sink_get_info(state->handle, &info);
        error = status == SLUICE_OK ? error_of(state->handle) : NULL;
        Py_END_ALLOW_THREADS
        if (status != SLUICE_OK && !ended_info(state, &info, &error)) { /* told before its handle is stale */
            return raise_engine(status, NULL);
        }
    }
    const char *text = error == NULL ? info.last_error : error;
    PyObject *decoded = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    free(error);
    return decoded == NULL ? NULL
                           : Py_BuildValue("(KKKiN)", (unsigned long long)info.packets,
                                           (unsigned long long)info.bytes, (unsigned long long)info.errors,
                                           (int)info.last_status, decoded);
}

void ends_at_exit(void)
{
    exiting = 1;
}

void ends_loss(void *user, const sluice_loss *loss)
{
    (void)user;
    if (interpreter_gone) {
        (void)fprintf(stderr, "sluice: %s\n", loss->text);
        return;
    }
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *pending = take_exception();
    PyObject *text = PyUnicode_FromFormat("%s%s", exiting ? "at exit " : "", loss->text);
    PyObject *report = text == NULL ? NULL : Py_BuildValue("(KN)", (unsigned long long)loss->packets, text);
    if (report != NULL) {
        call_errors("report_loss", report);
        Py_DECREF(report);
    }
    PyErr_Clear();
    if (pending != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(pending), pending);
        Py_DECREF(pending);
    }
    PyGILState_Release(state);
}
