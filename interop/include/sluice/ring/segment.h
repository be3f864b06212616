/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/segment.h - making, finding and leaving the memory of a ring.
 *
 * A ring is anonymous (this process and its forks), named (shared memory /sluice.NAME, other processes attach by
 * the name) or file-backed (survives its processes; a reboot too, as far as the file system wrote it). The data
 * area is mapped twice back to back. Space of names and files is reserved at creation, so that a full disk is an
 * error here and not a signal later. A file that somebody cuts short while it is mapped is the one thing that the
 * system answers with a signal, SIGBUS, at the next touch of what is gone.
 *
 * A ring belongs to the user who made it. Others attach to it only when its maker asked for that
 * (SLUICE_RING_WANT_GROUP, _EVERYBODY), and to what another user made only when they ask for it themselves
 * (SLUICE_ATTACH_ANY_OWNER): whoever can write a ring decides what its ends see.
 *
 * Threading: one thread at a time per sluice_ring.
 */
#ifndef SLUICE_RING_SEGMENT_H
#define SLUICE_RING_SEGMENT_H

#include "attach.h"
#include "create.h"

/* Ends the stream: nothing can be put any more, the consumer gets END after the last packet. While producers put, every put is
 * in the stream or refused; what was claimed before, with many producers, may still be committed. */
SLUICE_INLINE void sluice_ring_seal(sluice_ring *ring)
{
    sluice_ring_view view;
    sluice_view(&view, ring);
    sluice_seal(&view);
    sluice_ring_wake(ring);
}

/* Whether puts into the ring still reach anybody. OK; E_STATE: its stream was ended; E_ENDED: its name was taken away, and nobody
 * takes from it any more. A put answers the same; the text of why, and of what to do, is then in ring->error, which a put does not
 * touch. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_ended(sluice_ring *ring)
{
    char shown[SLUICE_SHOWN_BYTES];
    struct stat there;
    sluice_ring_view view;
    sluice_view(&view, ring);
    if (!sluice_is_sealed(&view)) {
        return SLUICE_OK;
    }
    if ((sluice_load_acquire(&ring->header->flags) & SLUICE_RING_ORPHANED) == 0) {
        return sluice_ring_fault(ring, SLUICE_E_STATE, "ring %s takes no more packets: its stream was ended",
                                 ring->path[0] == '\0' ? "without a name" : sluice_show_place(ring, shown));
    }
    int other = lstat(sluice_ring_place(ring), &there) == 0 && !sluice_ring_has_place(ring);
    return sluice_ring_fault(ring, SLUICE_E_ENDED, "ring %s was taken away, and nobody takes from it any more: %s",
                             sluice_show_place(ring, shown),
                             other ? "attach to the one that took its place"
                                   : "no other one took its place; make it anew, or wait until it is made, and attach to that");
}

/* The description of the packets, which whoever made the ring gave to it: *bytes of UTF-8, none without one. */
SLUICE_INLINE const char *sluice_ring_layout(const sluice_ring *ring, size_t *bytes)
{
    *bytes = sluice_load_relaxed(&ring->header->layout_bytes);
    *bytes = *bytes < sizeof ring->header->layout_text ? *bytes : 0; /* others may write there at any time */
    return ring->header->layout_text;
}

/* Whether a process holds an end of the ring that lives, or cannot be judged from here. */
static inline int sluice_ring_is_held(sluice_ring *ring, sluice_holder *holder)
{
    sluice_ring_view view;
    sluice_view(&view, ring);
    for (uint32_t end = 0; end < SLUICE_RING_PRODUCERS + 2; end++) {
        holder->identity = sluice_load_acquire(sluice_owner_of(&view, end));
        holder->life = sluice_end_life(&view, end, holder->identity, 0);
        if (holder->life != SLUICE_LIFE_GONE) {
            return 1;
        }
    }
    return 0;
}

/* Takes what lies under a name or in a file and contradicts itself, or is of another version, unless somebody holds an end of
 * it: that shows in the locks of the ends, whatever the header says. `status` is why it could not be attached to. */
static inline int32_t sluice_ring_remove_unread(sluice_ring *ring, const char *name, const char *file, int32_t status)
{
    char error[sizeof ring->error];
    memcpy(error, ring->error, sizeof error);
    int32_t found = sluice_ring_find_place(ring, name, file);
    int fd = -1;
    if (found == SLUICE_OK) {
        fd = sluice_above_stdio(open(sluice_ring_place(ring), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    }
    struct stat there, opened;
    sluice_lock_name(fd, F_WRLCK);
    int held = fd >= 0 && sluice_ends_locked(fd);
    int same = fd >= 0 && fstat(fd, &opened) == 0 && lstat(sluice_ring_place(ring), &there) == 0 &&
               there.st_ino == opened.st_ino && there.st_dev == opened.st_dev;
    if (held) {
        status = sluice_ring_fault(ring, SLUICE_E_BUSY,
                                   "the ring cannot be read here (%.300s), and a process that lives holds an end of it: close it "
                                   "there, or end that process",
                                   error);
    } else {
        status = same && unlink(sluice_ring_place(ring)) == 0 ? SLUICE_OK : status;
        memcpy(ring->error, error, sizeof error);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    sluice_ring_forget_place(ring);
    return status;
}

/* Takes a leftover ring away: its name or file, and with the last process that maps it, its memory. E_BUSY: a process holds an
 * end of it that lives, also where the header is damaged or of another version, or that cannot be judged from here (attach to
 * it and close it with `remove` to take it away all the same). E_PERMISSION: the folder leaves it to another user. Whose ring
 * it is does not matter else: nothing is taken out of it. What lies under a name and is no ring, because whoever made it was
 * killed, goes too; a file that is no ring is left, with E_ABI. `ring` is used on the way, carries the text of a fault, and
 * is closed afterwards. */
SLUICE_CHECKED SLUICE_INLINE int32_t sluice_ring_remove(sluice_ring *ring, const char *name, const char *file)
{
    sluice_holder holder;
    char shown[SLUICE_SHOWN_BYTES];
    sluice_attach_options options = {sizeof options, SLUICE_ATTACH_ANY_OWNER, name, file, 0}; /* only looked at */
    int32_t status = sluice_ring_attach_with(ring, &options);
    if (status == SLUICE_OK) {
        sluice_lock_name(ring->fd, F_WRLCK); /* until the close */
        if (sluice_ring_is_held(ring, &holder)) {
            status = sluice_tell_busy(ring, "a holder", &holder);
        } else {
            sluice_ring_take_name(ring, 1);
            if (sluice_ring_has_place(ring)) {
                status = sluice_ring_fault(ring, SLUICE_E_PERMISSION,
                                           "cannot remove ring %s: its folder leaves that to its owner, or to root",
                                           sluice_show_place(ring, shown));
            }
        }
        sluice_ring_close(ring, 0);
        return status;
    }
    if (status == SLUICE_E_ABI && name == NULL) {
        return sluice_ring_fault(ring, status, "the file is not a ring of this version, and is left: delete it yourself if nobody "
                                               "needs it");
    }
    return status != SLUICE_E_CORRUPT && status != SLUICE_E_ABI ? status
                                                                : sluice_ring_remove_unread(ring, name, file, status);
}

#endif
