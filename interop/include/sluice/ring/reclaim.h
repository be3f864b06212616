/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/reclaim.h - everything that moves tail or gives up a record, besides a plain release.
 *
 * The tail lock serialises the movers of tail in SLUICE_DROP_OLDEST rings. It holds the identity of a process,
 * so that a holder that died is told from one that works; whoever takes it over finishes the interrupted
 * clearing first. Producers hold it for the time of one drop. A consumer holds it from peek to release, marked
 * SLUICE_TAIL_HELD, so producers that meet the mark do not spin for it.
 */
#ifndef SLUICE_RING_RECLAIM_H
#define SLUICE_RING_RECLAIM_H

#include "wait.h"

#define SLUICE_TAIL_LOCK_SPINS 4000

/* The three addresses every end works on. */
typedef struct sluice_ring_view {
    sluice_ring_header *header;
    uint8_t *data;
    uint64_t *cells;
    uint64_t mask;           /* capacity - 1 */
    uint64_t capacity;       /* bytes */
    uint64_t cell_mask;      /* cells - 1 */
    uint64_t stride_inverse; /* sequence = (position >> stride_shift) * stride_inverse, see sluice_sequence */
    uint32_t stride_shift;
    uint32_t capacity_shift;
    uint32_t stride;
    uint32_t framed;
    uint32_t many;
    uint32_t policy;
    uint32_t asymmetric;
    uint32_t reserved;
} sluice_ring_view;

