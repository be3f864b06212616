/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/scan.h - how the consumer finds what it can read.
 *
 * Cursors, cells and record headers are input: other processes write them. A scan never goes further than the capacity,
 * whatever they say, and stops at what no producer can have stored. What lies before that place is delivered; then the
 * consumer answers E_CORRUPT, and sluice_consumer_fault tells what it found and where.
 */
#ifndef SLUICE_RING_SCAN_H
#define SLUICE_RING_SCAN_H

#include "seal.h"
#include "slots.h"

enum sluice_contradiction {
    SLUICE_NO_CONTRADICTION = 0,
    SLUICE_HEAD_TOO_FAR = 1,   /* more between tail and head than the ring holds */
    SLUICE_HEAD_UNEVEN = 2,    /* tail or head is not between two packets */
    SLUICE_RECORD_LENGTH = 3,  /* a record of an impossible length */
    SLUICE_RECORD_STATE = 4,   /* a record header that no producer stores */
    SLUICE_CELL_STATE = 5,     /* a cell that no producer stores */
    SLUICE_RECORD_CHECKSUM = 6 /* a checksum that does not hold, while producers live that may have claims behind it */
};

typedef struct sluice_consumer {
    sluice_ring_view view;
    uint64_t tail;       /* begin of what is not released */
    uint64_t seen;       /* end of what is known to be readable in one run from tail */
    uint64_t packets;    /* packets in [tail, seen), aborted ones not counted */
    uint64_t popped;
    uint64_t self;
    uint32_t holds;      /* SLUICE_DROP_OLDEST: the tail lock is ours */
    uint32_t corrupt;    /* sluice_contradiction at `seen` */
    uint64_t damaged_at; /* position of the last packet whose checksum did not hold; NEVER: none yet */
} sluice_consumer;

/* Where the producers are: the end of all that was published or reserved. */
static inline uint64_t sluice_consumer_limit(const sluice_consumer *consumer)
{
    return sluice_stream_head(&consumer->view);
}

/* Whether producers may move tail while the consumer looks. */
static inline int sluice_tail_moves(const sluice_consumer *consumer)
{
    return consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds;
}

/* Producers may have taken the oldest out. */
static inline void sluice_follow_tail(sluice_consumer *consumer)
{
    uint64_t tail = sluice_load_acquire(&consumer->view.header->tail);
    if (tail != consumer->tail) {
        if (SLUICE_UNLIKELY((tail & SLUICE_RING_SEALED) != 0 || !sluice_is_whole(&consumer->view, tail))) {
            consumer->corrupt = SLUICE_HEAD_UNEVEN;
            return;
        }
        consumer->tail = tail;
        consumer->seen = tail;
        consumer->packets = 0;
    }
}

/* One producer, fixed stride: everything up to head. */
static inline void sluice_scan_published(sluice_consumer *consumer)
{
    for (;;) {
        uint64_t head = sluice_consumer_limit(consumer), more = head - consumer->seen;
        int fits = head - consumer->tail <= consumer->view.capacity && more <= consumer->view.capacity;
        if (SLUICE_LIKELY(fits && sluice_is_whole(&consumer->view, more))) {
            consumer->packets += sluice_sequence(&consumer->view, more);
            consumer->seen = head;
            return;
        }
        uint64_t tail = consumer->tail;
        if (sluice_tail_moves(consumer)) {
            sluice_follow_tail(consumer);
        }
        if (tail == consumer->tail) {
            consumer->corrupt = fits ? SLUICE_HEAD_UNEVEN : SLUICE_HEAD_TOO_FAR;
            return;
        }
    }
}

/* Wakes producers that wait for the room that was just given back. */
static inline void sluice_offer_room(const sluice_ring_view *view)
{
    sluice_light_fence(view->asymmetric);
    if (SLUICE_UNLIKELY(sluice_load_relaxed(&view->header->space_waiters) != 0)) {
        sluice_wake_producers(view->header);
    }
}

