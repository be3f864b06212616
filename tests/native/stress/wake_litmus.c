/* wake_litmus.c - store buffering between a sleeper and its waker: is a wake-up ever lost?
 *
 *   wake_litmus data|room right|broken ROUNDS
 *
 * data: the consumer arms and sleeps while a put comes. room: a producer sleeps while a release comes. The two meet at
 * a barrier of their own and then run through the last steps with a random skew of some nanoseconds. A round is lost
 * when the sleep lasts its whole slice of 100 ms although the other side was done at least 50 ms before its end.
 * `right` passes with no lost round. `broken`, to be built with SLUICE_BARRIER_NO_HEAVY_FENCE, passes only when a lost
 * round is seen within the rounds: an inconclusive run is not a pass. */
#include <sluice/ring.h>

#include "rings.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#define FEWEST_SLEEPS 200u             /* the right version goes on until so many were seen, */
#define LONGEST_NS INT64_C(20000000000) /* but not for longer than this: a run of fewer sleeps tells nothing */

static sluice_ring ring;
static sluice_producer producer;
static sluice_consumer consumer;
static int room;
static uint64_t rounds;
static uint64_t go, ready; /* round numbers: the waker and the sleeper may begin */
static int64_t done_ns;    /* when the waker was done with the round; 0: not yet */
static int finished;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void spin(uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++) {
        __asm__ __volatile__("" ::: "memory");
    }
}

/* One step of a busy wait; leaves the core to others when it takes long. */
static void pass_time(uint32_t *turns)
{
    if (++*turns % 16384 == 0) {
        (void)sched_yield();
    }
}

static void *wake(void *unused)
{
    (void)unused;
    uint64_t packet = 0, random = 0x9E3779B97F4A7C15u, round = 0;
    for (;;) {
        round++;
        for (uint32_t turns = 0; __atomic_load_n(&ready, __ATOMIC_ACQUIRE) != round; pass_time(&turns)) {
            if (__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
                return NULL;
            }
        }
        uint64_t skew = next_random(&random) % (UINT64_C(1) << (random >> 32) % 18); /* of every magnitude */
        __atomic_store_n(&go, round, __ATOMIC_RELEASE);
        spin(skew);
        if (room) {
            CHECK(sluice_consumer_release(&consumer, 8, 1) == SLUICE_OK);
        } else {
            CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK);
        }
        __atomic_store_n(&done_ns, sluice_monotonic_ns(), __ATOMIC_RELEASE);
    }
}

/* 1 when the sleep began: nothing to do was found, as a wait finds it. */
static int prepare_sleep(uint32_t **word, uint32_t *seen)
{
    sluice_ring_header *header = ring.header;
    *word = room ? &header->space_futex : &header->data_futex;
    *seen = sluice_load_acquire(*word);
    if (!room) {
        return !sluice_consumer_arm(&consumer, 8);
    }
    sluice_store_relaxed(&header->space_waiters, 1u);
    sluice_heavy_fence(producer.view.asymmetric);
    return !sluice_has_room(&producer, 8);
}

int main(int count, char **arguments)
{
    CHECK(count == 4);
    room = strcmp(arguments[1], "room") == 0;
    int broken = strcmp(arguments[2], "broken") == 0;
    rounds = strtoull(arguments[3], NULL, 10);
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        fprintf(stderr, "skipped: two cores are needed for two sides to meet\n");
        return SKIPPED;
    }
    ring_make(&ring, 8, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    sluice_batch batch;
    uint64_t packet = 0, lost = 0, slept = 0, random = 42;
    for (int i = 0; room && i < 512; i++) {
        CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK);
    }
    CHECK(!room || sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
    pthread_t waker;
    CHECK(pthread_create(&waker, NULL, wake, NULL) == 0);
    int64_t end = sluice_monotonic_ns() + LONGEST_NS;
    for (uint64_t round = 1; lost < 3; round++) {
        if (round > rounds && (broken || slept >= FEWEST_SLEEPS)) {
            break;
        }
        if (!broken && round % 64 == 0 && sluice_monotonic_ns() > end) {
            break;
        }
        if (room && round > 1) {
            CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK);
            CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
        }
        uint64_t skew = next_random(&random) % 200;
        __atomic_store_n(&done_ns, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&ready, round, __ATOMIC_RELEASE);
        for (uint32_t turns = 0; __atomic_load_n(&go, __ATOMIC_ACQUIRE) != round; pass_time(&turns)) {
        }
        spin(skew);
        uint32_t *word, seen;
        struct timespec slice = {0, 100000000};
        if (prepare_sleep(&word, &seen)) {
            slept++;
            int result = (int)syscall(SYS_futex, word, FUTEX_WAIT, seen, &slice, NULL, 0);
            int64_t done = __atomic_load_n(&done_ns, __ATOMIC_ACQUIRE);
            lost += result != 0 && errno == ETIMEDOUT && done != 0 && sluice_monotonic_ns() - done > 50000000;
        }
        for (uint32_t turns = 0; __atomic_load_n(&done_ns, __ATOMIC_ACQUIRE) == 0; pass_time(&turns)) {
        }
        if (!room) {
            CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
            CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
        }
    }
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(waker, NULL) == 0);
    printf("%s: slept in %llu of %llu rounds, %llu wake-ups lost\n", arguments[1], (unsigned long long)slept,
           (unsigned long long)rounds, (unsigned long long)lost);
    CHECK(broken || slept >= FEWEST_SLEEPS);
    if (broken && lost == 0) {
        fprintf(stderr, "inconclusive: the broken twin lost no wake-up within its rounds\n");
    }
    return broken ? lost == 0 : lost != 0;
}
