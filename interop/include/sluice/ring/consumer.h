/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/consumer.h - the end that takes.
 *
 * Threading: one thread at a time; a ring has one consumer. A batch is a view into the ring: it stays valid
 * until the release that covers it. peek again without a release shows the same packets and what came since.
 *
 *   wait(bytes, timeout) -> peek(&batch) -> use batch.data -> release(batch.bytes, batch.packets)
 */
#ifndef SLUICE_RING_CONSUMER_H
#define SLUICE_RING_CONSUMER_H

#include "reclaim.h"

typedef struct sluice_consumer {
    sluice_ring_view view;
    uint64_t tail;    /* begin of what is not released */
    uint64_t seen;    /* end of what is known to be readable in one run from tail */
    uint64_t packets; /* packets in [tail, seen), aborted ones not counted */
    uint64_t popped;
    uint64_t self;
    uint32_t holds; /* SLUICE_DROP_OLDEST: the tail lock is ours */
    uint32_t reserved;
} sluice_consumer;

/* Sets or clears (-1) the eventfd that producers signal when an armed position is reached. Producers of other
 * processes fetch a copy of it, which needs the right to trace this process (same user; Yama may ask for more).
 * Close the descriptor only after it was cleared here. */
SLUICE_INLINE void sluice_consumer_event(sluice_consumer *consumer, int32_t event_fd)
{
    sluice_ring_header *header = consumer->view.header;
    uint32_t changing = sluice_load_relaxed(&header->event_generation) | 1u; /* odd as well if a consumer died here */
    sluice_store_relaxed(&header->event_generation, changing);
    sluice_store_release(&header->event_fd, event_fd);
    sluice_store_release(&header->event_owner, event_fd < 0 ? (uint64_t)0 : consumer->self);
    sluice_store_release(&header->event_generation, changing + 1);
}

/* Takes the consuming end. E_BUSY: a live process holds it. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_open(sluice_consumer *consumer, sluice_ring *ring)
{
    sluice_ring_header *header = ring->header;
    memset(consumer, 0, sizeof *consumer);
    sluice_view(&consumer->view, ring);
    consumer->self = sluice_current_identity(&ring->self);
    if (sluice_take_end(header, &header->consumer_owner, consumer->self) != SLUICE_OK) {
        memset(consumer, 0, sizeof *consumer);
        return sluice_ring_fault(ring, SLUICE_E_BUSY, "the ring has a consumer, process %u, and it is alive",
                                 (unsigned)(sluice_load_relaxed(&header->consumer_owner) >> 32));
    }
    (void)sluice_fence_register();
    if (consumer->view.policy != SLUICE_DROP_OLDEST) {
        sluice_finish_clearing(&consumer->view);
    }
    sluice_consumer_event(consumer, -1); /* that of a consumer that died */
    sluice_store_relaxed(&header->wake_at, SLUICE_RING_NEVER);
    consumer->tail = sluice_load_acquire(&header->tail);
    consumer->seen = consumer->tail;
    consumer->popped = sluice_load_relaxed(&header->popped);
    return SLUICE_OK;
}

/* Where the producers are: the end of all that was published or reserved. */
static inline uint64_t sluice_consumer_limit(const sluice_consumer *consumer)
{
    return sluice_load_acquire(&consumer->view.header->head) & ~SLUICE_RING_SEALED;
}

/* One producer, fixed stride: everything up to head. */
static inline void sluice_scan_published(sluice_consumer *consumer)
{
    uint64_t head = sluice_consumer_limit(consumer);
    consumer->packets += sluice_sequence(&consumer->view, head - consumer->seen);
    consumer->seen = head;
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
    while (consumer->seen - consumer->tail < most) {
        uint64_t cell = sluice_load_acquire(&view->cells[sequence & view->cell_mask]);
        if (sluice_cell_age(cell, sequence) != 0 || (cell & 3) == SLUICE_CELL_CLAIMED) {
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
        } else {
            consumer->packets++;
        }
        consumer->seen += view->stride;
        sequence++;
    }
}

