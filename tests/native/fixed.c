/* fixed.c - fixed-stride packets: put, put_many, claim and commit in part, abort, groups, wrap-around, both kinds of
 * producers, and strides that are no power of two. */
#include "rings.h"

static void fill(uint8_t *packet, uint32_t stride, uint64_t number)
{
    for (uint32_t i = 0; i < stride; i++) {
        packet[i] = (uint8_t)(number * 31 + i);
    }
}

static void expect_packets(sluice_consumer *consumer, uint32_t stride, uint64_t *next, uint64_t count)
{
    uint8_t expected[4096];
    while (count > 0) {
        sluice_batch batch;
        CHECK(sluice_consumer_peek(consumer, count * stride, &batch) == SLUICE_OK);
        CHECK(batch.stride == stride && batch.bytes == batch.packets * stride && batch.packets <= count);
        uint64_t at = 0, seen = 0;
        const void *packet;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &packet, &bytes, &type)) {
            fill(expected, stride, (*next)++);
            CHECK(bytes == stride && type == 0 && memcmp(packet, expected, stride) == 0);
            seen++;
        }
        CHECK(seen == batch.packets);
        CHECK(sluice_consumer_release(consumer, batch.bytes, batch.packets) == SLUICE_OK);
        count -= seen;
    }
}

static void expect_nothing(sluice_consumer *consumer)
{
    sluice_batch batch;
    CHECK(sluice_consumer_readable(consumer) == 0);
    CHECK(sluice_consumer_peek(consumer, 0, &batch) == SLUICE_WOULD_BLOCK);
}

/* Every way in, many times around a small ring. */
static void every_way_in(uint32_t stride, uint32_t producers)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    ring_make(&ring, stride, 4096, producers, SLUICE_FAIL);
    CHECK(ring.header->capacity == 4096);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    expect_nothing(&consumer);
    uint64_t put = 0, got = 0, holds = 4096 / stride, aborted = 0;
    uint8_t packets[4096];
    for (int round = 0; round < 300; round++) {
        fill(packets, stride, put);
        CHECK(sluice_producer_put(&producer, packets, stride) == SLUICE_OK);
        put++;
        CHECK(sluice_consumer_readable(&consumer) == stride);
        expect_packets(&consumer, stride, &got, 1);

        uint64_t many = 1 + (uint64_t)round % holds, done;
        for (uint64_t i = 0; i < many; i++) {
            fill(packets + i * stride, stride, put + i);
        }
        CHECK(sluice_producer_put_many(&producer, packets, many, &done) == SLUICE_OK && done == many);
        put += many;
        expect_packets(&consumer, stride, &got, many);

        void *memory;
        CHECK(sluice_producer_claim(&producer, many, &memory) == SLUICE_OK);
        CHECK(sluice_producer_claim(&producer, 1, &memory) == SLUICE_E_STATE);
        CHECK(sluice_producer_put(&producer, packets, stride) == SLUICE_E_STATE);
        CHECK(sluice_producer_commit(&producer, many + 1) == SLUICE_E_SIZE);
        expect_nothing(&consumer);
        uint64_t good = many / 2;
        for (uint64_t i = 0; i < good; i++) {
            fill((uint8_t *)memory + i * stride, stride, put + i);
        }
        CHECK(sluice_producer_commit(&producer, good) == SLUICE_OK);
        CHECK(sluice_producer_commit(&producer, 0) == SLUICE_E_STATE);
        put += good;
        aborted += many - good;
        if (good != 0) {
            expect_packets(&consumer, stride, &got, good);
        }
        expect_nothing(&consumer);

        CHECK(sluice_producer_claim(&producer, many, &memory) == SLUICE_OK);
        memset(memory, 0xEE, (size_t)(many * stride));
        sluice_producer_abort(&producer);
        sluice_producer_abort(&producer); /* nothing is open: nothing happens */
        aborted += many;
        expect_nothing(&consumer);
    }
    sluice_ring_header *header = ring.header;
    CHECK(put == got && header->popped == put);
    CHECK(header->aborted == (producers == SLUICE_MANY_PRODUCERS ? aborted : 0));
    CHECK((header->head & ~SLUICE_RING_SEALED) / stride - header->aborted == put);
    CHECK(header->head == header->tail && header->high_water >= (holds < 300 ? holds : 300) / 2 * stride);
    sluice_producer_close(&producer);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
    sluice_ring_close(&ring, 0);
}

