/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/claim.h - how room is reserved, settled and published: the machinery under producer.h.
 *
 *   reserve   find or make room (the full policy), take it, mark the claim as ours
 *   settle    turn the claim into committed or aborted packets
 *   publish   show them to the consumer and wake it if it waits for them
 */
#ifndef SLUICE_RING_CLAIM_H
#define SLUICE_RING_CLAIM_H

#include "reclaim.h"

struct sluice_producer;

/* Set by the engine on producers of SLUICE_GROW buffers: points the producer at a segment with room for `bytes`. */
typedef int32_t (*sluice_grow_fn)(void *engine, struct sluice_producer *producer, uint64_t bytes);

typedef struct sluice_producer {
    sluice_ring_view view;
    uint64_t head;          /* one producer: end of what is committed */
    uint64_t published;     /* one producer: what the header's head says */
    uint64_t tail;          /* the last tail seen */
    uint64_t publish_bytes; /* publish when so many bytes are committed; 0: always */
    uint64_t claimed;       /* position of the open claim */
    uint64_t claim_bytes;   /* its size in the ring; 0: none is open */
    uint64_t records;       /* framed, one producer: records committed */
    uint64_t check_mask;
    uint64_t check_value;
    int64_t timeout_ns; /* for SLUICE_BLOCK; -1 for ever */
    uint64_t self;
    uint64_t event_seen; /* event_generation of the descriptor in event_fd */
    int32_t event_fd;    /* the consumer's eventfd, fetched from its process; -1: none */
    uint32_t slot;
    sluice_grow_fn grow;
    void *engine;
    uint32_t plain_bytes;  /* the stride where a put is a copy and a position: one producer, no constants; else NEVER */
    uint32_t most_packets; /* in one claim; 0: framed */
} sluice_producer;

/* No put has this size. */
#define SLUICE_PLAIN_NEVER UINT32_MAX

/* What the hot calls look at instead of the view's fields one by one; anew whenever the view changes. */
static inline void sluice_producer_tune(sluice_producer *producer)
{
    const sluice_ring_view *view = &producer->view;
    int plain = !view->framed && !view->many && producer->check_mask == 0;
    uint64_t most = view->framed ? 0 : view->many ? SLUICE_RING_CLAIM_MOST : UINT32_MAX;
    uint64_t fit = view->framed ? 0 : view->capacity / view->stride;
    producer->plain_bytes = plain ? view->stride : SLUICE_PLAIN_NEVER;
    producer->most_packets = (uint32_t)(fit < most ? fit : most);
}

/* Wakes the consumer if it waits for `end` or less. */
SLUICE_HOT_PART void sluice_wake_if_due(sluice_producer *producer, uint64_t end)
{
    sluice_light_fence(producer->view.asymmetric);
    if (SLUICE_UNLIKELY(end >= sluice_load_relaxed(&producer->view.header->wake_at))) {
        sluice_wake_consumer(producer->view.header, end, producer->self, &producer->event_seen, &producer->event_fd);
    }
}

/* One producer: from now on every reserve takes the cold path, which sees that the ring is sealed. */
static inline void sluice_producer_stop(sluice_producer *producer)
{
    producer->tail = producer->head - producer->view.capacity;
}

/* Makes everything committed visible to the consumer. */
SLUICE_INLINE void sluice_producer_publish(sluice_producer *producer)
{
    if (producer->published != producer->head) {
        sluice_ring_header *header = producer->view.header;
        if (producer->view.framed) {
            sluice_store_relaxed(&header->pushed, producer->records);
        }
        uint64_t sealed = sluice_load_relaxed(&header->head) & SLUICE_RING_SEALED;
        producer->published = producer->head;
        sluice_store_release(&header->head, producer->head | sealed);
        if (SLUICE_UNLIKELY(sealed != 0)) {
            sluice_producer_stop(producer);
        }
        sluice_wake_if_due(producer, producer->head);
    }
}

/* End of what this producer knows to be taken in the ring. */
static inline uint64_t sluice_producer_head(const sluice_producer *producer)
{
    return producer->view.many ? sluice_load_relaxed(&producer->view.header->head) & ~SLUICE_RING_SEALED
                               : producer->head;
}

