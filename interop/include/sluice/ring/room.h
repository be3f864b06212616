/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/room.h - the producer, how it publishes, and what it does when there is no room.
 */
#ifndef SLUICE_RING_ROOM_H
#define SLUICE_RING_ROOM_H

#include "seal.h"

struct sluice_producer;

/* Set by the engine on producers of SLUICE_GROW buffers: points the producer at a segment with room for `bytes`. */
typedef int32_t (*sluice_grow_fn)(void *engine, struct sluice_producer *producer, uint64_t bytes);

typedef struct sluice_producer {
    sluice_ring_view view;
    uint64_t head;          /* one producer: end of what is committed */
    uint64_t published;     /* one producer: what the header's head says */
    uint64_t tail;          /* the last tail seen, or an older one: then the next look is due before the room is used up */
    uint64_t publish_bytes; /* publish when so many bytes are committed; 0: always */
    uint64_t claimed;       /* position of the open claim */
    uint64_t claim_bytes;   /* its size in the ring; 0: none is open */
    uint64_t records;       /* framed, one producer: records committed */
    uint64_t check_mask;
    uint64_t check_value;
    int64_t timeout_ns; /* for SLUICE_BLOCK; -1 for ever */
    uint64_t self;
    uint64_t event_seen; /* event_generation of the descriptor in event_fd */
    int32_t event_fd;    /* a copy of the consumer's eventfd; -1: none */
    uint32_t slot;
    sluice_grow_fn grow;
    void *engine;
    uint32_t plain_bytes;  /* the stride where a put is a copy and a position: one producer, no constants and no checksums;
                              else NEVER */
    uint32_t most_packets; /* in one claim; 0: framed */
} sluice_producer;

/* No put has this size. */
#define SLUICE_PLAIN_NEVER UINT32_MAX

/* What the hot calls look at instead of the view's fields one by one; anew whenever the view changes. */
static inline void sluice_producer_tune(sluice_producer *producer)
{
    const sluice_ring_view *view = &producer->view;
    int plain = !view->framed && !view->many && producer->check_mask == 0 && sluice_trailer(view) == 0;
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
        sluice_wake_consumer(&producer->view, end, producer->self, &producer->event_seen, &producer->event_fd);
    }
}

/* One producer: from now on every reserve takes the cold path, which sees that the ring is sealed. */
static inline void sluice_producer_stop(sluice_producer *producer)
{
    producer->tail = producer->head - producer->view.capacity;
}

static inline int32_t sluice_why_sealed(const sluice_producer *producer)
{
    return sluice_load_relaxed(&producer->view.header->flags) & SLUICE_RING_ORPHANED ? SLUICE_E_ENDED : SLUICE_E_STATE;
}

/* One producer: the stream ended at `end`, after so many records. What is committed behind it is not in the stream; packets of a
 * group that were acknowledged, all but `told`, are counted. */
SLUICE_COLD int32_t sluice_take_back(sluice_producer *producer, uint64_t end, uint64_t records, uint64_t told)
{
    sluice_ring_header *header = producer->view.header;
    uint64_t packets = producer->view.framed ? producer->records - records
                                             : sluice_sequence(&producer->view, producer->head - end);
    if (producer->view.framed) {
        producer->records = records;
        sluice_store_relaxed(&header->pushed, records);
    }
    if (packets > told) {
        sluice_count(&header->dropped_newest, packets - told);
    }
    producer->head = end;
    producer->published = end;
    sluice_store_release(&header->head, end | SLUICE_RING_SEALED);
    sluice_producer_stop(producer);
    return sluice_why_sealed(producer);
}

