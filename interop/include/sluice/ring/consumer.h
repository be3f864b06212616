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

#include "geometry.h"
#include "verify.h"

/* Sets or clears (-1) the eventfd that producers signal when an armed position is reached. Producers write to copies of it,
 * and those of other processes fetch theirs, which needs the right to trace this process (same user; Yama may ask for
 * more). Close the descriptor only after it was cleared here. */
SLUICE_INLINE void sluice_consumer_event(sluice_consumer *consumer, int32_t event_fd)
{
    sluice_ring_header *header = consumer->view.header;
    uint32_t changing = sluice_load_relaxed(&header->event_generation) | 1u; /* odd as well if a consumer died here */
    uint32_t number = event_fd < 0 ? 0 : sluice_event_number(event_fd);
    sluice_store_relaxed(&header->event_generation, changing);
    sluice_store_release(&header->event_fd, event_fd);
    sluice_store_release(&header->event_id, number);
    sluice_store_release(&header->event_owner, event_fd < 0 ? (uint64_t)0 : consumer->self);
    sluice_store_release(&header->event_generation, changing + 1);
}

/* Takes the consuming end. E_BUSY: a process holds it that lives, or that cannot be judged from here; the text says which.
 * E_CORRUPT: the header contradicts itself. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_open(sluice_consumer *consumer, sluice_ring *ring)
{
    sluice_ring_header *header = ring->header;
    sluice_holder holder;
    memset(consumer, 0, sizeof *consumer);
    sluice_view(&consumer->view, ring);
    consumer->self = sluice_current_identity(&ring->self);
    int32_t status = sluice_check_cursors(ring, &consumer->view);
    if (status == SLUICE_OK) {
        status = sluice_take_end(&consumer->view, SLUICE_END_CONSUMER, consumer->self, &holder);
        status = status == SLUICE_OK ? status : sluice_tell_busy(ring, "a consumer", &holder);
    }
    if (status != SLUICE_OK) {
        memset(consumer, 0, sizeof *consumer);
        return status;
    }
    sluice_join_fences(&consumer->view);
    sluice_free_tail_of(&consumer->view, SLUICE_END_CONSUMER, holder.identity, consumer->self);
    if (consumer->view.policy != SLUICE_DROP_OLDEST) {
        sluice_finish_clearing(&consumer->view);
    }
    consumer->damaged_at = SLUICE_RING_NEVER;
    sluice_verify_packets(consumer);
    sluice_consumer_event(consumer, -1); /* that of a consumer that died */
    sluice_store_relaxed(&header->wake_at, SLUICE_RING_NEVER);
    sluice_store_relaxed(&header->asked_at, SLUICE_RING_NEVER);
    consumer->tail = sluice_load_acquire(&header->tail);
    consumer->seen = consumer->tail;
    consumer->popped = sluice_load_relaxed(&header->popped);
    return SLUICE_OK;
}

/* A batch of at most `most` bytes from tail on, whole packets only. */
static inline void sluice_cut_batch(const sluice_consumer *consumer, uint64_t most, sluice_batch *batch)
{
    uint64_t bytes = consumer->seen - consumer->tail;
    batch->data = consumer->view.data + (consumer->tail & consumer->view.mask);
    batch->stride = consumer->view.stride;
    batch->trailer = consumer->view.framed ? sluice_trailer(&consumer->view) : 0;
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
        uint64_t word = sluice_load_relaxed((const uint64_t *)(const void *)(batch->data + batch->bytes));
        uint64_t span = sluice_record_span(word, batch->trailer);
        if (batch->bytes + span > most || span == 0 || batch->bytes + span > bytes) {
            return; /* the last two: it was changed since it was scanned */
        }
        batch->bytes += span;
        batch->packets += ((word >> 48) & SLUICE_RECORD_ABORTED) == 0;
    }
}

/* Shows the packets that can be read, at most `most` bytes of them (0: all). WOULD_BLOCK: none now, or a
 * producer is about to drop the oldest: ask again. END: none, and none will come. E_SIZE: the first packet is larger than `most`. E_CORRUPT: what follows is no packet that a producer
 * can have put; sluice_consumer_fault has the text, and nothing is delivered from there on. In a ring that drops the
 * oldest, the packets are held until the release: producers that need their room drop the newest meanwhile. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_peek(sluice_consumer *consumer, uint64_t most, sluice_batch *batch)
{
    most = most == 0 ? UINT64_MAX : most;
    if (consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds) {
        if (!sluice_tail_trylock(&consumer->view, consumer->self, SLUICE_TAIL_HELD)) {
            return SLUICE_WOULD_BLOCK;
        }
        sluice_follow_tail(consumer); /* it may have moved; now it stands still */
        consumer->holds = 1;
        sluice_scan(consumer, most);
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
    if (used != 0 || consumer->corrupt != 0) {
        return used != 0 ? SLUICE_E_SIZE : SLUICE_E_CORRUPT;
    }
    return sluice_ends_at(&consumer->view, consumer->tail) ? SLUICE_END : SLUICE_WOULD_BLOCK;
}

