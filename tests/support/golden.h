/* golden.h - compares lines with those of a stored file. */
#ifndef SLUICE_TESTS_GOLDEN_H
#define SLUICE_TESTS_GOLDEN_H

#include "check.h"

#include <stddef.h>
#include <string.h>

/* One line of a layout: `struct.field offset size`, and the size of the whole. */
#define GOLDEN_FIELD(out, type, field)                                                                       \
    (void)fprintf(out, "%s.%s %zu %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)0)->field));
#define GOLDEN_SIZE(out, type) (void)fprintf(out, "%s - %zu\n", #type, sizeof(type));

/* 0 when the lines of `out` are those of the file at `path`; with `update`, they become so. Tells the first that differs. */
static inline int golden_compare(FILE *out, const char *path, int update, int fewest)
{
    FILE *golden = fopen(path, update ? "w" : "r");
    CHECK(golden != NULL);
    rewind(out);
    char ours[256], theirs[256];
    int lines = 0;
    while (fgets(ours, sizeof ours, out) != NULL) {
        lines++;
        if (update) {
            CHECK(fputs(ours, golden) >= 0);
            continue;
        }
        if (fgets(theirs, sizeof theirs, golden) == NULL) {
            theirs[0] = '\0';
        }
        if (strcmp(ours, theirs) != 0) {
            (void)fprintf(stderr, "line %d of %s\n  golden   %s  compiled %s", lines, path, theirs, ours);
            return 1;
        }
    }
    CHECK(lines >= fewest);
    CHECK(update || fgets(theirs, sizeof theirs, golden) == NULL);
    CHECK(fclose(golden) == 0);
    return 0;
}

#endif
