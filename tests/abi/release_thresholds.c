/* Count, bytes and time: exactly when, alone and combined, by both clocks; time needs no packet to arrive. */
#include "abi.h"

static sluice_buffer *buffer_with(uint64_t packets, uint64_t bytes, int64_t after_ns, uint32_t combine,
                                  uint32_t clock)
{
    sluice_buffer_options options = packet_options();
    options.release_packets = packets;
    options.release_bytes = bytes;
    options.release_after_ns = after_ns;
    options.release_combine = combine;
    options.release_clock = clock;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, NULL));
    return buffer;
}

static int32_t needed(sluice_buffer *buffer)
{
    int32_t flag = -1;
    CHECK_OK(sluice_buffer_flush_needed(buffer, &flag));
    return flag;
}

static int32_t almost(sluice_buffer *buffer)
{
    int32_t flag = -1;
    CHECK_OK(sluice_buffer_almost_full(buffer, &flag));
    return flag;
}

static void count_releases_at_the_nth(void)
{
    sluice_buffer *buffer = buffer_with(5, 0, 0, SLUICE_ANY, 0);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 5; i++) {
            CHECK(needed(buffer) == 0 && almost(buffer) == 0);
            CHECK_STATUS(sluice_buffer_poll(buffer, 0), SLUICE_WOULD_BLOCK);
            put_packets(buffer, i, 1);
        }
        CHECK(needed(buffer) == 1 && almost(buffer) == 1);
        CHECK_OK(sluice_buffer_poll(buffer, 0));
        CHECK(stats_of(buffer).stored_packets == 0 && stats_of(buffer).flushes == round + 1);
    }
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void bytes_release_at_the_limit(void)
{
    sluice_buffer *buffer = buffer_with(0, 3 * sizeof(packet), 0, SLUICE_ANY, 0);
    put_packets(buffer, 0, 2);
    CHECK(needed(buffer) == 0);
    put_packets(buffer, 2, 1);
    CHECK(needed(buffer) == 1 && almost(buffer) == 0); /* almost full is about packets */
    CHECK_OK(sluice_buffer_poll(buffer, 0));
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void no_rule_stores_on(void)
{
    sluice_buffer *any = buffer_with(0, 0, 0, SLUICE_ANY, 0), *all = buffer_with(0, 0, 0, SLUICE_ALL, 0);
    put_packets(any, 0, 100);
    put_packets(all, 0, 1);
    CHECK(needed(any) == 0); /* none says so */
    CHECK(needed(all) == 1); /* none says no */
    CHECK_STATUS(sluice_buffer_poll(any, 0), SLUICE_WOULD_BLOCK);
    CHECK_OK(sluice_buffer_poll(all, 0));
    CHECK_OK(sluice_buffer_destroy(any));
    CHECK_OK(sluice_buffer_destroy(all));
}

/* The thread of start() does not wait for the end. */
static void a_thread_without_a_rule_releases_as_they_come(void)
{
    sluice_buffer *buffer = buffer_with(0, 0, 0, SLUICE_ANY, 0);
    CHECK_OK(sluice_buffer_start(buffer));
    for (uint64_t i = 0; i < 3; i++) {
        put_packets(buffer, i, 1);
        for (int ms = 0; stats_of(buffer).popped != i + 1; ms++) {
            CHECK(ms < 60000);
            (void)usleep(1000);
        }
    }
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void all_waits_for_every_rule(void)
{
    sluice_buffer *buffer = buffer_with(4, 2 * sizeof(packet), 0, SLUICE_ALL, 0);
    put_packets(buffer, 0, 3);
    CHECK(needed(buffer) == 0);
    put_packets(buffer, 3, 1);
    CHECK(needed(buffer) == 1);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* The clock of the first packet begins when it is noticed, and an empty buffer has none. */
static void time_since_the_first_packet(void)
{
    sluice_buffer *buffer = buffer_with(0, 0, 60 * MS, SLUICE_ANY, SLUICE_SINCE_FIRST);
    (void)usleep(80000);
    CHECK_STATUS(sluice_buffer_poll(buffer, 0), SLUICE_WOULD_BLOCK);
    put_packets(buffer, 0, 1);
    CHECK_STATUS(sluice_buffer_poll(buffer, 0), SLUICE_WOULD_BLOCK);
    int64_t before = sluice_monotonic_ns();
    CHECK_OK(sluice_buffer_poll(buffer, 10 * SECOND)); /* nothing arrives, and yet */
    CHECK(sluice_monotonic_ns() - before < 5 * SECOND);
    CHECK(stats_of(buffer).stored_packets == 0);
    put_packets(buffer, 1, 1);
    CHECK_STATUS(sluice_buffer_poll(buffer, 0), SLUICE_WOULD_BLOCK); /* begins anew */
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void time_since_the_last_release(void)
{
    int64_t since = -1;
    sluice_buffer *buffer = buffer_with(0, 0, 60 * MS, SLUICE_ANY, SLUICE_SINCE_RELEASE);
    (void)usleep(80000);
    CHECK_OK(sluice_buffer_since_flush(buffer, &since));
    CHECK(since >= 80 * MS);
    put_packets(buffer, 0, 1);
    CHECK(needed(buffer) == 1); /* the time was over before the packet came */
    CHECK_OK(sluice_buffer_poll(buffer, 0));
    CHECK_OK(sluice_buffer_since_flush(buffer, &since));
    CHECK(since >= 0 && since < 40 * SECOND);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static int64_t due_in(sluice_buffer *buffer)
{
    int64_t ns = INT64_MIN;
    CHECK_OK(sluice_buffer_due_in(buffer, &ns));
    return ns;
}

static void tells_how_long_until_the_time_is_exceeded(void)
{
    sluice_buffer *buffer = buffer_with(5, 0, 0, SLUICE_ANY, SLUICE_SINCE_ASKED);
    CHECK(needed(buffer) == 0 && due_in(buffer) == -1); /* no such rule */
    CHECK_OK(sluice_buffer_destroy(buffer));
    buffer = buffer_with(0, 0, 60 * MS, SLUICE_ANY, SLUICE_SINCE_ASKED);
    CHECK(due_in(buffer) == -1); /* nobody asked yet */
    CHECK(needed(buffer) == 0);
    int64_t left = due_in(buffer);
    CHECK(left >= 0 && left <= 60 * MS + 1);
    (void)usleep(80000);
    CHECK(due_in(buffer) == 0 && needed(buffer) == 1);
    CHECK_OK(sluice_buffer_destroy(buffer));
    buffer = buffer_with(0, 0, 3600 * SECOND, SLUICE_ANY, SLUICE_SINCE_RELEASE);
    CHECK(due_in(buffer) > 3000 * SECOND);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void the_pump_keeps_the_time_without_arrivals(void)
{
    sluice_buffer *buffer = buffer_with(1000000, 0, 30 * MS, SLUICE_ANY, SLUICE_SINCE_FIRST);
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 0, 3);
    WAIT_UNTIL(stats_of(buffer).popped == 3);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void configure_changes_the_rules(void)
{
    sluice_buffer *buffer = buffer_with(5, 0, 0, SLUICE_ANY, 0);
    put_packets(buffer, 0, 3);
    CHECK(needed(buffer) == 0);
    CHECK_OK(sluice_buffer_configure(buffer, 3, 0, 0));
    CHECK(needed(buffer) == 1);
    CHECK_OK(sluice_buffer_configure(buffer, 0, 0, 0));
    CHECK(needed(buffer) == 0);
    CHECK_FAULT(sluice_buffer_configure(buffer, 1, 0, -1), SLUICE_E_INVALID, "-1");
    CHECK(needed(buffer) == 0);
    CHECK_OK(sluice_buffer_force_release(buffer));
    CHECK_OK(sluice_buffer_poll(buffer, 0));
    put_packets(buffer, 3, 1);
    CHECK_STATUS(sluice_buffer_poll(buffer, 0), SLUICE_WOULD_BLOCK); /* once, not for ever */
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    count_releases_at_the_nth();
    bytes_release_at_the_limit();
    no_rule_stores_on();
    a_thread_without_a_rule_releases_as_they_come();
    all_waits_for_every_rule();
    time_since_the_first_packet();
    time_since_the_last_release();
    tells_how_long_until_the_time_is_exceeded();
    the_pump_keeps_the_time_without_arrivals();
    configure_changes_the_rules();
    return 0;
}
