/*
 * host.h - the process around the library: whether the engine's runtime runs in it, may run in it, and how it ends.
 *
 * Private to libsluice: nothing here is exported.
 */
#ifndef SLUICE_NATIVE_HOST_H
#define SLUICE_NATIVE_HOST_H

#include <sluice/status.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The life of the runtime in this process. */
enum sluice_host_phases {
    HOST_NEW,      /* no call came yet, or the runtime could not start */
    HOST_STARTING, /* a thread starts it just now */
    HOST_RUNS,
    HOST_ENDED     /* shut down before it ever ran */
};

extern __attribute__((visibility("hidden"))) _Atomic int32_t sluice_host_phase;

/* Every call into the engine asks this first, and starts the runtime if it has to. */
static inline int sluice_host_runs(void)
{
    return __builtin_expect(atomic_load_explicit(&sluice_host_phase, memory_order_acquire) == HOST_RUNS, 1);
}

/* OK: the runtime runs. E_MEMORY: it cannot start; E_SHUTDOWN, E_FORKED. The text is that of sluice_host_error. */
int32_t sluice_host_start(void);

/* Shuts down what never ran: from now on calls answer E_SHUTDOWN. 0: it runs, and shuts itself down. */
int32_t sluice_host_end_unstarted(void);

/* In a child of fork(), which has this thread alone: what another one left in the middle of a start is put right. */
void sluice_host_start_in_child(void);

/* Why this thread's last call did not get to the engine; "" after one that did. Never NULL. */
const char *sluice_host_error(void);

/*
 * 1 in a child of fork() whose parent had the managed runtime running, else 0.
 * Such a child has the runtime's memory but none of its threads: entering the engine there would hang or abort
 * at the next collection, so every export asks first. The inline ring needs no runtime and keeps working.
 */
int32_t sluice_host_forked(void);

/* Has exit() call `shut_down`, once however often it is asked for, and never in a forked child. Any thread. */
void sluice_host_at_exit(void (*shut_down)(void));

#endif
