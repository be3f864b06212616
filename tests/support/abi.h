/* abi.h - what tests over sluice.h share: calls that must succeed or fail as told, a folder of their own,
 * whole files. */
#ifndef SLUICE_TESTS_SUPPORT_ABI_H
#define SLUICE_TESTS_SUPPORT_ABI_H

#include "check.h"
#include "unique.h"

#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <dirent.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

/* The last error of this thread; a static text per thread. */
static inline const char *last_error(void)
{
    static _Thread_local char text[8192]; /* paths may be in it */
    text[0] = '\0';
    (void)sluice_last_error(text, sizeof text, NULL);
    return text;
}

/* The call answers `wanted`. */
#define CHECK_STATUS(call, wanted)                                                                           \
    do {                                                                                                     \
        int32_t status_ = (call);                                                                            \
        if (status_ != (wanted)) {                                                                           \
            fprintf(stderr, "%s:%d: %s\n  answered %d (%s), expected %d\n  last error: %s\n", __FILE__,      \
                    __LINE__, #call, status_, sluice_status_text(status_), (int)(wanted), last_error());     \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

#define CHECK_OK(call) CHECK_STATUS(call, SLUICE_OK)

/* The last error contains every one of the texts, which end with NULL. */
static inline void check_error_has(const char *file, int line, const char *call, ...)
{
    const char *text = last_error(), *part;
    va_list parts;
    va_start(parts, call);
    while ((part = va_arg(parts, const char *)) != NULL) {
        if (strstr(text, part) == NULL) {
            fprintf(stderr, "%s:%d: %s\n  the error says: %s\n  and not: %s\n", file, line, call, text, part);
            exit(1);
        }
    }
    va_end(parts);
}

/* The call answers the fault `wanted`, and the error text has all the parts that follow. */
#define CHECK_FAULT(call, wanted, ...)                                                                       \
    do {                                                                                                     \
        CHECK_STATUS(call, wanted);                                                                          \
        check_error_has(__FILE__, __LINE__, #call, __VA_ARGS__, (const char *)NULL);                         \
    } while (0)

#define SKIP(...)                                                                                            \
    do {                                                                                                     \
        printf("skipped: " __VA_ARGS__);                                                                     \
        printf("\n");                                                                                        \
        exit(77);                                                                                            \
    } while (0)

static inline void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char inner[1024];
        (void)snprintf(inner, sizeof inner, "%.700s/%.255s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(inner) != 0) {
            remove_folder(inner);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)rmdir(path);
}

static char test_folder[512];
static pid_t test_process;

static inline void remove_test_folder(void)
{
    if (getpid() == test_process) {
        remove_folder(test_folder);
    }
}

/* A path in this program's own folder, which is removed at exit. The text is good until the 8th next call. */
static inline char *in_folder(const char *name)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    if (test_folder[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        (void)snprintf(test_folder, sizeof test_folder, "%.400s/sluice-test-XXXXXX",
                       parent != NULL ? parent : "/tmp");
        CHECK(mkdtemp(test_folder) != NULL);
        test_process = getpid();
        (void)atexit(remove_test_folder);
    }
    (void)snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

/* A whole file and a zero byte behind it, to be freed; NULL when there is none. */
static inline char *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    size_t length = 0, room = 1 << 16;
    char *content = malloc(room + 1);
    *bytes = 0;
    if (file == NULL) {
        free(content);
        return NULL;
    }
    CHECK(content != NULL);
    for (size_t got; (got = fread(content + length, 1, room - length, file)) > 0;) {
        length += got;
        if (length == room) {
            room *= 2;
            content = realloc(content, room + 1);
            CHECK(content != NULL);
        }
    }
    (void)fclose(file);
    content[length] = '\0';
    *bytes = length;
    return content;
}

static inline void check_file(const char *file, int line, const char *path, const void *content, size_t bytes)
{
    size_t length;
    char *found = read_file(path, &length);
    if (found == NULL || length != bytes || memcmp(found, content, bytes) != 0) {
        fprintf(stderr, "%s:%d: %s has %zu bytes that are not the %zu expected ones\n", file, line, path,
                length, bytes);
        exit(1);
    }
    free(found);
}

#define CHECK_FILE(path, content, bytes) check_file(__FILE__, __LINE__, path, content, bytes)
#define CHECK_TEXT_FILE(path, text) check_file(__FILE__, __LINE__, path, text, strlen(text))

/* The packet most tests use, and a buffer of it: circular, one producer. */
typedef struct packet {
    uint64_t sequence;
    uint64_t value;
} packet;

static inline sluice_buffer_options packet_options(void)
{
    return (sluice_buffer_options){
        .struct_size = sizeof(sluice_buffer_options), .kind = SLUICE_CIRCULAR, .stride = sizeof(packet)};
}

static inline sluice_buffer *new_buffer(const sluice_buffer_options *options)
{
    sluice_buffer *buffer = NULL;
    CHECK_OK(sluice_buffer_create(options, &buffer));
    CHECK(buffer != NULL);
    return buffer;
}

static inline void put_packets(sluice_buffer *buffer, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        packet one = {i, i * i};
        CHECK_OK(sluice_buffer_put(buffer, &one, sizeof one));
    }
}

static inline sluice_sink *add_file(sluice_buffer *buffer, const char *path)
{
    sluice_sink *sink = NULL;
    sluice_file_options options = {.struct_size = sizeof options, .path = path};
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &options, &sink));
    return sink;
}

static inline sluice_buffer_stats stats_of(sluice_buffer *buffer)
{
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    CHECK_OK(sluice_buffer_get_stats(buffer, &stats));
    return stats;
}

/* The file holds packets 0 to count - 1, each once, in order. */
static inline void check_packets(const char *path, uint64_t count)
{
    size_t bytes;
    char *content = read_file(path, &bytes);
    CHECK(content != NULL);
    CHECK(bytes == count * sizeof(packet));
    for (uint64_t i = 0; i < count; i++) {
        packet found;
        memcpy(&found, content + i * sizeof found, sizeof found);
        CHECK(found.sequence == i && found.value == i * i);
    }
    free(content);
}

/* Waits until the condition holds; fails after 20 s. */
#define WAIT_UNTIL(condition)                                                                                \
    do {                                                                                                     \
        int64_t give_up_ = sluice_monotonic_ns() + 20 * SECOND;                                              \
        while (!(condition)) {                                                                               \
            CHECK(sluice_monotonic_ns() < give_up_ && #condition);                                           \
            (void)usleep(1000);                                                                              \
        }                                                                                                    \
    } while (0)

#endif
