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

#define SLUICE_SHOWN_BYTES 120 /* of a path in a text */

/* Where the ring lies. */
static inline const char *sluice_ring_place(const sluice_ring *ring)
{
    return ring->long_path != NULL ? ring->long_path : ring->path;
}

/* The same as texts show it, in memory of the caller. */
static inline const char *sluice_show_place(const sluice_ring *ring, char shown[SLUICE_SHOWN_BYTES])
{
    return sluice_show_name(shown, SLUICE_SHOWN_BYTES, sluice_ring_place(ring));
}

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
