/* framed.c - records of any size: from empty to large, many times around, committed smaller than claimed, aborted. */
#include "rings.h"

#define LARGEST 3000

static uint32_t size_of(uint64_t number)
{
    return (uint32_t)((number * number * 7 + number) % (number % 50 == 0 ? LARGEST : 60));
}

static void fill(uint8_t *payload, uint32_t bytes, uint64_t number)
{
    for (uint32_t i = 0; i < bytes; i++) {
        payload[i] = (uint8_t)(number * 13 + i);
    }
}

static void expect_record(sluice_consumer *consumer, uint64_t number)
{
    sluice_batch batch;
    uint8_t expected[LARGEST];
    for (;;) {
        CHECK(sluice_consumer_peek(consumer, 0, &batch) == SLUICE_OK);
        uint64_t at = 0;
        const void *payload;
        uint32_t bytes;
        uint16_t type;
        if (!sluice_batch_next(&batch, &at, &payload, &bytes, &type)) {
            CHECK(batch.packets == 0); /* aborted records alone */
            CHECK(sluice_consumer_release(consumer, batch.bytes, 0) == SLUICE_OK);
            continue;
        }
        fill(expected, bytes, number);
        CHECK(bytes == size_of(number) && type == (uint16_t)(number * 3) && memcmp(payload, expected, bytes) == 0);
        CHECK(((uintptr_t)payload & 7) == 0);
        CHECK(sluice_consumer_release(consumer, at, 1) == SLUICE_OK);
        return;
    }
}

static void around(uint32_t producers)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    ring_make(&ring, 0, 8192, producers, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    uint64_t put = 0, got = 0, refused = 0;
    uint8_t payload[LARGEST];
    while (got < 20000) {
        uint32_t bytes = size_of(put);
        int32_t status;
        if (put % 3 == 0) {
            fill(payload, bytes, put);
            status = sluice_producer_put_record(&producer, payload, bytes, (uint16_t)(put * 3));
        } else {
            void *memory;
            uint32_t claim = bytes + (put % 3 == 1 ? 0 : (uint32_t)(put % 100));
            status = sluice_producer_claim_record(&producer, claim, &memory);
            if (status == SLUICE_OK && put % 7 == 0 && claim < 200) { /* given back, and claimed again */
                sluice_producer_abort(&producer);
                status = sluice_producer_claim_record(&producer, claim, &memory);
            }
            if (status == SLUICE_OK) {
                CHECK(sluice_producer_commit_record(&producer, claim + 9, 0) == SLUICE_E_SIZE);
                fill((uint8_t *)memory, bytes, put);
                CHECK(sluice_producer_commit_record(&producer, bytes, (uint16_t)(put * 3)) == SLUICE_OK);
            }
        }
        if (status == SLUICE_OK) {
            put++;
        } else {
            CHECK(status == SLUICE_WOULD_BLOCK && got < put);
            refused++;
            expect_record(&consumer, got++);
        }
    }
    CHECK(refused > 100);
    while (got < put) {
        expect_record(&consumer, got++);
    }
    CHECK(ring.header->pushed == put && ring.header->popped == got);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* Whole records go, with their number; whatever else is asked for, nothing changes. */
static void parts(uint32_t producers, uint32_t policy)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    uint8_t payload[16] = {12, 0, 0, 0, 7, 0, 0, 0, 'F', 'A', 'K', 'E'}; /* looks like a record itself */
    void *memory;
    ring_make(&ring, 0, 4096, producers, policy);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put_record(&producer, payload, 16, 1) == SLUICE_OK);
    CHECK(sluice_producer_claim_record(&producer, 30, &memory) == SLUICE_OK);
    CHECK(sluice_producer_commit_record(&producer, 6, 2) == SLUICE_OK); /* of many: the rest is an aborted record */
    CHECK(sluice_producer_put_record(&producer, payload, 3, 3) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 3);
    const void *packet;
    uint64_t ends[3], at = 0;
    uint32_t bytes;
    uint16_t type;
    for (int i = 0; i < 3; i++) {
        CHECK(sluice_batch_next(&batch, &at, &packet, &bytes, &type) == 1 && type == i + 1);
        ends[i] = at;
    }
    CHECK(ends[2] == batch.bytes);
    for (uint64_t part = 0; part <= batch.bytes + 8; part++) {
        for (uint64_t packets = 0; packets <= 4; packets++) {
            int whole = (part == 0 && packets == 0) || (part == ends[0] && packets == 1) ||
                        (part == ends[1] && packets == 2) || (part == ends[2] && packets == 3);
            int behind_rest = producers == SLUICE_MANY_PRODUCERS && part == ends[1] + 24 && packets == 2;
            if (!whole && !behind_rest) {
                CHECK(sluice_consumer_release(&consumer, part, packets) == SLUICE_E_SIZE);
            }
        }
    }
    CHECK(ring.header->tail == 0 && ring.header->popped == 0);
    CHECK(sluice_consumer_release(&consumer, ends[0], 1) == SLUICE_OK && ring.header->popped == 1);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 2);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, 1) == SLUICE_E_SIZE);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, 0) == SLUICE_E_SIZE);
    CHECK(sluice_consumer_release(&consumer, ends[1] - ends[0], 1) == SLUICE_OK && ring.header->popped == 2);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, 1) == SLUICE_OK && ring.header->popped == 3);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

static void sizes(uint32_t producers)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    static uint8_t payload[8192];
    void *memory;
    ring_make(&ring, 0, 4096, producers, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put_record(&producer, payload, 4089, 0) == SLUICE_E_SIZE);
    CHECK(sluice_producer_claim_record(&producer, UINT32_MAX, &memory) == SLUICE_E_SIZE);
    CHECK(sluice_producer_claim_record(&producer, (uint32_t)INT32_MAX, &memory) == SLUICE_E_SIZE);
    CHECK(sluice_producer_put(&producer, payload, 8) == SLUICE_E_SIZE);
    CHECK(sluice_producer_claim(&producer, 1, &memory) == SLUICE_E_SIZE);
    CHECK(ring.header->rejected == 2 && ring.header->head == 0);
    for (int round = 0; round < 3; round++) {
        CHECK(sluice_producer_put_record(&producer, payload, 4088, 7) == SLUICE_OK);
        CHECK(sluice_producer_put_record(&producer, NULL, 0, 7) == SLUICE_WOULD_BLOCK);
        CHECK(sluice_consumer_peek(&consumer, 4000, &batch) == SLUICE_E_SIZE);
        CHECK(sluice_consumer_peek(&consumer, 4096, &batch) == SLUICE_OK && batch.bytes == 4096);
        CHECK(sluice_consumer_release(&consumer, 4096, 1) == SLUICE_OK);
        for (int i = 0; i < 512; i++) {
            CHECK(sluice_producer_put_record(&producer, NULL, 0, (uint16_t)i) == SLUICE_OK);
        }
        CHECK(sluice_producer_put_record(&producer, NULL, 0, 0) == SLUICE_WOULD_BLOCK);
        CHECK(sluice_consumer_peek(&consumer, 100, &batch) == SLUICE_OK && batch.packets == 12 && batch.bytes == 96);
        CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 512 && batch.bytes == 4096);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

int main(void)
{
    for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
        around(producers);
        sizes(producers);
        parts(producers, SLUICE_FAIL);
        parts(producers, SLUICE_DROP_OLDEST);
    }
    return 0;
}