/* Framed: record by record, up to head of one producer, or to the first word of many that is no record yet. */
static inline void sluice_scan_records(sluice_consumer *consumer, uint64_t most)
{
    uint64_t lap = consumer->tail + consumer->view.capacity;
    uint64_t limit = consumer->view.many ? lap : sluice_consumer_limit(consumer);
    while (consumer->seen < limit && consumer->seen - consumer->tail < most) {
        uint64_t word = sluice_load_acquire(sluice_word_at(&consumer->view, consumer->seen));
        if ((int32_t)(uint32_t)word <= 0) {
            return;
        }
        consumer->packets += ((word >> 48) & SLUICE_RECORD_ABORTED) == 0;
        consumer->seen += sluice_record_span(word);
    }
}

static inline void sluice_scan(sluice_consumer *consumer, uint64_t most)
{
    if (consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds) {
        uint64_t tail = sluice_load_acquire(&consumer->view.header->tail);
        if (tail != consumer->tail) { /* producers took the oldest out */
            consumer->tail = tail;
            consumer->seen = tail;
            consumer->packets = 0;
        }
    }
    if (consumer->view.framed) {
        sluice_scan_records(consumer, most);
    } else if (consumer->view.many) {
        sluice_scan_cells(consumer, most);
    } else {
        sluice_scan_published(consumer);
    }
}

/* A batch of at most `most` bytes from tail on, whole packets only. */
static inline void sluice_cut_batch(const sluice_consumer *consumer, uint64_t most, sluice_batch *batch)
{
    uint64_t bytes = consumer->seen - consumer->tail;
    batch->data = consumer->view.data + (consumer->tail & consumer->view.mask);
    batch->stride = consumer->view.stride;
    batch->reserved = 0;
    batch->bytes = bytes;
    batch->packets = consumer->packets;
    if (bytes <= most) {
        return;
    }
    if (!consumer->view.framed) {
        batch->packets = most / consumer->view.stride;
        batch->bytes = batch->packets * consumer->view.stride;
        return;
    }
    batch->bytes = 0;
    batch->packets = 0;
    for (;;) {
        uint64_t word = *(const uint64_t *)(const void *)(batch->data + batch->bytes);
        uint64_t span = sluice_record_span(word);
        if (batch->bytes + span > most) {
            return;
        }
        batch->bytes += span;
        batch->packets += ((word >> 48) & SLUICE_RECORD_ABORTED) == 0;
    }
}

/* Shows the packets that can be read, at most `most` bytes of them (0: all). WOULD_BLOCK: none now. END: none, and
 * none will come. E_SIZE: the first packet is larger than `most`. In a ring that drops the oldest, the packets are
 * held until the release: producers that need their room drop the newest meanwhile. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_peek(sluice_consumer *consumer, uint64_t most, sluice_batch *batch)
{
    most = most == 0 ? UINT64_MAX : most;
    if (consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds) {
        if (!sluice_tail_trylock(&consumer->view, consumer->self, SLUICE_TAIL_HELD)) {
            return SLUICE_WOULD_BLOCK;
        }
        sluice_scan(consumer, most); /* tail may have moved; now it stands still */
        consumer->holds = 1;
    } else if (consumer->seen - consumer->tail < most) {
        sluice_scan(consumer, most);
    }
    sluice_ring_header *header = consumer->view.header;
    uint64_t used = consumer->seen - consumer->tail;
    if (used > sluice_load_relaxed(&header->high_water)) {
        sluice_store_relaxed(&header->high_water, used);
    }
    sluice_cut_batch(consumer, most, batch);
    if (batch->bytes != 0) {
        return SLUICE_OK;
    }
    if (consumer->holds) {
        consumer->holds = 0;
        sluice_tail_unlock(&consumer->view);
    }
    if (used != 0) {
        return SLUICE_E_SIZE;
    }
    return sluice_load_acquire(&header->head) == (consumer->tail | SLUICE_RING_SEALED) ? SLUICE_END
                                                                                       : SLUICE_WOULD_BLOCK;
}