/* One producer: what it published met a seal, or the wait of the consumer. `before` and `records` were published earlier. */
SLUICE_COLD int32_t sluice_publish_late(sluice_producer *producer, uint64_t before, uint64_t records, uint64_t told)
{
    uint64_t *sealed_at = &producer->view.header->sealed_at, asked = SLUICE_RING_SEAL_ASKED;
    uint64_t head = producer->head, decided = head | SLUICE_RING_SEALED;
    if (sluice_cas(sealed_at, &asked, decided)) {
        asked = decided;
    }
    if ((asked & SLUICE_RING_SEALED) != 0) {
        if ((asked & ~SLUICE_RING_FINISHED) != decided) {
            return sluice_take_back(producer, before, records, told);
        }
        (void)sluice_fetch_or(&producer->view.header->head, SLUICE_RING_SEALED);
        sluice_producer_stop(producer);
    }
    sluice_wake_if_due(producer, head);
    return SLUICE_OK;
}

/* One producer: stores head, unless the stream ended. `told` packets of what is published are not acknowledged yet. */
SLUICE_HOT_PART int32_t sluice_publish(sluice_producer *producer, uint64_t told)
{
    sluice_ring_header *header = producer->view.header;
    uint64_t before = producer->published, head = producer->head, records = 0;
    if (producer->view.framed) {
        records = sluice_load_relaxed(&header->pushed);
    }
    if (SLUICE_UNLIKELY((sluice_load_relaxed(&header->sealed_at) & SLUICE_RING_SEALED) != 0)) {
        return sluice_take_back(producer, before, records, told);
    }
    if (producer->view.framed) {
        sluice_store_relaxed(&header->pushed, producer->records);
    }
    producer->published = head;
    sluice_store_release(&header->head, head);
    sluice_light_fence(producer->view.asymmetric);
    if (SLUICE_UNLIKELY((head >= sluice_load_relaxed(&header->wake_at)) | (sluice_load_relaxed(&header->sealed_at) != 0))) {
        return sluice_publish_late(producer, before, records, told);
    }
    return SLUICE_OK;
}

/* Makes everything committed visible to the consumer. E_STATE, E_ENDED: the stream ended before; what was not published is not in
 * it, and is counted as dropped_newest. */
