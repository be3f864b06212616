/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring.h - packets from one thread or process to another, inline, without a library.
 *
 * A ring carries packets from producers to one consumer through memory that both map. This header is all a
 * producer needs: it calls into no run-time, is never paused by one, and may live in another process than the
 * consumer. C11 and C++17, Linux. The files under ring/ follow the way of a packet:
 *
 *   ring/platform.h  what is asked of the system: feature macros, descriptors, characters; ring/fault.h, texts of faults
 *   ring/memory.h    the layout in memory; the specification for every language
 *   ring/life.h      does a process live
 *   ring/view.h      the addresses and numbers that every end works with
 *   ring/owner.h     who holds an end, and does it live
 *   ring/wait.h      sleeping and waking; ring/event.h, by an eventfd
 *   ring/checksum.h  packets that prove themselves; ring/verify.h, those of a ring that was kept
 *   ring/reclaim.h   dropping the oldest, giving up claims of the dead; ring/slots.h, their slots; sluice_ring_adopt
 *   ring/geometry.h  what a header must say; ring/name.h, the life of a name; ring/limit.h;
 *                    ring/mapping.h, sluice_ring_close
 *   ring/segment.h   sluice_ring_create (create.h) / attach (attach.h) / seal / ended / remove
 *   ring/seal.h      how a stream ends while producers put
 *   ring/room.h      the producer without room; ring/claim.h, reserving and settling
 *   ring/producer.h  sluice_producer_open / put / claim / commit / abort / publish / close
 *   ring/scan.h      finding packets; ring/consumer.h, sluice_consumer_open / peek / release / unblock / close
 *   ring/await.h     sluice_consumer_wait / arm
 *
 * In a nutshell:
 *
 *   sluice_ring ring;
 *   if (sluice_ring_attach(&ring, "events", NULL, 1000000000) != SLUICE_OK) { puts(ring.error); return 1; }
 *   sluice_producer producer;
 *   if (sluice_producer_open(&producer, &ring) != SLUICE_OK) { puts(ring.error); return 1; }
 *   int32_t status = sluice_producer_put(&producer, &packet, sizeof packet);   // OK, WOULD_BLOCK, TIMEOUT, DROPPED ...
 *   sluice_producer_close(&producer);
 *   sluice_ring_close(&ring, 0);
 *
 * The interface is what is declared SLUICE_INLINE or SLUICE_HOT: 31 functions. All others are parts of them, and may change.
 *
 * Statuses: 0 done, positive "not now", negative a fault (status.h). Times are monotonic nanoseconds; -1 waits for
 * ever, 0 looks once. A fixed-stride put of a wrong size changes nothing and answers E_SIZE.
 *
 * What is published when a process is killed is in the ring for whoever attaches next. A consumer that is killed
 * between its work and its release sees those packets again: delivery is at least once.
 */
#ifndef SLUICE_RING_H
#define SLUICE_RING_H

#ifdef __cplusplus
extern "C" {
#endif

#include "ring/platform.h"

#ifdef SLUICE_RING_PLATFORM
#include "ring/await.h"
#include "ring/consumer.h"
#include "ring/producer.h"
#include "ring/segment.h"
#endif

#ifdef __cplusplus
}
#endif

#endif
