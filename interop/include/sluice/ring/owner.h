/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/owner.h - who holds an end of a ring, and whether it still lives.
 *
 * An identity is the process id (high 32 bits) and the low 32 bits of the process's start time in clock
 * ticks, so that a process that inherits a dead one's id is told from it. Life can be judged inside one pid
 * namespace only; across namespaces every holder counts as alive, and only its own close frees the end.
 */
#ifndef SLUICE_RING_OWNER_H
#define SLUICE_RING_OWNER_H

#include "fault.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat); 0: there is no such process. */
static inline uint64_t sluice_process_start(uint32_t pid)
{
    char path[32], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int fd = sluice_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
    if (fd < 0) {
        return 0;
    }
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (length <= 0) {
        return 0;
    }
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* the command name may hold blanks and brackets */
    if (at == NULL || at[1] == '\0' || at[2] == 'Z' || at[2] == 'X') {
        return 0; /* a zombie writes nothing any more */
    }
    at++; /* the blank before field 3 */
    for (int field = 3; field < 22; field++) {
        at = strchr(at + 1, ' ');
        if (at == NULL) {
            return 0;
        }
    }
    uint64_t ticks = 0;
    for (at++; *at >= '0' && *at <= '9'; at++) {
        ticks = ticks * 10 + (uint64_t)(*at - '0');
    }
    return ticks == 0 ? 1 : ticks;
}

static inline uint64_t sluice_self_identity(void)
{
    uint32_t pid = (uint32_t)getpid();
    return ((uint64_t)pid << 32) | (uint32_t)sluice_process_start(pid);
}

/* The identity of this process in *cached, renewed after a fork. */
static inline uint64_t sluice_current_identity(uint64_t *cached)
{
    if ((uint32_t)(*cached >> 32) != (uint32_t)getpid()) {
        *cached = sluice_self_identity();
    }
    return *cached;
}

static inline uint64_t sluice_pid_namespace(void)
{
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

/* 1: alive or not to be judged from here. 0: certainly gone. */
static inline int sluice_identity_alive(const sluice_ring_header *header, uint64_t identity)
{
    if (identity == 0) {
        return 0;
    }
    if (header->pid_namespace != sluice_pid_namespace()) {
        return 1;
    }
    return (uint32_t)sluice_process_start((uint32_t)(identity >> 32)) == (uint32_t)identity;
}

/* Takes an end for `self`: from nobody, or from a holder that is gone. E_BUSY while a live one holds it. */
SLUICE_CHECKED static inline int32_t sluice_take_end(sluice_ring_header *header, uint64_t *end, uint64_t self)
{
    uint64_t holder = sluice_load_acquire(end);
    for (;;) {
        if (sluice_identity_alive(header, holder)) {
            return SLUICE_E_BUSY;
        }
        if (sluice_cas(end, &holder, self)) {
            return SLUICE_OK;
        }
    }
}

#endif
