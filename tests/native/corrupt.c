/* corrupt.c - memory that contradicts itself, before an attach and after it: one status, a text, and what is sound is delivered;
 * nothing beyond the ring is touched. fuzz.c does the same with random damage. */
#include "rings.h"

static char path[64];
static sluice_ring ring;
static sluice_producer producer;

static uint64_t words[512] = {1, 2};
static uint32_t stride = 16;

static void put(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        CHECK((producer.view.framed ? sluice_producer_put_record(&producer, words, 16, 1)
                                    : sluice_producer_put(&producer, words, stride)) == SLUICE_OK);
    }
}

static void make(int framed, uint32_t producers, uint32_t policy)
{
    sluice_ring_options options = ring_options(framed ? 0 : stride, 4096, producers, policy);
    options.file = path;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
    put(20);
}

static void leave(void)
{
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 1);
}

typedef void (*damage)(void);

static void head_uneven(void) { ring.header->head += 3; }
static void head_by_eight(void) { ring.header->head += 8; }
static void head_far(void) { ring.header->head = UINT64_C(1) << 40; }
static void head_a_lap_far(void) { ring.header->head += 4096; }
static void head_before_tail(void) { ring.header->tail = ring.header->head + 64; }
static void tail_far(void) { ring.header->tail = UINT64_C(1) << 40; }
static void tail_uneven(void) { ring.header->tail += 3; }
static void clearing_far(void) { ring.header->clearing = UINT64_C(1) << 62; }
static void clearing_uneven(void) { ring.header->clearing = ring.header->tail + 12; }

/* Cursors that contradict each other when a ring is found. */
static void refused_at_attach(int framed, uint32_t producers, damage what)
{
    sluice_ring other;
    sluice_consumer consumer;
    make(framed, producers, SLUICE_FAIL);
    what();
    CHECK(sluice_ring_attach(&other, NULL, path, 0) == SLUICE_E_CORRUPT);
    CHECK(strstr(other.error, "contradicts itself") != NULL && strstr(other.error, "remove") != NULL && other.header == NULL);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_E_CORRUPT && strstr(ring.error, "tail") != NULL);
    CHECK(sluice_ring_remove(&other, NULL, path) == SLUICE_E_BUSY && access(path, F_OK) == 0); /* the producer is there */
    CHECK(strstr(other.error, "cannot be read") != NULL && strstr(other.error, "contradicts itself") != NULL);
    sluice_producer_close(&producer);
    CHECK(sluice_ring_remove(&other, NULL, path) == SLUICE_OK && access(path, F_OK) != 0);
    sluice_ring_close(&ring, 1);
}

/* While the consumer is attached: it delivers `sound` packets, then says E_CORRUPT and what it found. */
static void found_while_attached(int framed, uint32_t producers, damage what, uint64_t sound, const char *text)
{
    sluice_consumer consumer;
    sluice_batch batch;
    char fault[256];
    make(framed, producers, SLUICE_FAIL);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    what();
    uint64_t got = 0;
    while (sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK) {
        CHECK(batch.bytes <= 4096 && batch.data >= ring.data && batch.data + batch.bytes <= ring.data + 2 * 4096);
        got += batch.packets;
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    CHECK(got == sound);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_E_CORRUPT);
    CHECK(sluice_consumer_wait(&consumer, 1, 0) == SLUICE_E_CORRUPT);
    CHECK(sluice_consumer_wait(&consumer, 1, 10000000) == SLUICE_E_CORRUPT);
    CHECK(sluice_consumer_arm(&consumer, 1) == 1 && sluice_consumer_readable(&consumer) == 0);
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_WOULD_BLOCK);
    sluice_consumer_fault(&consumer, fault, sizeof fault);
    if (strstr(fault, text) == NULL) {
        fprintf(stderr, "'%s' is not in '%s'\n", text, fault);
        exit(1);
    }
    sluice_consumer_close(&consumer);
    leave();
}

static uint64_t *word_of(uint32_t record)
{
    return (uint64_t *)(void *)(ring.data + record * 24);
}

static void length_huge(void) { *word_of(5) = sluice_record_word(0x7ffffff8, 0, 0); }
static void length_beyond_head(void) { *word_of(5) = sluice_record_word(16 * 24, 0, 0); }
static void length_beyond_lap(void) { *word_of(5) = sluice_record_word(4096, 0, 0); }
static void length_small(void) { *word_of(5) = sluice_record_word(3, 0, 0); }
static void length_zero(void) { *word_of(5) = sluice_record_word(0, 77, 0); }
static void length_negative(void) { *word_of(5) = sluice_record_word(-24, 0, 0); }
static void cell_of_nobody(void) { ring.cells[5] &= ~UINT64_C(3); }
static void cell_of_later(void) { ring.cells[5] = sluice_cell(5 + 512, 1, 0, SLUICE_CELL_COMMITTED); }

