/* ring_stress.c - numbered packets through a ring: no gap, duplicate, reorder or torn packet per producer, and every
 * packet accounted for.
 *
 *   ring_stress fixed|framed PRODUCERS block|fail|newest|oldest PACKETS RING_BYTES stalls|steady [PUBLISH_BYTES]
 *
 * PRODUCERS 1+ is one producer in a ring of many. PACKETS is over all producers; SLUICE_LONG=1 makes it 25 times as many.
 * Exit 0: all is right; 3: a packet is torn, lost, twice there or out of order; 1: anything else. Prints what went through
 * and how fast.
 *
 * Built with STRESS_PUBLISH_FIRST it is the broken twin that publishes before it copies: it must exit with 3. */
#include <sluice/ring.h>

#include "rings.h"

#include <pthread.h>

#define WRONG 3
#define MOST_PRODUCERS 8

typedef struct packet {
    uint64_t number;
    uint32_t producer;
    uint32_t bytes;
    uint64_t pattern[6];
} packet;

static sluice_ring ring;
static uint64_t packets_each;
static uint64_t publish_bytes;
static int framed, lossy, stalls, many;

typedef struct putter {
    uint64_t taken; /* puts that answered OK */
    uint64_t dropped;
    uint32_t index;
} putter;

static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    return value ^ (value >> 29);
}

static void pack(packet *one, uint32_t producer, uint64_t number)
{
    one->number = number;
    one->producer = producer;
    one->bytes = framed ? (uint32_t)(16 + (number * 8) % 56) : (uint32_t)sizeof *one;
    uint64_t seed = mix(number + ((uint64_t)producer << 56));
    for (int i = 0; i < 6; i++) {
        one->pattern[i] = seed + (uint64_t)i;
    }
}

static int32_t put_once(sluice_producer *producer, const packet *one)
{
#ifdef STRESS_PUBLISH_FIRST
    void *memory;
    int32_t status = framed ? sluice_producer_claim_record(producer, one->bytes, &memory)
                            : sluice_producer_claim(producer, 1, &memory);
    if (status == SLUICE_OK) {
        status = framed ? sluice_producer_commit_record(producer, one->bytes, 1) : sluice_producer_commit(producer, 1);
        memcpy(memory, one, one->bytes);
    }
    return status;
#else
    return framed ? sluice_producer_put_record(producer, one, one->bytes, 1)
                  : sluice_producer_put(producer, one, sizeof *one);
#endif
}

static void *put_all(void *argument)
{
    putter *self = (putter *)argument;
    sluice_producer producer;
    packet one;
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    producer.publish_bytes = publish_bytes;
    producer.timeout_ns = INT64_C(60000000000);
    for (uint64_t number = 0; number < packets_each; number++) {
        int32_t status;
        pack(&one, self->index, number);
        while ((status = put_once(&producer, &one)) == SLUICE_WOULD_BLOCK) {
            sluice_cpu_relax();
        }
        CHECK(status == SLUICE_OK || (lossy && status == SLUICE_DROPPED));
        self->taken += status == SLUICE_OK;
        self->dropped += status == SLUICE_DROPPED;
    }
    sluice_producer_close(&producer);
    return NULL;
}

static void wrong(const char *what, uint32_t producer, uint64_t number, uint64_t expected)
{
    fprintf(stderr, "%s: producer %u, packet %llu, expected %llu\n", what, producer, (unsigned long long)number,
            (unsigned long long)expected);
    exit(WRONG);
}

static void check_packet(const void *memory, uint32_t bytes, uint64_t *next, uint32_t producers)
{
    packet one, expected;
    memcpy(&one, memory, bytes < sizeof one ? bytes : sizeof one);
    if (bytes < 16 || one.producer >= producers || one.bytes != bytes) {
        wrong("torn header", one.producer, one.number, 0);
    }
    if (lossy ? one.number < next[one.producer] : one.number != next[one.producer]) {
        wrong("lost, double or out of order", one.producer, one.number, next[one.producer]);
    }
    pack(&expected, one.producer, one.number);
    if (memcmp(memory, &expected, bytes) != 0) {
        wrong("torn payload", one.producer, one.number, one.number);
    }
    next[one.producer] = one.number + 1;
}

