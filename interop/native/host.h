/*
 * host.h - what the process around the library went through.
 *
 * Private to libsluice: called by the managed half through direct calls, not exported.
 */
#ifndef SLUICE_NATIVE_HOST_H
#define SLUICE_NATIVE_HOST_H

#include <stdint.h>

/* Notes that the managed runtime runs in this process. Any thread, any number of times. */
void sluice_host_init(void);

/*
 * 1 in a child of fork() whose parent had the managed runtime running, else 0.
 * Such a child has the runtime's memory but none of its threads: entering the engine there would hang or abort
 * at the next collection, so every export asks first. The inline ring needs no runtime and keeps working.
 */
int32_t sluice_host_forked(void);

/* Has exit() call `shut_down`, once however often it is asked for, and never in a forked child. Any thread. */
void sluice_host_at_exit(void (*shut_down)(void));

#endif