static inline int sluice_has_room(sluice_producer *producer, uint64_t bytes)
{
    producer->tail = sluice_load_acquire(&producer->view.header->tail);
    return sluice_producer_head(producer) + bytes - producer->tail <= producer->view.capacity;
}

/* A consumer may wait for more than there is room for: whoever is turned away tells it. */
static inline void sluice_wake_for_room(sluice_producer *producer)
{
    sluice_fence_full();
    if (sluice_load_relaxed(&producer->view.header->wake_at) != SLUICE_RING_NEVER) {
        sluice_wake_consumer(producer->view.header, SLUICE_RING_NEVER - 1, producer->self, &producer->event_seen,
                             &producer->event_fd);
    }
}

/* SLUICE_BLOCK: spin, yield, then sleep until the consumer made room or the time is over. */
static inline int32_t sluice_wait_for_room(sluice_producer *producer, uint64_t bytes)
{
    sluice_ring_header *header = producer->view.header;
    for (uint32_t round = 0; round < SLUICE_SPIN_ROUNDS; round++) {
        if (sluice_has_room(producer, bytes)) {
            return SLUICE_OK;
        }
        sluice_cpu_relax();
    }
    sluice_wake_for_room(producer);
    int64_t deadline = sluice_deadline(producer->timeout_ns), patience = sluice_patience(deadline);
    while (sluice_yield(patience)) {
        if (sluice_has_room(producer, bytes)) {
            return SLUICE_OK;
        }
    }
    int told = 0;
    do {
        if (sluice_has_room(producer, bytes)) {
            return SLUICE_OK;
        }
        uint32_t seen = sluice_load_acquire(&header->space_futex);
        sluice_store_relaxed(&header->space_waiters, 1u);
        sluice_heavy_fence(producer->view.asymmetric);
        if (sluice_has_room(producer, bytes)) {
            sluice_wake_producers(header); /* takes the flag back; others that wait set it again */
            return SLUICE_OK;
        }
        if (sluice_load_relaxed(&header->head) & SLUICE_RING_SEALED) {
            return SLUICE_E_STATE;
        }
        if (!told) {
            sluice_wake_for_room(producer);
            told = 1;
        }
        sluice_futex_wait(&header->space_futex, seen, deadline);
    } while (sluice_monotonic_ns() < deadline);
    return sluice_has_room(producer, bytes) ? SLUICE_OK : SLUICE_TIMEOUT;
}

/* The cold half of every claim: `bytes` for `packets` do not fit. OK when there may be room now. */
SLUICE_COLD int32_t sluice_no_room(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    sluice_ring_header *header = producer->view.header;
    if (sluice_load_relaxed(&header->head) & SLUICE_RING_SEALED && producer->grow == NULL) {
        return SLUICE_E_STATE;
    }
    if (bytes > producer->view.capacity && producer->grow == NULL) {
        return SLUICE_E_SIZE;
    }
    if (sluice_has_room(producer, bytes) && !(sluice_load_relaxed(&header->head) & SLUICE_RING_SEALED)) {
        return SLUICE_OK;
    }
    sluice_producer_publish(producer); /* what waits for its group is what the consumer can make room from */
    switch (producer->view.policy) {
    case SLUICE_BLOCK:
        sluice_count(&header->stalls, 1);
        return sluice_wait_for_room(producer, bytes);
    case SLUICE_DROP_OLDEST:
        producer->tail = sluice_drop_oldest(&producer->view, producer->self, sluice_producer_head(producer), bytes);
        if (sluice_has_room(producer, bytes)) {
            return SLUICE_OK;
        }
        sluice_count(&header->dropped_newest, packets);
        return SLUICE_DROPPED;
    case SLUICE_DROP_NEWEST:
        sluice_count(&header->dropped_newest, packets);
        sluice_wake_for_room(producer);
        return SLUICE_DROPPED;
    case SLUICE_GROW:
        if (producer->grow != NULL) {
            sluice_count(&header->stalls, 1);
            return producer->grow(producer->engine, producer, bytes);
        }
        /* fall through */
    default:
        sluice_count(&header->stalls, 1);
        sluice_wake_for_room(producer);
        return SLUICE_WOULD_BLOCK;
    }
}

