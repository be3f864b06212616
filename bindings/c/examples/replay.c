/* SPDX-License-Identifier: Apache-2.0
 *
 * replay - sends a recorded run through the buffer again, into a verbatim copy and a text file.
 *
 *   replay FILE --layout LAYOUT --out DIR [--separator S] [--header TEXT] [--layout-header]
 *
 * LAYOUT is a description, e.g. "> header:B=0xA2; pin:B; time:I*1e-3 [s] %.3f; adc:H", or the name of a
 * layout that ships, e.g. plasduino-analog. Every constant of every packet is checked before anything is
 * written. The packets go to DIR/data.dat, which is byte by byte what FILE was, and to DIR/data.csv, one line
 * each: after TEXT, and after a line of field names with --layout-header.
 *
 * Exit status: 0 done; 1 a fault; 2 wrong arguments; 3 done, but FILE ended inside a packet, which was left
 * out.
 */
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

typedef struct arguments {
    const char *file;
    const char *layout;
    const char *out;
    const char *separator;
    const char *header;
    uint32_t layout_header;
} arguments;

typedef struct recording {
    const uint8_t *data;
    uint64_t bytes;
} recording;

/* Says what went wrong, with the engine's text; always 1, the exit status. */
static int complain(const char *what)
{
    char text[1024];
    size_t length = 0;
    (void)sluice_last_error(text, sizeof text, &length);
    fprintf(stderr, "replay: %s: %s\n", what, length != 0 ? text : "no further details");
    return 1;
}

static int parse(int argc, char **argv, arguments *given)
{
    *given = (arguments){.separator = ", "};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        const char **value = strcmp(name, "--layout") == 0      ? &given->layout
                             : strcmp(name, "--out") == 0       ? &given->out
                             : strcmp(name, "--separator") == 0 ? &given->separator
                             : strcmp(name, "--header") == 0    ? &given->header
                                                                : NULL;
        if (value != NULL) {
            if (i + 1 == argc) {
                fprintf(stderr, "replay: '%s' needs a value\n", name);
                return 0;
            }
            *value = argv[++i];
        } else if (strcmp(name, "--layout-header") == 0) {
            given->layout_header = 1;
        } else if (name[0] != '-' && given->file == NULL) {
            given->file = name;
        } else {
            fprintf(stderr, "replay: '%s' is not known\n", name);
            return 0;
        }
    }
    if (given->file == NULL || given->layout == NULL || given->out == NULL) {
        fprintf(stderr, "replay: %s is missing\n",
                given->file == NULL     ? "FILE"
                : given->layout == NULL ? "--layout"
                                        : "--out");
        return 0;
    }
    return 1;
}

/* Maps the whole file: the ring is filled from the page cache, without another copy in between. */
static int open_recording(const char *path, recording *run)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        fprintf(stderr, "replay: cannot open '%s': %s\n", path, strerror(errno));
        return 1;
    }
    if (!S_ISREG(status.st_mode)) {
        fprintf(stderr, "replay: '%s' is not a file\n", path);
        return 1;
    }
    run->bytes = (uint64_t)status.st_size;
    if (run->bytes != 0) {
        void *memory = mmap(NULL, (size_t)run->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        if (memory == MAP_FAILED) {
            fprintf(stderr, "replay: cannot map '%s': %s\n", path, strerror(errno));
            return 1;
        }
        (void)madvise(memory, (size_t)run->bytes, MADV_SEQUENTIAL);
        run->data = memory;
    }
    (void)close(fd);
    return 0;
}

/* Makes the directory and those above it; one that is there is fine. */
static int make_directory(const char *path)
{
    char part[4096];
    size_t length = strlen(path);
    if (length == 0 || length + sizeof "/data.dat" > sizeof part) {
        fprintf(stderr, "replay: --out has %zu characters, it must have 1 to %zu\n", length,
                sizeof part - sizeof "/data.dat");
        return 1;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            if (mkdir(part, 0777) != 0 && errno != EEXIST) {
                fprintf(stderr, "replay: cannot make directory '%s': %s\n", part, strerror(errno));
                return 1;
            }
        }
    }
    return 0;
}

/* A path in the output directory where nothing is yet. */
static int new_path(char *path, size_t capacity, const char *out, const char *name)
{
    struct stat there;
    (void)snprintf(path, capacity, "%s/%s", out, name);
    if (lstat(path, &there) == 0) {
        fprintf(stderr, "replay: '%s' exists, and nothing is overwritten: choose another --out\n", path);
        return 1;
    }
    return 0;
}

/* The header as it will stand in the file: lines that end. NULL: none. */
static char *header_lines(const char *header)
{
    if (header == NULL || header[0] == '\0') {
        return NULL;
    }
    size_t length = strlen(header);
    char *lines = malloc(length + 2);
    if (lines != NULL) {
        (void)snprintf(lines, length + 2, "%s%s", header, header[length - 1] == '\n' ? "" : "\n");
    }
    return lines;
}

