/*
 * The loader picks the image that the processor allows: image EXPECTED, run under GLIBC_TUNABLES that hide the levels above.
 * Skipped where the processor itself has no such level.
 */
#include <sluice/sluice.h>

#include "check.h"

#include <string.h>

static int processor_has(const char *level)
{
    if (strcmp(level, "x86-64-v4") == 0) {
        return __builtin_cpu_supports("x86-64-v4");
    }
    return strcmp(level, "x86-64-v3") != 0 || __builtin_cpu_supports("x86-64-v3");
}

int main(int argc, char **argv)
{
    char text[256];
    char expected[64];
    CHECK(argc == 2);
    if (!processor_has(argv[1])) {
        printf("skipped: this processor is not %s\n", argv[1]);
        return 77;
    }
    CHECK(sluice_build_info(text, sizeof text, NULL) == 0);
    CHECK(snprintf(expected, sizeof expected, "; image %s;", argv[1]) < (int)sizeof expected);
    printf("%s\n", text);
    CHECK(strstr(text, expected) != NULL);
    return 0;
}
