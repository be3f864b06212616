/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/owner.h - who holds an end of a ring, and whether it still lives.
 *
 * An end is held by storing the identity of its process (life.h). Beside it lies a record: the domain in which the
 * identity means something, and whether the holder has locked the end's byte of the file as well (an open file
 * description lock, fcntl(2)). The kernel lets go of that lock when the last thread of the holder has ended, and
 * shows it to every process that maps the file, in whatever namespace it lives: an end whose holder locked it and
 * whose byte is free now is held by nobody. A lock passes on to forked children, so one that is there proves nothing
 * against a holder that is provably gone.
 *
 * The lock is asked for before anything else, of the process's own ends too: one that calls exec keeps its identity, and
 * loses its locks. It is asked for with F_GETLK, which sees the locks of the asking descriptor as well, and needs neither
 * /proc nor a further descriptor. Threads that use one sluice_ring share its descriptor, and so its locks: an end is locked
 * only by who has it, and the bit of the record tells whether the lock counts.
 *
 *   record   bits 0 locked, 1-31 domain, 32-63 a check of the identity it belongs to; a holder of version 0.1 has none
 */
#ifndef SLUICE_RING_OWNER_H
#define SLUICE_RING_OWNER_H

#include "view.h"

#include <sched.h>

/* Numbers of the ends: the slots of many producers come first. */
#define SLUICE_END_CONSUMER SLUICE_RING_PRODUCERS
#define SLUICE_END_PRODUCER (SLUICE_RING_PRODUCERS + 1)
#define SLUICE_LOCKS_AT (INT64_C(1) << 62) /* byte of end 0, far behind every file */
#define SLUICE_NAME_BYTE (SLUICE_RING_PRODUCERS + 2) /* behind those of the ends, see sluice_lock_name */

static inline uint64_t *sluice_owner_of(const sluice_ring_view *view, uint32_t end)
{
    sluice_ring_header *header = view->header;
    return end < SLUICE_RING_PRODUCERS   ? &header->producer_slots[end]
           : end == SLUICE_END_CONSUMER ? &header->consumer_owner
                                        : &header->producer_owner;
}

/* NULL: the ring has no room for it. */
static inline uint64_t *sluice_record_of(const sluice_ring_view *view, uint32_t end)
{
    if (end >= SLUICE_RING_PRODUCERS) {
        return end == SLUICE_END_CONSUMER ? &view->header->consumer_record : &view->header->producer_record;
    }
    uint64_t *slots = sluice_slot_records(view);
    return slots == NULL ? NULL : &slots[end];
}

/* Locks the end's byte (F_WRLCK), or gives it back (F_UNLCK). 0 on success. */
static inline int sluice_end_lock(int fd, uint32_t end, short type)
{
    enum { OFD_SETLK = 37 }; /* F_OFD_SETLK, which needs _GNU_SOURCE */
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = SLUICE_LOCKS_AT + end;
    lock.l_len = 1;
    return fcntl(fd, OFD_SETLK, &lock);
}

/* Who takes an end (F_RDLCK) and who takes the name away (F_WRLCK) go one after the other: an end that is taken first is seen,
 * and one that is taken later finds the ring sealed. Ends after a second, without the lock where it cannot be had. */
static inline void sluice_lock_name(int fd, short type)
{
    for (int attempt = 0; fd >= 0 && attempt < 1000; attempt++) {
        if (sluice_end_lock(fd, SLUICE_NAME_BYTE, type) == 0 || (errno != EAGAIN && errno != EACCES)) {
            return;
        }
        if (attempt < 20) {
            (void)sched_yield();
        } else {
            (void)usleep(1000);
        }
    }
}

static inline void sluice_unlock_name(int fd)
{
    if (fd >= 0) {
        (void)sluice_end_lock(fd, SLUICE_NAME_BYTE, F_UNLCK);
    }
}

/* 1: somebody has locked the end's byte, the caller included; 0: nobody has; -1: the file system does not tell. */
static inline int sluice_end_locked(int fd, uint32_t end)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = SLUICE_LOCKS_AT + end;
    lock.l_len = 1;
    if (fcntl(fd, F_GETLK, &lock) != 0) {
        return -1;
    }
    return lock.l_type != F_UNLCK;
}