static int add_sinks(sluice_buffer *buffer, const arguments *given)
{
    char binary_path[4096], text_path[4096];
    char *header = header_lines(given->header);
    int failed = new_path(binary_path, sizeof binary_path, given->out, "data.dat") |
                 new_path(text_path, sizeof text_path, given->out, "data.csv");
    sluice_file_options binary = {.struct_size = sizeof binary, .path = binary_path};
    sluice_text_options text = {.struct_size = sizeof text,
                                .path = text_path,
                                .separator = given->separator,
                                .header = header,
                                .layout_header = given->layout_header};
    if (!failed && (sluice_buffer_add_file_sink(buffer, &binary, NULL) != SLUICE_OK ||
                    sluice_buffer_add_text_sink(buffer, &text, NULL) != SLUICE_OK)) {
        failed = complain("cannot make the files");
    }
    free(header);
    return failed;
}

/* Puts all packets through the buffer, whose full policy makes this thread wait for the sinks. */
static int play(sluice_buffer *buffer, const recording *run, uint64_t packets)
{
    sluice_producer producer;
    uint64_t done = 0;
    if (sluice_buffer_start(buffer) != SLUICE_OK) {
        return complain("cannot start the pump");
    }
    if (sluice_buffer_open_producer(buffer, &producer, sizeof producer) != SLUICE_OK) {
        return complain("cannot open a producer");
    }
    int32_t status = sluice_producer_put_many(&producer, run->data, packets, &done);
    if (status != SLUICE_OK) {
        sluice_buffer_stats stats = {.struct_size = sizeof stats};
        int known = sluice_buffer_get_stats(buffer, &stats) == SLUICE_OK && stats.last_fault < 0;
        fprintf(stderr, "replay: packet %llu could not be put: %s\n", (unsigned long long)done,
                sluice_status_text(known ? stats.last_fault : status));
    }
    if (sluice_buffer_close_producer(buffer, &producer) != SLUICE_OK) {
        return complain("cannot close the producer");
    }
    return status != SLUICE_OK;
}

static int replay(const arguments *given, sluice_layout *layout, const recording *run, uint32_t stride)
{
    uint64_t packets = run->bytes / stride, bad = 0, lost = 0;
    sluice_buffer *buffer;
    if (packets != 0 &&
        sluice_layout_check(layout, run->data, (size_t)(packets * stride), &bad) != SLUICE_OK) {
        char what[4200];
        (void)snprintf(what, sizeof what, "'%s' is not of this layout at offset %llu", given->file,
                       (unsigned long long)(bad * stride));
        return complain(what);
    }
    sluice_buffer_options options = {
        .struct_size = sizeof options,
        .kind = SLUICE_CIRCULAR,
        .full_policy = 1, /* block: reading waits for writing */
        .block_timeout_ns = 30 * NS_PER_S,
        .layout = layout,
        .release_bytes = 1 << 18,
        .release_after_ns = NS_PER_S / 10,
    };
    if (make_directory(given->out)) {
        return 1;
    }
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) {
        return complain("cannot make the buffer");
    }
    if (add_sinks(buffer, given)) {
        (void)sluice_buffer_discard(buffer, NULL);
        return 1;
    }
    int failed = play(buffer, run, packets);
    if (sluice_buffer_destroy(buffer) != SLUICE_OK) {
        failed = complain("not everything could be written");
        (void)sluice_buffer_discard(buffer, &lost);
        fprintf(stderr, "replay: %llu packets are in the buffer and not in every file\n",
                (unsigned long long)lost);
    }
    if (!failed) {
        printf("replayed %llu packets, %llu bytes\n  %s/data.dat\n  %s/data.csv\n",
               (unsigned long long)packets, (unsigned long long)(packets * stride), given->out, given->out);
    }
    return failed;
}

int main(int argc, char **argv)
{
    arguments given;
    recording run = {NULL, 0};
    sluice_layout *layout = NULL;
    uint32_t stride = 0;
    if (!parse(argc, argv, &given)) {
        fprintf(stderr, "usage: replay FILE --layout LAYOUT --out DIR [--separator S] [--header TEXT] "
                        "[--layout-header]\n");
        return 2;
    }
    if (sluice_layout_create(given.layout, &layout) != SLUICE_OK ||
        sluice_layout_size(layout, &stride) != SLUICE_OK) {
        return complain("--layout");
    }
    int failed = open_recording(given.file, &run);
    failed = failed ? failed : replay(&given, layout, &run, stride);
    (void)sluice_layout_destroy(layout);
    uint64_t torn = run.bytes % stride;
    if (!failed && torn != 0) {
        fprintf(stderr, "replay: '%s' ends inside a packet: %llu of %u bytes at offset %llu are left out\n",
                given.file, (unsigned long long)torn, stride, (unsigned long long)(run.bytes - torn));
        return 3;
    }
    return failed;
}
