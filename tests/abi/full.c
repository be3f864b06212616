/* No room: each policy gives its answer, every packet is accounted for, and a FIFO grows and then spills. */
#include "abi.h"

#define ROOM 256u /* packets of 16 bytes in one page */

static sluice_buffer *full_buffer(uint32_t policy, int64_t timeout)
{
    sluice_buffer_options options = packet_options();
    options.capacity = 4096;
    options.full_policy = policy;
    options.block_timeout_ns = timeout;
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, ROOM);
    return buffer;
}

static uint64_t pop_sequence(sluice_buffer *buffer)
{
    packet one;
    size_t bytes;
    CHECK_OK(sluice_buffer_pop(buffer, &one, sizeof one, &bytes));
    return one.sequence;
}

static void fail_answers_would_block(void)
{
    sluice_buffer *buffer = full_buffer(SLUICE_FAIL, 0);
    packet one = {ROOM, 0}, many[4] = {{ROOM, 0}, {ROOM + 1, 0}, {ROOM + 2, 0}, {ROOM + 3, 0}};
    uint64_t done = 9;
    int32_t needed = 0;
    CHECK_STATUS(sluice_buffer_put(buffer, &one, sizeof one), SLUICE_WOULD_BLOCK);
    CHECK(stats_of(buffer).stalls >= 1 && stats_of(buffer).stored_packets == ROOM);
    CHECK_OK(sluice_buffer_flush_needed(buffer, &needed));
    CHECK(needed == 1); /* no rule says so, but there is no room left */
    CHECK(pop_sequence(buffer) == 0 && pop_sequence(buffer) == 1);
    CHECK_STATUS(sluice_buffer_put_many(buffer, many, sizeof many, &done), SLUICE_WOULD_BLOCK);
    CHECK(done == 2);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void block_waits_as_long_as_told(void)
{
    sluice_buffer *buffer = full_buffer(SLUICE_BLOCK, 30 * MS);
    packet one = {ROOM, 0};
    int64_t before = sluice_monotonic_ns();
    CHECK_STATUS(sluice_buffer_put(buffer, &one, sizeof one), SLUICE_TIMEOUT);
    CHECK(sluice_monotonic_ns() - before >= 30 * MS);
    CHECK(pop_sequence(buffer) == 0);
    CHECK_OK(sluice_buffer_put(buffer, &one, sizeof one));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void drop_newest_counts_what_it_drops(void)
{
    sluice_buffer *buffer = full_buffer(SLUICE_DROP_NEWEST, 0);
    packet one = {ROOM, 0};
    for (int i = 0; i < 10; i++) {
        CHECK_STATUS(sluice_buffer_put(buffer, &one, sizeof one), SLUICE_DROPPED);
    }
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.dropped_newest == 10 && stats.pushed == ROOM && stats.stored_packets == ROOM);
    CHECK(pop_sequence(buffer) == 0);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void drop_oldest_keeps_the_newest(void)
{
    sluice_buffer *buffer = full_buffer(SLUICE_DROP_OLDEST, 0);
    put_packets(buffer, ROOM, 10);
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.pushed == ROOM + 10 && stats.dropped_oldest >= 10);
    CHECK(stats.stored_packets + stats.dropped_oldest == stats.pushed);
    CHECK(pop_sequence(buffer) == stats.dropped_oldest);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

/* 4 MiB of packets through 64 KiB segments, 256 KiB in memory, the rest in files. */
static void a_fifo_grows_and_spills(void)
{
    enum { COUNT = 262144 };
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.capacity = 1 << 16;
    options.memory_limit = 1 << 18;
    options.spill_directory = in_folder("");
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, COUNT);
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.stored_packets == COUNT && stats.stored_bytes == COUNT * sizeof(packet));
    CHECK(stats.segments > 4 && stats.spilled_bytes > 0);
    add_file(buffer, in_folder("fifo.dat"));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("fifo.dat"), COUNT);
}

static void a_fifo_has_an_end(void)
{
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.capacity = 1 << 16;
    options.memory_limit = 1 << 17;
    options.spill_limit = 1 << 17;
    options.spill_directory = in_folder("");
    sluice_buffer *buffer = new_buffer(&options);
    int32_t status = SLUICE_OK;
    uint64_t put = 0;
    for (; put < 1000000 && status == SLUICE_OK; put += status == SLUICE_OK) {
        packet one = {put, put * put};
        status = sluice_buffer_put(buffer, &one, sizeof one);
    }
    CHECK(status == SLUICE_WOULD_BLOCK);
    CHECK(put * sizeof(packet) >= 1 << 17 && put * sizeof(packet) <= 1 << 18);
    add_file(buffer, in_folder("end.dat"));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("end.dat"), put);
}

int main(void)
{
    fail_answers_would_block();
    block_waits_as_long_as_told();
    drop_newest_counts_what_it_drops();
    drop_oldest_keeps_the_newest();
    a_fifo_grows_and_spills();
    a_fifo_has_an_end();
    return 0;
}
