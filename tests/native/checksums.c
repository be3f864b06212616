/* checksums.c - rings whose packets prove themselves: what a power cut or a copy damaged is given up and counted, the rest is
 * delivered in order, in every shape. CRC-32C by instruction and by table agree. */
#include "rings.h"

enum { PACKETS = 100 };

static char path[64];

static void packet_of(uint64_t number, uint8_t *packet)
{
    for (int i = 0; i < 40; i++) {
        packet[i] = (uint8_t)(number * 7 + (uint64_t)i);
    }
    memcpy(packet, &number, sizeof number);
}

/* PACKETS packets in a file ring that nobody has open; the first `skip` were taken, so that positions begin where claims cross
 * the end of the data. */
static void make(sluice_ring *ring, int framed, uint32_t producers, uint32_t skip)
{
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    uint8_t packet[40];
    sluice_ring_options options = ring_options(framed ? 0 : 40, 8192, producers, SLUICE_FAIL);
    options.file = path;
    options.flags = SLUICE_RING_WANT_CHECKSUMS;
    CHECK(sluice_ring_create(ring, &options) == SLUICE_OK && ring->header->abi == SLUICE_RING_ABI_CHECKSUMS);
    CHECK(sluice_producer_open(&producer, ring) == SLUICE_OK && sluice_consumer_open(&consumer, ring) == SLUICE_OK);
    for (uint64_t number = 0; number < skip + PACKETS; number++) {
        packet_of(number - skip, packet);
        void *memory = NULL;
        if (number % 3 == 0) {
            CHECK((framed ? sluice_producer_put_record(&producer, packet, 40, 5) : sluice_producer_put(&producer, packet, 40)) ==
                  SLUICE_OK);
        } else {
            CHECK((framed ? sluice_producer_claim_record(&producer, 60, &memory) : sluice_producer_claim(&producer, 1, &memory)) ==
                  SLUICE_OK);
            memcpy(memory, packet, 40);
            CHECK((framed ? sluice_producer_commit_record(&producer, 40, 5) : sluice_producer_commit(&producer, 1)) == SLUICE_OK);
        }
        if (number < skip) {
            CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
            CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
        }
    }
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
}

/* Takes what there is and compares it with the numbers that are expected, in order. */
static void expect(sluice_ring *ring, const uint8_t *gone, uint64_t corrupted)
{
    sluice_consumer consumer;
    sluice_batch batch;
    uint64_t number = 0, got = 0, wanted = 0;
    CHECK(sluice_consumer_open(&consumer, ring) == SLUICE_OK);
    while (sluice_consumer_peek(&consumer, 500, &batch) == SLUICE_OK) {
        uint64_t at = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
            uint8_t packet[40];
            while (number < PACKETS && gone[number]) {
                number++;
            }
            packet_of(number++, packet);
            CHECK(bytes == 40 && memcmp(memory, packet, 40) == 0);
            got++;
        }
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    for (int i = 0; i < PACKETS; i++) {
        wanted += !gone[i];
    }
    CHECK(got == wanted && consumer.corrupt == 0);
    CHECK(ring->header->head == ring->header->tail && ring->header->corrupted == corrupted);
    sluice_consumer_close(&consumer);
}

static uint64_t position_of(const sluice_ring *ring, int framed, uint32_t number)
{
    sluice_ring_view view;
    sluice_view(&view, ring);
    uint64_t at = ring->header->tail;
    for (uint32_t i = 0; i < number;) {
        uint64_t word = framed ? *sluice_word_at(&view, at) : 0;
        i += framed ? ((word >> 48) & SLUICE_RECORD_ABORTED) == 0 : 1;
        at += framed ? sluice_record_span(word, 4) : 40;
    }
    while (framed && ((*sluice_word_at(&view, at) >> 48) & SLUICE_RECORD_ABORTED) != 0) {
        at += sluice_record_span(*sluice_word_at(&view, at), 4);
    }
    return at;
}

/* Single packets: first, last, two in a row, one whose record header is garbage. */
static void damaged_packets(int framed, uint32_t producers, uint32_t skip)
{
    static const uint32_t places[] = {0, 17, 18, 55, PACKETS - 1};
    sluice_ring ring;
    uint8_t gone[PACKETS] = {0};
    make(&ring, framed, producers, skip);
    /* Records in a row are one run that nobody can divide, unless the rest of a claim, which proves itself, lies between. */
    int divided = !framed || (producers == SLUICE_MANY_PRODUCERS && (17 + skip) % 3 != 0);
    uint64_t positions[5], runs = divided ? 5 : 4;
    for (int i = 0; i < 5; i++) {
        positions[i] = position_of(&ring, framed, places[i]);
    }
    for (int i = 0; i < 5; i++) {
        gone[places[i]] = 1;
        ring.data[(positions[i] & 8191) + (framed && i == 3 ? 0 : 12)] ^= 0x10; /* of a record once the length */
    }
    expect(&ring, gone, runs);
    sluice_ring_close(&ring, 1);
}

