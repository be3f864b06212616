/* policies.c - what a full ring answers, for both shapes and both kinds of producers; sizes and constants refused. */
#include "rings.h"

#include <pthread.h>

typedef struct fixture {
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    int framed;
    uint64_t holds;
} fixture;

static void begin(fixture *test, int framed, uint32_t producers, uint32_t policy)
{
    ring_make(&test->ring, framed ? 0 : 64, 4096, producers, policy);
    CHECK(sluice_producer_open(&test->producer, &test->ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&test->consumer, &test->ring) == SLUICE_OK);
    test->framed = framed;
    test->holds = framed ? 4096 / 72 : 64;
}

static void end(fixture *test)
{
    sluice_producer_close(&test->producer);
    sluice_consumer_close(&test->consumer);
    sluice_ring_close(&test->ring, 0);
}

static int32_t put(fixture *test, uint64_t number)
{
    uint64_t packet[8] = {number, 0, 0, 0, 0, 0, 0, ~number};
    return test->framed ? sluice_producer_put_record(&test->producer, packet, 64, 5)
                        : sluice_producer_put(&test->producer, packet, 64);
}

static uint64_t take(fixture *test, uint64_t most, uint64_t *first)
{
    sluice_batch batch;
    uint64_t at = 0, got = 0;
    if (sluice_consumer_peek(&test->consumer, most, &batch) != SLUICE_OK) {
        return 0;
    }
    const void *memory;
    uint32_t bytes;
    uint16_t type;
    while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
        uint64_t packet[8];
        memcpy(packet, memory, 64);
        CHECK(bytes == 64 && packet[7] == ~packet[0]);
        if (got++ == 0) {
            *first = packet[0];
        }
        CHECK(packet[0] == *first + got - 1);
    }
    CHECK(got == batch.packets && sluice_consumer_release(&test->consumer, batch.bytes, batch.packets) == SLUICE_OK);
    return got;
}

static void fail(int framed, uint32_t producers)
{
    fixture test;
    uint64_t first;
    begin(&test, framed, producers, SLUICE_FAIL);
    for (uint64_t i = 0; i < test.holds; i++) {
        CHECK(put(&test, i) == SLUICE_OK);
    }
    CHECK(put(&test, 99) == SLUICE_WOULD_BLOCK && put(&test, 99) == SLUICE_WOULD_BLOCK);
    CHECK(test.ring.header->stalls == 2 && test.ring.header->dropped_newest == 0);
    CHECK(take(&test, 72, &first) == 1 && first == 0);
    CHECK(put(&test, test.holds) == SLUICE_OK && put(&test, 99) == SLUICE_WOULD_BLOCK);
    CHECK(take(&test, 0, &first) == test.holds && first == 1);
    end(&test);
}

static void drop_newest(int framed, uint32_t producers)
{
    fixture test;
    uint64_t first;
    begin(&test, framed, producers, SLUICE_DROP_NEWEST);
    for (uint64_t i = 0; i < 200; i++) {
        CHECK(put(&test, i) == (i < test.holds ? SLUICE_OK : SLUICE_DROPPED));
    }
    CHECK(test.ring.header->dropped_newest == 200 - test.holds && test.ring.header->dropped_oldest == 0);
    CHECK(take(&test, 0, &first) == test.holds && first == 0);
    end(&test);
}

static void drop_oldest(int framed, uint32_t producers)
{
    fixture test;
    uint64_t first;
    begin(&test, framed, producers, SLUICE_DROP_OLDEST);
    for (uint64_t i = 0; i < 1000; i++) {
        CHECK(put(&test, i) == SLUICE_OK);
    }
    CHECK(test.ring.header->dropped_oldest == 1000 - test.holds && test.ring.header->dropped_newest == 0);
    CHECK(sluice_consumer_readable(&test.consumer) == test.holds * (framed ? 72 : 64));
    CHECK(sluice_consumer_release(&test.consumer, 72, 1) != SLUICE_OK); /* nothing is held */
    sluice_batch batch; /* held packets stay: what comes meanwhile is dropped and counted */
    CHECK(sluice_consumer_peek(&test.consumer, 0, &batch) == SLUICE_OK && batch.packets == test.holds);
    CHECK(put(&test, 1000) == SLUICE_DROPPED && test.ring.header->dropped_newest == 1);
    CHECK(sluice_consumer_release(&test.consumer, 0, 0) == SLUICE_OK); /* given back untouched */
    CHECK(put(&test, 1000) == SLUICE_OK);
    CHECK(take(&test, 0, &first) == test.holds && first == 1001 - test.holds);
    CHECK(put(&test, 1001) == SLUICE_OK && take(&test, 0, &first) == 1 && first == 1001);
    sluice_ring_header *header = test.ring.header;
    CHECK(1002 == header->popped + header->dropped_oldest && header->dropped_newest == 1);
    end(&test);
}

static void *release_later(void *argument)
{
    fixture *test = (fixture *)argument;
    uint64_t first;
    usleep(30000);
    CHECK(take(test, 72, &first) == 1);
    return NULL;
}

