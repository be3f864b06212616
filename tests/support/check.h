/* check.h - an assertion that is there in every build type: says what failed and where, then ends the test. */
#ifndef SLUICE_TESTS_SUPPORT_CHECK_H
#define SLUICE_TESTS_SUPPORT_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                          \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* Whether the tests may take their time. */
static inline int long_run(void)
{
    const char *text = getenv("SLUICE_LONG");
    return text != NULL && strcmp(text, "1") == 0;
}

#endif
