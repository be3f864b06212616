/* fuzz.c - random and guided damage to the header, the cells and the records of a ring, before it is attached to and while both
 * ends work on it. Whatever stands there: no crash, no hang, no byte outside the ring shown or written.
 *
 *   fuzz [CASES [SEED [FIRST]]]
 *
 * 1000 cases, 100 000 with SLUICE_LONG=1. A fault tells the seed and the case: `fuzz 1 SEED CASE` runs it alone. */
#include "damage.h"
#include "rings.h"

#include <signal.h>

enum { DATA = 0xD7, WITNESS = 0x5A, WITNESSES = 65536 };

static char path[64];
static char running[128];

static void too_long(int signal)
{
    (void)signal;
    ssize_t ignored = write(2, running, strlen(running));
    (void)ignored;
    abort();
}

static void check_inside(const sluice_ring *ring, const void *memory, uint64_t bytes)
{
    const uint8_t *from = (const uint8_t *)memory, *end = (const uint8_t *)ring->header + ring->mapped_bytes;
    if (from < ring->data || from > end || bytes > (uint64_t)(end - from)) {
        fprintf(stderr, "%sshown: %llu bytes at %lld of a ring\n", running, (unsigned long long)bytes,
                (long long)(from - ring->data));
        abort();
    }
}

static uint64_t touch(const void *memory, uint64_t bytes)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes; i++) {
        sum += ((const volatile uint8_t *)memory)[i];
    }
    return sum;
}

static void produce(sluice_ring *ring, sluice_producer *producer)
{
    static const uint8_t packet[1 << 16] = {DATA}; /* the damage may have made packets as large as the ring */
    void *memory = NULL;
    uint64_t done;
    uint32_t bytes = (uint32_t)below(200);
    int32_t status;
    switch (below(5)) {
    case 0:
        (void)!sluice_producer_put_many(producer, packet, below(6), &done);
        break;
    case 1:
        status = producer->view.framed ? sluice_producer_claim_record(producer, bytes, &memory)
                                       : sluice_producer_claim(producer, 1 + below(3), &memory);
        if (status == SLUICE_OK) {
            check_inside(ring, memory, producer->view.framed ? bytes : producer->view.stride);
            memset(memory, DATA, producer->view.framed ? bytes : producer->view.stride);
            if (below(3) == 0) {
                sluice_producer_abort(producer);
            } else {
                (void)!(producer->view.framed ? sluice_producer_commit_record(producer, bytes, 1)
                                              : sluice_producer_commit(producer, 1));
            }
        }
        break;
    case 2:
        sluice_producer_publish(producer);
        break;
    default:
        (void)!(producer->view.framed ? sluice_producer_put_record(producer, packet, bytes, 1)
                                      : sluice_producer_put(producer, packet, producer->view.stride));
        break;
    }
}

static void consume(sluice_ring *ring, sluice_consumer *consumer)
{
    sluice_batch batch;
    char fault[256];
    if (below(8) == 0) {
        (void)!sluice_consumer_wait(consumer, below(300), (int64_t)below(2) * 100000);
    }
    if (below(8) == 0) {
        (void)!sluice_consumer_unblock(consumer);
    }
    if (below(8) == 0) {
        (void)sluice_consumer_arm(consumer, below(300));
    }
    (void)sluice_consumer_readable(consumer);
    sluice_consumer_fault(consumer, fault, sizeof fault);
    if (sluice_consumer_peek(consumer, below(3) * 100, &batch) != SLUICE_OK) {
        return;
    }
    uint64_t capacity = consumer->view.capacity, at = 0;
    if (batch.bytes > capacity) {
        fprintf(stderr, "%sa batch of %llu bytes out of a ring of %llu\n", running, (unsigned long long)batch.bytes,
                (unsigned long long)capacity);
        abort();
    }
    check_inside(ring, batch.data, batch.bytes);
    (void)touch(batch.data, batch.bytes);
    if (below(6) == 0) {
        damage(ring); /* under the batch */
    }
    const void *memory;
    uint32_t bytes;
    uint16_t type;
    for (uint64_t steps = 0; sluice_batch_next(&batch, &at, &memory, &bytes, &type); steps++) {
        CHECK(steps <= capacity);
        check_inside(ring, memory, bytes);
        (void)touch(memory, bytes);
    }
    (void)!sluice_consumer_release(consumer, batch.bytes, batch.packets);
}