/* 1: some end of the ring is locked. Tells of holders where the header cannot: it is damaged, or of another version. */
static inline int sluice_ends_locked(int fd)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = SLUICE_LOCKS_AT;
    lock.l_len = SLUICE_RING_PRODUCERS + 2;
    return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static inline uint32_t sluice_identity_check(uint64_t identity)
{
    return (uint32_t)(identity >> 32) * 2654435761u ^ (uint32_t)identity;
}

/* Whether the holder of an end lives, by its record. `self` is the caller. */
static inline enum sluice_life sluice_holder_life(const sluice_ring_view *view, uint32_t end, uint64_t holder,
                                                  uint64_t record, uint64_t self)
{
    if (holder == 0 || (holder & SLUICE_SLOT_RETIRED) != 0) {
        return SLUICE_LIFE_GONE;
    }
    if ((uint32_t)(record >> 32) != sluice_identity_check(holder)) { /* a holder of version 0.1 */
        if (holder == self) {
            return SLUICE_LIFE_ALIVE;
        }
        uint64_t namespace_here = sluice_pid_namespace();
        return namespace_here != 0 && namespace_here == view->header->pid_namespace ? sluice_process_life(holder)
                                                                                    : SLUICE_LIFE_UNKNOWN;
    }
    int locked = (record & 1) != 0 && view->fd >= 0 ? sluice_end_locked(view->fd, end) : -1;
    if (locked == 0) {
        return SLUICE_LIFE_GONE;
    }
    uint32_t domain = (uint32_t)record >> 1, here = sluice_domain();
    if (holder == self && (here == 0 || domain == here)) {
        return SLUICE_LIFE_ALIVE; /* the same numbers in another namespace are another process */
    }
    enum sluice_life life = domain != 0 && domain == here ? sluice_process_life(holder) : SLUICE_LIFE_UNKNOWN;
    return life == SLUICE_LIFE_UNKNOWN && locked > 0 ? SLUICE_LIFE_ALIVE : life;
}

static inline enum sluice_life sluice_end_life(const sluice_ring_view *view, uint32_t end, uint64_t holder, uint64_t self)
{
    uint64_t *record = sluice_record_of(view, end);
    return sluice_holder_life(view, end, holder, record == NULL ? 0 : sluice_load_acquire(record), self);
}

/* Before an end is taken from a holder that is gone. An identity does not tell a process from itself before it called exec:
 * of its threads that find such an end, and of others, one alone clears the record, and only while it still tells that the
 * holder is gone. A cleared record counts as that of a holder that may live. 0: the holder lives, or another one is first. */
static inline int sluice_claim_end(const sluice_ring_view *view, uint32_t end, uint64_t holder, uint64_t self)
{
    uint64_t *record = sluice_record_of(view, end), seen = record == NULL ? 0 : sluice_load_acquire(record), cleared = 0;
    if (sluice_holder_life(view, end, holder, seen, self) != SLUICE_LIFE_GONE) {
        return 0;
    }
    if (record == NULL) {
        return 1;
    }
    if (!sluice_cas(record, &seen, cleared)) {
        return 0;
    }
    if (sluice_holder_life(view, end, holder, seen, self) == SLUICE_LIFE_GONE) {
        return 1;
    }
    (void)sluice_cas(record, &cleared, seen); /* it was taken anew in between */
    return 0;
}

/* Locks the end for its holder. 0: it cannot be had, or only a forked child of a dead holder still has it. */
static inline int sluice_lock_end(const sluice_ring_view *view, uint32_t end)
{
    if (view->fd < 0) {
        return 0;
    }
    for (int attempt = 0; attempt < 20; attempt++) {
        if (sluice_end_lock(view->fd, end, F_WRLCK) == 0) {
            return 1;
        }
        if (errno != EAGAIN && errno != EACCES) {
            return 0;
        }
        (void)sched_yield(); /* one that had the end before is about to let go of it */
    }
    return 0;
}

