/* rings.h - rings for tests: options with defaults, and ends that must open. */
#ifndef SLUICE_TESTS_SUPPORT_RINGS_H
#define SLUICE_TESTS_SUPPORT_RINGS_H

#include <sluice/ring.h>

#include "check.h"
#include "unique.h"

#define SKIPPED 77 /* CTest's skip code */

/* A fixed-stride (stride > 0) or framed (stride 0) anonymous ring of `capacity` bytes. */
static inline sluice_ring_options ring_options(uint32_t stride, uint64_t capacity, uint32_t producers, uint32_t policy)
{
    sluice_ring_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.shape = stride == 0 ? SLUICE_FRAMED : SLUICE_FIXED;
    options.stride = stride;
    options.capacity = capacity;
    options.producers = producers;
    options.full_policy = policy;
    options.block_timeout_ns = -1;
    return options;
}

static inline void ring_make(sluice_ring *ring, uint32_t stride, uint64_t capacity, uint32_t producers, uint32_t policy)
{
    sluice_ring_options options = ring_options(stride, capacity, producers, policy);
    int32_t status = sluice_ring_create(ring, &options);
    if (status != SLUICE_OK) {
        fprintf(stderr, "cannot make a ring: %d %s\n", status, ring->error);
        exit(1);
    }
}

/* A name that no other test run uses at the same time. */
static inline const char *ring_name(const char *what)
{
    static char name[64];
    (void)snprintf(name, sizeof name, "test.%s.%llx", what, unique());
    return name;
}

#endif