/* Framed: whether the first `bytes` are whole records, `packets` of them not aborted. All that was seen is known; a part of
 * it is stepped through. */
static inline int sluice_is_whole_run(const sluice_consumer *consumer, uint64_t bytes, uint64_t packets)
{
    if (SLUICE_LIKELY(bytes == consumer->seen - consumer->tail)) {
        return packets == consumer->packets;
    }
    const uint8_t *data = consumer->view.data + (consumer->tail & consumer->view.mask);
    uint32_t trailer = sluice_trailer(&consumer->view);
    uint64_t at = 0, filled = 0;
    while (at < bytes) {
        uint64_t word = sluice_load_relaxed((const uint64_t *)(const void *)(data + at));
        if (SLUICE_UNLIKELY((uint32_t)word < sizeof(sluice_ring_record))) {
            return 0; /* it was changed since it was scanned */
        }
        at += sluice_record_span(word, trailer);
        filled += ((word >> 48) & SLUICE_RECORD_ABORTED) == 0;
    }
    return at == bytes && filled == packets;
}

/* Gives the room of the first `bytes` of a batch back, `packets` being the packets in them. Whole packets only:
 * E_SIZE, and nothing changes, for more than was seen, a part of a packet, or another number of packets. E_STATE: in a ring
 * that drops the oldest only what a peek holds can be released. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_release(sluice_consumer *consumer, uint64_t bytes, uint64_t packets)
{
    sluice_ring_header *header = consumer->view.header;
    if (bytes > consumer->seen - consumer->tail || packets > consumer->packets ||
        (!consumer->view.framed && bytes != packets * consumer->view.stride)) {
        return SLUICE_E_SIZE;
    }
    if (SLUICE_UNLIKELY(bytes != 0 && consumer->view.policy == SLUICE_DROP_OLDEST && !consumer->holds)) {
        return SLUICE_E_STATE;
    }
    if (consumer->view.framed && SLUICE_UNLIKELY(!sluice_is_whole_run(consumer, bytes, packets))) {
        return SLUICE_E_SIZE;
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
    uint64_t limit = sluice_consumer_limit(consumer);
    if (SLUICE_UNLIKELY(limit - consumer->tail > consumer->view.capacity) && consumer->corrupt == 0) {
        consumer->corrupt = SLUICE_HEAD_TOO_FAR; /* tail stands still here: nobody else moves it */
    }
    while (consumer->corrupt == 0 && consumer->seen < limit &&
           sluice_unblock_at(&consumer->view, consumer->seen, limit, consumer->self)) {
        sluice_count(&consumer->view.header->unblocked, 1);
        status = SLUICE_OK;
        uint64_t before = consumer->seen;
        sluice_scan(consumer, UINT64_MAX);
        if (before == consumer->seen) {
            break; /* the given-up slot waits behind packets that are not released yet */
        }
    }
    sluice_sweep_slots(&consumer->view, consumer->self);
    if (locks) {
        sluice_tail_unlock(&consumer->view);
    }
    return status;
}

/* Steps through a batch: *at is a cursor that begins at 0. 1 with the next packet in *packet, *bytes and *type (0 for
 * fixed strides), 0 at the end. E_CORRUPT, with a packet of 0 bytes, and the end after it: a record was changed since the
 * peek, so that it would reach beyond the batch. */
SLUICE_INLINE int32_t sluice_batch_next(const sluice_batch *batch, uint64_t *at, const void **packet, uint32_t *bytes,
                                        uint16_t *type)
{
    while (*at < batch->bytes) {
        const uint8_t *from = batch->data + *at;
        *packet = from;
        if (batch->stride != 0) {
            *at += batch->stride;
            *bytes = batch->stride;
            *type = 0;
            return 1;
        }
        uint64_t word = sluice_load_relaxed((const uint64_t *)(const void *)from);
        uint64_t span = sluice_record_span(word, batch->trailer);
        *type = (uint16_t)(word >> 32);
        if (SLUICE_UNLIKELY((uint32_t)word < sizeof(sluice_ring_record) || span > batch->bytes - *at)) {
            *at = batch->bytes;
            *bytes = 0;
            return SLUICE_E_CORRUPT;
        }
        *at += span;
        if (((word >> 48) & SLUICE_RECORD_ABORTED) == 0) {
            *packet = from + sizeof(sluice_ring_record);
            *bytes = (uint32_t)word - (uint32_t)sizeof(sluice_ring_record);
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
    sluice_consumer_event(consumer, -1);
    sluice_store_relaxed(&consumer->view.header->wake_at, SLUICE_RING_NEVER);
    sluice_store_relaxed(&consumer->view.header->asked_at, SLUICE_RING_NEVER);
    if (consumer->holds) {
        sluice_tail_unlock(&consumer->view);
    }
    sluice_leave_end(&consumer->view, SLUICE_END_CONSUMER, consumer->self);
    memset(consumer, 0, sizeof *consumer);
}

#endif
