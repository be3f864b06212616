/*
 * host.c - the fork guard, and the way out of the process.
 *
 * A process that only loaded the library may fork as it likes: the child starts its own runtime at its first call.
 * Once the runtime runs, or is being started, its helper threads are lost in a child, and the flag below says so for the
 * child's life. The flag is inherited by grandchildren, which is right: they lack the threads too. exec() starts afresh.
 */
#include "host.h"

#include <pthread.h>
#include <stdlib.h>

static atomic_int runtime_forked;

static void after_fork_in_child(void)
{
    int32_t phase = atomic_load_explicit(&sluice_host_phase, memory_order_relaxed);
    sluice_host_start_in_child();
    if (phase == HOST_STARTING || phase == HOST_RUNS) {
        atomic_store_explicit(&runtime_forked, 1, memory_order_relaxed);
    }
}

/* Registered at load, before any other thread can be inside the library. */
__attribute__((constructor)) static void register_fork_guard(void)
{
    (void)pthread_atfork(NULL, NULL, after_fork_in_child);
}

int32_t sluice_host_forked(void)
{
    return atomic_load_explicit(&runtime_forked, memory_order_relaxed);
}

static void (*_Atomic exit_handler)(void);

static void run_exit_handler(void)
{
    void (*shut_down)(void) = atomic_load(&exit_handler);
    if (shut_down != NULL && !sluice_host_forked()) {
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
