/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/geometry.h - where the parts of a ring lie, and what a header must say to be that of a ring.
 */
#ifndef SLUICE_RING_GEOMETRY_H
#define SLUICE_RING_GEOMETRY_H

#include "view.h"

static inline int32_t sluice_status_of_errno(int code)
{
    switch (code) {
    case EEXIST:
        return SLUICE_E_EXISTS;
    case ENOENT:
        return SLUICE_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return SLUICE_E_PERMISSION;
    case ENOMEM:
        return SLUICE_E_MEMORY;
    default:
        return SLUICE_E_IO;
    }
}

/* What somebody can do about what the system said of a file. */
static inline const char *sluice_errno_advice(int code)
{
    switch (code) {
    case ENOSPC:
        return "; free space there, or take a smaller capacity";
    case EDQUOT:
        return "; the quota of the user is used up: free space there, or raise the quota";
    case EFBIG:
        return "; a limit of the size of files is reached, which memory of a ring counts for (ulimit -f): raise it, or take a smaller capacity";
    case EIO:
        return "; the device failed: the log of the system (dmesg) says how";
    case EACCES:
    case EPERM:
        return "; run as its owner, or let the owner make it for others";
    case EROFS:
        return "; it is mounted read-only: choose another directory";
    case EMFILE:
    case ENFILE:
        return "; too many files are open: close some, or raise the limit (ulimit -n)";
    case ENOMEM:
        return "; free memory, or raise the limit (ulimit -v, or of the control group)";
    default:
        return "";
    }
}

/* Sizes of a ring's parts, in bytes; slots counts cells or checksums. */
typedef struct sluice_ring_plan {
    uint64_t page;
    uint64_t capacity;
    uint64_t slots; /* a power of two above the packets that fit; 0: the ring needs none */
    uint32_t slots_shift;
    uint64_t cells;        /* bytes; 0: none */
    uint64_t lanes_offset; /* 0: none */
    uint64_t data_offset;
    uint64_t bytes;
} sluice_ring_plan;

/* The parts of a ring of this shape, one behind the other; `capacity` and `page` of the plan are given. */
static inline void sluice_ring_lay_out(sluice_ring_plan *plan, uint32_t shape, uint32_t many, uint32_t stride,
                                       uint32_t flags, int lanes)
{
    int fixed = shape == SLUICE_FIXED, checksums = (flags & SLUICE_RING_CHECKSUMS) != 0;
    uint64_t end = SLUICE_RING_HEADER_BYTES;
    plan->slots = 0;
    plan->slots_shift = 0;
    if (fixed && (many || checksums)) {
        plan->slots = 1;
        while (plan->slots <= plan->capacity / stride) {
            plan->slots *= 2;
            plan->slots_shift++;
        }
    }
    plan->cells = fixed && many ? plan->slots * 8 : 0;
    end += plan->cells;
    plan->lanes_offset = many && lanes ? end : 0;
    if (plan->lanes_offset != 0) {
        end += SLUICE_RING_PRODUCERS * (fixed ? 8u : 16u);
    }
    end += fixed && checksums ? plan->slots * 4 : 0;
    plan->data_offset = sluice_round_up(end, plan->page);
    plan->bytes = plan->data_offset + plan->capacity;
}

/* Takes over what a checked header or checked options say. The addresses follow from it. */
static inline void sluice_ring_keep(sluice_ring *ring, const sluice_ring_plan *plan, const sluice_ring_header *header)
{
    uint8_t *base = (uint8_t *)ring->header;
    uint64_t announcements = plan->lanes_offset + SLUICE_RING_PRODUCERS * 8;
    ring->shape = (uint8_t)header->shape;
    ring->producers = (uint8_t)(header->producers | (plan->lanes_offset != 0 ? SLUICE_MANY_LANES : 0));
    ring->full_policy = (uint8_t)header->full_policy;
    ring->stride = header->shape == SLUICE_FIXED ? header->stride : 0;
    ring->flags |= header->flags & 0xffu;
    ring->cells_shift = (uint8_t)plan->slots_shift;
    ring->cells = NULL;
    if (plan->cells != 0) {
        ring->cells = (uint64_t *)(void *)(base + SLUICE_RING_HEADER_BYTES);
    } else if (plan->lanes_offset != 0) {
        ring->cells = (uint64_t *)(void *)(base + announcements);
    }
}

