/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/producer.h - the end that puts.
 *
 * Threading: one thread at a time per sluice_producer. A ring of one producer takes one sluice_producer, a ring
 * of many producers takes up to 256, each with its own. One claim may be open per producer.
 *
 * Fixed stride   put / put_many, or claim(packets) -> fill -> commit(packets) or abort
 * Framed         put_record, or claim_record(bytes) -> fill -> commit_record(bytes, type) or abort
 *
 * Under SLUICE_BLOCK a put waits for room wherever it is called: not in a callback of the buffer (sluice.h) that the ring belongs
 * to, whose return alone makes room.
 *
 * What is committed is published at once, or in groups when publish_bytes is set (one producer): then
 * sluice_producer_publish makes the rest visible, and so does close.
 */
#ifndef SLUICE_RING_PRODUCER_H
#define SLUICE_RING_PRODUCER_H

#include "claim.h"
#include "geometry.h"
#include "slots.h"

/* Takes a producing end of the ring. E_BUSY: the one end, or all 256, belong to producers that live, or that cannot be
 * judged from here; the text says which. E_CORRUPT: the header contradicts itself. After a fork the child opens an end of
 * its own; one that it inherited keeps working as long as one of the two uses it and the process that opened it lives. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_producer_open(sluice_producer *producer, sluice_ring *ring)
{
    sluice_ring_header *header = ring->header;
    memset(producer, 0, sizeof *producer);
    sluice_view(&producer->view, ring);
    producer->self = sluice_current_identity(&ring->self);
    producer->event_fd = -1;
    producer->timeout_ns = header->block_timeout_ns;
    producer->check_mask = header->check_mask;
    producer->check_value = header->check_value;
    sluice_producer_tune(producer);
    sluice_join_fences(&producer->view);
    if (!producer->view.many) {
        sluice_holder holder;
        if (sluice_take_end(&producer->view, SLUICE_END_PRODUCER, producer->self, &holder) != SLUICE_OK) {
            producer->view.header = NULL;
            return sluice_tell_busy(ring, "one producer", &holder);
        }
        sluice_free_tail_of(&producer->view, SLUICE_END_PRODUCER, holder.identity, producer->self);
        producer->head = sluice_stream_head(&producer->view);
        producer->published = producer->head;
        producer->records = sluice_load_relaxed(&header->pushed);
        producer->tail = sluice_load_acquire(&header->tail);
        sluice_look_for_orphan(producer, 0);
        if (sluice_is_sealed(&producer->view)) {
            sluice_producer_stop(producer);
        }
        return SLUICE_OK;
    }
    if (sluice_take_slot(&producer->view, producer->self, &producer->slot) != SLUICE_OK) {
        producer->view.header = NULL;
        return sluice_ring_fault(ring, SLUICE_E_BUSY,
                                 "all %u producer slots of the ring are taken, by producers that live or cannot be judged "
                                 "from here: close one, or let one put for several",
                                 SLUICE_RING_PRODUCERS);
    }
    sluice_announce(producer, SLUICE_RING_NEVER);
    producer->tail = sluice_load_acquire(&header->tail);
    sluice_look_for_orphan(producer, 0);
    return SLUICE_OK;
}

/* 1 when the constants in the first bytes of the packet are right. */
static inline int sluice_constants_hold(const sluice_producer *producer, const void *packet)
{
    uint64_t first = 0;
    memcpy(&first, packet, producer->view.stride < 8 ? producer->view.stride : 8);
    return (first & producer->check_mask) == producer->check_value;
}

/* Why a packet is not taken, counted. */
SLUICE_COLD int32_t sluice_reject(sluice_producer *producer, int32_t status)
{
    if (status == SLUICE_E_SIZE && producer->claim_bytes != 0) {
        return SLUICE_E_STATE; /* a put into an open claim */
    }
    sluice_count(&producer->view.header->rejected, 1);
    return status;
}

/* Fixed stride: copies one packet in. `bytes` must be the stride: E_SIZE, and nothing changes, if it is not.
 * E_CONSTANT: a constant of the packet layout does not hold. E_STATE: a claim is open, or the ring is sealed. */
