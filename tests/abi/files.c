/* Reading back: packets out of a file, copied and in place; torn tails, headers, files that grow or are cut. */
#include "abi.h"

static sluice_file *open_file(const char *path, uint32_t stride, uint64_t header_bytes)
{
    sluice_file *file = NULL;
    sluice_reading_options options = {
        .struct_size = sizeof options, .path = path, .stride = stride, .header_bytes = header_bytes};
    CHECK_OK(sluice_file_open(&options, &file));
    return file;
}

static sluice_file_info info_of(const sluice_file *file)
{
    sluice_file_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_file_get_info(file, &info));
    return info;
}

static void write_more(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "ab");
    CHECK(file != NULL && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

/* What a buffer with a header on its file sink wrote. */
static const char *written(const char *name, uint64_t packets, const char *header)
{
    const char *path = in_folder(name);
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_file_options file = {
        .struct_size = sizeof file, .path = path, .header = header, .header_bytes = strlen(header)};
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &file, NULL));
    put_packets(buffer, 0, packets);
    CHECK_OK(sluice_buffer_destroy(buffer));
    return path;
}

static void check_view(const sluice_batch *batch, uint64_t first, uint64_t packets)
{
    CHECK(batch->packets == packets && batch->bytes == packets * sizeof(packet) && batch->stride == sizeof(packet));
    for (uint64_t i = 0; i < packets; i++) {
        packet found;
        memcpy(&found, batch->data + i * sizeof found, sizeof found);
        CHECK(found.sequence == first + i && found.value == (first + i) * (first + i));
    }
}

static void what_a_sink_wrote_is_read_back(void)
{
    static const char header[] = "# run 7\n";
    const char *path = written("back.dat", 1000, header);
    sluice_file *file = open_file(path, sizeof(packet), strlen(header));
    sluice_file_info info = info_of(file);
    CHECK(info.stride == sizeof(packet) && info.packets == 1000 && info.header_bytes == strlen(header));
    CHECK(info.torn_bytes == 0 && info.torn_offset == info.bytes && info.bytes == strlen(header) + 1000 * sizeof(packet));

    sluice_batch batch;
    CHECK_OK(sluice_file_map(file, 0, 0, &batch));
    check_view(&batch, 0, 1000);
    CHECK_OK(sluice_file_map(file, 990, 100, &batch));
    check_view(&batch, 990, 10);
    CHECK_STATUS(sluice_file_map(file, 1000, 0, &batch), SLUICE_END);
    CHECK(batch.packets == 0);

    packet some[64];
    uint64_t done, next = 0;
    int32_t status;
    while ((status = sluice_file_read(file, next, some, sizeof some - 1, &done)) == SLUICE_OK) {
        CHECK(done == (next + 63 <= 1000 ? 63 : 1000 - next));
        for (uint64_t i = 0; i < done; i++) {
            CHECK(some[i].sequence == next + i);
        }
        next += done;
    }
    CHECK(status == SLUICE_END && next == 1000 && done == 0);
    CHECK_FAULT(sluice_file_read(file, 0, some, sizeof(packet) - 1, &done), SLUICE_E_SIZE, "15 bytes", "16");
    CHECK_FAULT(sluice_file_read(file, 1001, some, sizeof some, &done), SLUICE_E_INVALID, "packet 1001", "1000");
    CHECK_OK(sluice_file_close(file));
}

static void a_torn_tail_is_told_and_a_growing_file_is_followed(void)
{
    const char *path = written("torn.dat", 5, "");
    packet more[3] = {{5, 25}, {6, 36}, {7, 49}};
    sluice_batch before, after;
    uint64_t came = 99;
    write_more(path, more, 2 * sizeof(packet) - 3);
    sluice_file *file = open_file(path, sizeof(packet), 0);
    sluice_file_info info = info_of(file);
    CHECK(info.packets == 6 && info.torn_offset == 6 * sizeof(packet) && info.torn_bytes == sizeof(packet) - 3);
    CHECK_OK(sluice_file_map(file, 0, 0, &before));
    write_more(path, (const char *)more + 2 * sizeof(packet) - 3, sizeof(packet) + 3);
    CHECK(info_of(file).packets == 6);
    CHECK_OK(sluice_file_refresh(file, &came));
    CHECK(came == 2 && info_of(file).packets == 8 && info_of(file).torn_bytes == 0);
    CHECK_OK(sluice_file_map(file, 0, 0, &after));
    check_view(&after, 0, 8);
    check_view(&before, 0, 6);
    CHECK_OK(sluice_file_refresh(file, NULL));
    CHECK_OK(sluice_file_close(file));
}

