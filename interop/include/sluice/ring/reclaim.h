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

#include "checksum.h"
#include "event.h"

#define SLUICE_TAIL_LOCK_SPINS 4000

/* Positions may be damaged: no step depends on their order, and never more than the capacity is cleared. */
static inline void sluice_clear(const sluice_ring_view *view, uint64_t tail, uint64_t end)
{
    uint64_t left = end - tail <= view->capacity ? end - tail : 0;
    for (uint64_t at = tail; left >= 8;) {
        uint64_t lap = view->capacity - (at & view->mask), run = lap < left ? lap : left;
        uint64_t empty = sluice_empty_word(view, at + view->capacity), *word = sluice_word_at(view, at);
        for (uint64_t i = 0; i < run / 8; i++) {
            word[i] = empty;
        }
        at += run;
        left -= run;
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

/* Finishes a clearing that a dead mover of tail left half done. An end that no mover can have stored is left alone. */
static inline void sluice_finish_clearing(const sluice_ring_view *view)
{
    uint64_t tail = sluice_load_acquire(&view->header->tail);
    uint64_t end = sluice_load_acquire(&view->header->clearing);
    if (view->framed && view->many && end > tail && end - tail <= view->capacity && end % 8 == 0) {
        sluice_advance_tail(view, tail, end);
    }
}

/* Whether the holder of the tail lock may still work: every end that its process has is looked at, but the one that is
 * being taken over. A process without an end has none to work with. HELD is a consumer's: whatever other ends its process
 * has, after an exec or in another thread, work without it. */
SLUICE_COLD int sluice_mover_lives(const sluice_ring_view *view, uint64_t holder, uint64_t self, uint32_t but)
{
    uint64_t mover = holder & ~SLUICE_TAIL_HELD;
    uint32_t ends = mover == holder ? SLUICE_RING_PRODUCERS + 2 : 1;
    for (uint32_t i = 0; i < ends; i++) {
        uint32_t end = (i + SLUICE_END_CONSUMER) % (SLUICE_RING_PRODUCERS + 2); /* the likely ones first */
        if (end != but && sluice_load_acquire(sluice_owner_of(view, end)) == mover &&
            sluice_end_life(view, end, mover, self) != SLUICE_LIFE_GONE) {
            return 1;
        }
    }
    return 0;
}

/* Takes the tail lock from a holder that is gone, and finishes what it had begun. */
static inline int sluice_inherit_tail(const sluice_ring_view *view, uint64_t *found, uint64_t mine)
{
    if (!sluice_cas(&view->header->tail_lock, found, mine)) {
        return 0;
    }
    sluice_finish_clearing(view);
    return 1;
}

/* 1 when the lock is ours now, with `mark` (0 or SLUICE_TAIL_HELD). Bounded: gives up at once while a consumer holds
 * it, and after some 100 us while a live process keeps it. Whether a holder lives costs some system calls: of the
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
    return holder != 0 && !sluice_mover_lives(view, holder, self, UINT32_MAX) &&
           sluice_inherit_tail(view, &holder, self | mark);
}

static inline void sluice_tail_unlock(const sluice_ring_view *view)
{
    sluice_store_release(&view->header->tail_lock, (uint64_t)0);
}

/* An end is taken over from a dead holder: what that one had of the tail lock is taken too, before its death cannot be seen
 * any more. */
static inline void sluice_free_tail_of(const sluice_ring_view *view, uint32_t end, uint64_t gone, uint64_t self)
{
    uint64_t holder = sluice_load_acquire(&view->header->tail_lock);
    if (gone != 0 && (holder & ~SLUICE_TAIL_HELD) == gone && !sluice_mover_lives(view, holder, self, end) &&
        sluice_inherit_tail(view, &holder, self)) {
        sluice_tail_unlock(view);
    }
}

/* The packet or record at `position`: its size, and whether it was given up. 0: it is an open claim, not there, or longer
 * than what is in the ring. */
static inline int sluice_settled_at(const sluice_ring_view *view, uint64_t position, uint64_t limit, uint64_t *span,
                                    uint64_t *aborted)
{
    *span = view->stride;
    *aborted = 0;
    if (view->framed) {
        uint64_t word = sluice_load_acquire(sluice_word_at(view, position));
        *span = sluice_record_span(word, sluice_trailer(view));
        *aborted = (word >> 48) & SLUICE_RECORD_ABORTED;
        return (int32_t)(uint32_t)word >= (int32_t)sizeof(sluice_ring_record) && *span <= limit - position;
    }
    if (view->many) {
        uint64_t sequence = sluice_sequence(view, position);
        uint64_t cell = sluice_load_acquire(&view->cells[sequence & view->cell_mask]);
        *aborted = (cell & 3) == SLUICE_CELL_ABORTED;
        return sluice_cell_age(cell, sequence) == 0 && (cell & 3) != SLUICE_CELL_CLAIMED;
    }
    return 1;
}

/* Makes `bytes` of room before `head` by taking out the oldest records. Returns the new tail; room may still be
 * short when the oldest record is an open claim or a consumer holds the tail. */
static inline uint64_t sluice_drop_oldest(const sluice_ring_view *view, uint64_t self, uint64_t head, uint64_t bytes)
{
    sluice_ring_header *header = view->header;
    if (!sluice_tail_trylock(view, self, 0)) {
        return sluice_load_acquire(&header->tail);
    }
    uint64_t tail = sluice_load_acquire(&header->tail), end = tail, packets = 0, span, aborted;
    if (head - tail <= view->capacity) { /* else the header contradicts itself, or tail has passed an old head */
        while (head + bytes - end > view->capacity && end < head && sluice_settled_at(view, end, head, &span, &aborted)) {
            end += span;
            packets += !aborted;
        }
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

/* Many producers, fixed stride: the packets of the claim whose first cell holds `claim`. What stands there is bounded: a claim
 * does not reach beyond head, nor into the next one. */
static inline uint64_t sluice_packets_of_claim(const sluice_ring_view *view, uint64_t position, uint64_t claim)
{
    uint64_t sequence = sluice_sequence(view, position), packets = ((claim >> 10) & (SLUICE_RING_CLAIM_MOST - 1)) + 1, i = 1;
    uint64_t head = sluice_load_acquire(&view->header->head) & ~SLUICE_RING_SEALED;
    while (i < packets && position + i * view->stride < head) {
        uint64_t cell = sluice_load_acquire(&view->cells[(sequence + i) & view->cell_mask]);
        if (sluice_cell_age(cell, sequence + i) == 0 && (cell & 3) == SLUICE_CELL_CLAIMED) {
            break;
        }
        i++;
    }
    return i;
}

static inline int sluice_unblock_cell(const sluice_ring_view *view, uint64_t position, uint64_t self)
{
    sluice_ring_header *header = view->header;
    uint64_t sequence = sluice_sequence(view, position);
    uint64_t seen = sluice_load_acquire(&view->cells[sequence & view->cell_mask]);
    if (sluice_cell_age(seen, sequence) < 0) {
        return sluice_give_up_cell(view, sequence);
    }
    uint32_t slot = (uint32_t)(seen >> 2) & 255;
    uint64_t owner = sluice_load_acquire(&header->producer_slots[slot]);
    if ((seen & 3) != SLUICE_CELL_CLAIMED || sluice_end_life(view, slot, owner, self) != SLUICE_LIFE_GONE) {
        return 0;
    }
    /* The end of a claim is settled from its last packet to its first, so what was settled last tells
     * whether the payload before it is complete. A packet that has its checksum is complete, and was about to be settled. */
    uint32_t state = SLUICE_CELL_ABORTED, checksums = view->flags & SLUICE_RING_CHECKSUMS;
    uint64_t aborted = 0;
    for (uint64_t i = sluice_packets_of_claim(view, position, seen); i-- > 0;) {
        uint64_t *one = &view->cells[(sequence + i) & view->cell_mask];
        uint64_t now = sluice_load_acquire(one);
        if (sluice_cell_age(now, sequence + i) == 0 && (now & 3) != SLUICE_CELL_CLAIMED) {
            state = (uint32_t)(now & 3);
        } else {
            if (checksums != 0) {
                state = sluice_is_genuine(view, position + i * view->stride) ? SLUICE_CELL_COMMITTED : SLUICE_CELL_ABORTED;
            }
            sluice_store_release(one, sluice_cell(sequence + i, 1, 0, state));
            aborted += state == SLUICE_CELL_ABORTED;
        }
    }
    sluice_count(&header->aborted, aborted);
    return 1;
}

/* Framed, many producers: whether a producer that may be alive may still mark the reservation that begins at `position`.
 * Whoever reserved it has announced it before; in a ring without announcements any of them may have. */
SLUICE_COLD int sluice_may_be_marked(const sluice_ring_view *view, uint64_t position, uint64_t self)
{
    uint64_t *records = sluice_slot_records(view);
    for (uint32_t slot = 0; slot < SLUICE_RING_PRODUCERS; slot++) {
        uint64_t owner = sluice_load_acquire(&view->header->producer_slots[slot]);
        if (owner == 0 || (owner & SLUICE_SLOT_RETIRED) != 0) {
            continue;
        }
        int announces = records != NULL && (uint32_t)(sluice_load_acquire(&records[slot]) >> 32) == sluice_identity_check(owner);
        if (announces && sluice_load_acquire(sluice_announcement(view, slot)) != position) {
            continue;
        }
        if (sluice_end_life(view, slot, owner, self) != SLUICE_LIFE_GONE) {
            return 1;
        }
    }
    return 0;
}

static inline int sluice_unblock_record(const sluice_ring_view *view, uint64_t position, uint64_t limit, uint64_t self)
{
    sluice_ring_header *header = view->header;
    uint64_t *word = sluice_word_at(view, position);
    uint64_t seen = sluice_load_acquire(word);
    if (seen == sluice_empty_word(view, position)) { /* one granule at a time: a claim that begins at the next one stays whole */
        return !sluice_may_be_marked(view, position, self) &&
               sluice_cas(word, &seen, sluice_given_up_word(view, position, 8));
    }
    int32_t length = (int32_t)(uint32_t)seen;
    uint32_t slot = (uint32_t)(seen >> 32) & 255;
    uint64_t owner = sluice_load_acquire(&header->producer_slots[slot]);
    if (length >= 0 || length == INT32_MIN || sluice_round_up((uint64_t)-length, 8) > limit - position ||
        sluice_end_life(view, slot, owner, self) != SLUICE_LIFE_GONE) {
        return 0;
    }
    if (!sluice_cas(word, &seen, sluice_given_up_word(view, position, (uint64_t)-(int64_t)length))) {
        return 0;
    }
    sluice_count(&header->aborted, 1);
    return 1;
}

/* Many producers: gives up what stands at `position`, before `limit`, and will not be settled by a live producer. 1 when
 * something was given up. */
static inline int sluice_unblock_at(const sluice_ring_view *view, uint64_t position, uint64_t limit, uint64_t self)
{
    return view->framed ? sluice_unblock_record(view, position, limit, self) : sluice_unblock_cell(view, position, self);
}

#endif