SLUICE_CHECKED SLUICE_HOT int32_t sluice_producer_put(sluice_producer *producer, const void *packet, uint32_t bytes)
{
    if (SLUICE_LIKELY(bytes == producer->plain_bytes && producer->claim_bytes == 0)) {
        if (SLUICE_UNLIKELY(producer->head + bytes - producer->tail > producer->view.capacity)) {
            int32_t status = sluice_make_room(producer, bytes, 1);
            if (status != SLUICE_OK) {
                return status;
            }
        }
        memcpy(producer->view.data + (producer->head & producer->view.mask), packet, bytes);
        return sluice_settle_bytes(producer, bytes, 1);
    }
    if (SLUICE_UNLIKELY(((bytes ^ producer->view.stride) | producer->claim_bytes | (bytes == 0)) != 0)) {
        return sluice_reject(producer, SLUICE_E_SIZE);
    }
    if (SLUICE_UNLIKELY(producer->check_mask != 0) && !sluice_constants_hold(producer, packet)) {
        return sluice_reject(producer, SLUICE_E_CONSTANT);
    }
    uint64_t position = producer->head;
    int32_t status = producer->view.many ? sluice_reserve_of_many(producer, bytes, 1, &position) : SLUICE_OK;
    if (!producer->view.many && SLUICE_UNLIKELY(position + bytes - producer->tail > producer->view.capacity)) {
        status = sluice_make_room(producer, bytes, 1);
        position = producer->head; /* growing begins a new ring */
    }
    if (SLUICE_LIKELY(status == SLUICE_OK)) {
        memcpy(producer->view.data + (position & producer->view.mask), packet, bytes);
        sluice_sign_if_asked(producer, position, bytes);
        status = producer->view.many ? sluice_settle_one(producer, position) : sluice_settle_bytes(producer, bytes, 1);
    }
    return status;
}

/* Fixed stride: how many of `packets` fit now, one at least. The tail seen last may be old: it is looked at again when
 * not all fit. */
static inline uint64_t sluice_run_that_fits(sluice_producer *producer, uint64_t packets)
{
    const sluice_ring_view *view = &producer->view;
    uint64_t most = view->many ? SLUICE_RING_CLAIM_MOST : packets, whole = view->capacity / view->stride;
    most = most < whole ? most : whole;
    packets = packets < most ? packets : most;
    if (sluice_producer_head(producer) + packets * view->stride - producer->tail > view->capacity &&
        !sluice_has_room(producer, packets * view->stride)) {
        uint64_t used = sluice_producer_head(producer) - producer->tail;
        uint64_t room = used < view->capacity ? (view->capacity - used) / view->stride : 0;
        return room == 0 ? 1 : room < packets ? room : packets;
    }
    return packets;
}

/* Fixed stride: copies `packets` packets in, in runs as long as the room allows. *done is how many were taken; the
 * status is that of the first one that was not (DROPPED: the rest was dropped and counted). */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_producer_put_many(sluice_producer *producer, const void *source,
                                                              uint64_t packets, uint64_t *done)
{
    uint64_t stride = producer->view.stride, taken = 0;
    const uint8_t *from = (const uint8_t *)source;
    int32_t status = SLUICE_OK;
    *done = 0;
    if (producer->view.framed || producer->claim_bytes != 0) {
        return sluice_reject(producer, SLUICE_E_SIZE);
    }
    for (uint64_t i = 0; producer->check_mask != 0 && i < packets; i++) {
        if (!sluice_constants_hold(producer, from + i * stride)) {
            sluice_count(&producer->view.header->rejected, packets - i);
            packets = i;
            status = SLUICE_E_CONSTANT;
        }
    }
    while (taken < packets) {
        uint64_t run = sluice_run_that_fits(producer, packets - taken);
        int32_t one = sluice_reserve(producer, run * stride, run);
        if (one == SLUICE_DROPPED && producer->view.policy == SLUICE_DROP_OLDEST) {
            taken += run; /* counted; what comes after may fit again */
            status = one;
            continue;
        }
        if (one != SLUICE_OK) {
            if (one == SLUICE_DROPPED && packets - taken > run) {
                sluice_count(&producer->view.header->dropped_newest, packets - taken - run);
            }
            status = one;
            break;
        }
        memcpy(sluice_claim_memory(producer, 0), from + taken * stride, run * stride);
        one = sluice_settle_fixed(producer, run * stride, run);
        if (one != SLUICE_OK) {
            status = one;
            break;
        }
        taken += run;
        *done += run;
    }
    return status;
}

