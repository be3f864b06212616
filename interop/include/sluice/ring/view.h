/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/view.h - the addresses and numbers that every end works with.
 *
 * A view is made from what the attach checked and copied. Nothing in it is read from shared memory, so a header that
 * somebody changes afterwards moves no address and no bound.
 */
#ifndef SLUICE_RING_VIEW_H
#define SLUICE_RING_VIEW_H

#include "life.h"

/* Bits of `asymmetric` and `traits`. */
#define SLUICE_LIGHT_IS_FREE 1u   /* this process takes part in membarrier(2): its light fence is a compiler barrier */
#define SLUICE_PEERS_ARE_LIGHT 2u /* others of the ring may rely on the same: the heavy fence must reach them */
#define SLUICE_MANY_LANES 2u      /* in `many`: there are records and, framed, announcements */

typedef struct sluice_ring_view {
    sluice_ring_header *header;
    uint8_t *data;
    uint64_t *cells;         /* fixed stride: the cells; framed: the announcements */
    uint64_t mask;           /* capacity - 1 */
    uint64_t capacity;       /* bytes */
    uint64_t cell_mask;      /* cells - 1 */
    uint64_t stride_inverse; /* sequence = (position >> stride_shift) * stride_inverse, see sluice_sequence */
    uint32_t stride_shift;
    uint32_t capacity_shift;
    uint32_t stride;
    uint32_t framed;
    uint32_t many;           /* 1, and SLUICE_MANY_LANES */
    uint32_t policy;
    uint16_t asymmetric;     /* SLUICE_LIGHT_IS_FREE, SLUICE_PEERS_ARE_LIGHT */
    uint16_t flags;          /* sluice_ring_flags */
    int32_t fd;              /* whose locks tell which ends are held; -1: it is not this process's own, or none */
} sluice_ring_view;

static inline void sluice_view(sluice_ring_view *view, const sluice_ring *ring)
{
    memset(view, 0, sizeof *view);
    view->header = ring->header;
    view->data = ring->data;
    view->cells = ring->cells;
    view->capacity = (ring->mapped_bytes - (uint64_t)(ring->data - (uint8_t *)ring->header)) / 2;
    view->mask = view->capacity - 1;
    view->capacity_shift = (uint32_t)__builtin_ctzll(view->capacity);
    view->cell_mask = ring->cells_shift == 0 ? 0 : (UINT64_C(1) << ring->cells_shift) - 1;
    view->stride = ring->stride;
    view->framed = ring->shape == SLUICE_FRAMED;
    view->many = ring->producers;
    view->policy = ring->full_policy;
    view->flags = (uint16_t)ring->flags;
    view->asymmetric = ring->flags & SLUICE_RING_ASYMMETRIC ? SLUICE_PEERS_ARE_LIGHT : 0;
    view->fd = ring->path[0] != '\0' && ring->opener == (uint32_t)getpid() ? ring->fd : -1;
    if (!view->framed) {
        view->stride_shift = (uint32_t)__builtin_ctz(view->stride);
        uint64_t odd = view->stride >> view->stride_shift;
        uint64_t inverse = odd; /* right to 3 bits; each Newton step doubles them */
        for (int step = 0; step < 5; step++) {
            inverse *= 2 - odd * inverse;
        }
        view->stride_inverse = inverse;
    }
}

/* Number of the packet at a position. Positions are exact multiples of the stride, so the division is a
 * multiplication with the inverse of its odd part modulo 2^64. */
static inline uint64_t sluice_sequence(const sluice_ring_view *view, uint64_t position)
{
    return (position >> view->stride_shift) * view->stride_inverse;
}

/* Whether so many bytes are whole packets, or granules of records. */
static inline int sluice_is_whole(const sluice_ring_view *view, uint64_t bytes)
{
    uint64_t product;
    if (view->framed) {
        return bytes % 8 == 0;
    }
    return !__builtin_mul_overflow(sluice_sequence(view, bytes), (uint64_t)view->stride, &product) && product == bytes;
}

static inline uint64_t *sluice_word_at(const sluice_ring_view *view, uint64_t position)
{
    return (uint64_t *)(void *)(view->data + (position & view->mask));
}

/* Bytes behind each payload of a framed ring that belong to the ring: the checksum. */
static inline uint32_t sluice_trailer(const sluice_ring_view *view)
{
    return view->flags & SLUICE_RING_CHECKSUMS ? 4 : 0;
}

/* Bytes from a record of so many bytes, header included, to the next one. */
static inline uint64_t sluice_span_of(uint64_t length, uint32_t trailer)
{
    return sluice_round_up(length + trailer, 8);
}

/* Bytes that the record whose header word is `word` takes. Records that were given up carry no trailer. */
static inline uint64_t sluice_record_span(uint64_t word, uint32_t trailer)
{
    return sluice_span_of((uint32_t)word, (word >> 48) & SLUICE_RECORD_ABORTED ? 0 : trailer);
}

/* Framed, many producers: the word of a granule that nobody has claimed yet. It carries the lap; a fresh ring, all zero,
 * is lap 0. */
static inline uint64_t sluice_empty_word(const sluice_ring_view *view, uint64_t position)
{
    return (position >> view->capacity_shift) << 32;
}

/* Many producers: the records of who holds the slots. NULL: a ring of version 0.1, which has none. */
static inline uint64_t *sluice_slot_records(const sluice_ring_view *view)
{
    if ((view->many & SLUICE_MANY_LANES) == 0) {
        return NULL;
    }
    return view->framed ? view->cells - SLUICE_RING_PRODUCERS : view->cells + view->cell_mask + 1;
}

/* Framed, many producers, with lanes: where the producer of a slot announces what it is about to reserve. The first 16 slots
 * lie 128 bytes apart, 32 have cache lines of their own. */
static inline uint64_t *sluice_announcement(const sluice_ring_view *view, uint32_t slot)
{
    uint32_t line = (slot << 1 & 30) | (slot >> 4 & 1);
    return view->cells + line * 8 + (slot >> 5);
}

#endif
