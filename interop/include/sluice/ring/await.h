/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/await.h - how the consumer waits: it looks, yields, then sleeps until a producer wakes it.
 */
#ifndef SLUICE_RING_AWAIT_H
#define SLUICE_RING_AWAIT_H

#include "consumer.h"

/* A wait that sees no progress for so long, or whose time is over before an open claim, looks for producers that died. */
#define SLUICE_UNBLOCK_AFTER_NS INT64_C(50000000)

/* Producers need not wake the consumer any more. */
static inline void sluice_consumer_disarm(sluice_consumer *consumer)
{
    sluice_store_relaxed(&consumer->view.header->wake_at, SLUICE_RING_NEVER);
    sluice_store_relaxed(&consumer->view.header->asked_at, SLUICE_RING_NEVER);
}

/* Asks producers to wake the consumer (futex, and the eventfd where one is set) once `bytes` can be read. Returns 1
 * when they can already, or never will as the ring is sealed or corrupt; nothing is armed then. A producer of another
 * process that is killed in the middle of its wake leaves it to the next one that puts. Where none may come, an event loop
 * arms again every 100 ms, as the sleep of sluice_consumer_wait does. */
SLUICE_INLINE int32_t sluice_consumer_arm(sluice_consumer *consumer, uint64_t bytes)
{
    sluice_ring_header *header = consumer->view.header;
    for (uint64_t target = consumer->tail + bytes;;) {
        sluice_store_relaxed(&header->asked_at, target);
        sluice_store_release(&header->wake_at, target); /* what the eventfd is comes before it */
        sluice_heavy_fence(consumer->view.asymmetric);
        if (sluice_consumer_readable(consumer) >= bytes || consumer->corrupt != 0) {
            break;
        }
        uint64_t limit = sluice_consumer_limit(consumer);
        if (sluice_is_sealed(&consumer->view) && consumer->seen >= limit) {
            break;
        }
        if (!consumer->view.many || consumer->seen >= limit || target <= consumer->seen + 1) {
            return 0;
        }
        target = consumer->seen + 1; /* an open claim stands in the way: any commit may be the one */
    }
    sluice_consumer_disarm(consumer);
    return 1;
}

/* Many producers, fixed stride: 0 while the last packet of `bytes` is not even claimed. One look at a cell that nobody
 * writes yet leaves the cells that producers write now to them. */
static inline int sluice_may_be_reached(const sluice_consumer *consumer, uint64_t bytes)
{
    const sluice_ring_view *view = &consumer->view;
    if (!view->many || view->framed || bytes <= view->stride || bytes > view->capacity) {
        return 1;
    }
    uint64_t sequence = sluice_sequence(view, consumer->tail) + (bytes - 1) / view->stride;
    return sluice_cell_age(sluice_load_acquire(&view->cells[sequence & view->cell_mask]), sequence) == 0;
}

/* Yields while that is worth more than sleeping: for one span of patience, and for as long as each span brings at least
 * half of what is missing. 1 when `bytes` can be read. */
static inline int sluice_yield_for(sluice_consumer *consumer, uint64_t bytes, int64_t deadline)
{
    uint64_t before, readable = sluice_consumer_readable(consumer);
    do {
        before = readable;
        int64_t patience = sluice_patience(deadline);
        while (!(sluice_may_be_reached(consumer, bytes) && sluice_consumer_readable(consumer) >= bytes) &&
               sluice_yield(patience)) {
        }
        readable = sluice_consumer_readable(consumer);
    } while (readable < bytes && readable > before && readable - before >= (bytes - readable) / 2);
    return readable >= bytes;
}

/* Waits until `bytes` can be read: spins, yields, then sleeps. TIMEOUT after timeout_ns (0: look once, -1: for ever).
 * END when the ring is sealed and less will ever be there. E_CORRUPT: less will be there, as for a peek; what can be read is
 * shown by it. Claims of producers that died are given up on the way. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_consumer_wait(sluice_consumer *consumer, uint64_t bytes, int64_t timeout_ns)
{
    sluice_ring_header *header = consumer->view.header;
    /* The looks grow rarer: every look takes the producer's cache line away, and a rarer one finds more. */
    for (uint32_t spent = 0, pauses = 1; spent < SLUICE_SPIN_ROUNDS; spent += pauses, pauses += pauses < 8) {
        if ((timeout_ns == 0 || sluice_may_be_reached(consumer, bytes)) && sluice_consumer_readable(consumer) >= bytes) {
            return SLUICE_OK;
        }
        if (SLUICE_UNLIKELY(consumer->corrupt != 0)) {
            return SLUICE_E_CORRUPT;
        }
        if (timeout_ns == 0) {
            return sluice_ends_at(&consumer->view, consumer->seen) ? SLUICE_END : SLUICE_TIMEOUT;
        }
        for (uint32_t i = 0; i < pauses; i++) {
            sluice_cpu_relax();
        }
    }
    int64_t deadline = sluice_deadline(timeout_ns);
    if (sluice_yield_for(consumer, bytes, deadline)) {
        return SLUICE_OK;
    }
    int64_t stuck_since = sluice_monotonic_ns();
    uint64_t before = consumer->seen;
    int last_looks = 64; /* after the time is over, while claims of the dead are found */
    for (;;) {
        int64_t now = sluice_monotonic_ns();
        sluice_store_relaxed(&header->heartbeat_ns, now);
        uint32_t futex = sluice_load_acquire(&header->data_futex);
        if (sluice_consumer_arm(consumer, bytes)) {
            if (sluice_consumer_readable(consumer) >= bytes || consumer->corrupt != 0) {
                return consumer->seen - consumer->tail >= bytes ? SLUICE_OK : SLUICE_E_CORRUPT;
            }
            if (consumer->seen == sluice_consumer_limit(consumer)) {
                return SLUICE_END;
            }
        }
        if (before != consumer->seen) {
            before = consumer->seen;
            stuck_since = now;
        }
        int late = now >= deadline, stuck = consumer->view.many && consumer->seen < sluice_consumer_limit(consumer);
        if ((late ? stuck && last_looks-- > 0 : now - stuck_since > SLUICE_UNBLOCK_AFTER_NS) &&
            sluice_consumer_unblock(consumer) == SLUICE_OK) {
            continue;
        }
        if (late) {
            sluice_consumer_disarm(consumer);
            return SLUICE_TIMEOUT;
        }
        sluice_futex_wait(&header->data_futex, futex, deadline);
    }
}

#endif
