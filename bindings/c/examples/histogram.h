/* SPDX-License-Identifier: Apache-2.0
 *
 * histogram.h - percentiles of non-negative values in constant memory, within 3 %.
 */
#ifndef SLUICE_EXAMPLES_HISTOGRAM_H
#define SLUICE_EXAMPLES_HISTOGRAM_H

#include <math.h>
#include <stdint.h>

/* Counts by size, 32 steps to each power of two. */
typedef struct histogram {
    uint64_t counts[64 * 32];
    uint64_t total;
    int64_t most;
} histogram;

static inline unsigned histogram_bucket(uint64_t value)
{
    if (value < 32) {
        return (unsigned)value;
    }
    unsigned shift = 58u - (unsigned)__builtin_clzll(value); /* leaves 6 bits, the first one set */
    return (shift + 1) * 32 + ((unsigned)(value >> shift) & 31);
}

static inline void histogram_record(histogram *self, int64_t value)
{
    self->counts[histogram_bucket((uint64_t)value)]++;
    self->total++;
    self->most = value > self->most ? value : self->most;
}

/* The value that the given share of all samples does not exceed, in nanoseconds. */
static inline double histogram_percentile(const histogram *self, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)self->total), seen = 0;
    for (unsigned i = 0; i < sizeof self->counts / sizeof self->counts[0]; i++) {
        seen += self->counts[i];
        if (seen >= rank && seen != 0) {
            double highest = i < 64 ? i : (double)(((uint64_t)(32 + i % 32) + 1) << (i / 32 - 1)) - 1;
            return highest < (double)self->most ? highest : (double)self->most;
        }
    }
    return 0;
}

#endif
