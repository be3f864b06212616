/*
 * ffi.c - ring.h as real symbols.
 *
 * For languages that cannot include a C header: the inline functions, compiled once and exported by libsluice with
 * the names, arguments and meaning that ring.h documents. They enter no runtime; a call costs what a call costs.
 */
#define SLUICE_INLINE __attribute__((visibility("default")))

#include <sluice/ring.h>
