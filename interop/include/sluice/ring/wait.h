/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/wait.h - sleeping and waking without a lost wake-up.
 *
 * Consumer: 1. stores wake_at (the position it waits for)  2. heavy fence  3. looks at head again
 *           4. sleeps on data_futex if it is still short.
 * Producer: 1. stores head with release  2. light fence  3. reads wake_at  4. wakes if head reached it.
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
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#define SLUICE_WAIT_SLICE_NS INT64_C(100000000)
#define SLUICE_SPIN_ROUNDS 200
#define SLUICE_PATIENCE_NS INT64_C(50000)

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

/* The side that is about to sleep. Pairs with sluice_light_fence. */
static inline void sluice_heavy_fence(uint32_t asymmetric)
{
    (void)asymmetric;
#ifndef SLUICE_BARRIER_NO_HEAVY_FENCE
    sluice_fence_full();
#ifdef SYS_membarrier
    if (asymmetric) {
        (void)syscall(SYS_membarrier, SLUICE_MEMBARRIER_GLOBAL_EXPEDITED, 0, 0);
    }
#endif
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

/* The consumer's eventfd as seen from this process: its own, or fetched once from the other one by pidfd_getfd(2). -1:
 * none, or out of reach (the kernel asks for the right to trace the other process). */
static inline int32_t sluice_event_here(const sluice_ring_header *header, uint64_t self, uint64_t *seen_cached,
                                        int32_t *fd_cached)
{
    uint32_t generation = sluice_load_acquire(&header->event_generation);
    uint64_t owner = sluice_load_acquire(&header->event_owner);
    int32_t fd = sluice_load_acquire(&header->event_fd);
    if (owner == 0 || fd < 0 || (generation & 1) != 0 ||
        sluice_load_relaxed(&header->event_generation) != generation) {
        return -1;
    }
    if (owner == self) {
        return fd;
    }
    if (*seen_cached != generation) {
        if (*fd_cached >= 0) {
            (void)close(*fd_cached);
        }
        *fd_cached = -1;
        *seen_cached = generation;
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
        int32_t process = sluice_above_stdio((int32_t)syscall(SYS_pidfd_open, (pid_t)(owner >> 32), 0));
        if (process >= 0) {
            *fd_cached = sluice_above_stdio((int32_t)syscall(SYS_pidfd_getfd, process, fd, 0));
            (void)close(process);
        }
#endif
    }
    return *fd_cached;
}

/* Wakes the consumer: from its futex, and by the eventfd where one is set. */
static inline void sluice_signal_consumer(sluice_ring_header *header, uint64_t self, uint64_t *event_seen,
                                          int32_t *event_fd)
{
    (void)sluice_fetch_add(&header->data_futex, 1u);
    sluice_futex_wake(&header->data_futex, 1);
    int32_t fd = sluice_event_here(header, self, event_seen, event_fd);
    if (fd >= 0) {
        uint64_t one = 1;
        ssize_t ignored = write(fd, &one, sizeof one); /* full means readable already */
        (void)ignored;
    }
}

/* Cold half of a publish: somebody waits for a position that `end` reaches. One producer of several calls the kernel. */
SLUICE_COLD void sluice_wake_consumer(sluice_ring_header *header, uint64_t end, uint64_t self, uint64_t *event_seen,
                                      int32_t *event_fd)
{
    uint64_t wake_at = sluice_load_relaxed(&header->wake_at);
    while (end >= wake_at) {
        if (sluice_cas(&header->wake_at, &wake_at, SLUICE_RING_NEVER)) {
            sluice_signal_consumer(header, self, event_seen, event_fd);
            return;
        }
    }
}

/* Cold half of a release: producers wait for room. */
SLUICE_COLD void sluice_wake_producers(sluice_ring_header *header)
{
    sluice_store_relaxed(&header->space_waiters, 0u);
    (void)sluice_fetch_add(&header->space_futex, 1u);
    sluice_futex_wake(&header->space_futex, INT32_MAX);
}

#endif