/* A page that was not written: it holds what was there a lap before, checksums and all. */
static void page_of_before(int framed, uint32_t producers)
{
    sluice_ring ring;
    uint8_t gone[PACKETS] = {0}, old[8192];
    sluice_producer producer;
    make(&ring, framed, producers, 190); /* the second lap has begun */
    memcpy(old, ring.data, sizeof old);
    uint8_t nothing[PACKETS] = {0};
    expect(&ring, nothing, 0);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    uint64_t first = ring.header->head, end[PACKETS + 1];
    for (uint64_t number = 0; number < PACKETS; number++) {
        uint8_t packet[40];
        packet_of(number, packet);
        end[number] = ring.header->head;
        CHECK((framed ? sluice_producer_put_record(&producer, packet, 40, 5) : sluice_producer_put(&producer, packet, 40)) ==
              SLUICE_OK);
    }
    end[PACKETS] = ring.header->head;
    sluice_producer_close(&producer);
    memcpy(ring.data + 4096, old + 4096, 4096);
    uint64_t torn = 0;
    for (uint64_t number = 0; number < PACKETS; number++) {
        for (uint64_t at = end[number]; at < end[number + 1]; at++) {
            gone[number] |= (at & 8191) >= 4096;
        }
        torn += gone[number];
    }
    CHECK(first < end[PACKETS] && torn > 0 && torn < PACKETS);
    /* A record whose 8 last bytes are padding may have kept all of itself; the page begins with one that has lost its header. */
    sluice_consumer consumer;
    sluice_batch batch;
    uint64_t got = 0;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    while (sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK) {
        uint64_t at = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
            uint64_t number;
            uint8_t packet[40];
            memcpy(&number, memory, sizeof number);
            CHECK(bytes == 40 && number < PACKETS);
            packet_of(number, packet);
            CHECK(memcmp(memory, packet, 40) == 0);
            got++;
        }
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    CHECK(got >= PACKETS - torn && got <= PACKETS - torn + 2 && ring.header->corrupted > 0);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

/* Framed: garbage up to head leaves nothing. */
static void garbage_to_the_end(uint32_t producers)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_batch batch;
    char fault[256];
    make(&ring, 1, producers, 0);
    memset(ring.data, 0xEE, ring.header->head);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    int32_t status;
    while ((status = sluice_consumer_peek(&consumer, 0, &batch)) == SLUICE_OK) {
        CHECK(batch.packets == 0 && sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    sluice_consumer_fault(&consumer, fault, sizeof fault);
    CHECK(fault[0] == '\0' && status == SLUICE_WOULD_BLOCK);
    CHECK(ring.header->corrupted >= 1 && ring.header->head == ring.header->tail);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

/* While a producer lives, what follows may be its claims: nothing is passed over, and the status says so. */
static void garbage_among_the_living(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer producer;
    sluice_batch batch;
    char fault[256];
    make(&ring, 1, SLUICE_MANY_PRODUCERS, 0);
    ring.data[position_of(&ring, 1, 50) + 12] ^= 1;
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 50);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_E_CORRUPT);
    sluice_consumer_fault(&consumer, fault, sizeof fault);
    CHECK(strstr(fault, "checksum") != NULL);
    sluice_consumer_close(&consumer);
    sluice_producer_close(&producer);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK); /* all of them are gone */
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 49);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

static void both_ways(void)
{
    CHECK(~sluice_crc(~0u, "123456789", 9) == 0xE3069283u); /* the check value of CRC-32C */
    uint8_t bytes[300];
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * i + 3);
    }
    for (uint32_t from = 0; from < 9; from++) {
        for (uint32_t length = 0; from + length <= sizeof bytes; length++) {
            CHECK(sluice_crc(77 + length, bytes + from, length) == sluice_crc_plain(77 + length, bytes + from, length));
        }
    }
}

int main(void)
{
    (void)snprintf(path, sizeof path, "/tmp/sluice-checksums-%llx", unique());
    both_ways();
    for (int framed = 0; framed < 2; framed++) {
        for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
            sluice_ring ring;
            uint8_t nothing[PACKETS] = {0};
            for (uint32_t skip = 0; skip < 400; skip += 133) {
                make(&ring, framed, producers, skip);
                expect(&ring, nothing, 0);
                sluice_ring_close(&ring, 1);
                damaged_packets(framed, producers, skip);
            }
            page_of_before(framed, producers);
        }
    }
    garbage_to_the_end(SLUICE_ONE_PRODUCER);
    garbage_to_the_end(SLUICE_MANY_PRODUCERS);
    garbage_among_the_living();
    return 0;
}
