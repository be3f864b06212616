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
#include <sys/types.h>

/* The life of the runtime in this process. */
enum sluice_host_phases {
    HOST_NEW,      /* no call came yet, or the runtime could not start */
    HOST_STARTING, /* a thread starts it just now */
    HOST_RUNS,
    HOST_ENDED,    /* shut down before it ever ran */
    HOST_FORKED    /* it ran, or was being started, when this process was forked from its parent: its threads are not here */
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

/* The handlers of fork(): none falls into the middle of a start; should one all the same, the child puts right what it can. */
void sluice_host_before_fork(void);
void sluice_host_after_fork(void);
void sluice_host_after_fork_in_child(void);

/* Why this thread's last call did not get to the engine; "" after one that did. Never NULL. */
const char *sluice_host_error(void);

/* What sluice_build_info told when the runtime started; "" before. */
const char *sluice_host_build(void);

/* Tells the host of packets that are gone with their buffer. 1: it had set a hook, 0: nobody was told. */
struct sluice_loss;
int32_t sluice_host_tell_loss(const struct sluice_loss *loss);

/* mmap for the runtime, and for it alone. */
void *sluice_host_map(void *address, size_t length, int protection, int flags, int fd, off_t offset);

/* Has exit() call `shut_down`, once however often it is asked for, and never in a forked child. Any thread. */
void sluice_host_at_exit(void (*shut_down)(void));

#endif
