/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/wait.h - sleeping and waking without a lost wake-up.
 *
 * Consumer: 1. stores wake_at (the position it waits for)  2. heavy fence  3. looks at head again
 *           4. sleeps on data_futex if it is still short.
 * Producer: 1. stores head with release  2. light fence  3. reads wake_at  4. wakes if head reached it (event.h).
 * Either the producer sees wake_at or the consumer sees head.
 *
 * Waiting producer: 1. reads space_futex  2. sets space_waiters  3. heavy fence  4. looks at tail again  5. sleeps.
 * Consumer: 1. stores tail with release  2. light fence  3. if space_waiters is set: clears it, changes space_futex,
 * wakes all. A waiter whose flag was cleared by a wake that came too early finds space_futex changed and looks again.
 * As a flag and not a count, space_waiters heals itself when a waiter is killed.
 *
 * Sleeps are cut into slices of 100 ms, so that a peer that died between two steps costs a slice and not for ever.
 */
#ifndef SLUICE_RING_WAIT_H
#define SLUICE_RING_WAIT_H

#include "owner.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#define SLUICE_WAIT_SLICE_NS INT64_C(100000000)
#define SLUICE_SPIN_ROUNDS 200
#define SLUICE_PATIENCE_NS INT64_C(50000)
#define SLUICE_SETTLE_NS INT64_C(1000000)

static inline int64_t sluice_monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Monotonic time at which a wait that begins now ends; INT64_MAX: never. */
static inline int64_t sluice_deadline(int64_t timeout_ns)
{
    int64_t now = sluice_monotonic_ns();
    return timeout_ns < 0 || timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

/* Between spinning and sleeping a waiter yields: whoever shares its processor gets on, and a peer that is only a batch
 * away is awaited without the two system calls and the delay of a sleep. Monotonic time at which that ends. */
static inline int64_t sluice_patience(int64_t deadline)
{
    int64_t end = sluice_monotonic_ns() + SLUICE_PATIENCE_NS;
    return end < deadline ? end : deadline;
}

/* Gives the processor away once. 1 while there is patience left. */
static inline int sluice_yield(int64_t patience)
{
    (void)sched_yield();
    return sluice_monotonic_ns() < patience;
}

enum { SLUICE_MEMBARRIER_GLOBAL_EXPEDITED = 2, SLUICE_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED = 4 };

/* Makes this process take part in heavy fences of others. 1 on success. */
static inline uint32_t sluice_fence_register(void)
{
#ifdef SYS_membarrier
    return syscall(SYS_membarrier, SLUICE_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
#else
    return 0;
#endif
}

/* How the ends of this process fence: with a compiler barrier as the light side where both the ring and the process allow
 * it. A process that may not register pays a full fence; its peers may be light all the same. */
static inline void sluice_join_fences(sluice_ring_view *view)
{
    if (view->asymmetric != 0 && sluice_fence_register()) {
        view->asymmetric |= SLUICE_LIGHT_IS_FREE;
    }
}

/* The side that is about to sleep. Pairs with sluice_light_fence. Where the kernel refuses membarrier(2) to this process
 * alone (a seccomp filter), it waits until every store that a peer had under way is visible: a peer that read the old word
 * did so after its own store, which leaves the store buffer within microseconds. */
static inline void sluice_heavy_fence(uint32_t asymmetric)
{
    (void)asymmetric;
#ifndef SLUICE_BARRIER_NO_HEAVY_FENCE
    sluice_fence_full();
    if ((asymmetric & SLUICE_PEERS_ARE_LIGHT) == 0) {
        return;
    }
#ifdef SYS_membarrier
    if (syscall(SYS_membarrier, SLUICE_MEMBARRIER_GLOBAL_EXPEDITED, 0, 0) == 0) {
        return;
    }
#endif
    struct timespec span = {0, SLUICE_SETTLE_NS};
    while (nanosleep(&span, &span) != 0 && errno == EINTR) {
    }
    sluice_fence_full();
#endif
}

/* Sleeps while *word is `seen`, until `deadline` or for one slice. */
static inline void sluice_futex_wait(uint32_t *word, uint32_t seen, int64_t deadline)
{
    int64_t left = deadline == INT64_MAX ? SLUICE_WAIT_SLICE_NS : deadline - sluice_monotonic_ns();
    if (left <= 0) {
        return;
    }
    if (left > SLUICE_WAIT_SLICE_NS) {
        left = SLUICE_WAIT_SLICE_NS;
    }
    struct timespec span = {left / 1000000000, left % 1000000000};
    (void)syscall(SYS_futex, word, FUTEX_WAIT, seen, &span, NULL, 0);
}

static inline void sluice_futex_wake(uint32_t *word, int32_t sleepers)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, sleepers, NULL, NULL, 0);
}

/* Cold half of a release: producers wait for room. */
SLUICE_COLD void sluice_wake_producers(sluice_ring_header *header)
{
    sluice_store_relaxed(&header->space_waiters, 0u);
    (void)sluice_fetch_add(&header->space_futex, 1u);
    sluice_futex_wake(&header->space_futex, INT32_MAX);
}

#endif