static void a_file_that_was_cut_is_a_fault(void)
{
    const char *path = written("cut.dat", 2000, "");
    packet one;
    uint64_t done;
    sluice_batch batch;
    sluice_file *file = open_file(path, sizeof(packet), 0);
    CHECK(truncate(path, 100) == 0);
    CHECK_FAULT(sluice_file_map(file, 0, 0, &batch), SLUICE_E_IO, "cut to 100 bytes", "32000");
    CHECK_FAULT(sluice_file_read(file, 1999, &one, sizeof one, &done), SLUICE_E_IO, path);
    CHECK_FAULT(sluice_file_refresh(file, NULL), SLUICE_E_IO, "cut");
    CHECK_OK(sluice_file_read(file, 5, &one, sizeof one, &done));
    CHECK(done == 1 && one.sequence == 5);
    CHECK_OK(sluice_file_close(file));
}

static void constants_are_checked_when_asked(void)
{
    const char *path = in_folder("marks.dat");
    static const uint8_t packets[] = {0xA1, 1, 0xA1, 2, 0xA7, 3};
    sluice_layout *layout = NULL;
    sluice_reading_options options = {.struct_size = sizeof options, .path = path};
    sluice_file *file = NULL;
    sluice_batch batch;
    uint64_t bad = 99;
    write_more(path, packets, sizeof packets);
    CHECK_OK(sluice_layout_create("> mark:B=0xA1; value:B", &layout));
    options.layout = layout;
    CHECK_OK(sluice_file_open(&options, &file));
    CHECK_OK(sluice_file_map(file, 0, 0, &batch));
    CHECK_OK(sluice_file_check(file, 0, 2, &bad));
    CHECK_FAULT(sluice_file_check(file, 1, 0, &bad), SLUICE_E_CONSTANT, "marks.dat", "packet 2", "'mark'", "0xA7");
    CHECK(bad == 2);
    CHECK_OK(sluice_file_close(file));
    options.check_constants = 1;
    CHECK_OK(sluice_file_open(&options, &file));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_STATUS(sluice_file_map(file, 0, 0, &batch), SLUICE_E_CONSTANT);
    CHECK_OK(sluice_file_map(file, 0, 2, &batch));
    CHECK_OK(sluice_file_close(file));
    CHECK_STATUS(sluice_file_open(&options, &file), SLUICE_E_HANDLE);
}

static void what_is_wrong_is_said(void)
{
    sluice_file *file = NULL;
    sluice_layout *layout = NULL;
    sluice_batch batch;
    sluice_reading_options options = {.struct_size = sizeof options, .path = in_folder("none.dat"), .stride = 4};
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_NOT_FOUND, "none.dat");
    options.path = "/";
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_INVALID, "directory");
    options.path = NULL;
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_INVALID, "path");
    options.path = written("one.dat", 1, "");
    options.stride = 0;
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_INVALID, "layout");
    CHECK_OK(sluice_layout_create("<a:I", &layout));
    options.layout = layout;
    options.stride = 5;
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_INVALID, "5 bytes", "has 4");
    options.stride = 4;
    options.header_bytes = 17;
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_SIZE, "16 bytes", "17");
    options.header_bytes = 0;
    options.check_constants = 2;
    CHECK_FAULT(sluice_file_open(&options, &file), SLUICE_E_INVALID, "check_constants is 2");
    CHECK_STATUS(sluice_file_open(&options, NULL), SLUICE_E_INVALID);
    options.check_constants = 0;
    CHECK_OK(sluice_file_open(&options, &file));
    CHECK_STATUS(sluice_file_map(file, 0, 0, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_file_map((sluice_file *)layout, 0, 0, &batch), SLUICE_E_HANDLE);
    CHECK_OK(sluice_file_close(file));
    CHECK_FAULT(sluice_file_map(file, 0, 0, &batch), SLUICE_E_HANDLE, "file", "stale");
    CHECK_STATUS(sluice_file_close(file), SLUICE_E_HANDLE);
    CHECK_OK(sluice_file_close(NULL));
    CHECK_OK(sluice_layout_destroy(layout));
}

int main(void)
{
    what_a_sink_wrote_is_read_back();
    a_torn_tail_is_told_and_a_growing_file_is_followed();
    a_file_that_was_cut_is_a_fault();
    constants_are_checked_when_asked();
    what_is_wrong_is_said();
    return 0;
}