/* Many producers: an unblock was faster than the mark of our reservation at `head`; the rest of it is given up too. */
SLUICE_COLD void sluice_give_up_rest(const sluice_ring_view *view, uint64_t head, uint64_t bytes)
{
    if (view->framed) {
        for (uint64_t at = head + 8; at < head + bytes; at += 8) {
            uint64_t empty = sluice_empty_word(view, at);
            (void)sluice_cas(sluice_word_at(view, at), &empty, sluice_record_word(8, 0, SLUICE_RECORD_ABORTED));
        }
        return;
    }
    for (uint64_t at = head + view->stride; at < head + bytes; at += view->stride) {
        (void)sluice_give_up_cell(view, sluice_sequence(view, at));
    }
}

/* Many producers: marks the reservation at `head` as ours. 0: an unblock was faster. */
static inline int sluice_mark_claim(sluice_producer *producer, uint64_t head, uint64_t bytes, uint64_t packets)
{
    const sluice_ring_view *view = &producer->view;
    if (view->framed) {
        uint64_t empty = sluice_empty_word(view, head);
        return sluice_cas(sluice_word_at(view, head), &empty,
                          sluice_record_word(-(int32_t)bytes, (uint16_t)producer->slot, 0));
    }
    uint64_t sequence = sluice_sequence(view, head), *cell = &view->cells[sequence & view->cell_mask];
    uint64_t seen = sluice_load_relaxed(cell);
    return sluice_cell_age(seen, sequence) < 0 &&
           sluice_cas(cell, &seen, sluice_cell(sequence, (uint32_t)packets, producer->slot, SLUICE_CELL_CLAIMED));
}

/* One producer: room for `bytes` behind head, where there was none at first sight. */
SLUICE_COLD int32_t sluice_make_room(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    int32_t status = SLUICE_OK;
    while (status == SLUICE_OK && producer->head + bytes - producer->tail > producer->view.capacity) {
        status = sluice_no_room(producer, bytes, packets);
    }
    return status;
}

/* Pauses after a lost race for head: long enough that the winner makes several claims while it holds the line, which is
 * what crosses between the processors. */
#define SLUICE_BACKOFF_FIRST 8u
#define SLUICE_BACKOFF_MOST 64u

/* Many producers: takes and marks `bytes` for `packets` at *position. */
SLUICE_CHECKED SLUICE_HOT_PART int32_t sluice_reserve_of_many(sluice_producer *producer, uint64_t bytes,
                                                              uint64_t packets, uint64_t *position)
{
    uint32_t pauses = SLUICE_BACKOFF_FIRST;
    for (;;) {
        sluice_ring_header *header = producer->view.header; /* growing changes it */
        uint64_t head = sluice_load_relaxed(&header->head);
        if (SLUICE_UNLIKELY((head & SLUICE_RING_SEALED) != 0 ||
                            head + bytes - producer->tail > producer->view.capacity)) {
            int32_t status = sluice_no_room(producer, bytes, packets);
            if (status != SLUICE_OK) {
                return status;
            }
            continue;
        }
        if (!sluice_cas(&header->head, &head, head + bytes)) {
            for (uint32_t i = 0; i < pauses; i++) {
                sluice_cpu_relax();
            }
            pauses = pauses < SLUICE_BACKOFF_MOST ? pauses * 2 : SLUICE_BACKOFF_MOST;
            continue;
        }
        if (SLUICE_LIKELY(sluice_mark_claim(producer, head, bytes, packets))) {
            *position = head;
            return SLUICE_OK;
        }
        sluice_give_up_rest(&producer->view, head, bytes);
    }
}

/* Reserves `bytes` for `packets`; on OK the claim is open at producer->claimed. */
SLUICE_CHECKED SLUICE_HOT_PART int32_t sluice_reserve(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    int32_t status = SLUICE_OK;
    if (SLUICE_LIKELY(!producer->view.many)) {
        if (SLUICE_UNLIKELY(producer->head + bytes - producer->tail > producer->view.capacity)) {
            status = sluice_make_room(producer, bytes, packets);
        }
        producer->claimed = producer->head;
    } else {
        status = sluice_reserve_of_many(producer, bytes, packets, &producer->claimed);
    }
    if (SLUICE_LIKELY(status == SLUICE_OK)) {
        producer->claim_bytes = bytes;
    }
    return status;
}