/* Aborted packets split batches but never show. */
static void aborted_in_the_middle(void)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    ring_make(&ring, 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    uint64_t number = 1;
    void *memory;
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_OK);
    CHECK(sluice_producer_claim(&producer, 3, &memory) == SLUICE_OK);
    sluice_producer_abort(&producer);
    number = 2;
    CHECK(sluice_producer_put(&producer, &number, 8) == SLUICE_OK);
    for (uint64_t expected = 1; expected <= 2; expected++) {
        sluice_batch batch;
        CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
        CHECK(batch.packets == 1 && memcmp(batch.data, &expected, 8) == 0);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    expect_nothing(&consumer);
    CHECK(ring.header->tail == ring.header->head);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* One producer: what is committed shows in groups, with publish, with close, and when the ring is full. */
static void groups(void)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    ring_make(&ring, 16, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    producer.publish_bytes = 64;
    uint8_t packet[16];
    uint64_t put = 0, got = 0;
    for (int i = 0; i < 10; i++) {
        fill(packet, 16, put++);
        CHECK(sluice_producer_put(&producer, packet, 16) == SLUICE_OK);
        CHECK(sluice_consumer_readable(&consumer) == (put / 4) * 64);
    }
    sluice_producer_publish(&producer);
    expect_packets(&consumer, 16, &got, 10);
    producer.publish_bytes = UINT64_MAX;
    for (int i = 0; i < 256; i++) {
        fill(packet, 16, put++);
        CHECK(sluice_producer_put(&producer, packet, 16) == SLUICE_OK);
    }
    CHECK(sluice_consumer_readable(&consumer) == 0);
    CHECK(sluice_producer_put(&producer, packet, 16) == SLUICE_WOULD_BLOCK); /* which publishes, lest both wait */
    expect_packets(&consumer, 16, &got, 256);
    fill(packet, 16, put++);
    CHECK(sluice_producer_put(&producer, packet, 16) == SLUICE_OK);
    expect_nothing(&consumer);
    sluice_producer_close(&producer);
    expect_packets(&consumer, 16, &got, 1);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK); /* goes on where the last one stopped */
    fill(packet, 16, put++);
    CHECK(sluice_producer_put(&producer, packet, 16) == SLUICE_OK);
    expect_packets(&consumer, 16, &got, 1);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* A release takes whole packets of what was seen, all of them or the first ones. */
static void release_in_parts(void)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    ring_make(&ring, 24, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    uint8_t packet[24];
    for (uint64_t i = 0; i < 10; i++) {
        fill(packet, 24, i);
        CHECK(sluice_producer_put(&producer, packet, 24) == SLUICE_OK);
    }
    CHECK(sluice_consumer_peek(&consumer, 23, &batch) == SLUICE_E_SIZE);
    CHECK(sluice_consumer_peek(&consumer, 100, &batch) == SLUICE_OK && batch.packets == 4 && batch.bytes == 96);
    CHECK(sluice_consumer_release(&consumer, 25, 1) == SLUICE_E_SIZE);
    CHECK(sluice_consumer_release(&consumer, 24 * 11, 11) == SLUICE_E_SIZE);
    CHECK(ring.header->tail == 0);
    CHECK(sluice_consumer_release(&consumer, 72, 3) == SLUICE_OK && ring.header->tail == 72);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 7);
    fill(packet, 24, 3);
    CHECK(memcmp(batch.data, packet, 24) == 0);
    CHECK(sluice_consumer_release(&consumer, 0, 0) == SLUICE_OK && ring.header->tail == 72);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, 7) == SLUICE_OK && ring.header->popped == 10);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* The numbers in the cells are 42 bits wide: a long run goes on beyond them. */
static void cells_beyond_42_bits(void)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    ring_make(&ring, 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    uint64_t start = (UINT64_C(1) << 42) - 100, cells = ring.header->cells;
    ring.header->head = ring.header->tail = start * 8;
    for (uint64_t sequence = start - cells; sequence < start; sequence++) {
        ring.cells[sequence & (cells - 1)] = sluice_cell(sequence, 1, 0, SLUICE_CELL_COMMITTED);
    }
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    uint8_t packet[8];
    for (uint64_t i = 0, got = 0; i < 3000; i++) {
        fill(packet, 8, i);
        CHECK(sluice_producer_put(&producer, packet, 8) == SLUICE_OK);
        expect_packets(&consumer, 8, &got, 1);
    }
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* A producer that has not looked at tail for more than a lap: its put of many takes what fits. */
static void many_with_an_old_tail(uint32_t producers)
{
    static const uint64_t numbers[600];
    sluice_ring ring;
    sluice_producer busy, idle;
    sluice_consumer consumer;
    sluice_batch batch;
    uint64_t done = 0;
    ring_make(&ring, 8, 4096, producers, SLUICE_FAIL);
    CHECK(sluice_producer_open(&busy, &ring) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    if (producers == SLUICE_MANY_PRODUCERS) {
        CHECK(sluice_producer_open(&idle, &ring) == SLUICE_OK);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(sluice_producer_put_many(&busy, numbers, 400, &done) == SLUICE_OK && done == 400);
        CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 400);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    sluice_producer *late = producers == SLUICE_MANY_PRODUCERS ? &idle : &busy;
    CHECK(sluice_producer_put_many(late, numbers, 600, &done) == SLUICE_WOULD_BLOCK && done == 512);
    sluice_producer_close(&busy);
    if (producers == SLUICE_MANY_PRODUCERS) {
        sluice_producer_close(&idle);
    }
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

int main(void)
{
    static const uint32_t strides[] = {1, 2, 3, 6, 8, 11, 24, 64, 100, 1000};
    for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++) {
        every_way_in(strides[i], SLUICE_ONE_PRODUCER);
        every_way_in(strides[i], SLUICE_MANY_PRODUCERS);
    }
    aborted_in_the_middle();
    groups();
    release_in_parts();
    cells_beyond_42_bits();
    many_with_an_old_tail(SLUICE_ONE_PRODUCER);
    many_with_an_old_tail(SLUICE_MANY_PRODUCERS);
    return 0;
}