/* Fixed stride: room for `packets` consecutive packets, at *memory, to be filled in place. */
SLUICE_CHECKED SLUICE_HOT int32_t sluice_producer_claim(sluice_producer *producer, uint64_t packets, void **memory)
{
    if (SLUICE_UNLIKELY(packets - 1 >= producer->most_packets || producer->claim_bytes != 0)) {
        return producer->claim_bytes != 0 ? SLUICE_E_STATE : SLUICE_E_SIZE;
    }
    int32_t status = sluice_reserve(producer, packets * producer->view.stride, packets);
    if (SLUICE_LIKELY(status == SLUICE_OK)) {
        *memory = sluice_claim_memory(producer, 0);
    }
    return status;
}

/* Fixed stride: the first `packets` of the claim are good; the others were never there. */
SLUICE_CHECKED SLUICE_HOT int32_t sluice_producer_commit(sluice_producer *producer, uint64_t packets)
{
    uint64_t bytes = packets * producer->view.stride;
    if (SLUICE_UNLIKELY(packets > producer->most_packets || bytes > producer->claim_bytes ||
                        producer->claim_bytes == 0)) {
        return producer->claim_bytes == 0 || producer->view.framed ? SLUICE_E_STATE : SLUICE_E_SIZE;
    }
    return sluice_settle_fixed(producer, bytes, packets);
}

/* Framed: room for a payload of `bytes`, at *memory. */
SLUICE_CHECKED SLUICE_HOT int32_t sluice_producer_claim_record(sluice_producer *producer, uint32_t bytes,
                                                               void **memory)
{
    if (producer->claim_bytes != 0) {
        return SLUICE_E_STATE;
    }
    uint64_t span = sluice_span_of((uint64_t)bytes + 8, sluice_trailer(&producer->view));
    if (!producer->view.framed || bytes > (uint32_t)INT32_MAX - 16 || span > INT32_MAX ||
        (span > producer->view.capacity && producer->grow == NULL)) {
        return SLUICE_E_SIZE;
    }
    int32_t status = sluice_reserve(producer, span, 1);
    if (status == SLUICE_OK) {
        *memory = sluice_claim_memory(producer, 8);
    }
    return status;
}

/* Framed: the claim holds a record of `bytes` (at most what was claimed) and the host's `type`. */
SLUICE_CHECKED SLUICE_HOT int32_t sluice_producer_commit_record(sluice_producer *producer, uint32_t bytes,
                                                                uint16_t type)
{
    if (producer->claim_bytes == 0 || !producer->view.framed) {
        return SLUICE_E_STATE;
    }
    if (sluice_span_of((uint64_t)bytes + 8, sluice_trailer(&producer->view)) > producer->claim_bytes) {
        return SLUICE_E_SIZE;
    }
    return sluice_settle_record(producer, bytes + 8, type, 0);
}

/* Gives the open claim back; nothing of it is seen by the consumer. Without an open claim it does nothing. */
SLUICE_INLINE void sluice_producer_abort(sluice_producer *producer)
{
    if (producer->claim_bytes == 0) {
        return;
    }
    if (!producer->view.many) {
        producer->claim_bytes = 0;
    } else if (producer->view.framed) {
        (void)sluice_settle_record(producer, (uint32_t)producer->claim_bytes, 0, SLUICE_RECORD_ABORTED);
    } else {
        (void)sluice_settle_fixed(producer, 0, 0);
    }
}

/* Framed: copies one record in. */
SLUICE_CHECKED SLUICE_HOT int32_t sluice_producer_put_record(sluice_producer *producer, const void *payload,
                                                                uint32_t bytes, uint16_t type)
{
    void *memory = NULL;
    int32_t status = sluice_producer_claim_record(producer, bytes, &memory);
    if (SLUICE_LIKELY(status == SLUICE_OK)) {
        if (bytes != 0) {
            memcpy(memory, payload, bytes);
        }
        return sluice_settle_record(producer, bytes + 8, type, 0);
    }
    if (status == SLUICE_E_SIZE) {
        return sluice_reject(producer, status);
    }
    return status;
}

/* Publishes, aborts an open claim and gives the end back. The producer must be opened again to be used. */
SLUICE_INLINE void sluice_producer_close(sluice_producer *producer)
{
    if (producer->view.header == NULL) {
        return;
    }
    sluice_producer_abort(producer);
    (void)sluice_producer_publish(producer); /* what a stream that ended does not take is counted */
    sluice_leave_end(&producer->view, producer->view.many ? producer->slot : SLUICE_END_PRODUCER, producer->self);
    if (producer->event_fd >= 0) {
        (void)close(producer->event_fd);
    }
    memset(producer, 0, sizeof *producer);
    producer->event_fd = -1;
}

#endif
