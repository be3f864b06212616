/* own_threads.c - the threads of a process share the locks of its ends: whoever opens and closes ends beside others never takes
 * a lock away from one of them, and of those who find an end free, or gone after an exec, one alone gets it. The twin
 * LEAVE_AT_ONCE lets go of the lock of an end that its record still calls locked, and must be caught. */
#include "rings.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { THREADS = 4, ROUNDS = 4000, REVIVALS = 2000 };

static sluice_ring made;
static sluice_ring ring, other; /* two descriptors of the same ring: the second one shows what everybody else sees */
static uint32_t *inside;        /* of the processes together: how many have the consumer's end */
static pthread_barrier_t barrier;

static void must_live(uint32_t end, uint64_t holder)
{
    sluice_ring_view view;
    sluice_view(&view, &other);
    CHECK(sluice_load_acquire(sluice_owner_of(&view, end)) == holder);
    CHECK(sluice_end_locked(view.fd, end) == 1 && (sluice_load_acquire(sluice_record_of(&view, end)) & 1) != 0);
    CHECK(sluice_end_life(&view, end, holder, 0) == SLUICE_LIFE_ALIVE);
}

static void leave_consumer(sluice_consumer *consumer)
{
#ifdef LEAVE_AT_ONCE
    uint64_t holder = consumer->self;
    (void)sluice_end_lock(consumer->view.fd, SLUICE_END_CONSUMER, F_UNLCK);
    (void)sched_yield();
    (void)sluice_cas(&consumer->view.header->consumer_owner, &holder, (uint64_t)0);
#else
    sluice_consumer_close(consumer);
#endif
}

static void *open_and_close(void *unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        sluice_ring mine = ring; /* the texts of faults are a thread's own */
        sluice_producer producer;
        sluice_consumer consumer;
        CHECK(sluice_producer_open(&producer, &mine) == SLUICE_OK);
        must_live(producer.slot, producer.self);
        int32_t status = sluice_consumer_open(&consumer, &mine);
        CHECK(status == SLUICE_OK || status == SLUICE_E_BUSY);
        if (status == SLUICE_OK) {
            CHECK(__atomic_add_fetch(inside, 1, __ATOMIC_ACQ_REL) == 1);
            must_live(SLUICE_END_CONSUMER, consumer.self);
            CHECK(__atomic_sub_fetch(inside, 1, __ATOMIC_ACQ_REL) == 0);
            leave_consumer(&consumer);
        }
        must_live(producer.slot, producer.self);
        sluice_producer_close(&producer);
    }
    return NULL;
}

static void in_threads(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void attach(const char *name)
{
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_ring_attach(&other, name, NULL, 0) == SLUICE_OK);
}

static void one_holder_each(const char *name)
{
    inside = mmap(NULL, sizeof *inside, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(inside != MAP_FAILED);
    pid_t child = fork();
    CHECK(child >= 0);
    attach(name);
    in_threads(open_and_close);
    if (child == 0) {
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    sluice_ring_close(&other, 0);
    sluice_ring_close(&ring, 0);
}

static uint32_t winners;

static void *revive(void *unused)
{
    (void)unused;
    for (int round = 0; round < REVIVALS; round++) {
        sluice_ring mine = ring;
        sluice_consumer consumer;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
            uint64_t self = sluice_current_identity(&mine.self); /* as after exec: the identity is there, the lock is not */
            ring.header->consumer_record = (uint64_t)sluice_identity_check(self) << 32 | (uint64_t)sluice_domain() << 1 | 1;
            ring.header->consumer_owner = self;
            winners = 0;
        }
        (void)pthread_barrier_wait(&barrier);
        int32_t status = sluice_consumer_open(&consumer, &mine);
        CHECK(status == SLUICE_OK || status == SLUICE_E_BUSY);
        __atomic_add_fetch(&winners, status == SLUICE_OK, __ATOMIC_ACQ_REL);
        (void)pthread_barrier_wait(&barrier);
        CHECK(__atomic_load_n(&winners, __ATOMIC_ACQUIRE) == 1);
        if (status == SLUICE_OK) {
            must_live(SLUICE_END_CONSUMER, consumer.self);
            sluice_consumer_close(&consumer);
            CHECK(ring.header->consumer_owner == 0);
        }
    }
    return NULL;
}

static void remove_name(void)
{
    sluice_ring_close(&made, 1); /* also where a check failed */
}

int main(void)
{
    sluice_ring_options options = ring_options(8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    options.name = ring_name("own_threads");
    CHECK(sluice_ring_create(&made, &options) == SLUICE_OK && atexit(remove_name) == 0);
    one_holder_each(options.name);
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    attach(options.name);
    in_threads(revive);
    sluice_ring_close(&other, 0);
    sluice_ring_close(&ring, 0);
    return 0;
}
