/* flips.c - rings with checksums that were kept, every bit of whose cells, checksums and packets is flipped in turn. What was
 * stored is delivered whole and in its order, or counted as corrupted, or told as E_CORRUPT: never lost without a word. */
#include "rings.h"

enum { CAPACITY = 4096, STORED = 24 };

static char path[64];

static uint32_t packet_of(int framed, uint32_t number, uint8_t *packet)
{
    uint32_t bytes = framed ? number % 5 == 4 ? 0 : 4 + number * 3 % 30 : 20; /* some fill their trailer's granule, some do not */
    for (uint32_t i = 0; i < bytes; i++) {
        packet[i] = (uint8_t)(number * 11 + i);
    }
    if (bytes != 0) {
        packet[0] = (uint8_t)number;
    }
    return bytes;
}

static void put(sluice_producer *producer, int framed, uint32_t number)
{
    uint8_t packet[64];
    uint32_t bytes = packet_of(framed, number, packet);
    CHECK((framed ? sluice_producer_put_record(producer, packet, bytes, (uint16_t)number)
                  : sluice_producer_put(producer, packet, bytes)) == SLUICE_OK);
}

/* With `given_up`, claims that were not committed lie among the packets, whole ones and rests of some. */
static void make(sluice_ring *ring, int framed, uint32_t producers, int given_up)
{
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    void *memory = NULL;
    sluice_ring_options options = ring_options(framed ? 0 : 20, CAPACITY, producers, SLUICE_FAIL);
    options.file = path;
    options.flags = SLUICE_RING_WANT_CHECKSUMS;
    CHECK(sluice_ring_create(ring, &options) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, ring) == SLUICE_OK && sluice_consumer_open(&consumer, ring) == SLUICE_OK);
    while ((ring->header->tail & (CAPACITY - 1)) < CAPACITY - 300) { /* the packets lie across the end of the data */
        put(&producer, framed, 1);
        CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    sluice_consumer_close(&consumer);
    for (uint32_t number = 0; number < STORED; number++) {
        put(&producer, framed, number);
        if (given_up && number % 4 == 1) {
            CHECK((framed ? sluice_producer_claim_record(&producer, 48, &memory)
                          : sluice_producer_claim(&producer, 2, &memory)) == SLUICE_OK);
            memset(memory, 0x55, 40);
            if (number % 8 == 1) {
                sluice_producer_abort(&producer);
            } else { /* the next packet, with a rest behind it */
                uint8_t packet[64];
                uint32_t bytes = packet_of(framed, ++number, packet);
                memcpy(memory, packet, bytes);
                CHECK((framed ? sluice_producer_commit_record(&producer, bytes, (uint16_t)number)
                              : sluice_producer_commit(&producer, 1)) == SLUICE_OK);
            }
        }
    }
    sluice_producer_close(&producer);
}

/* Takes what there is. Returns the packets delivered, each of which is one that was stored; *told: E_CORRUPT. */
static uint32_t take(sluice_ring *ring, int framed, int *told)
{
    sluice_consumer consumer;
    sluice_batch batch;
    uint32_t delivered = 0, next = 0, looks = 0;
    CHECK(sluice_consumer_open(&consumer, ring) == SLUICE_OK);
    *told = 0;
    while (!*told && looks++ < 4 * CAPACITY) {
        uint64_t at = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        int32_t status = sluice_consumer_peek(&consumer, 0, &batch);
        if (status == SLUICE_WOULD_BLOCK && sluice_consumer_unblock(&consumer) != SLUICE_OK) {
            break;
        }
        *told = status == SLUICE_E_CORRUPT;
        if (status != SLUICE_OK) {
            continue;
        }
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type) == 1) {
            uint8_t packet[64];
            uint32_t number = framed ? type : *(const uint8_t *)memory;
            CHECK(number >= next && number < STORED);
            CHECK(bytes == packet_of(framed, number, packet) && memcmp(memory, packet, bytes) == 0);
            next = number + 1;
            delivered++;
        }
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    CHECK(*told || ring->header->head == ring->header->tail);
    CHECK((ring->header->corrupted == 0) == (consumer.damaged_at == SLUICE_RING_NEVER));
    sluice_consumer_close(&consumer);
    return delivered;
}

static void every_bit(int framed, uint32_t producers, int given_up)
{
    static uint8_t kept[1 << 17];
    sluice_ring ring;
    make(&ring, framed, producers, given_up);
    sluice_ring_view view;
    sluice_view(&view, &ring);
    uint8_t *base = (uint8_t *)ring.header;
    uint64_t before = (uint64_t)(ring.data - base), tail = ring.header->tail, used = ring.header->head - tail;
    uint64_t lanes = producers && !framed ? SLUICE_RING_PRODUCERS * 8u : 0, worst = 0, told_of = 0;
    CHECK(before + CAPACITY <= sizeof kept && used > 0 && (tail & view.mask) + used > CAPACITY);
    memcpy(kept, base, before + CAPACITY);
    for (uint64_t place = framed ? before : SLUICE_RING_HEADER_BYTES; place < before + CAPACITY; place++) {
        int in_lanes = place < before && lanes != 0 && place >= ring.header->lanes_offset && place < ring.header->lanes_offset + lanes;
        if (in_lanes || (place >= before && ((place - before - tail) & view.mask) >= used)) {
            continue; /* who holds the ends, and what holds no packet */
        }
        for (uint32_t bit = 0; bit < 8; bit++) {
            memcpy(base, kept, before + CAPACITY);
            base[place] ^= (uint8_t)(1u << bit);
            int told;
            uint32_t delivered = take(&ring, framed, &told);
            uint64_t found = delivered + ring.header->corrupted;
            if (delivered > STORED || (!told && found < STORED) || found > STORED + (uint64_t)given_up) {
                fprintf(stderr, "%s, %u producers: bit %u of byte %llu: %u delivered, %llu corrupted\n", framed ? "framed" : "fixed",
                        producers, bit, (unsigned long long)place, delivered, (unsigned long long)ring.header->corrupted);
                abort();
            }
            worst = STORED - delivered > worst ? STORED - delivered : worst;
            told_of += (uint64_t)told;
        }
    }
    CHECK(worst == 1 || told_of != 0); /* one bit costs one packet */
    memcpy(base, kept, before + CAPACITY);
    sluice_ring_close(&ring, 1);
}

/* A producer that was killed between the checksum and the cell: the packet is complete, and is delivered. */
static void killed_before_its_cell(void)
{
    sluice_ring ring;
    int told;
    make(&ring, 0, SLUICE_MANY_PRODUCERS, 0);
    sluice_ring_view view;
    sluice_view(&view, &ring);
    uint64_t last = ring.header->head - 20, sequence = sluice_sequence(&view, last);
    view.cells[sequence & view.cell_mask] = sluice_cell(sequence, 1, 7, SLUICE_CELL_CLAIMED);
    CHECK(take(&ring, 0, &told) == STORED && !told && ring.header->aborted == 0 && ring.header->corrupted == 0);
    sluice_ring_close(&ring, 1);
}

int main(void)
{
    (void)snprintf(path, sizeof path, "/tmp/sluice-flips-%llx", unique());
    for (int framed = 0; framed < 2; framed++) {
        for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
            every_bit(framed, producers, 0);
            if (producers == SLUICE_MANY_PRODUCERS) {
                every_bit(framed, producers, 1);
            }
        }
    }
    killed_before_its_cell();
    return 0;
}
