/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/seal.h - how a stream ends while producers put: what was acknowledged is in the stream, what was not is refused.
 *
 * Many producers move head by compare and swap, so bit 63 of it ends their claims at once. One producer stores head, and would
 * store over the bit. `sealed_at` says for it where the stream ends:
 *
 *   0         open
 *   CLOSING   puts are refused, and the stream may open again; the engine does so before it ends a buffer
 *   ASKED     a seal is under way, for good
 *   SEALED|E  the stream ends at position E, whatever head says
 *
 * A seal stores ASKED, executes the heavy fence, and decides by compare and swap. A producer that publishes stores head,
 * executes the light fence, and looks at `sealed_at`: either it finds the seal there, and decides as well, or the seal finds what
 * it published. The first to decide is right. The consumer never goes further than what was decided.
 *
 * Bit 62, FINISHED, says that nobody takes from the ring any more, not even what was claimed before the seal: a commit that finds
 * it, and was not taken before, is refused.
 */
#ifndef SLUICE_RING_SEAL_H
#define SLUICE_RING_SEAL_H

#include "reclaim.h"

#define SLUICE_RING_CLOSING UINT64_C(1)
#define SLUICE_RING_SEAL_ASKED UINT64_C(2)
#define SLUICE_RING_FINISHED (UINT64_C(1) << 62)

static inline int sluice_is_sealed(const sluice_ring_view *view)
{
    return ((sluice_load_relaxed(&view->header->head) | sluice_load_relaxed(&view->header->sealed_at)) & SLUICE_RING_SEALED) != 0;
}

/* Whether nothing comes behind `position`: the stream ends there. */
static inline int sluice_ends_at(const sluice_ring_view *view, uint64_t position)
{
    uint64_t state = sluice_load_acquire(&view->header->sealed_at), end = position | SLUICE_RING_SEALED;
    return (sluice_load_acquire(&view->header->head) == end && state != SLUICE_RING_CLOSING) ||
           (!view->many && (state & ~SLUICE_RING_FINISHED) == end);
}

/* Completes a seal that was asked for, by whom ever. */
SLUICE_COLD void sluice_decide_seal(const sluice_ring_view *view)
{
    uint64_t asked = SLUICE_RING_SEAL_ASKED;
    sluice_heavy_fence(view->asymmetric);
    uint64_t end = sluice_fetch_or(&view->header->head, SLUICE_RING_SEALED) & ~SLUICE_RING_SEALED;
    (void)sluice_cas(&view->header->sealed_at, &asked, end | SLUICE_RING_SEALED);
}

/* Ends the stream for good. */
static inline void sluice_seal(const sluice_ring_view *view)
{
    uint64_t state = sluice_load_acquire(&view->header->sealed_at);
    while ((state == 0 || state == SLUICE_RING_CLOSING) &&
           !sluice_cas(&view->header->sealed_at, &state, SLUICE_RING_SEAL_ASKED)) {
    }
    if ((state & SLUICE_RING_SEALED) == 0) {
        sluice_decide_seal(view);
    }
}

/* The end of what was published or reserved, and is in the stream. */
static inline uint64_t sluice_stream_head(const sluice_ring_view *view)
{
    uint64_t head = sluice_load_acquire(&view->header->head) & ~SLUICE_RING_SEALED;
    uint64_t state = sluice_load_acquire(&view->header->sealed_at);
    if (SLUICE_LIKELY(state <= SLUICE_RING_CLOSING) || view->many) {
        return head;
    }
    if (state == SLUICE_RING_SEAL_ASKED) {
        sluice_decide_seal(view);
        state = sluice_load_acquire(&view->header->sealed_at);
    }
    uint64_t end = state & ~(SLUICE_RING_SEALED | SLUICE_RING_FINISHED);
    return (state & SLUICE_RING_SEALED) != 0 && end < head ? end : head;
}

#endif
