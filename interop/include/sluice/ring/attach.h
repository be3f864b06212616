/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/attach.h - finding a ring that another process made, or that a file kept.
 *
 * What is found is input. It is looked at before it is mapped, and its shape is copied: whose it is, who may write it,
 * whether its header agrees with its size and its cursors with each other.
 *
 * Threading: one thread at a time per sluice_ring.
 */
#ifndef SLUICE_RING_ATTACH_H
#define SLUICE_RING_ATTACH_H

#include "mapping.h"

#define SLUICE_ATTACH_ANY_OWNER 1u /* also to a ring that another user made, or that others may write to */

typedef struct sluice_attach_options {
    uint32_t struct_size; /* sizeof(sluice_attach_options) */
    uint32_t flags;       /* SLUICE_ATTACH_... */
    const char *name;     /* one of the two */
    const char *file;
    int64_t timeout_ns; /* how long to wait for a ring that is not there yet; 0 looks once, -1 for ever */
} sluice_attach_options;

/* Whether what was opened is a file that may be attached to. */
static inline int32_t sluice_ring_check_file(sluice_ring *ring, uint32_t flags, struct stat *shape)
{
    char shown[SLUICE_SHOWN_BYTES];
    if (fstat(ring->fd, shape) != 0 || !S_ISREG(shape->st_mode)) {
        return sluice_ring_fault(ring, SLUICE_E_ABI, "%s is not a ring: it is not a file", sluice_show_place(ring, shown));
    }
    if (shape->st_uid != geteuid() && shape->st_uid != 0 && (flags & SLUICE_ATTACH_ANY_OWNER) == 0) {
        return sluice_ring_fault(ring, SLUICE_E_PERMISSION,
                                 "ring %s belongs to user %u, who decides what is in it: remove it, or attach with any owner",
                                 sluice_show_place(ring, shown), shape->st_uid);
    }
    return SLUICE_OK;
}

/* Whether others may write a ring in /dev/shm, where everybody may make files, without its maker having asked for it. */
static inline int32_t sluice_ring_check_mode(sluice_ring *ring, const sluice_ring_header *header, uint32_t flags,
                                             const struct stat *shape)
{
    char shown[SLUICE_SHOWN_BYTES];
    mode_t open_to = header->flags & SLUICE_RING_EVERYBODY ? 0022 : header->flags & SLUICE_RING_GROUP ? 0020 : 0;
    if ((header->flags & SLUICE_RING_NAMED) == 0 || (flags & SLUICE_ATTACH_ANY_OWNER) != 0 ||
        (shape->st_mode & 0022 & ~open_to) == 0) {
        return SLUICE_OK;
    }
    return sluice_ring_fault(ring, SLUICE_E_PERMISSION,
                             "others may write ring %s (mode %o), and it was not made for that: chmod it, or attach with "
                             "any owner",
                             sluice_show_place(ring, shown), shape->st_mode & 07777);
}

/* The first bytes tell a user what it is instead. */
static inline void sluice_ring_tell_foreign(sluice_ring *ring, const void *begin, ssize_t bytes)
{
    char shown[SLUICE_SHOWN_BYTES], hex[2 * 8 + 1] = "";
    for (ssize_t i = 0; i < bytes && i < 8; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02X", ((const uint8_t *)begin)[i]);
    }
    (void)sluice_ring_fault(ring, SLUICE_E_ABI,
                            "%s is not a ring, or was left half-made: it %s%s; give the path of a ring, or, if nobody needs "
                            "it, remove it",
                            sluice_show_place(ring, shown), bytes > 0 ? "begins with the bytes " : "is empty", hex);
}

