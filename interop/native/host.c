/*
 * host.c - the fork guard, and the way out of the process.
 *
 * A process that only loaded the library may fork as it likes: the child starts its own runtime at its first call.
 * Once the runtime runs, its helper threads are lost in a child, and whatever locks other threads held stay locked there: no
 * call enters it. The phase says so, also to grandchildren, which lack the threads too. exec() starts afresh.
 */
#include "host.h"

#include <pthread.h>
#include <stdlib.h>

/* Registered at load, before any other thread can be inside the library. */
__attribute__((constructor)) static void register_fork_guard(void)
{
    (void)pthread_atfork(sluice_host_before_fork, sluice_host_after_fork, sluice_host_after_fork_in_child);
}

static void (*_Atomic exit_handler)(void);

static void run_exit_handler(void)
{
    void (*shut_down)(void) = atomic_load(&exit_handler);
    if (shut_down != NULL && sluice_host_runs()) {
        shut_down();
    }
}

void sluice_host_at_exit(void (*shut_down)(void))
{
    void (*none)(void) = NULL;
    if (atomic_compare_exchange_strong(&exit_handler, &none, shut_down)) {
        (void)atexit(run_exit_handler);
    }
}
