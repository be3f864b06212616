/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/limit.h - a limit for the size of files (ulimit -f), which the memory of a ring counts for: what grows beyond it
 * raises SIGXFSZ, and that ends a process which did not ask for it. While the signal is held, the call answers EFBIG alone.
 */
#ifndef SLUICE_RING_LIMIT_H
#define SLUICE_RING_LIMIT_H

#include "platform.h"

#include <signal.h>
#include <time.h>

typedef struct sluice_held_limit {
    sigset_t before;
    int waits; /* a signal of the host's, from before: it is left */
} sluice_held_limit;

static inline void sluice_limit_set(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGXFSZ);
}

static inline void sluice_hold_limit(sluice_held_limit *held)
{
    sigset_t set, pending;
    sluice_limit_set(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, &held->before);
    held->waits = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1;
}

/* errno stays as it is. */
static inline void sluice_let_limit(const sluice_held_limit *held)
{
    int code = errno;
    if (!held->waits) {
        const struct timespec now = {0, 0};
        sigset_t set;
        sluice_limit_set(&set);
        (void)sigtimedwait(&set, NULL, &now);
    }
    (void)pthread_sigmask(SIG_SETMASK, &held->before, NULL);
    errno = code;
}

#endif