/* Gives the room of the first `bytes` of a batch back, `packets` being the packets in them. Whole packets only:
 * E_SIZE, and nothing changes, for more than was seen or a part of a packet. E_STATE: in a ring that drops the oldest
 * only what a peek holds can be released. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_release(sluice_consumer *consumer, uint64_t bytes, uint64_t packets)
{
    sluice_ring_header *header = consumer->view.header;
    if (bytes > consumer->seen - consumer->tail || packets > consumer->packets ||
        (consumer->view.framed ? bytes % 8 != 0 : bytes != packets * consumer->view.stride)) {
        return SLUICE_E_SIZE;
    }
    if (SLUICE_UNLIKELY(bytes != 0 && consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds)) {
        return SLUICE_E_STATE;
    }
    if (bytes != 0) {
        uint64_t tail = consumer->tail;
        consumer->tail += bytes;
        consumer->packets -= packets;
        consumer->popped += packets;
        sluice_store_relaxed(&header->popped, consumer->popped);
        sluice_advance_tail(&consumer->view, tail, consumer->tail);
    }
    if (consumer->holds) {
        consumer->holds = 0;
        sluice_tail_unlock(&consumer->view);
    }
    sluice_offer_room(&consumer->view);
    return SLUICE_OK;
}

/* Bytes that could be peeked now. */
SLUICE_INLINE uint64_t sluice_consumer_readable(sluice_consumer *consumer)
{
    int locks = consumer->view.policy == SLUICE_DROP_OLDEST && consumer->view.framed && !consumer->holds;
    if (locks && !sluice_tail_trylock(&consumer->view, consumer->self, 0)) {
        return 0; /* record headers may change under our eyes */
    }
    sluice_scan(consumer, UINT64_MAX);
    if (locks) {
        sluice_tail_unlock(&consumer->view);
    }
    return consumer->seen - consumer->tail;
}

/* Many producers: gives up claims at the front whose producer is gone, or that nobody marked. OK: something was
 * given up. WOULD_BLOCK: nothing stands in the way, or its producer is alive. Harmless at any time; call it when a
 * wait timed out although producers have reserved room. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_unblock(sluice_consumer *consumer)
{
    if (!consumer->view.many) {
        return SLUICE_WOULD_BLOCK;
    }
    int locks = consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds;
    if (locks && !sluice_tail_trylock(&consumer->view, consumer->self, 0)) {
        return SLUICE_WOULD_BLOCK;
    }
    int32_t status = SLUICE_WOULD_BLOCK;
    sluice_scan(consumer, UINT64_MAX);
    while (consumer->seen < sluice_consumer_limit(consumer) && sluice_unblock_at(&consumer->view, consumer->seen)) {
        sluice_count(&consumer->view.header->unblocked, 1);
        status = SLUICE_OK;
        uint64_t before = consumer->seen;
        sluice_scan(consumer, UINT64_MAX);
        if (before == consumer->seen) {
            break; /* the given-up slot waits behind packets that are not released yet */
        }
    }
    sluice_sweep_slots(&consumer->view);
    if (locks) {
        sluice_tail_unlock(&consumer->view);
    }
    return status;
}

/* Steps through a batch: *at is a cursor that begins at 0. 1 with the next packet in *packet, *bytes and *type (0 for
 * fixed strides), 0 at the end. */
SLUICE_INLINE int32_t sluice_batch_next(const sluice_batch *batch, uint64_t *at, const void **packet, uint32_t *bytes,
                                        uint16_t *type)
{
    while (*at < batch->bytes) {
        const uint8_t *from = batch->data + *at;
        if (batch->stride != 0) {
            *at += batch->stride;
            *packet = from;
            *bytes = batch->stride;
            *type = 0;
            return 1;
        }
        sluice_ring_record record;
        memcpy(&record, from, sizeof record);
        *at += sluice_round_up((uint64_t)record.length, 8);
        if ((record.flags & SLUICE_RECORD_ABORTED) == 0) {
            *packet = from + sizeof record;
            *bytes = (uint32_t)record.length - (uint32_t)sizeof record;
            *type = record.type;
            return 1;
        }
    }
    return 0;
}

/* Gives the end back. What was not released stays in the ring for the next consumer. */
SLUICE_INLINE void sluice_consumer_close(sluice_consumer *consumer)
{
    if (consumer->view.header == NULL) {
        return;
    }
    uint64_t self = consumer->self;
    sluice_consumer_event(consumer, -1);
    sluice_store_relaxed(&consumer->view.header->wake_at, SLUICE_RING_NEVER);
    if (consumer->holds) {
        sluice_tail_unlock(&consumer->view);
    }
    (void)sluice_cas(&consumer->view.header->consumer_owner, &self, (uint64_t)0);
    memset(consumer, 0, sizeof *consumer);
}

#endif
