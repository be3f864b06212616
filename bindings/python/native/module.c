/* SPDX-License-Identifier: Apache-2.0
 *
 * module.c - the module, and what happens to it at a fork and at exit.
 */
#include "packet.h"

#include <pthread.h>

int32_t engine_gone;
int slow_puts;
int open_claims;
int interpreter_gone;
PyObject *sluice_module;

int engine_used;

/* The parent's memory is mapped shared: a put in the child would write into the parent's ring. */
static void after_fork_in_child(void)
{
    if (engine_used && engine_gone == 0) {
        engine_gone = SLUICE_E_FORKED;
    }
    ends_in_child();
}

static PyObject *module_load(PyObject *module, PyObject *path)
{
    return library_load(module, path);
}

/* How long the exit handler waits for calls that are under way, all of them together, and for claims. */
#define CALLS_NS INT64_C(2000000000)
#define CLAIMS_NS INT64_C(500000000)

/* shutdown(): the exit handler. Flushes and closes every buffer, within the limit that exit() has. */
static PyObject *module_shutdown(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (!engine_used || engine_gone != 0) {
        Py_RETURN_NONE;
    }
    int64_t begin = sluice_monotonic_ns();
    records_shutdown(begin + CALLS_NS);
    engine_gone =
        SLUICE_E_SHUTDOWN; /* no put begins any more; those under way see it at the end of their slice */
    struct timespec pause = {.tv_sec = 0, .tv_nsec = 1000000};
    for (int64_t now = begin; (slow_puts > 0 && now < begin + CALLS_NS) || (open_claims > 0 && now < begin + CLAIMS_NS);
         now = sluice_monotonic_ns()) {
        Py_BEGIN_ALLOW_THREADS(void) nanosleep(&pause, NULL);
        Py_END_ALLOW_THREADS
    }
    int32_t status;
    ends_at_exit();
    Py_BEGIN_ALLOW_THREADS status = library.shutdown(SLUICE_UNTIL_STUCK);
    Py_END_ALLOW_THREADS interpreter_gone = 1;
    if (status < SLUICE_OK) { /* losses were told, each by itself */
        PyObject *text = engine_last_error(status);
        PyObject *message = text == NULL ? NULL : PyUnicode_FromFormat("%s: %U", library.status_text(status), text);
        Py_XDECREF(text);
        if (message == NULL) {
            return NULL;
        }
        call_errors("report_shutdown", message);
        Py_DECREF(message);
    }
    Py_RETURN_NONE;
}

static PyObject *module_build_info(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    char text[512] = "";
    if (library_ready() < 0) {
        return NULL;
    }
    int32_t status = library.build_info(text, sizeof text, NULL);
    return status == SLUICE_OK ? PyUnicode_FromString(text) : raise_engine(status, NULL);
}

/* statuses(): ((name, number, text), ...) of sluice/status.h. */
static PyObject *module_statuses(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
#define STATUS_FORMAT(name, number, text) "(sis)"
#define STATUS_VALUES(name, number, text) , #name, number, text
    return Py_BuildValue("(" SLUICE_STATUS_LIST(STATUS_FORMAT) ")" SLUICE_STATUS_LIST(STATUS_VALUES));
}

static PyMethodDef methods[] = {
    {"load", module_load, METH_O, "load(path) -> str: loads the library, returns where it was found"},
    {"shutdown", module_shutdown, METH_NOARGS, "shutdown(): flushes and closes every buffer, for good"},
    {"build_info", module_build_info, METH_NOARGS,
     "build_info() -> str: version and CPU image of the library"},
    {"hex_encode", module_hex_encode, METH_VARARGS,
     "hex_encode(data, style, upper, separator, first_offset) -> str"},
    {"own_put", buffer_own_put, METH_O, "own_put(type): a faster put for a subclass of Buffer"},
    {"sink_info", module_sink_info, METH_O, "sink_info(sink) -> (packets, bytes, errors, last_status, last_error)"},
    {"remove_ring", module_remove_ring, METH_VARARGS, "remove_ring(name, file): takes a leftover ring away"},
    {"statuses", module_statuses, METH_NOARGS, "statuses() -> tuple of (name, number, text)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "sluice._sluice",
    .m_doc =
        "Packets into the inline ring, everything else into libsluice. Use it through the package sluice.",
    .m_size = 0, /* an import after the first one comes through PyInit again */
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__sluice(void)
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) { /* its objects are those of one interpreter */
        PyErr_SetString(PyExc_ImportError, "sluice runs in the main interpreter only, not in a sub-interpreter");
        return NULL;
    }
    if (sluice_module != NULL) {
        Py_INCREF(sluice_module);
        return sluice_module;
    }
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    if (layout_register(module) < 0 || packet_text_register(module) < 0 || file_register(module) < 0 || producer_register(module) < 0 ||
        packet_field_register(module) < 0 || packet_init_register(module) < 0 ||
        packet_register(module) < 0 || packet_class_register(module) < 0 ||
        packet_unpack_register(module) < 0 || packet_run_register(module) < 0 ||
        buffer_register(module) < 0 || claim_register(module) < 0 || iterate_register(module) < 0 ||
        controllers_register(module) < 0 || records_register(module) < 0 ||
        PyModule_AddIntConstant(module, "ABI_VERSION", (long)SLUICE_ABI_VERSION) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    (void)pthread_atfork(NULL, NULL, after_fork_in_child);
    sluice_module = module;
    return module;
}