SLUICE_HOT_PART void *sluice_claim_memory(const sluice_producer *producer, uint64_t skip)
{
    return producer->view.data + (producer->claimed & producer->view.mask) + skip;
}

/* Many producers: settles the open claim, packets [0, committed) as committed, the rest as aborted. */
SLUICE_COLD void sluice_settle_cells(sluice_producer *producer, uint64_t packets, uint64_t committed)
{
    uint64_t sequence = sluice_sequence(&producer->view, producer->claimed);
    for (uint64_t i = packets; i-- > 0;) {
        uint32_t state = i < committed ? SLUICE_CELL_COMMITTED : SLUICE_CELL_ABORTED;
        sluice_store_release(&producer->view.cells[(sequence + i) & producer->view.cell_mask],
                             sluice_cell(sequence + i, 1, 0, state));
    }
    if (committed < packets) {
        sluice_count(&producer->view.header->aborted, packets - committed);
    }
}

/* One producer: `bytes` more are committed; publishes when the group is complete. */
SLUICE_HOT_PART void sluice_settle_bytes(sluice_producer *producer, uint64_t bytes)
{
    uint64_t head = producer->head + bytes;
    producer->head = head;
    if (SLUICE_LIKELY(head - producer->published >= producer->publish_bytes)) {
        sluice_producer_publish(producer);
    }
}

/* Many producers, fixed stride: the one packet at `position` is committed. */
SLUICE_HOT_PART void sluice_settle_one(sluice_producer *producer, uint64_t position)
{
    uint64_t sequence = sluice_sequence(&producer->view, position);
    sluice_store_release(&producer->view.cells[sequence & producer->view.cell_mask],
                         sluice_cell(sequence, 1, 0, SLUICE_CELL_COMMITTED));
    sluice_wake_if_due(producer, position + producer->view.stride);
}

/* Closes the claim of a fixed-stride ring of which `bytes` are committed. */
SLUICE_HOT_PART void sluice_settle_fixed(sluice_producer *producer, uint64_t bytes)
{
    uint64_t claim_bytes = producer->claim_bytes;
    producer->claim_bytes = 0;
    if (SLUICE_LIKELY(!producer->view.many)) {
        sluice_settle_bytes(producer, bytes);
    } else if (claim_bytes == producer->view.stride && bytes == claim_bytes) {
        sluice_settle_one(producer, producer->claimed);
    } else {
        sluice_settle_cells(producer, claim_bytes / producer->view.stride, bytes / producer->view.stride);
        sluice_wake_if_due(producer, producer->claimed + claim_bytes);
    }
}

/* Closes the claim of a framed ring with a record of `length` bytes, header included. */
SLUICE_HOT_PART void sluice_settle_record(sluice_producer *producer, uint32_t length, uint16_t type, uint16_t flags)
{
    uint64_t span = sluice_round_up(length, 8), rest = producer->claim_bytes - span;
    uint64_t *word = sluice_word_at(&producer->view, producer->claimed);
    producer->claim_bytes = 0;
    if (!producer->view.many) {
        *word = sluice_record_word((int32_t)length, type, flags);
        producer->records++;
        sluice_settle_bytes(producer, span);
        return;
    }
    if (rest != 0) {
        sluice_store_relaxed(sluice_word_at(&producer->view, producer->claimed + span),
                             sluice_record_word((int32_t)rest, 0, SLUICE_RECORD_ABORTED));
    }
    if (flags & SLUICE_RECORD_ABORTED) {
        sluice_count(&producer->view.header->aborted, 1);
    } else {
        sluice_count(&producer->view.header->pushed, 1);
    }
    sluice_store_release(word, sluice_record_word((int32_t)length, type, flags));
    sluice_wake_if_due(producer, producer->claimed + span + rest);
}

#endif
