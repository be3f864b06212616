/* A file that is deleted or replaced under its sink is noticed at the next flush, made anew on request, and nothing is lost;
 * one sink among several is removed. */
#include "abi.h"

#include <sys/stat.h>

static void deleted(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    const char *path = in_folder("deleted.dat");
    uint64_t restored = 7;
    add_file(buffer, path);
    put_packets(buffer, 0, 100);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK(unlink(path) == 0);
    put_packets(buffer, 100, 50);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_NOT_FOUND, "deleted.dat", "deleted or replaced", "restore_files");
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_E_NOT_FOUND, "deleted.dat"); /* refuses to lose them */
    CHECK(stats_of(buffer).stored_packets == 50 && stats_of(buffer).last_fault == SLUICE_E_NOT_FOUND);
    CHECK_OK(sluice_buffer_restore_files(buffer, &restored));
    CHECK(restored == 1);
    CHECK_OK(sluice_buffer_restore_files(buffer, &restored));
    CHECK(restored == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(path, 150);
}

static void replaced_under_a_pump(void)
{
    sluice_buffer_options options = packet_options();
    options.release_packets = 10;
    sluice_buffer *buffer = new_buffer(&options);
    const char *path = in_folder("replaced.dat"), *other = in_folder("other.dat");
    add_file(buffer, path);
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 0, 10);
    WAIT_UNTIL(stats_of(buffer).stored_packets == 0);
    FILE *file = fopen(other, "w");
    CHECK(file != NULL && fputs("of somebody else", file) >= 0 && fclose(file) == 0);
    CHECK(rename(other, path) == 0);
    put_packets(buffer, 10, 10);
    WAIT_UNTIL(stats_of(buffer).last_fault == SLUICE_E_NOT_FOUND);
    CHECK_FAULT(sluice_buffer_restore_files(buffer, NULL), SLUICE_E_EXISTS, "replaced.dat");
    CHECK_TEXT_FILE(path, "of somebody else");
    CHECK(unlink(path) == 0);
    CHECK_OK(sluice_buffer_restore_files(buffer, NULL));
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(path, 20);
}

static void removed(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options), *other = new_buffer(&options);
    sluice_sink *first = add_file(buffer, in_folder("first.dat")), *second = add_file(buffer, in_folder("second.dat"));
    sluice_sink_info info = {.struct_size = sizeof info};
    put_packets(buffer, 0, 10);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    put_packets(buffer, 10, 10);
    CHECK_FAULT(sluice_buffer_remove_sink(other, first), SLUICE_E_HANDLE, "another buffer");
    CHECK_OK(sluice_buffer_remove_sink(buffer, first));
    CHECK_FAULT(sluice_buffer_remove_sink(buffer, first), SLUICE_E_HANDLE, "stale");
    CHECK_STATUS(sluice_sink_get_info(first, &info), SLUICE_E_HANDLE);
    CHECK_OK(sluice_sink_get_info(second, &info));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_buffer_destroy(other));
    check_packets(in_folder("first.dat"), 10);
    check_packets(in_folder("second.dat"), 20);
}

/* A FIFO whose spill folder is gone tells why a put found no room, through the engine and through the inline ring. */
static void no_room_to_grow(void)
{
    const char *folder = in_folder("spill");
    CHECK(mkdir(folder, 0755) == 0);
    sluice_buffer_options options = packet_options();
    sluice_producer producer;
    packet one = {0, 0};
    int32_t status;
    options.kind = SLUICE_FIFO;
    options.capacity = 4096;
    options.memory_limit = 65536;
    options.spill_directory = folder;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK(rmdir(folder) == 0);
    while ((status = sluice_buffer_put(buffer, &one, sizeof one)) == SLUICE_OK) {
    }
    CHECK_FAULT(status, SLUICE_WOULD_BLOCK, folder, "No such file or directory", "memory_limit 65536");
    CHECK_STATUS(sluice_sink_get_info(NULL, NULL), SLUICE_E_HANDLE); /* another fault of the thread, in between */
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    CHECK_FAULT(sluice_producer_put(&producer, &one, sizeof one), SLUICE_WOULD_BLOCK, folder, "memory_limit 65536");
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

int main(void)
{
    deleted();
    replaced_under_a_pump();
    removed();
    no_room_to_grow();
    return 0;
}