static void run_case(uint8_t *witness)
{
    sluice_ring maker, ring;
    sluice_producer producers[2];
    sluice_consumer consumer;
    int framed = (int)below(2), many = (int)below(2), opened = 0, taken = 0;
    sluice_ring_options options = ring_options(framed ? 0 : (uint32_t)(1 + below(below(2) ? 24 : 300)), 4096 << below(2),
                                               (uint32_t)many, (uint32_t)below(4));
    options.file = path;
    options.flags = below(3) == 0 ? SLUICE_RING_WANT_CHECKSUMS : 0;
    options.block_timeout_ns = 0;
    CHECK(sluice_ring_create(&maker, &options) == SLUICE_OK);
    memset(maker.data, DATA, 4096);
    memset(maker.data, 0, 4096);
    CHECK(sluice_producer_open(&producers[0], &maker) == SLUICE_OK);
    for (uint64_t i = below(40); i > 0; i--) {
        produce(&maker, &producers[0]);
    }
    if (below(2)) {
        sluice_producer_close(&producers[0]);
    }
    for (uint64_t i = below(4); i > 0; i--) {
        damage(&maker);
    }
    if (sluice_ring_attach(&ring, NULL, path, 0) == SLUICE_OK) {
        if (sluice_consumer_open(&consumer, &ring) == SLUICE_OK) {
            taken = 1;
        }
        for (opened = 0; opened < 1 + many && sluice_producer_open(&producers[opened], &ring) == SLUICE_OK; opened++) {
            producers[opened].timeout_ns = 100000;
        }
        for (uint64_t i = 10 + below(60); i > 0; i--) {
            if (below(5) == 0) {
                damage(&ring);
            }
            if (opened > 0) {
                produce(&ring, &producers[below((uint64_t)opened)]);
            }
            if (taken) {
                consume(&ring, &consumer);
            }
        }
        if (below(4) == 0) {
            sluice_ring_adopt(&ring);
        }
        if (below(4) == 0) {
            sluice_ring_seal(&ring);
        }
        while (opened-- > 0) {
            sluice_producer_close(&producers[opened]);
        }
        if (taken) {
            sluice_consumer_close(&consumer);
        }
        sluice_ring_close(&ring, (int32_t)below(2));
    }
    sluice_ring_close(&maker, 1);
    (void)unlink(path);
    for (uint64_t i = 0; i < WITNESSES; i++) {
        if (witness[i] != WITNESS) {
            fprintf(stderr, "%swrote outside the ring\n", running);
            abort();
        }
    }
}

int main(int count, char **arguments)
{
    uint64_t cases = count > 1 ? strtoull(arguments[1], NULL, 10) : long_run() ? 100000 : 1000;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : (uint64_t)sluice_monotonic_ns();
    uint64_t first = count > 3 ? strtoull(arguments[3], NULL, 10) : 0;
    uint8_t *witness = (uint8_t *)malloc(WITNESSES);
    CHECK(witness != NULL);
    memset(witness, WITNESS, WITNESSES);
    (void)snprintf(path, sizeof path, "/dev/shm/sluice-fuzz-%llx", unique());
    CHECK(signal(SIGALRM, too_long) != SIG_ERR);
    printf("seed %llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    for (uint64_t i = first; i < first + cases; i++) {
        draw_from(seed, i);
        (void)snprintf(running, sizeof running, "case %llu of seed %llu: ", (unsigned long long)i, (unsigned long long)seed);
        (void)alarm(60);
        run_case(witness);
    }
    (void)alarm(0);
    free(witness);
    return 0;
}
