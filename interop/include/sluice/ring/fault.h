/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/fault.h - the text of a fault of a call on a ring.
 */
#ifndef SLUICE_RING_FAULT_H
#define SLUICE_RING_FAULT_H

#include "memory.h"
#include "platform.h"

#include <stdarg.h>
#include <stdio.h>

/* Leaves the text in ring->error, cut to whole characters; returns the status. */
__attribute__((format(printf, 3, 4))) SLUICE_COLD int32_t sluice_ring_fault(sluice_ring *ring, int32_t status,
                                                                          const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(ring->error, sizeof ring->error, format, values);
    va_end(values);
    sluice_end_text(ring->error);
    return status;
}

#endif
