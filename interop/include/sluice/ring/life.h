/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/life.h - does a process live? Alive, gone, or not to be told from here.
 *
 * Gone needs proof: no such process, another start time under its id, or a zombie without a thread that runs. What
 * cannot be looked at (no /proc, hidepid, no descriptor left, another pid namespace) is not gone.
 *
 * An identity is the process id (high 32 bits) and the low 32 bits of the process's start time in clock ticks, so
 * that a process that inherits a dead one's id is told from it. Both mean something within one domain only: one
 * boot of one machine, one pid namespace, one time namespace.
 */
#ifndef SLUICE_RING_LIFE_H
#define SLUICE_RING_LIFE_H

#include "fault.h"

#include <signal.h>
#include <sys/stat.h>

enum sluice_life { SLUICE_LIFE_GONE = 0, SLUICE_LIFE_ALIVE = 1, SLUICE_LIFE_UNKNOWN = 2 };

/* Reads a small file of /proc as text ended with a zero byte. -1, and errno, when it cannot be read. */
static inline int sluice_read_text(const char *path, char *text, size_t capacity)
{
    int fd;
    do {
        fd = sluice_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return -1;
    }
    ssize_t length;
    do {
        length = read(fd, text, capacity - 1);
    } while (length < 0 && errno == EINTR);
    int code = errno;
    (void)close(fd);
    errno = code;
    if (length < 0) {
        return -1;
    }
    text[length] = '\0';
    return (int)length;
}

/* Whether /proc shows the processes of the caller's own pid namespace: a container may see that of another one. */
static inline int sluice_proc_is_ours(void)
{
    char text[16], expected[16];
    ssize_t length = readlink("/proc/self", text, sizeof text);
    int digits = snprintf(expected, sizeof expected, "%u", (unsigned)getpid());
    return length == digits && memcmp(text, expected, (size_t)digits) == 0;
}

/* The decimal number at `text`, in every locale. */
static inline uint64_t sluice_number(const char *text)
{
    uint64_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (uint64_t)(*text - '0');
    }
    return number;
}

/* What /proc/PID/stat tells. */
typedef struct sluice_process {
    uint64_t start; /* clock ticks since boot; 0: not known */
    uint64_t threads;
    char state;
} sluice_process;

static inline int sluice_read_process(uint32_t pid, sluice_process *process)
{
    char path[32], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    if (sluice_read_text(path, text, sizeof text) <= 0) {
        return 0;
    }
    const char *at = strrchr(text, ')'); /* the command name may hold blanks and brackets */
    if (at == NULL || at[1] != ' ') {
        return 0;
    }
    at += 2;
    process->threads = 0;
    process->state = *at;
    for (int field = 3; field < 22; field++) { /* the state is field 3, the threads 20, the start time 22 */
        at = strchr(at, ' ');
        if (at == NULL) {
            return 0;
        }
        at++;
        if (field + 1 == 20) {
            process->threads = sluice_number(at);
        }
    }
    process->start = sluice_number(at);
    return 1;
}

/* The low 32 bits of a start time; 0 is left for one that is not known. */
static inline uint32_t sluice_start_of(const sluice_process *process)
{
    return (uint32_t)process->start == 0 ? 1 : (uint32_t)process->start;
}

/* Whether a process of the caller's own domain lives. */
static inline enum sluice_life sluice_process_life(uint64_t identity)
{
    uint32_t pid = (uint32_t)(identity >> 32), start = (uint32_t)identity;
    sluice_process process;
    if (pid == 0 || pid > INT32_MAX) {
        return SLUICE_LIFE_UNKNOWN; /* no process ever had that id */
    }
    if (!sluice_read_process(pid, &process)) {
        int gone = kill((pid_t)pid, 0) != 0 && errno == ESRCH;
        return gone ? SLUICE_LIFE_GONE : SLUICE_LIFE_UNKNOWN;
    }
    if (start != 0 && start != sluice_start_of(&process)) {
        return SLUICE_LIFE_GONE;
    }
    if (process.state == 'X' || (process.state == 'Z' && process.threads <= 1)) {
        return SLUICE_LIFE_GONE; /* a zombie whose other threads run has only lost its first one */
    }
    return start != 0 ? SLUICE_LIFE_ALIVE : SLUICE_LIFE_UNKNOWN;
}

static inline uint64_t sluice_self_identity(void)
{
    uint32_t pid = (uint32_t)getpid();
    sluice_process process;
    uint32_t start = sluice_proc_is_ours() && sluice_read_process(pid, &process) ? sluice_start_of(&process) : 0;
    return ((uint64_t)pid << 32) | start;
}

/* The identity of this process in *cached, renewed after a fork. */
static inline uint64_t sluice_current_identity(uint64_t *cached)
{
    if ((uint32_t)(*cached >> 32) != (uint32_t)getpid()) {
        *cached = sluice_self_identity();
    }
    return *cached;
}

/* Inode of a namespace of this process; 0: not known, or /proc tells of another one. */
static inline uint64_t sluice_namespace(const char *kind)
{
    char path[40];
    struct stat status;
    (void)snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
    return sluice_proc_is_ours() && stat(path, &status) == 0 ? status.st_ino : 0;
}

static inline uint64_t sluice_pid_namespace(void)
{
    return sluice_namespace("pid");
}

/* The domain of this process in 31 bits: FNV-1a (Fowler, Noll, Vo) over boot id, pid and time namespace. 0: not known. */
static inline uint32_t sluice_domain(void)
{
    char boot[64];
    uint64_t namespaces[2] = {sluice_namespace("pid"), sluice_namespace("time")};
    int length = sluice_read_text("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    if (length < 36 || namespaces[0] == 0) {
        return 0;
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 36 + 16; i++) {
        uint8_t byte = i < 36 ? (uint8_t)boot[i] : (uint8_t)(namespaces[(i - 36) / 8] >> ((i - 36) % 8 * 8));
        hash = (hash ^ byte) * UINT64_C(0x100000001b3);
    }
    uint32_t folded = (uint32_t)(hash ^ (hash >> 32)) >> 1;
    return folded == 0 ? 1 : folded;
}

#endif
