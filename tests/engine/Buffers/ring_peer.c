/* ring_peer.c - the C end of a ring that another language holds the other end of.
 *
 *   ring_peer put NAME FIRST COUNT   puts numbered packets: a 64-bit number, then its complement over the rest
 *   ring_peer take NAME COUNT        takes packets and checks that they are numbered from 0
 *   ring_peer claim NAME             claims a packet and waits to be killed
 */
#include <sluice/ring.h>

#include <inttypes.h>

#define PATIENCE INT64_C(20000000000)

static int fail(const char *what, int32_t status)
{
    fprintf(stderr, "%s: status %d\n", what, status);
    return 1;
}

static void fill(uint8_t *packet, uint32_t bytes, uint64_t number)
{
    memset(packet, (int)(uint8_t)~number, bytes);
    memcpy(packet, &number, 8);
}

/* Records have 8 to 71 bytes, by their number. */
static uint32_t size_of(uint32_t stride, uint64_t number)
{
    return stride != 0 ? stride : 8 + (uint32_t)(number % 64);
}

static int put(sluice_ring *ring, uint64_t first, uint64_t count)
{
    sluice_producer producer;
    int32_t status = sluice_producer_open(&producer, ring);
    if (status != SLUICE_OK) {
        return fail(ring->error, status);
    }
    producer.timeout_ns = PATIENCE;
    producer.publish_bytes = 1024;
    uint32_t stride = ring->header->stride;
    uint8_t packet[4096];
    for (uint64_t number = first; number < first + count; number++) {
        uint32_t bytes = size_of(stride, number);
        fill(packet, bytes, number);
        if (number % 3 == 0) { /* the other way in */
            void *memory;
            status = stride != 0 ? sluice_producer_claim(&producer, 1, &memory)
                                 : sluice_producer_claim_record(&producer, bytes, &memory);
            if (status == SLUICE_OK) {
                memcpy(memory, packet, bytes);
                status = stride != 0 ? sluice_producer_commit(&producer, 1)
                                     : sluice_producer_commit_record(&producer, bytes, (uint16_t)number);
            }
        } else {
            status = stride != 0 ? sluice_producer_put(&producer, packet, bytes)
                                 : sluice_producer_put_record(&producer, packet, bytes, (uint16_t)number);
        }
        if (status != SLUICE_OK) {
            return fail("put", status);
        }
    }
    sluice_producer_close(&producer);
    return 0;
}

static int take(sluice_ring *ring, uint64_t count)
{
    sluice_consumer consumer;
    int32_t status = sluice_consumer_open(&consumer, ring);
    if (status != SLUICE_OK) {
        return fail(ring->error, status);
    }
    uint64_t number = 0;
    uint8_t expected[4096];
    while (number < count) {
        sluice_batch batch;
        status = sluice_consumer_wait(&consumer, 1, PATIENCE);
        if (status != SLUICE_OK) {
            return fail("wait", status);
        }
        status = sluice_consumer_peek(&consumer, number % 2 == 0 ? 0 : 4096, &batch);
        if (status != SLUICE_OK) {
            return fail("peek", status);
        }
        uint64_t at = 0;
        const void *packet;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &packet, &bytes, &type)) {
            fill(expected, bytes, number);
            if (bytes != size_of(batch.stride, number) || memcmp(packet, expected, bytes) != 0 ||
                (batch.stride == 0 && type != (uint16_t)number)) {
                fprintf(stderr, "packet %" PRIu64 " is wrong\n", number);
                return 1;
            }
            number++;
        }
        status = sluice_consumer_release(&consumer, batch.bytes, batch.packets);
        if (status != SLUICE_OK) {
            return fail("release", status);
        }
    }
    sluice_consumer_close(&consumer);
    return 0;
}

static int claim(sluice_ring *ring)
{
    sluice_producer producer;
    void *memory;
    int32_t status = sluice_producer_open(&producer, ring);
    if (status == SLUICE_OK) {
        status = ring->header->stride != 0 ? sluice_producer_claim(&producer, 1, &memory)
                                           : sluice_producer_claim_record(&producer, 100, &memory);
    }
    if (status != SLUICE_OK) {
        return fail("claim", status);
    }
    puts("claimed");
    (void)fflush(stdout);
    (void)pause();
    return 0;
}

int main(int argc, char **argv)
{
    sluice_ring ring;
    if (argc < 3) {
        return 2;
    }
    int32_t status = sluice_ring_attach(&ring, argv[2], NULL, PATIENCE);
    if (status != SLUICE_OK) {
        return fail(ring.error, status);
    }
    int code = 2;
    if (strcmp(argv[1], "put") == 0 && argc == 5) {
        code = put(&ring, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    } else if (strcmp(argv[1], "take") == 0 && argc == 4) {
        code = take(&ring, strtoull(argv[3], NULL, 10));
    } else if (strcmp(argv[1], "claim") == 0) {
        code = claim(&ring);
    }
    sluice_ring_close(&ring, 0);
    return code;
}