/* What taking an end found. */
typedef struct sluice_holder {
    uint64_t identity; /* who had it; 0: nobody */
    enum sluice_life life;
} sluice_holder;

/* Takes an end for `self`: from nobody, or from a holder that is gone. A slot of many producers comes from nobody alone, as
 * claims in the ring may name it (slots.h). E_BUSY while another one holds it. */
SLUICE_CHECKED static inline int32_t sluice_take_free_end(const sluice_ring_view *view, uint32_t end, uint64_t self,
                                                          sluice_holder *holder)
{
    uint64_t *owner = sluice_owner_of(view, end), *record = sluice_record_of(view, end);
    for (;;) {
        uint64_t seen = record == NULL ? 0 : sluice_load_acquire(record);
        holder->identity = sluice_load_acquire(owner);
        holder->life = sluice_end_life(view, end, holder->identity, self);
        if (holder->life != SLUICE_LIFE_GONE || (holder->identity != 0 && end < SLUICE_RING_PRODUCERS)) {
            return SLUICE_E_BUSY;
        }
        uint64_t mine = ((uint64_t)sluice_identity_check(self) << 32) | (uint64_t)sluice_domain() << 1;
        uint64_t expected = holder->identity;
        if (expected != 0 ? !sluice_claim_end(view, end, expected, self) : record != NULL && !sluice_cas(record, &seen, mine)) {
            continue;
        }
        if (sluice_cas(owner, &expected, self)) {
            int locked = sluice_lock_end(view, end);
            if (record != NULL) {
                sluice_store_release(record, mine | (uint64_t)locked);
            }
            return SLUICE_OK;
        }
    }
}

SLUICE_CHECKED static inline int32_t sluice_take_end(const sluice_ring_view *view, uint32_t end, uint64_t self,
                                                     sluice_holder *holder)
{
    int fd = view->flags & SLUICE_RING_LINKED ? view->fd : -1;
    sluice_lock_name(fd, F_RDLCK);
    int32_t status = sluice_take_free_end(view, end, self, holder);
    sluice_unlock_name(fd);
    return status;
}

/* Gives an end back that the caller does not use any more. The lock first: whoever takes the end then can have it. From
 * there on to the last step only the identity tells that it is held: nobody takes it in between. */
static inline void sluice_leave_end(const sluice_ring_view *view, uint32_t end, uint64_t self)
{
    uint64_t *record = sluice_record_of(view, end), holder = self;
    for (int attempt = 0; record != NULL && attempt < 1000; attempt++) {
        uint64_t seen = sluice_load_acquire(record);
        if (seen == 0) {
            (void)sched_yield(); /* somebody who looked long ago is about to see that it is held */
        } else if ((uint32_t)(seen >> 32) != sluice_identity_check(self) ||
                   sluice_cas(record, &seen, seen & ~UINT64_C(1))) {
            break;
        }
    }
    if (view->fd >= 0) {
        (void)sluice_end_lock(view->fd, end, F_UNLCK);
    }
    (void)sluice_cas(sluice_owner_of(view, end), &holder, (uint64_t)0);
}

/* What an open tells that found the end held. */
static inline int32_t sluice_tell_busy(sluice_ring *ring, const char *what, const sluice_holder *holder)
{
    unsigned process = (unsigned)(holder->identity >> 32);
    if (holder->life == SLUICE_LIFE_ALIVE && holder->identity == sluice_current_identity(&ring->self)) {
        return sluice_ring_fault(ring, SLUICE_E_BUSY,
                                 "the ring has %s, process %u (this process itself), and it is alive: close that one first",
                                 what, process);
    }
    if (holder->life == SLUICE_LIFE_ALIVE) {
        return sluice_ring_fault(ring, SLUICE_E_BUSY,
                                 "the ring has %s, process %u, and it is alive: one process at a time; close it there, or "
                                 "end that process",
                                 what, process);
    }
    return sluice_ring_fault(ring, SLUICE_E_BUSY,
                             "the ring has %s, process %u, and whether it lives cannot be told from here (another pid "
                             "namespace, or a /proc that cannot be read): if you know that it is gone, adopt frees its ends",
                             what, process);
}

#endif
