/*
 * A disk that fills up loses nothing: the packets stay, the fault is reported, and when there is room again
 * the files go on where they stopped. On a tmpfs of 1 MiB in a mount namespace of this process.
 */
#include "abi.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define COUNT 50000u /* 800,000 bytes */

static char disk[600];

static void mount_small_disk(void)
{
    (void)snprintf(disk, sizeof disk, "%s", in_folder("disk"));
    CHECK(mkdir(disk, 0755) == 0);
    if (unshare(CLONE_NEWNS) != 0) {
        SKIP("a private mount namespace needs root");
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", disk, "tmpfs", 0, "size=1m") != 0) {
        SKIP("a tmpfs cannot be mounted here");
    }
}

/* Leaves about `bytes` free. */
static char *fill_disk(size_t bytes)
{
    static char path[700];
    struct statvfs space;
    (void)snprintf(path, sizeof path, "%s/ballast", disk);
    CHECK(statvfs(disk, &space) == 0);
    size_t fill = space.f_bavail * space.f_bsize - bytes;
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    for (size_t i = 0; i < fill; i++) {
        CHECK(putc('x', file) != EOF);
    }
    CHECK(fclose(file) == 0);
    return path;
}

static char *on_disk(const char *name)
{
    static char paths[4][700];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", disk, name);
    return path;
}

static void check_lines(const char *path, uint64_t count)
{
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    char line[64], expected[64];
    for (uint64_t i = 0; i < count; i++) {
        (void)snprintf(expected, sizeof expected, "%llu, %llu\n", (unsigned long long)i,
                       (unsigned long long)(i * i));
        CHECK(fgets(line, sizeof line, file) != NULL && strcmp(line, expected) == 0);
    }
    CHECK(fgets(line, sizeof line, file) == NULL);
    CHECK(fclose(file) == 0);
}

/* Flushes by hand: the fault is the answer of the call. */
static void stepped(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink = add_file(buffer, on_disk("stepped.dat"));
    char *ballast = fill_disk(100000);
    put_packets(buffer, 0, COUNT);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_IO, "stepped.dat", "No space left");
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_sink_get_info(sink, &info));
    CHECK(info.last_status == SLUICE_E_IO && info.errors >= 1 &&
          strstr(info.last_error, "No space left") != NULL);
    CHECK(stats_of(buffer).stored_packets > 0 && stats_of(buffer).sink_errors >= 1);
    CHECK(sluice_buffer_destroy(buffer) < 0); /* refuses to lose them */
    CHECK(unlink(ballast) == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(on_disk("stepped.dat"), COUNT);
    CHECK(unlink(on_disk("stepped.dat")) == 0);
}

/* Under a pump, binary and text beside each other: it tries again by itself. */
static void pumped(void)
{
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("@ sequence:Q; value:Q", &layout));
    sluice_buffer_options options = packet_options();
    options.layout = layout;
    options.release_packets = 1000;
    options.release_after_ns = 20 * MS;
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, on_disk("pumped.dat"));
    sluice_text_options text = {.struct_size = sizeof text, .path = on_disk("pumped.txt")};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    const uint64_t count = 12000; /* 192,000 bytes and about 190,000 of text */
    char *ballast = fill_disk(100000);
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 0, count);
    WAIT_UNTIL(stats_of(buffer).sink_errors >= 2);
    CHECK(stats_of(buffer).last_fault == SLUICE_E_IO && stats_of(buffer).stored_packets > 0);
    CHECK_FAULT(sluice_buffer_stop(buffer, 50 * MS), SLUICE_E_IO, "No space left");
    CHECK(stats_of(buffer).stored_packets > 0);
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK(unlink(ballast) == 0);
    WAIT_UNTIL(stats_of(buffer).stored_packets == 0);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_layout_destroy(layout));
    check_packets(on_disk("pumped.dat"), count);
    check_lines(on_disk("pumped.txt"), count);
}

int main(void)
{
    mount_small_disk();
    stepped();
    pumped();
    CHECK(umount2(disk, MNT_DETACH) == 0);
    return 0;
}
