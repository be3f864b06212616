/* remove_stress.c [SECONDS] - processes that make rings of one name and hold their ends, against others that remove it. A ring whose
 * end is held keeps its name: a remove answers E_BUSY, or comes before the end is taken, which then finds the ring sealed.
 * STRESS_REMOVE_UNLOCKED looks for holders and takes the name away without the lock of the name. Exit 0: all is right; 3: a ring
 * lost its name under its holders, and they were not told; 1: anything else. Prints what was seen. */
#include "rings.h"

#include <sys/wait.h>

enum { MAKERS = 2, REMOVERS = 3 };

typedef struct counts {
    uint64_t removed, busy, held, late, lost;
} counts;

static char name[64];
static int64_t until;
static counts *seen;

static void count(uint64_t *counter)
{
    (void)__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static int32_t take_away(sluice_ring *ring)
{
#ifdef STRESS_REMOVE_UNLOCKED
    sluice_holder holder;
    sluice_attach_options options = {sizeof options, 0, name, NULL, 0};
    int32_t status = sluice_ring_attach_with(ring, &options);
    if (status == SLUICE_OK) {
        status = sluice_ring_is_held(ring, &holder) ? SLUICE_E_BUSY : SLUICE_OK;
        if (status == SLUICE_OK) {
            sluice_ring_take_name(ring, 1);
        }
        sluice_ring_close(ring, 0);
    }
    return status;
#else
    return sluice_ring_remove(ring, name, NULL);
#endif
}

static void keep_removing(void)
{
    sluice_ring ring;
    while (sluice_monotonic_ns() < until) {
        int32_t status = take_away(&ring);
        CHECK(status == SLUICE_OK || status == SLUICE_E_BUSY || status == SLUICE_E_NOT_FOUND);
        if (status != SLUICE_E_NOT_FOUND) {
            count(status == SLUICE_OK ? &seen->removed : &seen->busy);
        }
    }
}

static void hold(sluice_ring *ring)
{
    sluice_consumer consumer;
    sluice_producer producer;
    CHECK(sluice_consumer_open(&consumer, ring) == SLUICE_OK && sluice_producer_open(&producer, ring) == SLUICE_OK);
    for (int64_t end = sluice_monotonic_ns() + 200000; sluice_ring_has_place(ring) && sluice_monotonic_ns() < end;) {
    }
    int there = sluice_ring_has_place(ring), told = sluice_producer_put(&producer, "acquired", 8) == SLUICE_E_ENDED;
    count(there ? &seen->held : told ? &seen->late : &seen->lost);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
}

static void keep_making(unsigned seed)
{
    sluice_ring ring;
    sluice_ring_options options = ring_options(8, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    options.name = name;
    while (sluice_monotonic_ns() < until) {
        int32_t status = sluice_ring_create(&ring, &options);
        CHECK(status == SLUICE_OK || status == SLUICE_E_EXISTS);
        if (status == SLUICE_OK) {
            for (int64_t end = sluice_monotonic_ns() + rand_r(&seed) % 60000; sluice_monotonic_ns() < end;) {
            }
            hold(&ring);
            sluice_ring_close(&ring, 1);
        }
    }
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    pid_t children[MAKERS + REMOVERS];
    int failed = 0;
    seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(seen != MAP_FAILED);
    (void)snprintf(name, sizeof name, "remove.%llx", unique());
    until = sluice_monotonic_ns() + (int64_t)(seconds * 1e9);
    for (int child = 0; child < MAKERS + REMOVERS; child++) {
        children[child] = fork();
        CHECK(children[child] >= 0);
        if (children[child] == 0) {
            if (child < MAKERS) {
                keep_making((unsigned)child);
            } else {
                keep_removing();
            }
            _exit(0);
        }
    }
    for (int child = 0; child < MAKERS + REMOVERS; child++) {
        int status;
        CHECK(waitpid(children[child], &status, 0) == children[child]);
        failed |= status;
    }
    sluice_ring ring;
    int32_t left = sluice_ring_remove(&ring, name, NULL);
    CHECK(left == SLUICE_OK || left == SLUICE_E_NOT_FOUND);
    printf("%llu removed, %llu busy; of those that were held %llu kept their name, %llu came late and were told, %llu lost it\n",
           (unsigned long long)seen->removed, (unsigned long long)seen->busy, (unsigned long long)seen->held,
           (unsigned long long)seen->late, (unsigned long long)seen->lost);
    CHECK(!failed && seen->removed > 0 && seen->busy > 0 && seen->held > 0);
    return seen->lost == 0 ? 0 : 3;
}
