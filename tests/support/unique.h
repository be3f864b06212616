/* unique.h - a number for the names and paths of a test, which no other run has: not one with the same process id either, as
 * one that was killed leaves its files. */
#ifndef SLUICE_TESTS_SUPPORT_UNIQUE_H
#define SLUICE_TESTS_SUPPORT_UNIQUE_H

#include <time.h>
#include <unistd.h>

/* The same in every call of a process, and in the children that it forks after the first one. */
static inline unsigned long long unique(void)
{
    static unsigned long long number;
    struct timespec now;
    if (number == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0) {
        number = ((unsigned long long)now.tv_sec * 1000000000u + (unsigned long long)now.tv_nsec) ^ (unsigned long long)getpid() << 40;
    }
    return number;
}

#endif
