/* Paths are bytes, as long as the system takes them, and absolute from the moment they are given: a later chdir changes
 * nothing. Names of rings are 1 to 200 bytes. What texts show of them is UTF-8, cut between characters. */
#include "abi.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <sys/stat.h>

#define LATIN "caf\xE9"   /* no UTF-8 */
#define SHOWN "caf\\xE9"

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The C library's own idea of what is whole UTF-8. */
static int is_whole(const char *text)
{
    return mbstowcs(NULL, text, 0) != (size_t)-1;
}

static const char *path_of(const char *folder, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];
    CHECK(snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);
    return path;
}

static sluice_text_options text_options(const char *path)
{
    return (sluice_text_options){
        .struct_size = sizeof(sluice_text_options), .path = path, .style = SLUICE_TEXT_HEX, .rotate_bytes = 100};
}

/* Everything that takes a path, relative to `here`; then the process goes elsewhere and everything goes on. */
static void relative(const char *here, const char *elsewhere)
{
    CHECK(mkdir(here, 0700) == 0 && mkdir(elsewhere, 0700) == 0 && chdir(here) == 0);
    sluice_buffer_options options = packet_options();
    options.file = "ring";
    sluice_buffer *buffer = new_buffer(&options);
    sluice_file_options verbatim = {.struct_size = sizeof verbatim, .path = "data.dat", .rotate_bytes = 64,
                                    .durability = SLUICE_DURABLE_EVERY_FLUSH};
    sluice_sink *sink;
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &verbatim, &sink));
    sluice_text_options text = text_options("./data.txt");
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    put_packets(buffer, 0, 4);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    sluice_reading_options reading = {.struct_size = sizeof reading, .path = "data.dat", .stride = sizeof(packet)};
    sluice_file *file;
    CHECK_OK(sluice_file_open(&reading, &file));
    CHECK(chdir(elsewhere) == 0);

    put_packets(buffer, 4, 20);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK(exists(path_of(here, "data.5.dat")) && exists(path_of(here, "data.1.txt")) && exists(path_of(here, "ring")));
    CHECK(rmdir(elsewhere) == 0 && mkdir(elsewhere, 0700) == 0); /* nothing came there */
    uint64_t came, done;
    packet found[4];
    CHECK_OK(sluice_file_refresh(file, &came));
    CHECK_OK(sluice_file_read(file, 0, found, sizeof found, &done));
    CHECK(done == 4 && found[3].value == 9);
    CHECK_OK(sluice_file_close(file));

    /* a fault later names the file from the root on */
    FILE *taken = fopen(path_of(here, "data.6.dat"), "w");
    CHECK(taken != NULL && fclose(taken) == 0);
    put_packets(buffer, 24, 4);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_EXISTS, path_of(here, "data.6.dat"));
    CHECK(unlink(path_of(here, "data.6.dat")) == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(exists(path_of(here, "data.6.dat")));

    /* relative to a folder that is gone */
    CHECK(chdir(elsewhere) == 0 && rmdir(elsewhere) == 0);
    options.file = "ring";
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_NOT_FOUND, "'ring' is relative", "working directory");
    CHECK(chdir("/") == 0);
}

/* A path that is no UTF-8, in every place that takes one, and in texts. */
static void bytes(const char *parent)
{
    char folder[PATH_MAX], name[64];
    (void)snprintf(folder, sizeof folder, "%s", path_of(parent, LATIN));
    (void)snprintf(name, sizeof name, "test." LATIN ".%llx", unique());
    CHECK(mkdir(folder, 0700) == 0);
    for (int kind = 0; kind < 3; kind++) {
        sluice_buffer_options options = packet_options();
        options.name = kind == 0 ? name : NULL;
        options.file = kind == 1 ? path_of(folder, "ring") : NULL;
        options.kind = kind == 2 ? SLUICE_FIFO : SLUICE_CIRCULAR;
        options.spill_directory = kind == 2 ? folder : NULL;
        options.capacity = 1 << 16;
        options.memory_limit = 1 << 17;
        sluice_buffer *buffer = new_buffer(&options);
        if (kind == 0) {
            sluice_ring ring; /* by its bytes, from the other side */
            CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK);
            sluice_ring_close(&ring, 0);
        } else if (kind == 1) {
            CHECK(exists(path_of(folder, "ring")));
        } else {
            put_packets(buffer, 0, 10000);
            CHECK(stats_of(buffer).spilled_bytes > 0);
        }
        sluice_buffer *other;
        if (kind < 2) {
            CHECK_FAULT(sluice_buffer_create(&options, &other), SLUICE_E_EXISTS, SHOWN);
            CHECK(is_whole(last_error()));
        }
        CHECK_OK(sluice_buffer_discard(buffer, NULL));
    }
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_file_options verbatim = {.struct_size = sizeof verbatim, .path = path_of(folder, LATIN ".dat"), .rotate_bytes = 64};
    sluice_sink *sink;
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &verbatim, &sink));
    CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &verbatim, NULL), SLUICE_E_EXISTS, SHOWN "/" SHOWN ".dat");
    CHECK(is_whole(last_error()));
    sluice_text_options text = text_options(path_of(folder, LATIN ".txt"));
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    FILE *taken = fopen(path_of(folder, LATIN ".1.dat"), "w");
    CHECK(taken != NULL && fclose(taken) == 0);
    put_packets(buffer, 0, 8);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_EXISTS, SHOWN "/" SHOWN ".1.dat");
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_sink_get_info(sink, &info));
    CHECK(is_whole(info.last_error) && strstr(info.last_error, SHOWN) != NULL);
    CHECK(unlink(path_of(folder, LATIN ".1.dat")) == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(exists(path_of(folder, LATIN ".1.dat")) && exists(path_of(folder, LATIN ".1.txt")));

    sluice_reading_options reading = {.struct_size = sizeof reading, .path = path_of(folder, LATIN ".dat"), .stride = 16};
    sluice_file *file;
    CHECK_OK(sluice_file_open(&reading, &file));
    CHECK_OK(sluice_file_close(file));
    reading.path = path_of(folder, LATIN ".no");
    CHECK_FAULT(sluice_file_open(&reading, &file), SLUICE_E_NOT_FOUND, SHOWN "/" SHOWN ".no");
    CHECK(is_whole(last_error()));
}