/* Many producers, fixed stride: as far as the cells are committed. They tell it alone: head, the line that producers
 * fight for, is left to them. */
static inline void sluice_scan_cells(sluice_consumer *consumer, uint64_t most)
{
    const sluice_ring_view *view = &consumer->view;
    uint64_t sequence = sluice_sequence(view, consumer->seen);
    uint64_t whole = view->capacity - view->stride + 1; /* with so many bytes no further packet fits the ring */
    most = most < whole ? most : whole;
    while (consumer->seen - consumer->tail < most) {
        uint64_t cell = sluice_load_acquire(&view->cells[sequence & view->cell_mask]);
        int64_t age = sluice_cell_age(cell, sequence);
        if (age != 0 || (cell & 3) == SLUICE_CELL_CLAIMED) {
            if (SLUICE_UNLIKELY(age > 0) && !sluice_tail_moves(consumer)) {
                consumer->corrupt = SLUICE_CELL_STATE;
            }
            return;
        }
        if (SLUICE_UNLIKELY((cell & 3) == SLUICE_CELL_ABORTED)) {
            if (consumer->seen != consumer->tail) {
                return; /* a batch is one run of packets: this one ends here */
            }
            consumer->tail += view->stride; /* an aborted slot at the front is passed over */
            if (view->policy != SLUICE_DROP_OLDEST) {
                sluice_store_release(&view->header->tail, consumer->tail);
                sluice_offer_room(view);
            } /* else the next release stores it, under the tail lock */
        } else if (SLUICE_UNLIKELY((cell & 3) == 0)) {
            consumer->corrupt = SLUICE_CELL_STATE;
            return;
        } else {
            consumer->packets++;
        }
        consumer->seen += view->stride;
        sequence++;
    }
}

/* A packet is not delivered, as its checksum does not hold. */
SLUICE_COLD void sluice_count_damaged(sluice_consumer *consumer, uint64_t position)
{
    sluice_count(&consumer->view.header->corrupted, 1);
    consumer->damaged_at = position;
}

/* Where, at or behind `position`, a record begins that proves itself; `limit` when there is none. The work is bounded: what
 * looks like a length and is none may ask for a checksum over much. */
SLUICE_COLD uint64_t sluice_find_genuine(const sluice_ring_view *view, uint64_t position, uint64_t limit)
{
    uint64_t work = 64 * view->capacity, span, aborted;
    for (; position < limit && work > view->capacity; position += 8) {
        if (sluice_settled_at(view, position, limit, &span, &aborted)) {
            if (sluice_is_genuine(view, position)) {
                return position;
            }
            work -= aborted ? 8 : span;
        }
    }
    return limit;
}

/* Whether a producer has a slot that lives or cannot be judged from here. */
static inline int sluice_producers_live(const sluice_ring_view *view, uint64_t self)
{
    for (uint32_t slot = 0; view->many && slot < SLUICE_RING_PRODUCERS; slot++) {
        uint64_t owner = sluice_load_acquire(&view->header->producer_slots[slot]);
        if (sluice_end_life(view, slot, owner, self) != SLUICE_LIFE_GONE) {
            return 1;
        }
    }
    return 0;
}

/* Gives up what lies at `seen` and does not pass, up to the next record that does. 0: what follows may hold open claims of
 * live producers, which must keep their place. */
SLUICE_COLD int sluice_pass_corrupted(sluice_consumer *consumer, uint64_t limit)
{
    const sluice_ring_view *view = &consumer->view;
    uint64_t head = sluice_consumer_limit(consumer), end = (head < limit ? head : limit) & ~UINT64_C(7);
    if (end < consumer->seen + 8 || sluice_producers_live(view, consumer->self)) {
        return 0;
    }
    uint64_t next = sluice_find_genuine(view, consumer->seen + 8, end);
    sluice_count_damaged(consumer, consumer->seen);
    for (uint64_t at = consumer->seen, most = UINT64_C(1) << 30; at < next; at += most) {
        uint64_t length = next - at < most ? next - at : most;
        sluice_store_release(sluice_word_at(view, at), sluice_given_up_word(view, at, length));
    }
    return 1;
}