/* Looks once. E_NOT_FOUND: nothing is there. WOULD_BLOCK: something that may become a ring. */
static inline int32_t sluice_ring_try_attach(sluice_ring *ring, uint32_t flags)
{
    char shown[SLUICE_SHOWN_BYTES];
    sluice_ring_header header;
    sluice_ring_plan plan = {0, 0, 0, 0, 0, 0, 0, 0};
    struct stat shape;
    do {
        ring->fd = sluice_above_stdio(open(sluice_ring_place(ring), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    } while (ring->fd < 0 && errno == EINTR);
    if (ring->fd < 0) {
        int code = errno;
        return sluice_ring_fault(ring, sluice_status_of_errno(code), "cannot open ring %s: %s%s",
                                 sluice_show_place(ring, shown),
                                 code == ELOOP ? "it is a symbolic link, give the path that it leads to" : strerror(code),
                                 sluice_errno_advice(code));
    }
    int32_t status = sluice_ring_check_file(ring, flags, &shape);
    if (status != SLUICE_OK) {
        return status;
    }
    ssize_t bytes = pread(ring->fd, &header, sizeof header, 0);
    if (bytes != (ssize_t)sizeof header || header.magic != SLUICE_RING_MAGIC) {
        sluice_ring_tell_foreign(ring, &header, bytes);
        return SLUICE_WOULD_BLOCK;
    }
    status = sluice_ring_check_mode(ring, &header, flags, &shape);
    if (status == SLUICE_OK) {
        status = sluice_ring_check_header(ring, &header, (uint64_t)shape.st_size, &plan);
    }
    if (status == SLUICE_OK) {
        status = sluice_ring_map(ring, plan.data_offset, plan.capacity);
    }
    if (status != SLUICE_OK) {
        return status;
    }
    if (sluice_load_acquire(&ring->header->magic) != SLUICE_RING_MAGIC) {
        return sluice_ring_fault(ring, SLUICE_E_CORRUPT, "ring %s changed while it was attached to",
                                 sluice_show_place(ring, shown));
    }
    ring->self = sluice_self_identity();
    ring->opener = (uint32_t)(ring->self >> 32);
    ring->flags = (shape.st_nlink != 0) * (uint32_t)SLUICE_RING_LINKED;
    sluice_ring_keep(ring, &plan, &header);
    sluice_ring_view view;
    sluice_view(&view, ring);
    return sluice_check_cursors(ring, &view);
}

/* Attaches to a ring that another process made, or that a file kept. E_NOT_FOUND: there is none of that name.
 * E_PERMISSION: another user made it. E_CORRUPT: it contradicts itself. E_ABI: it is not a ring, or of another version. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_attach_with(sluice_ring *ring, const sluice_attach_options *options)
{
    memset(ring, 0, sizeof *ring);
    ring->fd = -1;
    if (options->struct_size < sizeof *options) {
        return sluice_ring_fault(ring, SLUICE_E_ABI, "struct_size is %u: set it to sizeof(sluice_attach_options), %u here",
                                 options->struct_size, (unsigned)sizeof *options);
    }
    if ((options->name == NULL) == (options->file == NULL)) {
        return sluice_ring_fault(ring, SLUICE_E_INVALID, "give a name or a file, one of the two");
    }
    int32_t status = sluice_ring_find_place(ring, options->name, options->file);
    if (status != SLUICE_OK) {
        return status;
    }
    int64_t deadline = sluice_deadline(options->timeout_ns);
    for (;;) {
        struct timespec pause = {0, 1000000};
        status = sluice_ring_try_attach(ring, options->flags);
        if (status == SLUICE_OK) {
            return SLUICE_OK;
        }
        int later = status == SLUICE_WOULD_BLOCK || status == SLUICE_E_NOT_FOUND;
        if (!later || sluice_monotonic_ns() >= deadline) {
            sluice_ring_close(ring, 0);
            return status == SLUICE_WOULD_BLOCK ? SLUICE_E_ABI : status;
        }
        if (ring->fd >= 0) {
            (void)close(ring->fd);
            ring->fd = -1;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* The same, to a ring of the caller's own user, or of root. Waits up to timeout_ns for one that is not there yet. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_attach(sluice_ring *ring, const char *name, const char *file,
                                                        int64_t timeout_ns)
{
    sluice_attach_options options = {sizeof(sluice_attach_options), 0, name, file, timeout_ns};
    return sluice_ring_attach_with(ring, &options);
}

#endif
