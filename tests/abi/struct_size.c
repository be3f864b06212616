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

int main(void)
{
    an_older_caller_gets_defaults();
    a_newer_caller_is_understood_or_refused();
    no_struct_at_all_is_refused();
    results_fit_an_older_and_a_newer_caller();
    sink_options_keep_the_same_rule();
    return 0;
}