static inline void sluice_view(sluice_ring_view *view, const sluice_ring *ring)
{
    sluice_ring_header *header = ring->header;
    memset(view, 0, sizeof *view);
    view->header = header;
    view->data = ring->data;
    view->cells = ring->cells;
    view->capacity = header->capacity;
    view->mask = header->capacity - 1;
    view->capacity_shift = (uint32_t)__builtin_ctzll(header->capacity);
    view->cell_mask = header->cells == 0 ? 0 : header->cells - 1;
    view->stride = header->stride;
    view->framed = header->shape == SLUICE_FRAMED;
    view->many = header->producers == SLUICE_MANY_PRODUCERS;
    view->policy = header->full_policy;
    view->asymmetric = header->flags & SLUICE_RING_ASYMMETRIC;
    if (!view->framed) {
        view->stride_shift = (uint32_t)__builtin_ctz(header->stride);
        uint64_t odd = header->stride >> view->stride_shift;
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

static inline uint64_t *sluice_word_at(const sluice_ring_view *view, uint64_t position)
{
    return (uint64_t *)(void *)(view->data + (position & view->mask));
}

/* Bytes of the record whose header word is `word`. */
static inline uint64_t sluice_record_span(uint64_t word)
{
    return sluice_round_up((uint64_t)(uint32_t)(int32_t)(uint32_t)word, 8);
}

/* Framed, many producers: the word of a granule that nobody has claimed yet. It carries the lap, so that a claim
 * that was given up long ago cannot take memory of a later one. A fresh ring, all zero, is lap 0. */
static inline uint64_t sluice_empty_word(const sluice_ring_view *view, uint64_t position)
{
    return (position >> view->capacity_shift) << 32;
}

static inline void sluice_clear(const sluice_ring_view *view, uint64_t tail, uint64_t end)
{
    for (uint64_t at = tail; at < end;) {
        uint64_t lap_end = (at & ~view->mask) + view->capacity, to = lap_end < end ? lap_end : end;
        uint64_t empty = sluice_empty_word(view, at + view->capacity), *word = sluice_word_at(view, at);
        for (uint64_t i = 0; i < (to - at) / 8; i++) {
            word[i] = empty;
        }
        at = to;
    }
}

/* Moves tail to `end`; records of many producers are cleared on the way. */
static inline void sluice_advance_tail(const sluice_ring_view *view, uint64_t tail, uint64_t end)
{
    if (view->framed && view->many) {
        sluice_store_release(&view->header->clearing, end);
        sluice_clear(view, tail, end);
    }
    sluice_store_release(&view->header->tail, end);
}

/* Finishes a clearing that a dead mover of tail left half done. */
static inline void sluice_finish_clearing(const sluice_ring_view *view)
{
    uint64_t tail = sluice_load_acquire(&view->header->tail);
    uint64_t end = sluice_load_acquire(&view->header->clearing);
    if (view->framed && view->many && end > tail) {
        sluice_advance_tail(view, tail, end);
    }
}

/* 1 when the lock is ours now, with `mark` (0 or SLUICE_TAIL_HELD). Bounded: gives up at once while a consumer holds
 * it, and after some 100 us while a live process keeps it. Whether a holder lives costs a look into /proc: of the
 * attempts that meet a consumer, those of producers look at every 256th packet they drop. */
static inline int sluice_tail_trylock(const sluice_ring_view *view, uint64_t self, uint64_t mark)
{
    sluice_ring_header *header = view->header;
    uint64_t holder = 0;
    for (uint32_t spin = 0; spin < SLUICE_TAIL_LOCK_SPINS && (holder & SLUICE_TAIL_HELD) == 0; spin++) {
        holder = sluice_load_relaxed(&header->tail_lock);
        if (holder == 0 && sluice_cas(&header->tail_lock, &holder, self | mark)) {
            return 1;
        }
        sluice_cpu_relax();
    }
    if ((holder & SLUICE_TAIL_HELD) != 0 && mark == 0 && (sluice_load_relaxed(&header->dropped_newest) & 255) != 0) {
        return 0;
    }
    if (holder != 0 && !sluice_identity_alive(header, holder & ~SLUICE_TAIL_HELD) &&
        sluice_cas(&header->tail_lock, &holder, self | mark)) {
        sluice_finish_clearing(view);
        return 1;
    }
    return 0;
}

static inline void sluice_tail_unlock(const sluice_ring_view *view)
{
    sluice_store_release(&view->header->tail_lock, (uint64_t)0);
}

/* Makes `bytes` of room before `head` by taking out the oldest records. Returns the new tail; room may still be
 * short when the oldest record is an open claim or a consumer holds the tail. */
static inline uint64_t sluice_drop_oldest(const sluice_ring_view *view, uint64_t self, uint64_t head, uint64_t bytes)
{
    sluice_ring_header *header = view->header;
    if (!sluice_tail_trylock(view, self, 0)) {
        return sluice_load_acquire(&header->tail);
    }
    uint64_t tail = sluice_load_acquire(&header->tail), end = tail, packets = 0;
    while (head + bytes - end > view->capacity && end < head) {
        uint64_t span = view->stride, aborted = 0;
        if (view->framed) {
            uint64_t word = sluice_load_acquire(sluice_word_at(view, end));
            if ((int32_t)(uint32_t)word <= 0) {
                break;
            }
            span = sluice_record_span(word);
            aborted = (word >> 48) & SLUICE_RECORD_ABORTED;
        } else if (view->many) {
            uint64_t sequence = sluice_sequence(view, end);
            uint64_t cell = sluice_load_acquire(&view->cells[sequence & view->cell_mask]);
            if (sluice_cell_age(cell, sequence) != 0 || (cell & 3) == SLUICE_CELL_CLAIMED) {
                break;
            }
            aborted = (cell & 3) == SLUICE_CELL_ABORTED;
        }
        end += span;
        packets += !aborted;
    }
    if (end != tail) {
        sluice_store_relaxed(&header->dropped_oldest, sluice_load_relaxed(&header->dropped_oldest) + packets);
        sluice_advance_tail(view, tail, end);
    }
    sluice_tail_unlock(view);
    return end;
}

/* Many producers, fixed stride: makes the cell of a packet that was reserved but never marked an aborted one. */
static inline int sluice_give_up_cell(const sluice_ring_view *view, uint64_t sequence)
{
    uint64_t *cell = &view->cells[sequence & view->cell_mask], seen = sluice_load_acquire(cell);
    if (sluice_cell_age(seen, sequence) >= 0 ||
        !sluice_cas(cell, &seen, sluice_cell(sequence, 1, 0, SLUICE_CELL_ABORTED))) {
        return 0;
    }
    sluice_count(&view->header->aborted, 1);
    return 1;
}

/* Many producers: gives up what stands at `position` and was never claimed, or was claimed by a producer that is
 * gone. 1 when something was given up. */
static inline int sluice_unblock_at(const sluice_ring_view *view, uint64_t position)
{
    sluice_ring_header *header = view->header;
    if (!view->framed) {
        uint64_t sequence = sluice_sequence(view, position);
        uint64_t *cell = &view->cells[sequence & view->cell_mask];
        uint64_t seen = sluice_load_acquire(cell);
        if (sluice_cell_age(seen, sequence) < 0) {
            return sluice_give_up_cell(view, sequence);
        }
        uint64_t owner = sluice_load_acquire(&header->producer_slots[(seen >> 2) & 255]);
        if ((seen & 3) != SLUICE_CELL_CLAIMED || sluice_identity_alive(header, owner)) {
            return 0;
        }
        /* The end of a claim is settled from its last packet to its first, so what was settled last tells
         * whether the payload before it is complete. */
        uint32_t state = SLUICE_CELL_ABORTED;
        uint64_t aborted = 0;
        for (uint64_t i = ((seen >> 10) & 4095) + 1; i-- > 0;) {
            uint64_t *one = &view->cells[(sequence + i) & view->cell_mask];
            uint64_t now = sluice_load_acquire(one);
            if (sluice_cell_age(now, sequence + i) == 0 && (now & 3) != SLUICE_CELL_CLAIMED) {
                state = (uint32_t)(now & 3);
            } else {
                sluice_store_release(one, sluice_cell(sequence + i, 1, 0, state));
                aborted += state == SLUICE_CELL_ABORTED;
            }
        }
        sluice_count(&header->aborted, aborted);
        return 1;
    }
    uint64_t *word = sluice_word_at(view, position);
    uint64_t seen = sluice_load_acquire(word);
    if (seen == sluice_empty_word(view, position)) { /* one granule at a time: a claim that begins at the next one stays whole */
        return sluice_cas(word, &seen, sluice_record_word(8, 0, SLUICE_RECORD_ABORTED));
    }
    int32_t length = (int32_t)(uint32_t)seen;
    uint64_t owner = sluice_load_acquire(&header->producer_slots[(seen >> 32) & 255]);
    if (length > 0 || sluice_identity_alive(header, owner)) {
        return 0;
    }
    if (!sluice_cas(word, &seen, sluice_record_word(-length, 0, SLUICE_RECORD_ABORTED))) {
        return 0;
    }
    sluice_count(&header->aborted, 1);
    return 1;
}

/* Frees the slots of producers that are gone. With nothing in the ring no claim refers to a slot; that is looked at
 * after the death of the owner was seen, so that a claim it made last is not missed. */
SLUICE_COLD void sluice_sweep_slots(const sluice_ring_view *view)
{
    sluice_ring_header *header = view->header;
    for (uint32_t slot = 0; view->many && slot < SLUICE_RING_PRODUCERS; slot++) {
        uint64_t owner = sluice_load_acquire(&header->producer_slots[slot]);
        if (owner != 0 && !sluice_identity_alive(header, owner)) {
            uint64_t tail = sluice_load_acquire(&header->tail);
            if ((sluice_load_acquire(&header->head) & ~SLUICE_RING_SEALED) != tail) {
                return;
            }
            (void)sluice_cas(&header->producer_slots[slot], &owner, (uint64_t)0);
        }
    }
}

/* Frees all ends of a ring whose holders cannot be judged from here, because they lived in another pid namespace: a
 * container that was started again over the same file. Only for a caller that knows that they are gone. */
SLUICE_INLINE void sluice_ring_adopt(sluice_ring *ring)
{
    sluice_ring_header *header = ring->header;
    sluice_ring_view view;
    sluice_view(&view, ring);
    sluice_finish_clearing(&view);
    sluice_tail_unlock(&view);
    for (uint32_t slot = 0; slot < SLUICE_RING_PRODUCERS; slot++) {
        sluice_store_relaxed(&header->producer_slots[slot], (uint64_t)0);
    }
    sluice_store_relaxed(&header->producer_owner, (uint64_t)0);
    sluice_store_relaxed(&header->consumer_owner, (uint64_t)0);
    sluice_store_release(&header->pid_namespace, sluice_pid_namespace());
}

#endif
