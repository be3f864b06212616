/* life.c - who lives: holders in other pid namespaces, processes that lost their first thread, judges without a descriptor,
 * forked children that keep a dead parent's locks; and the slots of the dead under steady traffic. What is acknowledged is
 * delivered, and what is provably dead is given up. */
#include "rings.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SLOW = INT64_C(150000000), LONG = INT64_C(20000000000) };

static struct shared {
    uint32_t step;
    int32_t status;
} *shared;

static const char *name;

static void reach(uint32_t step)
{
    __atomic_store_n(&shared->step, step, __ATOMIC_RELEASE);
}

static void await(uint32_t step)
{
    for (int i = 0; __atomic_load_n(&shared->step, __ATOMIC_ACQUIRE) < step; i++) {
        CHECK(i < 300000); /* a minute */
        usleep(200);
    }
}

static void make(sluice_ring *ring, int framed)
{
    sluice_ring_options options = ring_options(framed ? 0 : 64, 65536, SLUICE_MANY_PRODUCERS, SLUICE_BLOCK);
    options.name = name;
    CHECK(sluice_ring_create(ring, &options) == SLUICE_OK);
    reach(0);
}

/* A child that ends with its parent. */
static pid_t child_of(void (*work)(void))
{
    pid_t parent = getpid(), child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && (getppid() == parent || getppid() == 0)); /* 0: another namespace */
        work();
        _exit(0);
    }
    return child;
}

static void join(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Claims a packet, is slow, and commits it when it is told to: OK is the acknowledgement. */
static void produce_slowly(void)
{
    sluice_ring ring;
    sluice_producer producer;
    void *memory = NULL;
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK((producer.view.framed ? sluice_producer_claim_record(&producer, 64, &memory)
                                : sluice_producer_claim(&producer, 1, &memory)) == SLUICE_OK);
    reach(1);
    await(2);
    memset(memory, 7, 64);
    shared->status = producer.view.framed ? sluice_producer_commit_record(&producer, 64, 0)
                                          : sluice_producer_commit(&producer, 1);
    reach(3);
}

static int enter_namespace(void)
{
    return unshare(CLONE_NEWPID) == 0;
}

/* What a container sees: its own processes only. */
static void mount_proc(void)
{
    CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0);
}

static void produce_in_a_container(void)
{
    mount_proc();
    produce_slowly();
}

static void container_producer(void)
{
    CHECK(enter_namespace());
    join(child_of(produce_in_a_container));
}

/* The namespace is another one, but /proc still shows that of the parent. */
static void half_container_producer(void)
{
    CHECK(enter_namespace());
    join(child_of(produce_slowly));
}

static void *produce_and_exit(void *unused)
{
    (void)unused;
    produce_slowly();
    _exit(0);
}

/* Its first thread ends, so that /proc tells "Z". */
static void headless_producer(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, produce_and_exit, NULL) == 0);
    pthread_exit(NULL);
}

/* The consumer waits in vain while the claim is open, and gets the packet when it is committed. */
static void slow_one_is_not_dead(void (*producer)(void), int framed, int starve)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_batch batch;
    struct rlimit before, none;
    make(&ring, framed);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    pid_t child = child_of(producer);
    await(1);
    usleep(20000); /* the first thread of a headless one ends */
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = starve ? 3 : before.rlim_cur;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CHECK(sluice_consumer_wait(&consumer, 1, SLOW) == SLUICE_TIMEOUT);
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_WOULD_BLOCK);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    reach(2);
    await(3);
    CHECK(shared->status == SLUICE_OK && ring.header->unblocked == 0);
    CHECK(sluice_consumer_wait(&consumer, 1, LONG) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    join(child);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

/* A claim of a producer that was killed is given up, wherever it lived: nobody has to say so. */
static void dead_one_is_given_up(void (*producer)(void), int framed)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer other;
    make(&ring, framed);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK && sluice_producer_open(&other, &ring) == SLUICE_OK);
    pid_t child = child_of(producer);
    await(1);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child); /* what it started dies with it */
    usleep(50000);
    uint64_t packet[8] = {9};
    CHECK((framed ? sluice_producer_put_record(&other, packet, 64, 0) : sluice_producer_put(&other, packet, 64)) == SLUICE_OK);
    CHECK(sluice_consumer_wait(&consumer, 1, LONG) == SLUICE_OK);
    CHECK(ring.header->unblocked == 1);
    sluice_producer_close(&other);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

static void consume_and_die(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_batch batch;
    mount_proc();
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    _exit(0);
}

static void container_consumer(void)
{
    CHECK(enter_namespace());
    join(child_of(consume_and_die));
}

/* A container that ends with its hands full and is started again, over the same ring: each finds the end free. */
static void restarted_containers(uint32_t policy)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_ring_options options = ring_options(64, 65536, SLUICE_MANY_PRODUCERS, policy);
    uint64_t packet[8] = {1};
    options.name = name;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, packet, 64) == SLUICE_OK);
    for (int i = 0; i < 3; i++) {
        join(child_of(container_consumer));
        CHECK(ring.header->consumer_owner != 0);
    }
    CHECK((ring.header->tail_lock != 0) == (policy == SLUICE_DROP_OLDEST));
    sluice_consumer consumer;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK && ring.header->tail_lock == 0);
    sluice_consumer_close(&consumer);
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 1);
}

