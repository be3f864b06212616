/* seal_stress.c - a stream is ended while producers put: what was told OK is delivered, or counted where it waited in a group; what
 * was not is not; the consumer gets END. The twin seals as if head were never stored over. Exit code 3: packets are missing, or
 * the stream does not end. */
#include "rings.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MOST = 4 };

static sluice_ring ring;
static sluice_producer producers[MOST];
static uint64_t acknowledged[MOST];
static int32_t last[MOST];
static atomic_uint started;
static int framed;

static void *put(void *number)
{
    uintptr_t own = (uintptr_t)number;
    sluice_producer *producer = &producers[own];
    int64_t deadline = sluice_deadline(INT64_C(2000000000));
    uint64_t packet[2] = {own, 0};
    atomic_fetch_add(&started, 1);
    for (uint32_t looks = 0;; looks++) {
        int32_t status = framed ? sluice_producer_put_record(producer, packet, sizeof packet, 0)
                                : sluice_producer_put(producer, packet, sizeof packet);
        acknowledged[own] += status == SLUICE_OK;
        packet[1] = acknowledged[own];
        last[own] = status;
        if ((status != SLUICE_OK && status != SLUICE_WOULD_BLOCK) || (looks % 1024 == 1023 && sluice_monotonic_ns() > deadline)) {
            return NULL;
        }
    }
}

static void *seal(void *spins)
{
    while (atomic_load(&started) == 0) {
        sluice_cpu_relax();
    }
    for (uintptr_t i = 0; i < (uintptr_t)spins; i++) {
        sluice_cpu_relax();
    }
#ifdef STRESS_SEAL_PLAIN
    (void)sluice_fetch_or(&ring.header->head, SLUICE_RING_SEALED);
    sluice_ring_wake(&ring);
#else
    sluice_ring_seal(&ring);
#endif
    return NULL;
}

/* Whether all went well. */
static int one_round(uint32_t count, int many, uint64_t group, uintptr_t spins)
{
    pthread_t threads[MOST], sealer;
    sluice_consumer consumer;
    sluice_batch batch;
    uint64_t taken = 0, told = 0;
    int32_t status;
    ring_make(&ring, framed ? 0 : 16, 1 << 16, many ? SLUICE_MANY_PRODUCERS : SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    atomic_store(&started, 0);
    for (uintptr_t i = 0; i < count; i++) {
        CHECK(sluice_producer_open(&producers[i], &ring) == SLUICE_OK);
        producers[i].publish_bytes = group;
        acknowledged[i] = 0;
        CHECK(pthread_create(&threads[i], NULL, put, (void *)i) == 0);
    }
    CHECK(pthread_create(&sealer, NULL, seal, (void *)spins) == 0);
    int64_t deadline = sluice_deadline(INT64_C(4000000000));
    while ((status = sluice_consumer_peek(&consumer, 0, &batch)) == SLUICE_OK ||
           (status == SLUICE_WOULD_BLOCK && sluice_monotonic_ns() < deadline)) {
        if (status == SLUICE_OK) {
            taken += batch.packets;
            CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
        }
    }
    int well = status == SLUICE_END;
    CHECK(pthread_join(sealer, NULL) == 0);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        well = well && last[i] == SLUICE_E_STATE;
        told += acknowledged[i];
        sluice_producer_close(&producers[i]);
    }
    if (!well || told != taken + ring.header->dropped_newest || (group == 0 && ring.header->dropped_newest != 0)) {
        fprintf(stderr, "told OK %llu, taken %llu, counted %llu; the last answers %d and %d\n", (unsigned long long)told,
                (unsigned long long)taken, (unsigned long long)ring.header->dropped_newest, last[0], status);
        well = 0;
    }
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
    return well;
}

/* fixed|framed PRODUCERS|1+ ROUNDS [GROUP]: 1+ is one producer of a ring for many. */
int main(int words, char **word)
{
    CHECK(words >= 4);
    framed = strcmp(word[1], "framed") == 0;
    uint32_t count = (uint32_t)atoi(word[2]), random = 12345;
    int many = count > 1 || strchr(word[2], '+') != NULL;
    CHECK(count >= 1 && count <= MOST);
    for (int round = 0, rounds = atoi(word[3]); round < rounds; round++) {
        random = random * 1664525u + 1013904223u;
        if (!one_round(count, many, words > 4 ? (uint64_t)atoi(word[4]) : 0, (random >> 8) % 4000)) {
            return 3;
        }
    }
    return 0;
}
