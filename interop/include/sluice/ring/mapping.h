/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/mapping.h - the memory of a ring in the address space of a process: mapped, and left again.
 *
 * Threading: one thread at a time per sluice_ring.
 */
#ifndef SLUICE_RING_MAPPING_H
#define SLUICE_RING_MAPPING_H

#include "name.h"
#include "room.h"

#include <sys/mman.h>

/* Maps header and data, the data twice. */
static inline int32_t sluice_ring_map(sluice_ring *ring, uint64_t data_offset, uint64_t capacity)
{
    uint64_t whole = data_offset + 2 * capacity, spare = data_offset & -data_offset; /* huge pages lie at multiples */
    uint8_t *base = (uint8_t *)mmap(NULL, whole + spare, PROT_NONE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return sluice_ring_fault(ring, SLUICE_E_MEMORY, "no address space for a ring of %llu bytes: %s",
                                 (unsigned long long)capacity, strerror(errno));
    }
    uint64_t before = sluice_round_up((uintptr_t)base, spare) - (uintptr_t)base;
    if (before != 0) {
        (void)munmap(base, before);
    }
    base += before;
    if (spare != before) {
        (void)munmap(base + whole, spare - before);
    }
    int protection = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED;
    if (mmap(base, data_offset + capacity, protection, flags, ring->fd, 0) == MAP_FAILED ||
        mmap(base + data_offset + capacity, capacity, protection, flags, ring->fd, (off_t)data_offset) ==
            MAP_FAILED) {
        int code = errno;
        (void)munmap(base, whole);
        return sluice_ring_fault(ring, sluice_status_of_errno(code), "mapping a ring of %llu bytes failed: %s",
                                 (unsigned long long)capacity, strerror(code));
    }
    ring->header = (sluice_ring_header *)(void *)base;
    ring->data = base + data_offset;
    ring->mapped_bytes = whole;
    return SLUICE_OK;
}

/* Wakes both sides whatever they wait for. */
static inline void sluice_ring_wake(sluice_ring *ring)
{
    sluice_ring_view view;
    uint64_t event_seen = 0;
    int32_t event_fd = -1;
    sluice_view(&view, ring);
    sluice_signal_consumer(&view, sluice_current_identity(&ring->self), &event_seen, &event_fd);
    if (event_fd >= 0) {
        (void)close(event_fd);
    }
    sluice_wake_producers(ring->header);
}

/* Takes the name away, if it still means this ring. What nobody takes from any more is sealed: its producers get E_ENDED.
 * `leaves`: the caller is about to unmap it, and no consumer will come from there. */
static inline void sluice_ring_take_name(sluice_ring *ring, int leaves)
{
    sluice_ring_view view;
    if (!sluice_ring_has_place(ring) || unlink(sluice_ring_place(ring)) != 0) {
        return;
    }
    sluice_view(&view, ring);
    uint64_t self = sluice_current_identity(&ring->self), consumer = sluice_load_acquire(&ring->header->consumer_owner);
    if ((leaves || sluice_was_consumed(&view)) &&
        sluice_end_life(&view, SLUICE_END_CONSUMER, consumer, self) == SLUICE_LIFE_GONE) {
        sluice_orphan(&view);
        sluice_ring_wake(ring);
    }
}

/* Unmaps. The memory of a named or file-backed ring stays for others; `remove` takes its name away as well, if that still
 * means this ring. The ends must be closed before. A second call does nothing. */
SLUICE_INLINE void sluice_ring_close(sluice_ring *ring, int32_t remove)
{
    if (ring->header != NULL) {
        if (remove) {
            sluice_lock_name(ring->fd, F_WRLCK);
            sluice_ring_take_name(ring, 1);
            sluice_unlock_name(ring->fd);
        }
        (void)munmap(ring->header, ring->mapped_bytes);
    }
    if (ring->fd >= 0) {
        (void)close(ring->fd);
    }
    ring->header = NULL;
    ring->fd = -1;
    sluice_ring_forget_place(ring);
}

#endif
