/*
 * sluice.h - the C interface of Sluice.
 */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version -------------------------------------------------------------------------------------------- */

/* The version of this interface. Grows when a program built against an older header would break. */
#define SLUICE_ABI_VERSION 1u

/*
 * The interface version of the library that is loaded; compare it with SLUICE_ABI_VERSION.
 * Any thread. Since 0.1.0.
 */
uint32_t sluice_abi_version(void);

/*
 * What is running, as UTF-8 text: "sluice 0.1.0 (abi 1; image x86-64-v3; net9.0; native-aot)".
 *
 * text      receives the text, cut to capacity - 1 bytes and ended with a zero byte; NULL to ask for the length
 * capacity  bytes at text
 * length    receives the length of the whole text without the zero byte; may be NULL
 *
 * "; forked" is added in a child of fork() that cannot use the engine. Returns 0. Any thread. Since 0.1.0.
 */
int32_t sluice_build_info(char *text, size_t capacity, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
