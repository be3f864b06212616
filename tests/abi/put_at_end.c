/* put_at_end.c - buffers are destroyed while producers of their own put into them: what was told OK is delivered, or told as lost;
 * after that every put and every commit is refused. A destroy that fails leaves a buffer that takes packets again. */
#include "abi.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 40, THREADS = 2 };

static sluice_producer producers[THREADS];
static uint64_t acknowledged[THREADS];
static int32_t last[THREADS];
static atomic_ullong delivered, lost;
static atomic_uint started;
static int framed;

static int32_t take(void *unused, const sluice_batch *batch)
{
    (void)unused;
    atomic_fetch_add(&delivered, batch->packets);
    return SLUICE_OK;
}

static void hear(void *unused, const sluice_loss *loss)
{
    (void)unused;
    atomic_fetch_add(&lost, loss->packets);
}

static int32_t put_one(sluice_producer *producer)
{
    static const char packet[16] = "0123456789abcde";
    return framed ? sluice_producer_put_record(producer, packet, sizeof packet, 1)
                  : sluice_producer_put(producer, packet, sizeof packet);
}

static void *put(void *number)
{
    uintptr_t own = (uintptr_t)number;
    uint32_t refused = 0;
    acknowledged[own] = 0;
    atomic_fetch_add(&started, 1);
    do {
        last[own] = put_one(&producers[own]);
        acknowledged[own] += last[own] == SLUICE_OK;
        refused = last[own] == SLUICE_WOULD_BLOCK ? refused + 1 : 0;
    } while (last[own] == SLUICE_OK || (last[own] == SLUICE_WOULD_BLOCK && refused < 100000000));
    return NULL;
}

static sluice_buffer *make(uint32_t kind, uint32_t many)
{
    sluice_buffer_options options = {.struct_size = sizeof options, .kind = kind, .capacity = 1 << 16, .release_packets = 100};
    options.shape = framed ? SLUICE_FRAMED : SLUICE_FIXED;
    options.stride = framed ? 0 : 16;
    options.producers = many ? SLUICE_MANY_PRODUCERS : SLUICE_ONE_PRODUCER;
    return new_buffer(&options);
}

static void one_round(uint32_t kind, uint32_t many, int round)
{
    pthread_t threads[THREADS];
    sluice_buffer *buffer = make(kind, many);
    uint32_t count = many ? THREADS : 1;
    uint64_t told = 0;
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, take, NULL, NULL));
    CHECK_OK(sluice_buffer_start(buffer));
    atomic_store(&delivered, 0);
    atomic_store(&lost, 0);
    atomic_store(&started, 0);
    for (uintptr_t i = 0; i < count; i++) {
        CHECK_OK(sluice_buffer_open_producer(buffer, &producers[i], sizeof producers[i]));
        CHECK(pthread_create(&threads[i], NULL, put, (void *)i) == 0);
    }
    while (atomic_load(&started) < count) {
        sluice_cpu_relax();
    }
    for (volatile int spin = 0; spin < round % 17 * 20000; spin++) {
    }
    int32_t status = sluice_buffer_destroy(buffer);
    CHECK(status == SLUICE_OK || status == SLUICE_LOST);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(last[i] == SLUICE_E_STATE);
        told += acknowledged[i];
        CHECK(put_one(&producers[i]) == SLUICE_E_STATE);
        sluice_producer_close(&producers[i]);
    }
    CHECK((status == SLUICE_LOST) == (lost != 0));
    if (told != delivered + lost) {
        fprintf(stderr, "kind %u, many %u, framed %d, round %d: told OK %llu, delivered %llu, lost %llu\n", kind, many, framed, round,
                (unsigned long long)told, (unsigned long long)delivered, (unsigned long long)lost);
        abort();
    }
}

/* A claim that is open when the buffer goes is refused when it is committed; what others committed behind it is told as lost. */
static void a_claim_that_comes_too_late(uint32_t kind, uint32_t many)
{
    sluice_buffer *buffer = make(kind, many);
    void *memory;
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, take, NULL, NULL));
    CHECK_OK(sluice_buffer_open_producer(buffer, &producers[0], sizeof producers[0]));
    delivered = lost = 0;
    CHECK(put_one(&producers[0]) == SLUICE_OK);
    CHECK((framed ? sluice_producer_claim_record(&producers[0], 16, &memory) : sluice_producer_claim(&producers[0], 1, &memory)) ==
          SLUICE_OK);
    if (many) {
        CHECK_OK(sluice_buffer_open_producer(buffer, &producers[1], sizeof producers[1]));
        CHECK(put_one(&producers[1]) == SLUICE_OK && put_one(&producers[1]) == SLUICE_OK);
    }
    CHECK(sluice_buffer_destroy(buffer) == (many ? SLUICE_LOST : SLUICE_OK));
    CHECK(delivered == 1 && lost == (many ? 2u : 0u));
    memset(memory, 1, 16);
    CHECK((framed ? sluice_producer_commit_record(&producers[0], 16, 1) : sluice_producer_commit(&producers[0], 1)) ==
          SLUICE_E_STATE);
    sluice_producer_close(&producers[0]);
    if (many) {
        sluice_producer_close(&producers[1]);
    }
}

static int32_t refuses = SLUICE_WOULD_BLOCK;

static int32_t take_or_not(void *unused, const sluice_batch *batch)
{
    return refuses != SLUICE_OK ? refuses : take(unused, batch);
}

static void a_buffer_that_stays_takes_packets_again(uint32_t kind, uint32_t many)
{
    sluice_buffer *buffer = make(kind, many);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, take_or_not, NULL, NULL));
    CHECK_OK(sluice_buffer_open_producer(buffer, &producers[0], sizeof producers[0]));
    delivered = lost = 0;
    refuses = SLUICE_WOULD_BLOCK;
    CHECK(put_one(&producers[0]) == SLUICE_OK);
    CHECK(sluice_buffer_destroy(buffer) != SLUICE_OK);
    CHECK(put_one(&producers[0]) == SLUICE_OK);
    refuses = SLUICE_OK;
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(delivered == 2 && lost == 0 && put_one(&producers[0]) == SLUICE_E_STATE);
    sluice_producer_close(&producers[0]);
}

int main(void)
{
    CHECK_OK(sluice_on_loss(hear, NULL));
    for (framed = 0; framed < 2; framed++) {
        for (uint32_t many = 0; many < 2; many++) {
            for (uint32_t kind = SLUICE_CIRCULAR; kind <= SLUICE_FIFO; kind++) {
                for (int round = 0; round < ROUNDS; round++) {
                    one_round(kind, many, round);
                }
                a_claim_that_comes_too_late(kind, many);
                a_buffer_that_stays_takes_packets_again(kind, many);
            }
        }
    }
    return 0;
}
