/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/verify.h - fixed stride, with checksums: what a consumer finds when it opens a ring that was kept. Framed records
 * are looked at whenever they are scanned.
 *
 * A checksum names its position, so it proves more than the bytes: a packet that passes was put there, and was complete. So a
 * damaged cell loses no packet, and a damaged packet is given up and counted, whatever its cell says.
 */
#ifndef SLUICE_RING_VERIFY_H
#define SLUICE_RING_VERIFY_H

#include "scan.h"

/* One producer: packets that do not pass are taken out by moving those before them up. A kill on the way may show one packet
 * twice, and loses none. */
SLUICE_COLD void sluice_close_gaps(sluice_consumer *consumer, uint64_t tail, uint64_t head)
{
    const sluice_ring_view *view = &consumer->view;
    uint64_t to = head;
    for (uint64_t at = head; at > tail;) {
        at -= view->stride;
        if (!sluice_is_genuine(view, at)) {
            sluice_count_damaged(consumer, at);
            continue;
        }
        to -= view->stride;
        if (to != at) {
            memmove(view->data + (to & view->mask), view->data + (at & view->mask), view->stride);
            *sluice_checksum_at(view, to) = sluice_checksum_of_packet(view, to);
            *sluice_checksum_at(view, at) = ~sluice_checksum_of_packet(view, at);
        }
    }
    sluice_store_release(&view->header->tail, to);
}

/* Many producers: makes the cell at `position` say what the checksum says.
 *
 *   passes                           committed, whatever the cell says; one that is claimed is left to its producer or an unblock
 *   fails, committed                 given up, counted
 *   fails, a cell of no producer     the same; left as it is, to be told as a contradiction, while producers live
 *   fails, given up or an open claim as it is
 */
static inline void sluice_verify_cell(sluice_consumer *consumer, uint64_t position, int *live)
{
    const sluice_ring_view *view = &consumer->view;
    uint64_t sequence = sluice_sequence(view, position), *cell = &view->cells[sequence & view->cell_mask];
    uint64_t seen = sluice_load_acquire(cell);
    int64_t age = sluice_cell_age(seen, sequence);
    uint32_t state = (uint32_t)(seen & 3);
    if (sluice_is_genuine(view, position)) {
        if (age != 0 || (state != SLUICE_CELL_COMMITTED && state != SLUICE_CELL_CLAIMED)) {
            (void)sluice_cas(cell, &seen, sluice_cell(sequence, 1, 0, SLUICE_CELL_COMMITTED));
        }
        return;
    }
    if (age < 0 || (age == 0 && (state == SLUICE_CELL_CLAIMED || state == SLUICE_CELL_ABORTED))) {
        return;
    }
    if (age != 0 || state != SLUICE_CELL_COMMITTED) {
        *live = *live < 0 ? sluice_producers_live(view, consumer->self) : *live;
        if (*live) {
            return; /* it may be the claim of one of them, which must keep its place */
        }
    }
    if (sluice_cas(cell, &seen, sluice_cell(sequence, 1, 0, SLUICE_CELL_ABORTED))) {
        sluice_count_damaged(consumer, position);
    }
}

SLUICE_COLD void sluice_verify_packets(sluice_consumer *consumer)
{
    const sluice_ring_view *view = &consumer->view;
    int locks = view->policy == SLUICE_DROP_OLDEST, attempts = 0, live = -1;
    if ((view->flags & SLUICE_RING_CHECKSUMS) == 0 || view->framed) {
        return;
    }
    while (locks && !sluice_tail_trylock(view, consumer->self, 0)) {
        if (++attempts == 100) {
            return; /* a producer that lives drops without a pause: what a power cut left is gone by now */
        }
    }
    uint64_t tail = sluice_load_acquire(&view->header->tail);
    uint64_t head = sluice_stream_head(view);
    if (head - tail <= view->capacity && !view->many) {
        sluice_close_gaps(consumer, tail, head);
    }
    for (uint64_t at = tail; head - tail <= view->capacity && view->many && at < head; at += view->stride) {
        sluice_verify_cell(consumer, at, &live);
    }
    if (locks) {
        sluice_tail_unlock(view);
    }
}

#endif
