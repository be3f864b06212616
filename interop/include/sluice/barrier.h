/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/barrier.h - every memory ordering that Sluice uses.
 *
 * Four verbs carry the ring: load_acquire / store_release publish positions, light_fence / heavy_fence
 * close the gap between "I published" and "is anybody asleep?". The pair of fences is asymmetric where
 * the kernel offers membarrier(2): the side that runs for every packet pays a compiler barrier only, the
 * side that is about to sleep pays the system call. Without membarrier both are full fences.
 */
#ifndef SLUICE_BARRIER_H
#define SLUICE_BARRIER_H

#include <stdint.h>

#if !defined(__GNUC__)
#error "sluice/barrier.h needs the __atomic builtins of GCC or Clang"
#endif

/* Static inline by default; a translation unit that turns the header into real symbols defines it otherwise.
 * SLUICE_HOT marks what runs for every packet: it is inlined whatever the compiler thinks of its size, so that a
 * packet size known at compile time turns the copy into a few moves. */
#ifndef SLUICE_INLINE
#define SLUICE_INLINE static inline
#define SLUICE_HOT static inline __attribute__((always_inline))
#endif
#ifndef SLUICE_HOT
#define SLUICE_HOT SLUICE_INLINE
#endif
#define SLUICE_HOT_PART static inline __attribute__((always_inline)) /* of a hot function, in every build */
#define SLUICE_COLD __attribute__((noinline, cold, unused)) static
#define SLUICE_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define SLUICE_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* The litmus tests define SLUICE_BARRIER_WEAKENED (no ordering) or SLUICE_BARRIER_NO_HEAVY_FENCE (wait.h) to prove
 * that they notice what is missing. */
#ifdef SLUICE_BARRIER_WEAKENED
#define SLUICE_ORDER_ACQUIRE __ATOMIC_RELAXED
#define SLUICE_ORDER_RELEASE __ATOMIC_RELAXED
#define SLUICE_ORDER_BOTH __ATOMIC_RELAXED
#else
#define SLUICE_ORDER_ACQUIRE __ATOMIC_ACQUIRE
#define SLUICE_ORDER_RELEASE __ATOMIC_RELEASE
#define SLUICE_ORDER_BOTH __ATOMIC_ACQ_REL
#endif

#define sluice_load_acquire(address) __atomic_load_n((address), SLUICE_ORDER_ACQUIRE)
#define sluice_load_relaxed(address) __atomic_load_n((address), __ATOMIC_RELAXED)
#define sluice_store_release(address, value) __atomic_store_n((address), (value), SLUICE_ORDER_RELEASE)
#define sluice_store_relaxed(address, value) __atomic_store_n((address), (value), __ATOMIC_RELAXED)
#define sluice_fetch_add(address, value) __atomic_fetch_add((address), (value), SLUICE_ORDER_BOTH)
#define sluice_fetch_or(address, value) __atomic_fetch_or((address), (value), SLUICE_ORDER_BOTH)
#define sluice_count(address, value) ((void)__atomic_fetch_add((address), (value), __ATOMIC_RELAXED))

/* Compare and swap: *expected holds the value found when it fails. */
#define sluice_cas(address, expected, desired)                                                               \
    __atomic_compare_exchange_n((address), (expected), (desired), 0, SLUICE_ORDER_BOTH, SLUICE_ORDER_ACQUIRE)

/* A full fence. ThreadSanitizer knows no fences; a sequentially consistent exchange stands in for it there. */
static inline void sluice_fence_full(void)
{
#if defined(__SANITIZE_THREAD__)
    uint32_t scratch = 0;
    (void)__atomic_exchange_n(&scratch, 1u, __ATOMIC_SEQ_CST);
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* The side that runs for every packet: orders its own store before its next load, as seen by a peer that
 * executes the heavy fence. `asymmetric` is the view's field; its lowest bit says that this process takes part. */
static inline void sluice_light_fence(uint32_t asymmetric)
{
    if (asymmetric & 1u) {
        __asm__ __volatile__("" ::: "memory");
    } else {
        sluice_fence_full();
    }
}

static inline void sluice_cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

#endif
