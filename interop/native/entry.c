/*
 * entry.c - every call into the engine, as hosts see it: starts the runtime if it does not run yet, then goes on in the
 * managed half (Exports/), where the function is called managed_sluice_NAME. Once the runtime runs, a call costs a load and two
 * jumps here.
 */
#pragma GCC visibility push(default)
#include <sluice/sluice.h>
#pragma GCC visibility pop

#include "host.h"

#include <sluice/ring/platform.h>

#include <stdio.h>
#include <string.h>

#define ENTRY(name, parameters, arguments)                                                                   \
    extern int32_t managed_sluice_##name parameters;                                                         \
    __attribute__((noinline, cold)) static int32_t first_##name parameters                                   \
    {                                                                                                        \
        int32_t status = sluice_host_start();                                                                \
        return status == SLUICE_OK ? managed_sluice_##name arguments : status;                               \
    }                                                                                                        \
    int32_t sluice_##name parameters                                                                         \
    {                                                                                                        \
        return sluice_host_runs() ? managed_sluice_##name arguments : first_##name arguments;                \
    }

#define FIRST(object, ...) (object)

/* Of NULL there is nothing to end, whether or not the engine can start. */
#define ENDING(name, parameters, arguments)                                                                  \
    extern int32_t managed_sluice_##name parameters;                                                         \
    int32_t sluice_##name parameters                                                                         \
    {                                                                                                        \
        int32_t status = FIRST arguments == NULL || sluice_host_runs() ? SLUICE_OK : sluice_host_start();    \
        return FIRST arguments != NULL && status == SLUICE_OK ? managed_sluice_##name arguments : status;    \
    }

#include "Generated/entries.h"

/* 11 Library */
uint32_t sluice_abi_version(void)
{
    return SLUICE_ABI_VERSION;
}

extern int32_t managed_sluice_shutdown(int64_t timeout_ns);

int32_t sluice_shutdown(int64_t timeout_ns)
{
    if (sluice_host_end_unstarted()) {
        return SLUICE_OK; /* nothing was ever stored */
    }
    int32_t status = sluice_host_start();
    return status == SLUICE_OK ? managed_sluice_shutdown(timeout_ns) : status;
}

static int32_t copy(const char *whole, char *text, size_t capacity, size_t *length)
{
    size_t bytes = strlen(whole), copied = bytes < capacity ? bytes : capacity - (capacity != 0);
    if (text != NULL && capacity != 0) {
        memcpy(text, whole, copied);
        text[copied] = '\0';
        sluice_end_text(text);
    }
    if (length != NULL) {
        *length = bytes;
    }
    return SLUICE_OK;
}

/* 1 Results. The text of a call that did not get to the engine is here. */
extern int32_t managed_sluice_last_error(char *text, size_t capacity, size_t *length);

int32_t sluice_last_error(char *text, size_t capacity, size_t *length)
{
    if (sluice_host_runs()) {
        return managed_sluice_last_error(text, capacity, length);
    }
    return copy(sluice_host_error(), text, capacity, length);
}

extern int32_t managed_sluice_build_info(char *text, size_t capacity, size_t *length);

int32_t sluice_build_info(char *text, size_t capacity, size_t *length)
{
    int32_t status = sluice_host_runs() ? SLUICE_OK : sluice_host_start();
    if (status != SLUICE_E_FORKED) {
        return status == SLUICE_OK ? managed_sluice_build_info(text, capacity, length) : status;
    }
    char whole[320];
    const char *build = sluice_host_build(); /* ends with ')' */
    size_t bytes = strlen(build);
    (void)snprintf(whole, sizeof whole, "%.*s; forked)", (int)(bytes - (bytes != 0)), build);
    return copy(whole, text, capacity, length);
}