/* Checks a copy of a header page against the size of its file, before anything in it is used. Fills the plan. */
static inline int32_t sluice_ring_check_header(sluice_ring *ring, const sluice_ring_header *header, uint64_t file_bytes,
                                               sluice_ring_plan *plan)
{
    char shown[SLUICE_SHOWN_BYTES];
    uint32_t newest = header->flags & SLUICE_RING_CHECKSUMS ? SLUICE_RING_ABI_CHECKSUMS : SLUICE_RING_ABI;
    if (header->abi != newest || header->header_bytes != SLUICE_RING_HEADER_BYTES) {
        return sluice_ring_fault(ring, SLUICE_E_ABI,
                                 "the ring has layout version %u, this header knows %u and %u: build both sides with the same "
                                 "version",
                                 header->abi, SLUICE_RING_ABI, SLUICE_RING_ABI_CHECKSUMS);
    }
    uint64_t capacity = header->capacity, page = (uint64_t)sysconf(_SC_PAGESIZE);
    int fixed = header->shape == SLUICE_FIXED;
    const char *wrong = NULL;
    if (capacity == 0 || capacity > SLUICE_RING_LARGEST || (capacity & (capacity - 1)) != 0) {
        wrong = "capacity";
    } else if (header->shape > SLUICE_FRAMED || header->producers > SLUICE_MANY_PRODUCERS ||
               header->full_policy > SLUICE_GROW) {
        wrong = "shape, producers or full_policy";
    } else if (fixed && (header->stride == 0 || header->stride > capacity)) {
        wrong = "stride";
    } else if (header->layout_bytes >= sizeof header->layout_text) {
        wrong = "layout_bytes";
    }
    if (wrong == NULL) {
        plan->page = 1;
        plan->capacity = capacity;
        sluice_ring_lay_out(plan, header->shape, header->producers, header->stride, header->flags, header->lanes_offset != 0);
        uint64_t offset = header->data_offset;
        if (header->lanes_offset != plan->lanes_offset || header->cells * 8 != plan->cells ||
            header->cells_offset != (plan->cells == 0 ? 0 : SLUICE_RING_HEADER_BYTES)) {
            wrong = "cells or lanes_offset";
        } else if (offset < plan->data_offset || offset % page != 0 || offset > file_bytes || file_bytes - offset != capacity) {
            wrong = "data_offset or capacity";
        }
        plan->data_offset = offset;
        plan->bytes = file_bytes;
    }
    return wrong == NULL ? SLUICE_OK
                         : sluice_ring_fault(ring, SLUICE_E_CORRUPT, "the header of ring %s contradicts itself, or its size of "
                                             "%llu bytes: %s; if nobody needs it, remove it",
                                             sluice_show_place(ring, shown), (unsigned long long)file_bytes, wrong);
}

/* Checks the cursors of a mapped ring. They may move meanwhile: only what stood still over the look counts. */
static inline int32_t sluice_check_cursors(sluice_ring *ring, const sluice_ring_view *view)
{
    char shown[SLUICE_SHOWN_BYTES];
    sluice_ring_header *header = view->header;
    uint64_t step = view->framed ? 8 : view->stride, before, head, tail = sluice_load_acquire(&header->tail), clearing;
    do {
        before = tail;
        head = sluice_load_acquire(&header->head) & ~SLUICE_RING_SEALED;
        clearing = sluice_load_acquire(&header->clearing);
        tail = sluice_load_acquire(&header->tail);
    } while (tail != before);
    int clears = view->framed && view->many && clearing > tail;
    if (head - tail <= view->capacity && head % step == 0 && tail % step == 0 &&
        (!clears || (clearing - tail <= view->capacity && clearing % 8 == 0))) {
        return SLUICE_OK;
    }
    return sluice_ring_fault(ring, SLUICE_E_CORRUPT,
                             "the ring %s contradicts itself: tail %llu, head %llu, clearing %llu, capacity %llu, in steps of "
                             "%llu bytes; if nobody needs it, remove it",
                             sluice_show_place(ring, shown), (unsigned long long)tail, (unsigned long long)head,
                             (unsigned long long)clearing, (unsigned long long)view->capacity, (unsigned long long)step);
}

#endif
