/*
 * Writes printf-table.tsv: what this machine's printf makes of many conversions.
 *
 *     cc -o /tmp/printf-table -w printf-table.c && /tmp/printf-table > printf-table.tsv
 *
 * Columns: conversion; the 64 bits of the argument in hexadecimal, or ' and a string; the text between bars, so that blanks at its
 * ends show. Only some of all combinations are kept, spread evenly.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const flags[] = {"", "-", "+", " ", "#", "0", "-+", "+0", " 0", "-#", "#0", "+#0", "- ", "-0"};
static const char *const sizes[] = {"", "1", "12", ".0", ".3", "12.3", "12.0", ".15", "30.20"};
static const int64_t integers[] = {
    0, 1, -1, 7, -42, 100000, 2147483647, -2147483648LL, INT64_MAX, INT64_MIN,
};
static const double reals[] = {
    0.0, -0.0, 1.0, -1.5, 0.5, 2.5, 0.1, 123456.789, 1e-5, 1e-4, 0.00012345678, 99999.95, 999999.5, 9999995, 1e15, 1e16, 1e22,
    1.7976931348623157e308, 5e-324, -2.2250738585072014e-308, 6.02214076e23, NAN, -NAN, INFINITY, -INFINITY,
};
static const char *const strings[] = {"", "a", "hello", "a longer text"};

static void integer_rows(const char *flag, const char *size, unsigned seed)
{
    for (const char *c = "duxXo"; *c; c++) {
        if (strchr(flag, '#') && (*c == 'd' || *c == 'u')) {
            continue;
        }
        char format[64];
        sprintf(format, "%%%s%sl%c", flag, size, *c);
        for (unsigned i = 0; i < COUNT(integers); i++) {
            if ((seed + i + *c) % 7 == 0) {
                printf("%%%s%s%c\t%016lX\t|", flag, size, *c, (unsigned long)integers[i]);
                printf(format, integers[i]);
                puts("|");
            }
        }
    }
}

static void real_rows(const char *flag, const char *size, unsigned seed)
{
    for (const char *c = "fFeEgG"; *c; c++) {
        char format[64];
        sprintf(format, "%%%s%s%c", flag, size, *c);
        for (unsigned i = 0; i < COUNT(reals); i++) {
            // C keeps the zeros of %#g; glibc drops them where rounding 999999.5 carries into a seventh digit.
            if (strchr(flag, '#') && (*c | 0x20) == 'g' && reals[i] == 999999.5) {
                continue;
            }
            if ((seed + i + *c) % 11 == 0) {
                uint64_t bits;
                memcpy(&bits, &reals[i], sizeof bits);
                printf("%s\t%016lX\t|", format, (unsigned long)bits);
                printf(format, reals[i]);
                puts("|");
            }
        }
    }
}

static void character_rows(const char *flag, const char *size)
{
    char format[64];
    sprintf(format, "%%%s%ss", flag, size);
    for (unsigned i = 0; i < COUNT(strings); i++) {
        printf("%s\t'%s\t|", format, strings[i]);
        printf(format, strings[i]);
        puts("|");
    }
    if (!strchr(size, '.')) {
        sprintf(format, "%%%s%sc", flag, size);
        printf("%s\t%016X\t|", format, 'Z');
        printf(format, 'Z');
        puts("|");
    }
}

int main(void)
{
    for (unsigned f = 0; f < COUNT(flags); f++) {
        for (unsigned s = 0; s < COUNT(sizes); s++) {
            integer_rows(flags[f], sizes[s], f * 7 + s * 3);
            real_rows(flags[f], sizes[s], f * 7 + s * 3);
            if (!strpbrk(flags[f], "#0")) {
                character_rows(flags[f], sizes[s]);
            }
        }
    }
    return 0;
}
