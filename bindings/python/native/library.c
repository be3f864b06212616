/* SPDX-License-Identifier: Apache-2.0
 *
 * library.c - the functions of libsluice, found at run time, so that the extension needs no link-time library
 * and the loader chooses the image for the CPU.
 */
#include "binding.h"

#include <dlfcn.h>

Library library;

static int checked;

static void *find(void *handle, const char *name)
{
    void *address = dlsym(handle, name);
    if (address == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_ImportError, "the library has no function %s: it is of another version", name);
    }
    return address;
}

PyObject *library_load(PyObject *module, PyObject *path)
{
    (void)module;
    PyObject *encoded = NULL;
    if (!PyUnicode_FSConverter(path, &encoded)) {
        return NULL;
    }
    const char *name = PyBytes_AsString(encoded);
    /* A bare name is looked up along the RPATH of this extension, which is the package's own lib folder; the
     * loader prefers the image in glibc-hwcaps that fits the CPU. */
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        PyErr_Format(PyExc_ImportError, "cannot load %s: %s", name, dlerror());
    }
    Py_DECREF(encoded);
    if (handle == NULL) {
        return NULL;
    }
    Library found;
#define LIBRARY_FIND(name) found.name = (__typeof__(found.name))find(handle, "sluice_" #name);
    LIBRARY_FUNCTIONS(LIBRARY_FIND)
#undef LIBRARY_FIND
    if (PyErr_Occurred()) {
        return NULL;
    }
    library = found;
    (void)library.on_loss(ends_loss, NULL); /* starts nothing */
    Dl_info info;
    if (dladdr((void *)found.abi_version, &info) == 0 || info.dli_fname == NULL) {
        return PyUnicode_FromString("");
    }
    return PyUnicode_DecodeFSDefault(info.dli_fname);
}

int library_ready(void)
{
    if (LIKELY(checked)) {
        return engine_there();
    }
    if (engine_there() < 0) {
        return -1;
    }
    if (library.abi_version == NULL) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the library is not loaded: import the package sluice, not its extension");
        return -1;
    }
    engine_used = 1;
    uint32_t version = library.abi_version();
    if (version != SLUICE_ABI_VERSION) {
        raise_status(SLUICE_E_ABI, "the library has interface version %u, this package needs %u", version,
                     SLUICE_ABI_VERSION);
        return -1;
    }
    checked = 1;
    return 0;
}
