/* SPDX-License-Identifier: Apache-2.0
 *
 * The least a ring of one producer and one consumer can be: double-mapped memory, two positions on lines of their
 * own, each side with a copy of the other's. No policies, no counters, no owners, nobody sleeps. It is the limit that
 * the ring of Sluice is measured against.
 */
#ifndef SLUICE_BENCHMARKS_RAW_RING_H
#define SLUICE_BENCHMARKS_RAW_RING_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct raw_ring {
    uint64_t head __attribute__((aligned(128)));
    uint64_t tail __attribute__((aligned(128)));
    uint8_t *data __attribute__((aligned(128)));
    uint64_t capacity;
} raw_ring;

/* The producer's side: the end of what was written, of what the consumer may see, and the last tail it saw. */
typedef struct raw_producer {
    raw_ring *ring;
    uint8_t *data;
    uint64_t capacity;
    uint64_t head;
    uint64_t published;
    uint64_t tail;
} raw_producer;

static inline void raw_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

/* 1 when the ring has memory of `capacity` bytes, a power of two of whole pages. */
static inline int raw_create(raw_ring *ring, uint64_t capacity)
{
    memset(ring, 0, sizeof *ring);
    ring->capacity = capacity;
    int fd = memfd_create("raw", 0);
    int protection = PROT_READ | PROT_WRITE;
    void *base = mmap(NULL, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int done = fd >= 0 && base != MAP_FAILED && ftruncate(fd, (off_t)capacity) == 0;
    for (int half = 0; half < 2 && done; half++) {
        done = mmap((uint8_t *)base + (uint64_t)half * capacity, capacity, protection, MAP_SHARED | MAP_FIXED, fd, 0) !=
               MAP_FAILED;
    }
    if (fd >= 0) {
        close(fd);
    }
    ring->data = (uint8_t *)base;
    return done;
}

static inline void raw_destroy(raw_ring *ring)
{
    munmap(ring->data, 2 * ring->capacity);
}

static inline raw_producer raw_open(raw_ring *ring)
{
    raw_producer producer = {ring, ring->data, ring->capacity, ring->head, ring->head, ring->tail};
    return producer;
}

static inline void raw_publish(raw_producer *producer)
{
    producer->published = producer->head;
    __atomic_store_n(&producer->ring->head, producer->head, __ATOMIC_RELEASE);
}

/* Room for `bytes`, waited for. */
static inline void *raw_claim(raw_producer *producer, uint64_t bytes)
{
    while (__builtin_expect(producer->head + bytes - producer->tail > producer->capacity, 0)) {
        if (producer->published != producer->head) {
            raw_publish(producer);
        }
        raw_relax();
        producer->tail = __atomic_load_n(&producer->ring->tail, __ATOMIC_ACQUIRE);
    }
    return producer->data + (producer->head & (producer->capacity - 1));
}

/* What was claimed is written; it becomes visible once `group` bytes are. */
static inline void raw_commit(raw_producer *producer, uint64_t bytes, uint64_t group)
{
    producer->head += bytes;
    if (producer->head - producer->published >= group) {
        raw_publish(producer);
    }
}

/* Waits until at least `least` bytes behind `tail` can be read; returns the end of what can. */
static inline uint64_t raw_wait(const raw_ring *ring, uint64_t tail, uint64_t least)
{
    uint64_t head;
    while ((head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE)) - tail < least) {
        raw_relax();
    }
    return head;
}

static inline void raw_release(raw_ring *ring, uint64_t tail)
{
    __atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
}

#endif
