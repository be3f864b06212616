/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/event.h - how a producer wakes the consumer: by its futex, and by its eventfd where one is set.
 *
 * What stands in the header about the eventfd is a claim, not a fact: a consumer may have died and its process id or
 * descriptor number may mean something else by now. A producer works on a copy of the descriptor, its own or fetched
 * with pidfd_getfd(2), and keeps it only if the process is the one that asked and the copy is that eventfd. The
 * consumer clears what it set before it closes the descriptor; a copy made before that is harmless.
 *
 * A producer takes the wake (WAKING in wake_at), sends it, and only then marks it as done (NEVER). One that is killed
 * in between leaves WAKING, which every position reaches: the next one to publish sends the wake again.
 */
#ifndef SLUICE_RING_EVENT_H
#define SLUICE_RING_EVENT_H

#include "wait.h"

/* The number of an eventfd, from "eventfd-id:" in its fdinfo; 0: the kernel does not tell. */
static inline uint32_t sluice_event_number(int32_t fd)
{
    char path[40], text[512];
    (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    if (sluice_read_text(path, text, sizeof text) <= 0) {
        return 0;
    }
    const char *at = strstr(text, "eventfd-id:");
    if (at == NULL) {
        return 0;
    }
    for (at += 11; *at == ' ' || *at == '\t';) {
        at++;
    }
    return (uint32_t)sluice_number(at) + 1;
}

/* Where there is no /proc, a descriptor without a file behind it: none of those takes eight bytes amiss. */
static inline int sluice_is_eventfd(int32_t fd)
{
    char path[40], target[32];
    struct stat status;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target);
    if (length < 0) {
        return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == 0;
    }
    return length == 20 && memcmp(target, "anon_inode:[eventfd]", 20) == 0;
}

/* Whether the process that set the eventfd is the one that has its id now. A holder of version 0.1 left no record. */
static inline int sluice_event_owner_lives(const sluice_ring_view *view, uint64_t owner)
{
    uint64_t record = sluice_load_acquire(&view->header->consumer_record);
    if ((uint32_t)(record >> 32) == sluice_identity_check(owner)) {
        uint32_t domain = sluice_domain();
        return domain != 0 && domain == (uint32_t)record >> 1 && sluice_process_life(owner) == SLUICE_LIFE_ALIVE;
    }
    uint64_t here = sluice_pid_namespace();
    return here != 0 && here == view->header->pid_namespace && sluice_process_life(owner) == SLUICE_LIFE_ALIVE;
}

/* A copy of the consumer's descriptor. -1: out of reach (the kernel asks for the right to trace the other process), or not
 * proved to be the one it set. */
static inline int32_t sluice_fetch_event(const sluice_ring_view *view, uint64_t owner, int32_t fd, uint64_t self)
{
    sluice_ring_header *header = view->header;
    uint32_t number = sluice_load_acquire(&header->event_id);
    int32_t copy = -1;
    if (owner == self) {
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    } else {
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
        /* The process first, then the proof that it is the right one: an id that is held is not given away. */
        int32_t process = sluice_above_stdio((int32_t)syscall(SYS_pidfd_open, (pid_t)(owner >> 32), 0));
        if (process >= 0 && sluice_event_owner_lives(view, owner)) {
            copy = sluice_above_stdio((int32_t)syscall(SYS_pidfd_getfd, process, fd, 0));
        }
        if (process >= 0) {
            (void)close(process);
        }
#endif
    }
    if (copy >= 0 && (!sluice_is_eventfd(copy) || (number != 0 && sluice_event_number(copy) != number))) {
        (void)close(copy);
        copy = -1;
    }
    return copy;
}

/* The consumer's eventfd as seen from this process: a copy in *fd_cached, made anew when the consumer sets another one.
 * -1: none. */
static inline int32_t sluice_event_here(const sluice_ring_view *view, uint64_t self, uint64_t *seen_cached,
                                        int32_t *fd_cached)
{
    sluice_ring_header *header = view->header;
    uint32_t generation = sluice_load_acquire(&header->event_generation);
    if (*seen_cached == generation) {
        return *fd_cached;
    }
    uint64_t owner = sluice_load_acquire(&header->event_owner);
    int32_t fd = sluice_load_acquire(&header->event_fd);
    if (*fd_cached >= 0) {
        (void)close(*fd_cached);
    }
    *fd_cached = -1;
    *seen_cached = generation;
    if ((generation & 1) == 0 && owner != 0 && fd >= 0) {
        *fd_cached = sluice_fetch_event(view, owner, fd, self);
    }
    if ((generation & 1) != 0 || sluice_load_acquire(&header->event_generation) != generation) {
        if (*fd_cached >= 0) {
            (void)close(*fd_cached);
        }
        *fd_cached = -1;
        *seen_cached = 0; /* it changed meanwhile: the consumer looks again when it has armed the new one */
    }
    return *fd_cached;
}

/* Wakes the consumer whatever it waits for. */
static inline void sluice_signal_consumer(const sluice_ring_view *view, uint64_t self, uint64_t *event_seen,
                                          int32_t *event_fd)
{
    (void)sluice_fetch_add(&view->header->data_futex, 1u);
    sluice_futex_wake(&view->header->data_futex, 1);
    int32_t fd = sluice_event_here(view, self, event_seen, event_fd);
    if (fd >= 0) {
        uint64_t one = 1;
        ssize_t ignored = write(fd, &one, sizeof one); /* full means readable already */
        (void)ignored;
    }
}

/* Cold half of a publish: somebody waits for a position that `end` reaches. Of several producers one calls the kernel, or
 * a second one that meets a wake which was taken and is not known to be sent. */
SLUICE_COLD void sluice_wake_consumer(const sluice_ring_view *view, uint64_t end, uint64_t self, uint64_t *event_seen,
                                      int32_t *event_fd)
{
    uint64_t *wake_at = &view->header->wake_at, wanted = sluice_load_relaxed(wake_at);
    while (end >= wanted) {
        if (sluice_cas(wake_at, &wanted, SLUICE_RING_WAKING)) {
            sluice_signal_consumer(view, self, event_seen, event_fd);
            uint64_t sent = SLUICE_RING_WAKING;
            (void)sluice_cas(wake_at, &sent, SLUICE_RING_NEVER);
            return;
        }
    }
}

#endif
