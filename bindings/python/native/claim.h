/* SPDX-License-Identifier: Apache-2.0
 *
 * claim.h - a claim, as claim.c and claim_type.c see it.
 */
#ifndef SLUICE_PYTHON_CLAIM_H
#define SLUICE_PYTHON_CLAIM_H

#include "binding.h"

enum claim_state { CLAIM_NEW, CLAIM_OPEN, CLAIM_LEFT, CLAIM_DONE };

struct Claim {
    PyObject_HEAD Buffer *buffer;
    PyObject *view; /* what the block got; NULL before and after */
    void *memory;
    uint64_t count; /* packets, or bytes where packets have any size */
    uint64_t bytes;
    Py_ssize_t exports;
    unsigned long thread;
    enum claim_state state;
};

/* Opens a new claim. A status >= 0, or INT32_MIN with an exception. */
int32_t claim_open(Claim *claim);

/* The first `count` packets, or bytes of the record, are good. NULL with an exception: nothing was stored. */
PyObject *claim_finish(Claim *claim, uint64_t count);

/* Ends a claim without storing anything; the room is given back once nothing sees it. */
void claim_leave(Claim *claim);

/* Gives the room back: nothing sees it. */
void claim_give_back(Claim *claim);

#endif
