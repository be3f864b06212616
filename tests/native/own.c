/* own.c - a process and its own ends: they live while it holds them, also where nothing can be opened any more, and are gone
 * when it has called exec, which keeps its identity and closes its descriptors. */
#include "rings.h"

#include <sys/resource.h>
#include <sys/wait.h>

enum { SLOW = INT64_C(150000000), LONG = INT64_C(20000000000) };

static int32_t claim(sluice_producer *producer, void **memory)
{
    return producer->view.framed ? sluice_producer_claim_record(producer, 8, memory) : sluice_producer_claim(producer, 1, memory);
}

static int32_t commit(sluice_producer *producer)
{
    return producer->view.framed ? sluice_producer_commit_record(producer, 8, 0) : sluice_producer_commit(producer, 1);
}

static void take(sluice_consumer *consumer, const char *expected)
{
    sluice_batch batch;
    uint64_t at = 0;
    const void *memory = NULL;
    uint32_t bytes;
    uint16_t type;
    CHECK(sluice_consumer_wait(consumer, 1, LONG) == SLUICE_OK);
    CHECK(sluice_consumer_peek(consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) && memcmp(memory, expected, 8) == 0);
    CHECK(sluice_consumer_release(consumer, batch.bytes, batch.packets) == SLUICE_OK);
}

static void no_descriptor(void)
{
    struct rlimit none;
    CHECK(getrlimit(RLIMIT_NOFILE, &none) == 0);
    none.rlim_cur = 3; /* all that are open already go on */
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static char empty[] = "/tmp/sluice.own.XXXXXX";

static void no_proc(void)
{
    CHECK(chroot(empty) == 0 && chdir("/") == 0);
}

/* An open claim of this process is not given up, and its consumer's end goes to nobody else. */
static void own_ends_live(void (*lose)(void), int framed, int named)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer, second;
    void *memory = NULL;
    sluice_ring_options options = ring_options(framed ? 0 : 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_BLOCK);
    options.name = named ? ring_name("own") : NULL;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (named) { /* an object of this process, with a descriptor of its own */
            sluice_ring_close(&ring, 0);
            CHECK(sluice_ring_attach(&ring, options.name, NULL, 0) == SLUICE_OK);
        }
        CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
        CHECK(claim(&producer, &memory) == SLUICE_OK);
        lose();
        CHECK(sluice_consumer_wait(&consumer, 1, SLOW) == SLUICE_TIMEOUT);
        CHECK(sluice_consumer_unblock(&consumer) == SLUICE_WOULD_BLOCK && ring.header->unblocked == 0);
        CHECK(sluice_consumer_open(&second, &ring) == SLUICE_E_BUSY && strstr(ring.error, "(this process itself)") != NULL);
        sluice_ring_adopt(&ring);
        CHECK(ring.header->consumer_owner == consumer.self && ring.header->producer_slots[producer.slot] == producer.self);
        memcpy(memory, "PACKET!!", 8);
        CHECK(commit(&producer) == SLUICE_OK);
        take(&consumer, "PACKET!!");
        sluice_producer_close(&producer);
        sluice_consumer_close(&consumer);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    sluice_ring_close(&ring, 1);
}

/* Before exec: a packet in the consumer's hands, and an open claim behind it. */
static void first_life(const char *name)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    void *memory = NULL;
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(claim(&producer, &memory) == SLUICE_OK);
    memcpy(memory, "PACKET 1", 8);
    CHECK(commit(&producer) == SLUICE_OK);
    sluice_producer_publish(&producer);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    CHECK(claim(&producer, &memory) == SLUICE_OK);
    char self[] = "/proc/self/exe", *arguments[] = {self, (char *)name, NULL};
    (void)execv(self, arguments);
    CHECK(!"exec");
}

/* The same process, by the same identity: what it held before is free, what it holds now is not. */
static int second_life(const char *name)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer, second;
    void *memory = NULL;
    CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK);
    uint64_t before = ring.header->consumer_owner;
    int many = ring.producers != SLUICE_ONE_PRODUCER;
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(producer.self == before); /* or the test shows nothing */
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK && ring.header->tail_lock == 0);
    CHECK(sluice_consumer_open(&second, &ring) == SLUICE_E_BUSY && strstr(ring.error, "(this process itself)") != NULL);
    take(&consumer, "PACKET 1");
    CHECK(claim(&producer, &memory) == SLUICE_OK);
    memcpy(memory, "PACKET 2", 8);
    CHECK(commit(&producer) == SLUICE_OK);
    sluice_producer_publish(&producer);
    take(&consumer, "PACKET 2");
    CHECK(ring.header->unblocked == (uint64_t)many);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
    return 0;
}

static void ends_come_back(int framed, uint32_t producers, uint32_t policy)
{
    sluice_ring ring;
    sluice_ring_options options = ring_options(framed ? 0 : 8, 4096, producers, policy);
    options.name = ring_name("own");
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        first_life(options.name);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    sluice_ring_close(&ring, 1);
}

int main(int count, char **arguments)
{
    if (count > 1) {
        return second_life(arguments[1]);
    }
    CHECK(mkdtemp(empty) != NULL);
    for (int framed = 0; framed < 2; framed++) {
        for (int named = 0; named < 2; named++) {
            own_ends_live(no_descriptor, framed, named);
            if (geteuid() == 0) {
                own_ends_live(no_proc, framed, named);
            }
        }
        for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
            ends_come_back(framed, producers, SLUICE_BLOCK);
            ends_come_back(framed, producers, SLUICE_DROP_OLDEST);
        }
    }
    CHECK(rmdir(empty) == 0);
    return 0;
}