/* Framed, many producers: whether a word that is no record yet is one that a producer turns into a record: an empty one, or a
 * claim that fits. */
static inline int sluice_may_be_settled(const sluice_ring_view *view, uint64_t position, uint64_t limit, uint64_t word)
{
    uint64_t bytes = 0 - (uint64_t)(int64_t)(int32_t)(uint32_t)word;
    return word == sluice_empty_word(view, position) ||
           ((int32_t)(uint32_t)word < 0 && word >> 40 == 0 && sluice_round_up(bytes, 8) <= limit - position);
}

/* Framed: record by record, up to head of one producer, or to the first word of many that is no record yet. */
static inline void sluice_scan_records(sluice_consumer *consumer, uint64_t most)
{
    const sluice_ring_view *view = &consumer->view;
    uint64_t lap = consumer->tail + view->capacity, limit = view->many ? lap : sluice_consumer_limit(consumer);
    uint32_t trailer = sluice_trailer(view);
    if (SLUICE_UNLIKELY(limit - consumer->tail > view->capacity)) {
        consumer->corrupt = SLUICE_HEAD_TOO_FAR;
        return;
    }
    while (consumer->seen < limit && consumer->seen - consumer->tail < most) {
        uint64_t word = sluice_load_acquire(sluice_word_at(view, consumer->seen));
        int32_t length = (int32_t)(uint32_t)word;
        uint64_t span = sluice_record_span(word, trailer), aborted = (word >> 48) & SLUICE_RECORD_ABORTED;
        if (length <= 0 && view->many && sluice_may_be_settled(view, consumer->seen, limit, word)) {
            return;
        }
        int fits = length >= (int32_t)sizeof(sluice_ring_record) && span <= limit - consumer->seen;
        if (SLUICE_UNLIKELY(!fits || (trailer != 0 && !sluice_is_genuine(view, consumer->seen)))) {
            if (trailer != 0 && (sluice_restore_record(view, consumer->seen, limit) || sluice_pass_corrupted(consumer, limit))) {
                continue;
            }
            consumer->corrupt = fits ? SLUICE_RECORD_CHECKSUM : length <= 0 ? SLUICE_RECORD_STATE : SLUICE_RECORD_LENGTH;
            return;
        }
        consumer->packets += !aborted;
        consumer->seen += span;
    }
}

static inline void sluice_scan(sluice_consumer *consumer, uint64_t most)
{
    if (sluice_tail_moves(consumer)) {
        sluice_follow_tail(consumer);
    }
    if (SLUICE_UNLIKELY(consumer->corrupt != 0)) {
        return;
    }
    if (consumer->view.framed) {
        sluice_scan_records(consumer, most);
    } else if (consumer->view.many) {
        sluice_scan_cells(consumer, most);
    } else {
        sluice_scan_published(consumer);
    }
}

/* What a consumer that answers E_CORRUPT found, and where: a text of at most capacity - 1 bytes. Empty: nothing. */
SLUICE_INLINE void sluice_consumer_fault(const sluice_consumer *consumer, char *text, size_t capacity)
{
    static const char *const found[] = {"",
                                        "more bytes between tail and head than the ring holds",
                                        "a cursor that is not between two packets",
                                        "a record of an impossible length",
                                        "a record header that no producer writes",
                                        "a cell that no producer writes",
                                        "a checksum that does not hold, while producers live that may have claims behind it"};
    if (consumer->corrupt == 0 || consumer->corrupt >= sizeof found / sizeof found[0]) {
        (void)snprintf(text, capacity, "%s", "");
        return;
    }
    (void)snprintf(text, capacity, "the ring contradicts itself at position %llu (tail %llu, head %llu, capacity %llu): %s",
                   (unsigned long long)consumer->seen, (unsigned long long)consumer->tail,
                   (unsigned long long)sluice_consumer_limit(consumer), (unsigned long long)consumer->view.capacity,
                   found[consumer->corrupt]);
}

#endif