/* The shape in the header is changed by a peer: the ends go by what they checked. */
static void geometry_is_private(int framed, uint32_t producers)
{
    sluice_consumer consumer;
    sluice_batch batch;
    make(framed, producers, SLUICE_FAIL);
    sluice_ring_header *header = ring.header;
    header->stride = 0;
    header->capacity = UINT64_C(1) << 50;
    header->data_offset = UINT64_MAX - 4095;
    header->cells = UINT64_C(1) << 61;
    header->cells_offset = UINT64_C(1) << 61;
    header->lanes_offset = UINT64_C(1) << 61;
    header->shape = 77;
    header->producers = 78;
    header->full_policy = 79;
    header->flags = UINT32_MAX & ~(uint32_t)SLUICE_RING_ORPHANED;
    put(1);
    sluice_producer_close(&producer);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    put(1);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 22);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    sluice_consumer_close(&consumer);
    leave();
}

/* A producer whose header makes no sense puts nothing, whatever the policy says. */
static void producer_refuses(int framed, uint32_t producers, uint32_t policy, damage what)
{
    make(framed, producers, policy);
    what();
    producer.timeout_ns = 1000000;
    int32_t status = SLUICE_OK;
    for (int i = 0; i < 1000 && status == SLUICE_OK; i++) {
        status = framed ? sluice_producer_put_record(&producer, words, 16, 1) : sluice_producer_put(&producer, words, 16);
    }
    CHECK(status == SLUICE_E_CORRUPT);
    leave();
}

/* A record that is changed between the look and the step through the batch. */
static void changed_under_a_batch(void)
{
    sluice_consumer consumer;
    sluice_batch batch;
    uint64_t at = 0;
    const void *memory;
    uint32_t bytes;
    uint16_t type;
    make(1, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 20);
    *word_of(2) = sluice_record_word(INT32_MAX, 0, 0);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) == 1 && bytes == 16);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) == 1 && bytes == 16);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) == SLUICE_E_CORRUPT && bytes == 0);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) == 0);
    sluice_consumer_close(&consumer);
    leave();
}

int main(void)
{
    (void)snprintf(path, sizeof path, "/tmp/sluice-corrupt-%llx", unique());
    for (int framed = 0; framed < 2; framed++) {
        for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
            static const damage cursors[] = {head_uneven, head_far, head_a_lap_far, head_before_tail, tail_far, tail_uneven};
            for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
                refused_at_attach(framed, producers, cursors[i]);
            }
            geometry_is_private(framed, producers);
            producer_refuses(framed, producers, SLUICE_FAIL, tail_far);
            producer_refuses(framed, producers, SLUICE_BLOCK, tail_far);
            producer_refuses(framed, producers, SLUICE_DROP_NEWEST, tail_far);
        }
    }
    producer_refuses(0, SLUICE_MANY_PRODUCERS, SLUICE_DROP_OLDEST, head_far);
    producer_refuses(1, SLUICE_MANY_PRODUCERS, SLUICE_FAIL, head_uneven); /* a split word would stop the processor's bus */
    refused_at_attach(1, SLUICE_MANY_PRODUCERS, clearing_far);
    refused_at_attach(1, SLUICE_MANY_PRODUCERS, clearing_uneven);
    found_while_attached(0, SLUICE_ONE_PRODUCER, head_uneven, 0, "not between two packets");
    found_while_attached(0, SLUICE_ONE_PRODUCER, head_far, 0, "more bytes between");
    found_while_attached(1, SLUICE_ONE_PRODUCER, head_far, 0, "more bytes between");
    for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
        found_while_attached(1, producers, length_huge, 5, "impossible length");
        found_while_attached(1, producers, length_beyond_lap, 5, "impossible length");
        found_while_attached(1, producers, length_small, 5, "impossible length");
        found_while_attached(1, producers, length_zero, 5, "no producer writes");
    }
    found_while_attached(1, SLUICE_ONE_PRODUCER, length_beyond_head, 5, "impossible length");
    found_while_attached(1, SLUICE_ONE_PRODUCER, length_negative, 5, "no producer writes");
    found_while_attached(0, SLUICE_MANY_PRODUCERS, cell_of_nobody, 5, "a cell");
    found_while_attached(0, SLUICE_MANY_PRODUCERS, cell_of_later, 5, "a cell");
    changed_under_a_batch();
    stride = 24; /* no power of two */
    found_while_attached(0, SLUICE_ONE_PRODUCER, head_uneven, 0, "not between two packets");
    found_while_attached(0, SLUICE_ONE_PRODUCER, head_by_eight, 0, "not between two packets");
    refused_at_attach(0, SLUICE_ONE_PRODUCER, head_by_eight);
    return 0;
}
