/* SPDX-License-Identifier: Apache-2.0
 *
 * library.h - the functions of libsluice, in one table. A part of binding.h.
 */
#ifndef SLUICE_PYTHON_LIBRARY_H
#define SLUICE_PYTHON_LIBRARY_H

#include "Generated/functions.h"

#define LIBRARY_MEMBER(name) __typeof__(&sluice_##name) name;
typedef struct Library {
    LIBRARY_FUNCTIONS(LIBRARY_MEMBER)
} Library;
#undef LIBRARY_MEMBER

extern Library library;

/* Fills the table. Enters no function of the library: a process that has only imported the package may fork.
 */
PyObject *library_load(PyObject *module, PyObject *path);

/* To be called before the first call into the library. 0, or -1 with an exception. */
int library_ready(void);

#endif