/* As long as the system takes them. */
static void longest(const char *parent)
{
    static char folder[PATH_MAX], path[2 * PATH_MAX];
    char part[202];
    memset(part, 'd', sizeof part - 1);
    part[0] = '/';
    part[sizeof part - 1] = '\0';
    (void)snprintf(folder, sizeof folder, "%s", parent);
    while (strlen(folder) + sizeof part + 200 < PATH_MAX) {
        strcat(folder, part);
        CHECK(mkdir(folder, 0700) == 0);
    }
    size_t left = PATH_MAX - 1 - strlen(folder) - 1; /* of a name that makes the path as long as may be */
    CHECK(left > 100 && left < 250 + sizeof part);
    static char name[PATH_MAX];
    memset(name, 'n', sizeof name);
    name[left > 255 ? 255 : left] = '\0';
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);

    sluice_buffer_options options = packet_options();
    options.file = path;
    sluice_buffer *buffer = new_buffer(&options), *other;
    CHECK_FAULT(sluice_buffer_create(&options, &other), SLUICE_E_EXISTS, path + strlen(path) - 60);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    CHECK(unlink(path) == 0);

    options = packet_options();
    buffer = new_buffer(&options);
    CHECK(add_file(buffer, path) != NULL);
    put_packets(buffer, 0, 10);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(path, 10);
    sluice_reading_options reading = {.struct_size = sizeof reading, .path = path, .stride = sizeof(packet)};
    sluice_file *file;
    CHECK_OK(sluice_file_open(&reading, &file));
    CHECK_OK(sluice_file_close(file));

    memset(path + strlen(folder) + 1, 'n', PATH_MAX);
    path[PATH_MAX] = '\0';
    reading.path = path;
    CHECK_FAULT(sluice_file_open(&reading, &file), SLUICE_E_INVALID, strerror(ENAMETOOLONG));

    /* relative in a deep folder: the whole of it counts */
    CHECK(chdir(folder) == 0);
    reading.path = name;
    CHECK(left > 255 || strlen(name) == left);
    CHECK_OK(sluice_file_open(&reading, &file));
    CHECK_OK(sluice_file_close(file));
    CHECK(unlink(name) == 0 && chdir("/") == 0);
    for (; strcmp(folder, parent) != 0; *strrchr(folder, '/') = '\0') {
        CHECK(rmdir(folder) == 0);
    }
}

static void names(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer;
    char name[300];
    static const char *const refused[] = {"", "a/b", ".", "..", "/"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        options.name = refused[i];
        CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_INVALID, "1 to 200 bytes");
    }
    int lead = snprintf(name, sizeof name, "test.%llx.", unique());
    for (size_t length = 195; length < 210; length++) {
        memset(name + lead, 'x', 2);
        for (size_t at = (size_t)lead + (length - (size_t)lead) % 2; at < length; at += 2) {
            memcpy(name + at, "\xC3\xA9", 3); /* two bytes, one character */
        }
        CHECK(strlen(name) == length);
        char told[32];
        (void)snprintf(told, sizeof told, "%zu bytes", length);
        options.name = name;
        if (length <= 200) {
            buffer = new_buffer(&options);
            sluice_ring ring;
            CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK);
            sluice_ring_close(&ring, 0);
            CHECK_OK(sluice_buffer_discard(buffer, NULL));
        } else {
            CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_INVALID, told, "1 to 200 bytes");
            CHECK(is_whole(last_error()));
        }
    }
}

/* However little room a host gives, it gets whole characters, and the whole length. */
static void cut_texts(const char *folder)
{
    char path[640];
    for (int lead = 0; lead < 2; lead++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, lead != 0 ? "x" : "");
        for (int i = 0; i < 60; i++) {
            strcat(path, "\xC3\xA9");
        }
        sluice_reading_options reading = {.struct_size = sizeof reading, .path = path, .stride = 8};
        sluice_file *file;
        CHECK_STATUS(sluice_file_open(&reading, &file), SLUICE_E_NOT_FOUND);
        char whole[1024];
        size_t length;
        CHECK_OK(sluice_last_error(whole, sizeof whole, &length));
        CHECK(length < sizeof whole && strlen(whole) == length);
        for (size_t capacity = 1; capacity <= length + 2; capacity++) {
            char cut[1024];
            size_t told;
            memset(cut, '#', sizeof cut);
            CHECK_OK(sluice_last_error(cut, capacity, &told));
            CHECK(told == length && strlen(cut) < capacity && is_whole(cut) && cut[capacity] == '#');
            CHECK(strncmp(whole, cut, strlen(cut)) == 0 && strlen(cut) + 2 >= (capacity < length ? capacity : length));
        }
    }
}

int main(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        SKIP("the C library has no locale C.UTF-8");
    }
    char parent[512];
    (void)snprintf(parent, sizeof parent, "%.500s", in_folder("p"));
    CHECK(mkdir(parent, 0700) == 0);
    char here[600], elsewhere[600];
    (void)snprintf(here, sizeof here, "%s/here", parent);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", parent);
    relative(here, elsewhere);
    bytes(parent);
    longest(parent);
    names();
    cut_texts(parent);
    CHECK(chdir("/") == 0);
    return 0;
}