SLUICE_INLINE int32_t sluice_producer_publish(sluice_producer *producer)
{
    return producer->published != producer->head ? sluice_publish(producer, 0) : SLUICE_OK;
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

/* 0 when head and tail contradict each other: more lies between them than the ring holds. With many producers both move,
 * and only a tail that stood still over the look at head tells. */
static inline int sluice_cursors_agree(sluice_producer *producer)
{
    uint64_t tail = sluice_load_acquire(&producer->view.header->tail), before;
    do {
        before = tail;
        if (sluice_producer_head(producer) - tail <= producer->view.capacity) {
            return 1;
        }
        tail = sluice_load_acquire(&producer->view.header->tail);
    } while (tail != before);
    return 0;
}

/* A consumer may wait for more packets than fit. A producer that finds no room wakes it. */
static inline void sluice_wake_for_room(sluice_producer *producer)
{
    sluice_fence_full();
    if (sluice_load_relaxed(&producer->view.header->wake_at) != SLUICE_RING_NEVER) {
        sluice_wake_consumer(&producer->view, SLUICE_RING_NEVER - 1, producer->self, &producer->event_seen,
                             &producer->event_fd);
    }
}

/* What a put into a sealed ring answers, and any one after it: its stream was ended, or its name was taken away. */
SLUICE_COLD int32_t sluice_answer_sealed(sluice_producer *producer)
{
    if (!producer->view.many) {
        sluice_producer_stop(producer);
    }
    return sluice_why_sealed(producer);
}

/* Ends the stream because no consumer can come any more. */
static inline void sluice_orphan(const sluice_ring_view *view)
{
    (void)sluice_fetch_or(&view->header->flags, (uint32_t)SLUICE_RING_ORPHANED);
    sluice_seal(view);
}

/* Whether the ring ever had a consumer. One that had none may still get one, of a process that has it mapped, after its name was
 * taken away: names are used so to introduce two processes to each other. */
static inline int sluice_was_consumed(const sluice_ring_view *view)
{
    return (sluice_load_relaxed(&view->header->consumer_owner) | sluice_load_relaxed(&view->header->consumer_record) |
            sluice_load_relaxed(&view->header->tail)) != 0;
}

/* Seals a ring whose name is gone and that nobody takes from any more: what is put into it could not be delivered. After that
 * look the next one is due when a part of the room is used up, `bytes` or more. */
static inline void sluice_look_for_orphan(sluice_producer *producer, uint64_t bytes)
{
    const sluice_ring_view *view = &producer->view;
    uint64_t least = bytes > 2048 ? bytes : 2048, part = view->capacity / 8 > least ? view->capacity / 8 : least;
    struct stat status;
    if (view->fd < 0 || (view->flags & SLUICE_RING_LINKED) == 0) {
        return;
    }
    uint64_t consumer = sluice_load_acquire(&view->header->consumer_owner);
    if (fstat(view->fd, &status) == 0 && status.st_nlink == 0 && sluice_was_consumed(view) &&
        sluice_end_life(view, SLUICE_END_CONSUMER, consumer, producer->self) == SLUICE_LIFE_GONE) {
        sluice_orphan(view);
        return;
    }
    uint64_t head = sluice_producer_head(producer);
    if (part < view->capacity && head - producer->tail < view->capacity - part) {
        producer->tail = head - (view->capacity - part);
    }
}

/* Sends a wake that was taken and may never have been sent: its taker was killed, or is of version 0.1. One too many does no
 * harm. */
static inline void sluice_look_for_lost_wake(sluice_producer *producer)
{
    sluice_ring_header *header = producer->view.header;
    uint64_t asked = sluice_load_acquire(&header->asked_at);
    if (asked <= sluice_producer_head(producer) && asked != 0 && sluice_load_relaxed(&header->wake_at) == SLUICE_RING_NEVER &&
        sluice_cas(&header->asked_at, &asked, SLUICE_RING_NEVER)) {
        sluice_signal_consumer(&producer->view, producer->self, &producer->event_seen, &producer->event_fd);
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
        sluice_look_for_orphan(producer, bytes);
        if (sluice_is_sealed(&producer->view)) {
            return sluice_answer_sealed(producer);
        }
        if (!told) {
            sluice_wake_for_room(producer);
            told = 1;
        }
        sluice_futex_wait(&header->space_futex, seen, deadline);
    } while (sluice_monotonic_ns() < deadline);
    return sluice_has_room(producer, bytes) ? SLUICE_OK : SLUICE_TIMEOUT;
}

/* There is no room: what the full policy says. */
static inline int32_t sluice_answer_full(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    sluice_ring_header *header = producer->view.header;
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

/* The cold half of every claim: `bytes` for `packets` do not fit, or not before the next look. OK when there may be room now.
 * E_CORRUPT: the header contradicts itself; nothing is put. */
SLUICE_COLD int32_t sluice_no_room(sluice_producer *producer, uint64_t bytes, uint64_t packets)
{
    if (sluice_is_sealed(&producer->view) && producer->grow == NULL) {
        return sluice_answer_sealed(producer);
    }
    if (bytes > producer->view.capacity && producer->grow == NULL) {
        return SLUICE_E_SIZE;
    }
    int room = sluice_has_room(producer, bytes);
    if ((!room && !sluice_cursors_agree(producer)) || !sluice_is_whole(&producer->view, sluice_producer_head(producer))) {
        return SLUICE_E_CORRUPT;
    }
    sluice_look_for_lost_wake(producer);
    sluice_look_for_orphan(producer, bytes);
    if (sluice_is_sealed(&producer->view)) {
        if (producer->grow == NULL) {
            return sluice_answer_sealed(producer);
        }
    } else if (room) {
        return SLUICE_OK;
    }
    int32_t status = sluice_producer_publish(producer); /* what waits for its group is what the consumer can make room from */
    return status != SLUICE_OK ? status : sluice_answer_full(producer, bytes, packets);
}

#endif
