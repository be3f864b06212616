/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/claim.h - how room is reserved and settled: the machinery under producer.h.
 *
 *   reserve   find or make room (room.h), take it, mark the claim as ours
 *   settle    turn the claim into committed or aborted packets, and publish them
 */
#ifndef SLUICE_RING_CLAIM_H
#define SLUICE_RING_CLAIM_H

#include "room.h"

/* Many producers: an unblock was faster than the mark of our reservation at `head`; the rest of it is given up too. */
SLUICE_COLD void sluice_give_up_rest(const sluice_ring_view *view, uint64_t head, uint64_t bytes)
{
    if (view->framed) {
        for (uint64_t at = head + 8; at < head + bytes; at += 8) {
            uint64_t empty = sluice_empty_word(view, at);
            (void)sluice_cas(sluice_word_at(view, at), &empty, sluice_given_up_word(view, at, 8));
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
        if (view->cells != NULL && sluice_load_relaxed(sluice_announcement(view, producer->slot)) != head) {
            return 0; /* nobody waits for a mark that was not announced */
        }
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

/* Framed, many producers: tells what is about to be reserved, or, with NEVER, that it is not. It is stored before head
 * moves, so whoever sees the reservation sees the announcement too. */
SLUICE_HOT_PART void sluice_announce(const sluice_producer *producer, uint64_t position)
{
    if (producer->view.framed && SLUICE_LIKELY(producer->view.cells != NULL)) {
        sluice_store_relaxed(sluice_announcement(&producer->view, producer->slot), position);
    }
}

/* Many producers: takes and marks `bytes` for `packets` at *position. */
SLUICE_CHECKED SLUICE_HOT_PART int32_t sluice_reserve_of_many(sluice_producer *producer, uint64_t bytes,
                                                              uint64_t packets, uint64_t *position)
{
    uint32_t pauses = SLUICE_BACKOFF_FIRST;
    uint64_t odd = SLUICE_RING_SEALED | (producer->view.framed ? 7u : 0u); /* records begin at multiples of 8 */
    for (;;) {
        sluice_ring_header *header = producer->view.header; /* growing changes it */
        uint64_t head = sluice_load_relaxed(&header->head);
        if (SLUICE_UNLIKELY((head & odd) != 0 ||
                            head + bytes - producer->tail > producer->view.capacity)) {
            sluice_announce(producer, SLUICE_RING_NEVER);
            int32_t status = sluice_no_room(producer, bytes, packets);
            if (status != SLUICE_OK) {
                return status;
            }
            continue;
        }
        sluice_announce(producer, head);
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

/* One producer: the stream ends, or is about to: what would be committed now is refused. What is committed already is published
 * while it still may be. */
SLUICE_COLD int32_t sluice_refuse_late(sluice_producer *producer)
{
    int32_t status = sluice_producer_publish(producer);
    return status != SLUICE_OK ? status : sluice_why_sealed(producer);
}

/* One producer: `bytes` more, of `packets`, are committed; publishes when the group is complete. */
SLUICE_CHECKED SLUICE_HOT_PART int32_t sluice_settle_bytes(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    uint64_t head = producer->head + bytes;
    if (SLUICE_UNLIKELY(sluice_load_relaxed(&producer->view.header->sealed_at) != 0)) {
        return sluice_refuse_late(producer);
    }
    producer->head = head;
    producer->records += producer->view.framed;
    return SLUICE_LIKELY(head - producer->published >= producer->publish_bytes) ? sluice_publish(producer, packets) : SLUICE_OK;
}

/* Many producers: nobody takes any more. What was claimed at `position` was taken before, or is refused. */
SLUICE_COLD int32_t sluice_settled_late(sluice_producer *producer, uint64_t position)
{
    return sluice_load_acquire(&producer->view.header->tail) > position ? SLUICE_OK : sluice_why_sealed(producer);
}

/* Many producers: what was claimed is committed, from `position` to `end`. E_STATE, E_ENDED: nobody takes it any more. */
SLUICE_HOT_PART int32_t sluice_settled(sluice_producer *producer, uint64_t position, uint64_t end)
{
    sluice_wake_if_due(producer, end);
    return SLUICE_UNLIKELY((sluice_load_acquire(&producer->view.header->sealed_at) & SLUICE_RING_FINISHED) != 0)
               ? sluice_settled_late(producer, position)
               : SLUICE_OK;
}

/* Many producers, fixed stride: the one packet at `position` is committed. */
SLUICE_CHECKED SLUICE_HOT_PART int32_t sluice_settle_one(sluice_producer *producer, uint64_t position)
{
    uint64_t sequence = sluice_sequence(&producer->view, position);
    sluice_store_release(&producer->view.cells[sequence & producer->view.cell_mask],
                         sluice_cell(sequence, 1, 0, SLUICE_CELL_COMMITTED));
    return sluice_settled(producer, position, position + producer->view.stride);
}

/* Fixed stride: checksums for the packets of [position, position + bytes), where the ring has them. */
SLUICE_HOT_PART void sluice_sign_if_asked(const sluice_producer *producer, uint64_t position, uint64_t bytes)
{
    if (SLUICE_UNLIKELY(producer->view.flags & SLUICE_RING_CHECKSUMS)) {
        sluice_sign_packets(&producer->view, position, position + bytes);
    }
}

/* Closes the claim of a fixed-stride ring of which `bytes` in `packets` are committed. */
SLUICE_HOT_PART int32_t sluice_settle_fixed(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    uint64_t claim_bytes = producer->claim_bytes;
    producer->claim_bytes = 0;
    sluice_sign_if_asked(producer, producer->claimed, bytes);
    if (SLUICE_LIKELY(!producer->view.many)) {
        return sluice_settle_bytes(producer, bytes, packets);
    }
    if (claim_bytes == producer->view.stride && bytes == claim_bytes) {
        return sluice_settle_one(producer, producer->claimed);
    }
    sluice_settle_cells(producer, claim_bytes / producer->view.stride, packets);
    return sluice_settled(producer, producer->claimed, producer->claimed + claim_bytes);
}

/* Closes the claim of a framed ring with a record of `length` bytes, header included. */
SLUICE_HOT_PART int32_t sluice_settle_record(sluice_producer *producer, uint32_t length, uint16_t type, uint16_t flags)
{
    int aborted = (flags & SLUICE_RECORD_ABORTED) != 0;
    uint64_t word = SLUICE_UNLIKELY(aborted) ? sluice_given_up_word(&producer->view, producer->claimed, length)
                                             : sluice_record_word((int32_t)length, type, flags);
    uint64_t span = sluice_record_span(word, sluice_trailer(&producer->view)), rest = producer->claim_bytes - span;
    producer->claim_bytes = 0;
    if (SLUICE_UNLIKELY(producer->view.flags & SLUICE_RING_CHECKSUMS) && !aborted) {
        sluice_sign_record(&producer->view, producer->claimed, word);
    }
    if (!producer->view.many) {
        *sluice_word_at(&producer->view, producer->claimed) = word;
        return sluice_settle_bytes(producer, span, 1);
    }
    if (rest != 0) {
        sluice_store_relaxed(sluice_word_at(&producer->view, producer->claimed + span),
                             sluice_given_up_word(&producer->view, producer->claimed + span, rest));
    }
    if (aborted) {
        sluice_count(&producer->view.header->aborted, 1);
    } else {
        sluice_count(&producer->view.header->pushed, 1);
    }
    sluice_store_release(sluice_word_at(&producer->view, producer->claimed), word);
    return sluice_settled(producer, producer->claimed, producer->claimed + span + rest);
}

#endif