static void block(int framed, uint32_t producers)
{
    fixture test;
    begin(&test, framed, producers, SLUICE_BLOCK);
    CHECK(test.producer.timeout_ns == -1);
    for (uint64_t i = 0; i < test.holds; i++) {
        CHECK(put(&test, i) == SLUICE_OK);
    }
    test.producer.timeout_ns = 0;
    CHECK(put(&test, 99) == SLUICE_TIMEOUT);
    test.producer.timeout_ns = 20000000;
    int64_t begin_ns = sluice_monotonic_ns();
    CHECK(put(&test, 99) == SLUICE_TIMEOUT);
    CHECK(sluice_monotonic_ns() - begin_ns >= 20000000);
    static const int64_t timeouts[] = {-1, INT64_C(10000000000), INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        pthread_t thread;
        test.producer.timeout_ns = timeouts[i];
        CHECK(pthread_create(&thread, NULL, release_later, &test) == 0);
        CHECK(put(&test, test.holds + i) == SLUICE_OK);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(test.ring.header->stalls == 5);
    test.producer.timeout_ns = -1;
    sluice_ring_seal(&test.ring);
    CHECK(put(&test, 99) == SLUICE_E_STATE); /* it does not wait for ever for room that is no use */
    end(&test);
}

/* Room that comes from aborted slots alone wakes a waiting producer too. */
static void *pass_over_aborted(void *argument)
{
    fixture *test = (fixture *)argument;
    usleep(30000);
    (void)sluice_consumer_readable(&test->consumer);
    return NULL;
}

static void block_behind_aborted(void)
{
    fixture test;
    begin(&test, 0, SLUICE_MANY_PRODUCERS, SLUICE_BLOCK);
    void *memory;
    CHECK(sluice_producer_claim(&test.producer, 64, &memory) == SLUICE_OK);
    sluice_producer_abort(&test.producer);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, pass_over_aborted, &test) == 0);
    CHECK(put(&test, 1) == SLUICE_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(test.ring.header->space_futex != 0);
    end(&test);
}

static void seal(int framed, uint32_t producers)
{
    fixture test;
    uint64_t first;
    begin(&test, framed, producers, SLUICE_FAIL);
    sluice_batch batch;
    CHECK(put(&test, 0) == SLUICE_OK);
    test.producer.publish_bytes = 1024;
    CHECK(put(&test, 1) == SLUICE_OK);
    sluice_producer_publish(&test.producer);
    sluice_ring_seal(&test.ring);
    test.producer.publish_bytes = 0;
    uint64_t late = put(&test, 2) == SLUICE_OK; /* one producer may learn it with the publish of this one */
    CHECK(late == 0 || producers == SLUICE_ONE_PRODUCER);
    CHECK(put(&test, 3) == SLUICE_E_STATE && put(&test, 3) == SLUICE_E_STATE);
    CHECK(sluice_consumer_wait(&test.consumer, 1, 0) == SLUICE_OK);
    CHECK(take(&test, 0, &first) == 2 + late && first == 0);
    CHECK(sluice_consumer_peek(&test.consumer, 0, &batch) == SLUICE_END);
    CHECK(sluice_consumer_wait(&test.consumer, 1, 0) == SLUICE_END);
    CHECK(sluice_consumer_wait(&test.consumer, 1, -1) == SLUICE_END);
    sluice_producer_close(&test.producer);
    CHECK(test.ring.header->head & SLUICE_RING_SEALED);
    CHECK(sluice_producer_open(&test.producer, &test.ring) == SLUICE_OK && put(&test, 3) == SLUICE_E_STATE);
    CHECK(sluice_consumer_peek(&test.consumer, 0, &batch) == SLUICE_END);
    end(&test);
}

static void refused(uint32_t producers)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_ring_options options = ring_options(6, 4096, producers, SLUICE_FAIL);
    uint8_t packet[12] = {0xA1, 1, 2, 3, 4, 5, 0xA2, 1, 2, 3, 4, 5};
    options.check_mask = 0xFF;
    options.check_value = 0xA1;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    uint64_t done;
    CHECK(sluice_producer_put(&producer, packet, 6) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, packet, 5) == SLUICE_E_SIZE);
    CHECK(sluice_producer_put(&producer, packet, 7) == SLUICE_E_SIZE);
    CHECK(sluice_producer_put(&producer, packet, 0) == SLUICE_E_SIZE);
    CHECK(sluice_producer_put(&producer, packet + 6, 6) == SLUICE_E_CONSTANT);
    CHECK(sluice_producer_put_many(&producer, packet, 2, &done) == SLUICE_E_CONSTANT && done == 1);
    CHECK(sluice_producer_put_record(&producer, packet, 6, 0) == SLUICE_E_SIZE);
    CHECK(ring.header->rejected == 6 && ring.header->head == 12);
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 0);
}

int main(void)
{
    for (int framed = 0; framed < 2; framed++) {
        for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
            fail(framed, producers);
            drop_newest(framed, producers);
            drop_oldest(framed, producers);
            block(framed, producers);
            seal(framed, producers);
        }
    }
    block_behind_aborted();
    refused(SLUICE_ONE_PRODUCER);
    refused(SLUICE_MANY_PRODUCERS);
    return 0;
}
