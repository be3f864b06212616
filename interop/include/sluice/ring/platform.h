/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/platform.h - what the ring asks of the system it is compiled for, and how it behaves as a guest there: it
 * takes no standard stream's descriptor, and its texts are whole characters of UTF-8 in every locale.
 */
#ifndef SLUICE_RING_PLATFORM_H
#define SLUICE_RING_PLATFORM_H

#if !defined(__linux__)
#error "sluice/ring.h needs Linux"
#endif

#include <features.h>

#if defined(__GLIBC__) ? !defined(__USE_MISC) : defined(__STRICT_ANSI__) && !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE)
#error "sluice/ring.h needs the system interfaces of Linux: define _GNU_SOURCE before the first #include, or compile with -std=gnu11"
#else

#define SLUICE_RING_PLATFORM 1 /* sluice/ring.h goes on: what is missing was said once, not once per line */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* A new descriptor, moved if it is 0, 1 or 2: a host that closed these prints into whatever has their numbers. -1 with
 * errno: it was -1, or no other one is free; it is closed then. */
static inline int sluice_above_stdio(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO) {
        return fd;
    }
    int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), code = errno;
    (void)close(fd);
    errno = code;
    return above;
}

/* Bytes of the character of UTF-8 that begins at `text`, of which `bytes` are there; 0: it is none, or not all of it. */
static inline size_t sluice_character(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF5 ? 4 : 0;
    if (length == 0 || length > bytes) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    /* no overlong forms, no surrogates, nothing beyond U+10FFFF */
    int bad = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) || (at[0] == 0xF0 && at[1] < 0x90) ||
              (at[0] == 0xF4 && at[1] > 0x8F);
    return bad ? 0 : length;
}

/* Cuts a last character that is not all there off a text that was cut at its capacity. */
static inline void sluice_end_text(char *text)
{
    size_t length = strlen(text), back = 1;
    while (back < 4 && back < length && ((unsigned char)text[length - back] & 0xC0) == 0x80) {
        back++;
    }
    if (length != 0 && (unsigned char)text[length - back] >= 0xC0 && sluice_character(text + length - back, back) != back) {
        text[length - back] = '\0';
    }
}

/* A name or path as texts show it: bytes that are no UTF-8 as \xNN, and of a long one the end, after three points. Writes
 * to `memory`, of which it needs 8 bytes at least; returns where in it the text begins. */
static inline const char *sluice_show_name(char *memory, size_t capacity, const char *name)
{
    size_t left = strlen(name), at = capacity - 1;
    memory[at] = '\0';
    while (left > 0) {
        size_t bytes = 1; /* of the character that ends here */
        while (bytes < 4 && bytes < left && ((unsigned char)name[left - bytes] & 0xC0) == 0x80) {
            bytes++;
        }
        int shown = sluice_character(name + left - bytes, bytes) == bytes;
        bytes = shown ? bytes : 1;
        size_t wide = shown ? bytes : 4, points = left > bytes ? 3 : 0;
        if (at < wide + points) {
            at -= 3;
            memcpy(memory + at, "...", 3);
            break;
        }
        left -= bytes;
        at -= wide;
        if (shown) {
            memcpy(memory + at, name + left, wide);
        } else {
            static const char digits[] = "0123456789ABCDEF";
            unsigned char byte = (unsigned char)name[left];
            memory[at] = '\\';
            memory[at + 1] = 'x';
            memory[at + 2] = digits[byte >> 4];
            memory[at + 3] = digits[byte & 15];
        }
    }
    return memory + at;
}

#endif
#endif