/* Without locks and without a common domain nobody can tell: the text says what to do, and adopt does it. */
static void not_to_be_told(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer producer;
    uint64_t stranger = UINT64_C(0x12345600000777);
    make(&ring, 0);
    ring.header->consumer_owner = stranger;
    ring.header->consumer_record = (uint64_t)sluice_identity_check(stranger) << 32 | (uint64_t)(sluice_domain() ^ 1) << 1;
    ring.header->producer_slots[3] = stranger;
    sluice_ring_view view;
    sluice_view(&view, &ring);
    sluice_slot_records(&view)[3] = ring.header->consumer_record;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_E_BUSY);
    CHECK(strstr(ring.error, "cannot be told") != NULL && strstr(ring.error, "adopt") != NULL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    sluice_ring_adopt(&ring);
    CHECK(ring.header->producer_slots[3] == 0);
    CHECK(ring.header->producer_slots[producer.slot] == producer.self); /* one that is seen to live keeps its end */
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(strstr((sluice_consumer_open(&consumer, &ring) == SLUICE_E_BUSY ? ring.error : ""), "alive") != NULL);
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 1);
}

static pid_t heir;

static void consume_fork_and_die(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    heir = fork();
    CHECK(heir >= 0);
    if (heir == 0) {
        reach(1);
        await(2); /* its copy of the descriptor keeps the lock */
        reach(3);
        _exit(0);
    }
    await(1);
    _exit(0);
}

static void heirs_prove_nothing(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    make(&ring, 0);
    join(child_of(consume_fork_and_die));
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    reach(2);
    await(3); /* before the steps begin anew */
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

static void put_and_die(void)
{
    sluice_ring ring;
    sluice_producer producer;
    uint64_t packet[8] = {1};
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK);
    int32_t status = sluice_producer_open(&producer, &ring);
    if (status != SLUICE_OK) {
        fprintf(stderr, "%s\n", ring.error);
        _exit(1);
    }
    CHECK((producer.view.framed ? sluice_producer_put_record(&producer, packet, 64, 0)
                                : sluice_producer_put(&producer, packet, 64)) == SLUICE_OK);
    _exit(0);
}

/* Producers die one after the other; there is always a packet behind what the consumer takes. */
static void slots_under_traffic(int framed)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer producer;
    sluice_batch batch;
    uint64_t packet[8] = {1};
    make(&ring, framed);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK((framed ? sluice_producer_put_record(&producer, packet, 64, 0) : sluice_producer_put(&producer, packet, 64)) ==
          SLUICE_OK);
    uint32_t taken = 0;
    for (int i = 0; i < 300; i++) {
        join(child_of(put_and_die));
        CHECK(sluice_consumer_peek(&consumer, 72, &batch) == SLUICE_OK && batch.packets == 1);
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
        CHECK(ring.header->head != ring.header->tail);
    }
    for (uint32_t slot = 0; slot < SLUICE_RING_PRODUCERS; slot++) {
        taken += ring.header->producer_slots[slot] != 0;
    }
    CHECK(taken < 64); /* far from 256 */
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

static void claim_and_die(void)
{
    sluice_ring ring;
    sluice_producer producer;
    void *memory;
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_claim(&producer, 4, &memory) == SLUICE_OK);
    shared->status = (int32_t)producer.slot;
    _exit(0);
}

/* A slot that an open claim names goes to nobody else before the claim is given up. */
static void named_slot_is_kept(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    static sluice_producer producers[SLUICE_RING_PRODUCERS];
    make(&ring, 0);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    join(child_of(claim_and_die));
    uint32_t slot = (uint32_t)shared->status, opened = 0;
    while (opened < SLUICE_RING_PRODUCERS && sluice_producer_open(&producers[opened], &ring) == SLUICE_OK) {
        CHECK(producers[opened++].slot != slot);
    }
    CHECK(opened == SLUICE_RING_PRODUCERS - 1 && (ring.header->producer_slots[slot] & SLUICE_SLOT_RETIRED) != 0);
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_OK && ring.header->aborted == 4);
    (void)sluice_consumer_readable(&consumer); /* passes over what was given up */
    CHECK(sluice_producer_open(&producers[opened], &ring) == SLUICE_OK && producers[opened].slot == slot);
    for (uint32_t i = 0; i <= opened; i++) {
        sluice_producer_close(&producers[i]);
    }
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

static void try_namespace(void)
{
    _exit(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : 1);
}

int main(void)
{
    shared = (struct shared *)mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    name = ring_name("life");
    int status, sanitized = getenv("SLUICE_SANITIZER") != NULL; /* threads and processes do not mix there */
    pid_t child = child_of(try_namespace);
    CHECK(waitpid(child, &status, 0) == child);
    for (int framed = 0; framed < 2; framed++) {
        slow_one_is_not_dead(produce_slowly, framed, 0);
        slow_one_is_not_dead(produce_slowly, framed, 1);
        dead_one_is_given_up(produce_slowly, framed);
        if (!sanitized) {
            slow_one_is_not_dead(headless_producer, framed, 0);
            dead_one_is_given_up(headless_producer, framed);
        }
        if (status == 0) {
            slow_one_is_not_dead(container_producer, framed, 0);
            slow_one_is_not_dead(half_container_producer, framed, 0);
            dead_one_is_given_up(container_producer, framed);
        }
        slots_under_traffic(framed);
    }
    if (status == 0) {
        restarted_containers(SLUICE_BLOCK);
        restarted_containers(SLUICE_DROP_OLDEST);
    } else {
        fprintf(stderr, "namespaces are left out: making them needs rights that this user lacks\n");
    }
    not_to_be_told();
    heirs_prove_nothing();
    named_slot_is_kept();
    return 0;
}
