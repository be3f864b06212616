/* Statistics: every packet is in exactly one counter, and the counters name what happened. */
#include "abi.h"

static int32_t refuse(void *user, const struct sluice_batch *batch)
{
    (void)batch;
    return *(int32_t *)user;
}

static void every_packet_is_in_one_counter(void)
{
    sluice_buffer_options options = packet_options();
    options.capacity = 4096; /* 256 packets */
    options.full_policy = SLUICE_DROP_NEWEST;
    sluice_buffer *buffer = new_buffer(&options);
    int32_t answer = SLUICE_OK;
    packet one = {0, 0};
    size_t bytes;
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.capacity == 4096 && stats.pushed == 0 && stats.last_fault == 0 && stats.segments == 1);

    CHECK_OK(sluice_buffer_add_callback_sink(buffer, refuse, &answer, NULL));
    put_packets(buffer, 0, 256);
    for (int i = 0; i < 20; i++) {
        CHECK_STATUS(sluice_buffer_put(buffer, &one, sizeof one), SLUICE_DROPPED);
    }
    CHECK_STATUS(sluice_buffer_put(buffer, &one, 3), SLUICE_E_SIZE);
    stats = stats_of(buffer);
    CHECK(stats.pushed == 256 && stats.dropped_newest == 20 && stats.rejected == 1);
    CHECK(stats.stored_packets == 256 && stats.stored_bytes == 4096);

    for (int i = 0; i < 6; i++) {
        CHECK_OK(sluice_buffer_pop(buffer, &one, sizeof one, &bytes));
    }
    answer = SLUICE_E_CALLBACK;
    CHECK_STATUS(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK);
    stats = stats_of(buffer);
    CHECK(stats.sink_errors == 1 && stats.last_fault == SLUICE_E_CALLBACK && stats.flushes == 0);
    answer = SLUICE_OK;
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    stats = stats_of(buffer);
    CHECK(stats.popped == 256 && stats.flushes == 1 && stats.written_bytes == 250 * sizeof(packet));
    CHECK(stats.high_water == 4096 && stats.stored_packets == 0);

    sluice_producer producer;
    void *memory;
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    CHECK_OK(sluice_producer_claim(&producer, 1, &memory));
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer)); /* one producer: it was never in the ring */
    put_packets(buffer, 0, 4);
    CHECK_OK(sluice_buffer_clear(buffer));
    stats = stats_of(buffer);
    CHECK(stats.cleared == 4);
    CHECK(stats.pushed == stats.popped + stats.cleared + stats.dropped_oldest + stats.stored_packets);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* Many producers reserve first: what one gives up was in the ring, and is counted and passed over. */
static void aborted_claims(void)
{
    sluice_buffer_options options = packet_options();
    options.producers = SLUICE_MANY_PRODUCERS;
    sluice_buffer *buffer = new_buffer(&options);
    sluice_producer producer;
    packet one;
    void *memory;
    size_t bytes;
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    CHECK_OK(sluice_producer_claim(&producer, 3, &memory));
    sluice_producer_abort(&producer);
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    put_packets(buffer, 5, 1);
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.aborted == 3 && stats.pushed == 1 && stats.stored_packets == 1);
    CHECK_OK(sluice_buffer_pop(buffer, &one, sizeof one, &bytes));
    CHECK(one.sequence == 5);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    every_packet_is_in_one_counter();
    aborted_claims();
    return 0;
}
