/* Options of an older caller are completed with defaults; those of a newer one are taken while the unknown
 * tail is zero. */
#include "abi.h"

#include <stddef.h>

typedef struct newer_options {
    sluice_buffer_options known;
    uint64_t unknown[2];
} newer_options;

static void an_older_caller_gets_defaults(void)
{
    /* A caller whose header ended before the release rules; what lies behind its struct is not looked at. */
    sluice_buffer_options options;
    memset(&options, 0xEE, sizeof options);
    memset(&options, 0, offsetof(sluice_buffer_options, release_packets));
    options.struct_size = offsetof(sluice_buffer_options, release_packets);
    options.kind = SLUICE_CIRCULAR;
    options.stride = sizeof(packet);
    sluice_buffer *buffer = new_buffer(&options);
    int32_t needed = 1;
    put_packets(buffer, 0, 100);
    CHECK_OK(sluice_buffer_flush_needed(buffer, &needed));
    CHECK(needed == 0);
    CHECK(stats_of(buffer).capacity == 1 << 20);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void a_newer_caller_is_understood_or_refused(void)
{
    newer_options options = {.known = packet_options()};
    options.known.struct_size = sizeof options;
    options.known.release_packets = 7;
    sluice_buffer *buffer = new_buffer(&options.known);
    CHECK_OK(sluice_buffer_destroy(buffer));
    options.unknown[1] = 1;
    buffer = NULL;
    CHECK_FAULT(sluice_buffer_create(&options.known, &buffer), SLUICE_E_ABI, "struct_size");
    CHECK(buffer == NULL);
}

static void no_struct_at_all_is_refused(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = NULL;
    options.struct_size = 0;
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_ABI, "struct_size");
    options.struct_size = 3;
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_ABI, "3");
}

/* What the library fills: never more than the caller has room for. */
static void results_fit_an_older_and_a_newer_caller(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 3);
    struct {
        sluice_buffer_stats known;
        uint64_t unknown[2];
    } stats;
    memset(&stats, 0xEE, sizeof stats);
    stats.known.struct_size = offsetof(sluice_buffer_stats, popped);
    CHECK_OK(sluice_buffer_get_stats(buffer, &stats.known));
    CHECK(stats.known.pushed == 3 && stats.known.popped == UINT64_C(0xEEEEEEEEEEEEEEEE));
    CHECK(stats.known.struct_size == offsetof(sluice_buffer_stats, popped));
    memset(&stats, 0, sizeof stats);
    stats.known.struct_size = sizeof stats;
    CHECK_OK(sluice_buffer_get_stats(buffer, &stats.known));
    CHECK(stats.known.pushed == 3 && stats.unknown[0] == 0);
    stats.known.struct_size = 0;
    CHECK_STATUS(sluice_buffer_get_stats(buffer, &stats.known), SLUICE_E_ABI);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void sink_options_keep_the_same_rule(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_file_options file;
    memset(&file, 0xEE, sizeof file);
    file.struct_size = offsetof(sluice_file_options, header);
    file.durability = 0;
    file.path = in_folder("older.dat");
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &file, NULL));
    put_packets(buffer, 0, 5);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("older.dat"), 5);
}

/* A struct whose every pointer and number is set, in a block of zeros that is longer than any size that is tried. */
typedef struct block {
    _Alignas(8) unsigned char bytes[512];
} block;

static void with_size(block *block, const void *options, uint32_t bytes, uint32_t size)
{
    memset(block, 0, sizeof *block);
    memcpy(block->bytes, options, bytes);
    memcpy(block->bytes, &size, sizeof size);
}

/* What is cut within a field would be followed: half a pointer. Whole fields are taken or refused, and nothing worse. */
static void check_size(int32_t status, uint32_t size)
{
    if (size < 8 || size % 8 != 0) {
        CHECK(status == SLUICE_E_ABI && strstr(last_error(), "set it to sizeof the struct") != NULL);
    }
}

static void no_size_cuts_a_field(void)
{
    static const char unit[] = "<a:B";
    char *path = in_folder("cut.dat"), *folder = in_folder(".");
    sluice_layout *layout = NULL;
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options), *other = NULL;
    block block;
    CHECK_OK(sluice_layout_create(unit, &layout));
    sluice_buffer_options buffers = {.stride = 1, .capacity = 4096, .memory_limit = 1 << 20, .spill_limit = 1 << 20,
                                     .spill_directory = folder, .layout = layout, .release_packets = 5};
    sluice_file_options files = {.path = path, .header = "xyz", .header_bytes = 3};
    sluice_text_options texts = {.path = path, .separator = ",", .line_end = "\n", .header = "h", .comment = "#",
                                 .style = SLUICE_TEXT_HEX_SPACED, .header_bytes = 1, .line_end_bytes = 1};
    sluice_formatter_options formats = {.separator = ", ", .line_end = "\n", .comment = "# ", .line_end_bytes = 1};
    sluice_hex_options hex = {.separator = ':', .first_offset = 5};
    sluice_reading_options reading = {.stride = 1, .path = path, .layout = layout};
    for (uint32_t size = 0; size <= sizeof(sluice_buffer_options) + 64; size++) {
        int32_t status;
        sluice_formatter *formatter = NULL;
        sluice_file *file = NULL;
        sluice_sink *sink = NULL;
        size_t length;
        with_size(&block, &buffers, sizeof buffers, size);
        status = sluice_buffer_create((sluice_buffer_options *)(void *)block.bytes, &other);
        check_size(status, size);
        if (status == SLUICE_OK) {
            CHECK_OK(sluice_buffer_discard(other, NULL));
        }
        with_size(&block, &files, sizeof files, size);
        status = sluice_buffer_add_file_sink(buffer, (sluice_file_options *)(void *)block.bytes, &sink);
        check_size(status, size);
        if (status == SLUICE_OK) {
            CHECK_OK(sluice_buffer_remove_sink(buffer, sink));
        }
        with_size(&block, &reading, sizeof reading, size);
        status = sluice_file_open((sluice_reading_options *)(void *)block.bytes, &file);
        check_size(status, size);
        if (status == SLUICE_OK) {
            CHECK_OK(sluice_file_close(file));
        }
        (void)unlink(path);
        with_size(&block, &texts, sizeof texts, size);
        status = sluice_buffer_add_text_sink(buffer, (sluice_text_options *)(void *)block.bytes, &sink);
        check_size(status, size);
        if (status == SLUICE_OK) {
            CHECK_OK(sluice_buffer_remove_sink(buffer, sink));
        }
        (void)unlink(path);
        with_size(&block, &formats, sizeof formats, size);
        status = sluice_formatter_create(layout, (sluice_formatter_options *)(void *)block.bytes, &formatter);
        check_size(status, size);
        if (status == SLUICE_OK) {
            CHECK_OK(sluice_formatter_destroy(formatter));
        }
        with_size(&block, &hex, sizeof hex, size);
        check_size(sluice_hex_encode("x", 1, (sluice_hex_options *)(void *)block.bytes, NULL, 0, &length), size);
    }
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    CHECK_OK(sluice_layout_destroy(layout));
}

int main(void)
{
    an_older_caller_gets_defaults();
    a_newer_caller_is_understood_or_refused();
    no_struct_at_all_is_refused();
    results_fit_an_older_and_a_newer_caller();
    sink_options_keep_the_same_rule();
    no_size_cuts_a_field();
    return 0;
}
