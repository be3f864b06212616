/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/slots.h - the slots of many producers: taken, left, and freed after a death.
 *
 *   free (0) --open--> identity --close--> free
 *                         |
 *                         +-- its holder is gone --> RETIRED | head --tail has come there--> free
 *
 * Claims name the slot of their producer, so the slot of a dead one is kept until none of its claims can be in the ring.
 * Where the producers were when the death was seen says how long that is: the dead one claims nothing behind it.
 */
#ifndef SLUICE_RING_SLOTS_H
#define SLUICE_RING_SLOTS_H

#include "reclaim.h"

#define SLUICE_SWEEP_FROM 16u /* an open that gets this slot or a later one looks for slots of the dead */

/* Frees the slots of producers that are gone, or retires those that a claim may still name. */
SLUICE_COLD void sluice_sweep_slots(const sluice_ring_view *view, uint64_t self)
{
    sluice_ring_header *header = view->header;
    for (uint32_t slot = 0; view->many && slot < SLUICE_RING_PRODUCERS; slot++) {
        uint64_t *place = &header->producer_slots[slot], owner = sluice_load_acquire(place);
        if (owner == 0) {
            continue;
        }
        if ((owner & SLUICE_SLOT_RETIRED) == 0) {
            if (!sluice_claim_end(view, slot, owner, self)) {
                continue;
            }
            sluice_free_tail_of(view, slot, owner, self);
            uint64_t retired = sluice_load_acquire(&header->head) | SLUICE_SLOT_RETIRED;
            if (!sluice_cas(place, &owner, retired)) {
                continue;
            }
            owner = retired;
        }
        if (sluice_load_acquire(&header->tail) >= (owner & ~SLUICE_SLOT_RETIRED)) {
            (void)sluice_cas(place, &owner, (uint64_t)0);
        }
    }
}

/* Takes a free slot. E_BUSY: there is none. */
SLUICE_CHECKED static inline int32_t sluice_take_slot(const sluice_ring_view *view, uint64_t self, uint32_t *slot)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        for (*slot = 0; *slot < SLUICE_RING_PRODUCERS; ++*slot) {
            sluice_holder holder;
            if (sluice_load_relaxed(&view->header->producer_slots[*slot]) == 0 &&
                sluice_take_end(view, *slot, self, &holder) == SLUICE_OK) {
                if (*slot >= SLUICE_SWEEP_FROM && attempt == 0) {
                    sluice_sweep_slots(view, self);
                }
                return SLUICE_OK;
            }
        }
        sluice_sweep_slots(view, self);
    }
    return SLUICE_E_BUSY;
}

/* Frees the ends of holders that cannot be judged from here: a container that was started again over the same file where
 * the file system has no locks, or a ring of version 0.1. Only for a caller that knows that they are gone. Holders that
 * are seen to live keep their ends. */
SLUICE_INLINE void sluice_ring_adopt(sluice_ring *ring)
{
    sluice_ring_view view;
    sluice_view(&view, ring);
    uint64_t self = sluice_current_identity(&ring->self);
    for (uint32_t end = 0; end < SLUICE_RING_PRODUCERS + 2; end++) {
        uint64_t *place = sluice_owner_of(&view, end), owner = sluice_load_acquire(place);
        if (owner == 0 || (owner & SLUICE_SLOT_RETIRED) != 0) {
            continue;
        }
        enum sluice_life life = sluice_end_life(&view, end, owner, self);
        if (life == SLUICE_LIFE_ALIVE || (life == SLUICE_LIFE_GONE && !sluice_claim_end(&view, end, owner, self))) {
            continue;
        }
        uint64_t freed = end < SLUICE_RING_PRODUCERS ? sluice_load_acquire(&ring->header->head) | SLUICE_SLOT_RETIRED : 0;
        if (sluice_cas(place, &owner, freed)) {
            sluice_free_tail_of(&view, end, owner, self);
        }
    }
    sluice_sweep_slots(&view, self);
    sluice_store_release(&ring->header->pid_namespace, sluice_pid_namespace());
}

#endif