static uint64_t take_all(sluice_consumer *consumer, uint32_t producers)
{
    uint64_t taken = 0, random = 88172645463325252u, next[MOST_PRODUCERS] = {0};
    for (;;) {
        int32_t status = sluice_consumer_wait(consumer, 1, INT64_C(60000000000));
        if (status == SLUICE_END) {
            break;
        }
        CHECK(status == SLUICE_OK);
        sluice_batch batch;
        status = sluice_consumer_peek(consumer, stalls ? 4096 : 0, &batch);
        if (status == SLUICE_WOULD_BLOCK) {
            continue; /* a producer that drops the oldest is faster */
        }
        CHECK(status == SLUICE_OK);
        uint64_t at = 0, seen = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
            check_packet(memory, bytes, next, producers);
            seen++;
        }
        CHECK(seen == batch.packets);
        taken += seen;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if (stalls && random % 512 == 0) {
            usleep((useconds_t)(random >> 32) % 3000);
        }
        CHECK(sluice_consumer_release(consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    for (uint32_t i = 0; i < producers && !lossy; i++) {
        if (next[i] != packets_each) {
            wrong("lost at the end", i, next[i], packets_each);
        }
    }
    return taken;
}

static void *seal_when_done(void *argument)
{
    pthread_t *threads = (pthread_t *)argument;
    for (int i = 0; threads[i] != 0; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    sluice_ring_seal(&ring);
    return NULL;
}

int main(int count, char **arguments)
{
    CHECK(count >= 7);
    framed = strcmp(arguments[1], "framed") == 0;
    uint32_t producers = (uint32_t)strtoul(arguments[2], NULL, 10), policy = SLUICE_BLOCK;
    CHECK(producers >= 1 && producers <= MOST_PRODUCERS);
    policy = strcmp(arguments[3], "fail") == 0     ? (uint32_t)SLUICE_FAIL
             : strcmp(arguments[3], "newest") == 0 ? (uint32_t)SLUICE_DROP_NEWEST
             : strcmp(arguments[3], "oldest") == 0 ? (uint32_t)SLUICE_DROP_OLDEST
                                                   : policy;
    lossy = policy == SLUICE_DROP_NEWEST || policy == SLUICE_DROP_OLDEST;
    uint64_t packets = strtoull(arguments[4], NULL, 10) * (long_run() ? 25 : 1);
    packets_each = packets / producers;
    stalls = strcmp(arguments[6], "stalls") == 0;
    publish_bytes = count > 7 ? strtoull(arguments[7], NULL, 10) : 0;
    many = producers > 1 || strchr(arguments[2], '+') != NULL;
    ring_make(&ring, framed ? 0 : (uint32_t)sizeof(packet), strtoull(arguments[5], NULL, 10), (uint32_t)many, policy);

    static putter putters[MOST_PRODUCERS];
    static pthread_t threads[MOST_PRODUCERS + 1];
    pthread_t sealer;
    sluice_consumer consumer;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    int64_t begin = sluice_monotonic_ns();
    for (uint32_t i = 0; i < producers; i++) {
        putters[i].index = i;
        CHECK(pthread_create(&threads[i], NULL, put_all, &putters[i]) == 0);
    }
    CHECK(pthread_create(&sealer, NULL, seal_when_done, threads) == 0);
    uint64_t taken = take_all(&consumer, producers);
    int64_t span = sluice_monotonic_ns() - begin;
    CHECK(pthread_join(sealer, NULL) == 0);

    uint64_t put = 0, dropped = 0;
    for (uint32_t i = 0; i < producers; i++) {
        put += putters[i].taken;
        dropped += putters[i].dropped;
    }
    sluice_ring_header *header = ring.header;
    printf("%s %u producers %s: %llu put, %llu taken, %llu oldest and %llu newest dropped, %.1f M/s\n", arguments[1],
           producers, arguments[3], (unsigned long long)put, (unsigned long long)taken,
           (unsigned long long)header->dropped_oldest, (unsigned long long)header->dropped_newest,
           (double)taken * 1e3 / (double)span);
    if (put + dropped != packets_each * producers || put != taken + header->dropped_oldest ||
        dropped != header->dropped_newest || taken != header->popped) {
        fprintf(stderr, "packets are not accounted for\n");
        return WRONG;
    }
    uint64_t pushed = framed ? header->pushed : (header->head & ~SLUICE_RING_SEALED) / sizeof(packet) - header->aborted;
    CHECK(pushed == put);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
    return 0;
}
