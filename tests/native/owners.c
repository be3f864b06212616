/* owners.c - who holds an end: a second owner, 256 producers, the dead, the forked; and claims of the dead. */
#include "rings.h"

#include <signal.h>
#include <sys/wait.h>

static sluice_ring ring;

/* Runs `work` in a child that is then killed where it stands. */
static void in_a_killed_child(void (*work)(void))
{
    int told[2];
    CHECK(pipe(told) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        work();
        CHECK(write(told[1], "d", 1) == 1);
        for (;;) {
            pause();
        }
    }
    char done;
    CHECK(close(told[1]) == 0);
    CHECK(read(told[0], &done, 1) == 1);
    CHECK(kill(child, SIGKILL) == 0);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK(close(told[0]) == 0);
}

static void put_number(sluice_producer *producer, uint64_t number)
{
    CHECK((producer->view.framed ? sluice_producer_put_record(producer, &number, 8, 0)
                                 : sluice_producer_put(producer, &number, 8)) == SLUICE_OK);
}

/* The packets that can be read now, in order; returns how many. */
static uint64_t take_numbers(sluice_consumer *consumer, uint64_t *numbers)
{
    uint64_t got = 0;
    sluice_batch batch;
    while (sluice_consumer_peek(consumer, 0, &batch) == SLUICE_OK) {
        uint64_t at = 0;
        const void *memory;
        uint32_t bytes;
        uint16_t type;
        while (sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
            memcpy(&numbers[got++], memory, 8);
        }
        CHECK(sluice_consumer_release(consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
    return got;
}

static void second_owner(void)
{
    sluice_producer one, two;
    sluice_consumer taker, other;
    ring_make(&ring, 8, 4096, SLUICE_ONE_PRODUCER, SLUICE_FAIL);
    CHECK(sluice_producer_open(&one, &ring) == SLUICE_OK);
    CHECK(sluice_producer_open(&two, &ring) == SLUICE_E_BUSY && strstr(ring.error, "one producer") != NULL);
    CHECK(sluice_consumer_open(&taker, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&other, &ring) == SLUICE_E_BUSY && strstr(ring.error, "has a consumer") != NULL);
    sluice_consumer_close(&other); /* was never open: takes nothing from anybody */
    CHECK(sluice_consumer_open(&other, &ring) == SLUICE_E_BUSY);
    sluice_producer_close(&one);
    sluice_consumer_close(&taker);
    CHECK(sluice_producer_open(&two, &ring) == SLUICE_OK && sluice_consumer_open(&other, &ring) == SLUICE_OK);
    sluice_producer_close(&two);
    sluice_consumer_close(&other);
    sluice_ring_close(&ring, 0);
}

static void open_and_hold_many(void)
{
    static sluice_producer producers[SLUICE_RING_PRODUCERS];
    for (uint32_t i = 0; i < SLUICE_RING_PRODUCERS; i++) {
        CHECK(sluice_producer_open(&producers[i], &ring) == SLUICE_OK && producers[i].slot == i);
    }
    put_number(&producers[255], 255);
}

static void all_slots(void)
{
    static sluice_producer producers[SLUICE_RING_PRODUCERS];
    sluice_producer late;
    sluice_consumer consumer;
    uint64_t numbers[600];
    ring_make(&ring, 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    for (uint64_t i = 0; i < SLUICE_RING_PRODUCERS; i++) {
        CHECK(sluice_producer_open(&producers[i], &ring) == SLUICE_OK);
        put_number(&producers[i], i);
    }
    CHECK(sluice_producer_open(&late, &ring) == SLUICE_E_BUSY && strstr(ring.error, "256") != NULL);
    sluice_producer_close(&producers[77]);
    CHECK(sluice_producer_open(&late, &ring) == SLUICE_OK && late.slot == 77);
    sluice_producer_close(&late);
    for (uint64_t i = 0; i < SLUICE_RING_PRODUCERS; i++) {
        if (i != 77) {
            sluice_producer_close(&producers[i]);
        }
    }
    CHECK(take_numbers(&consumer, numbers) == 256 && numbers[77] == 77 && numbers[255] == 255);

    /* A dead process held all of them: they are free again once nothing in the ring can refer to them. */
    in_a_killed_child(open_and_hold_many);
    CHECK(sluice_producer_open(&late, &ring) == SLUICE_E_BUSY);
    CHECK(take_numbers(&consumer, numbers) == 1 && numbers[0] == 255);
    CHECK(sluice_producer_open(&late, &ring) == SLUICE_OK);
    sluice_producer_close(&late);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

static void claim_and_hold(void)
{
    sluice_producer producer;
    void *memory = NULL;
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    put_number(&producer, 1);
    CHECK((producer.view.framed ? sluice_producer_claim_record(&producer, 100, &memory)
                                : sluice_producer_claim(&producer, 5, &memory)) == SLUICE_OK);
    memset(memory, 0xEE, 40);
}

/* A producer is killed with an open claim: it is given up, what others put behind it comes through. */
static void killed_with_a_claim(int framed, uint32_t policy)
{
    sluice_producer producer;
    sluice_consumer consumer;
    uint64_t numbers[16];
    ring_make(&ring, framed ? 0 : 8, 4096, SLUICE_MANY_PRODUCERS, policy);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    in_a_killed_child(claim_and_hold);
    put_number(&producer, 2);
    CHECK(take_numbers(&consumer, numbers) == 1 && numbers[0] == 1);
    CHECK(sluice_consumer_wait(&consumer, 1, INT64_C(10000000000)) == SLUICE_OK); /* finds out and gives it up */
    CHECK(take_numbers(&consumer, numbers) == 1 && numbers[0] == 2);
    CHECK(ring.header->unblocked == 1 && ring.header->aborted == (framed ? 1 : 5));
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_WOULD_BLOCK);
    CHECK(ring.header->producer_slots[1] == 0); /* the dead one's slot is free again */
    put_number(&producer, 3);
    CHECK(take_numbers(&consumer, numbers) == 1 && numbers[0] == 3);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* A producer died between taking room and marking it: the head moved, no mark is there. One that lives and comes too
 * late finds that it lost the room and takes other. */
static void reserved_without_a_mark(int framed)
{
    sluice_producer producer;
    sluice_consumer consumer;
    uint64_t numbers[16];
    ring_make(&ring, framed ? 0 : 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    for (uint64_t round = 0; round < 300; round++) { /* several laps */
        uint64_t at = ring.header->head;
        put_number(&producer, round);
        uint64_t hole = ring.header->head;
        ring.header->head += 48;
        put_number(&producer, round + 1000);
        CHECK(take_numbers(&consumer, numbers) == 1 && numbers[0] == round);
        CHECK(ring.header->tail == hole && hole > at);
        CHECK(sluice_consumer_unblock(&consumer) == SLUICE_OK);
        CHECK(!sluice_mark_claim(&producer, hole, 48, framed ? 1 : 6)); /* too late */
        sluice_give_up_rest(&producer.view, hole, 48);
        CHECK(take_numbers(&consumer, numbers) == 1 && numbers[0] == round + 1000);
        CHECK(ring.header->tail == ring.header->head);
        CHECK(!sluice_mark_claim(&producer, hole, 48, framed ? 1 : 6)); /* far too late */
    }
    CHECK(ring.header->unblocked == 300 * 6);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

static void peek_and_hold(void)
{
    sluice_consumer consumer;
    sluice_batch batch;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
}

/* A consumer is killed with a batch in its hands: the next one gets the batch; producers that drop the oldest go on. */
static void killed_with_a_batch(int framed, uint32_t producers, uint32_t policy)
{
    sluice_producer producer;
    sluice_consumer consumer;
    uint64_t numbers[600];
    ring_make(&ring, framed ? 0 : 8, 4096, producers, policy);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    uint64_t holds = framed ? 256 : 512;
    for (uint64_t i = 0; i < holds; i++) {
        put_number(&producer, i);
    }
    in_a_killed_child(peek_and_hold);
    uint64_t first = 0;
    if (policy == SLUICE_DROP_OLDEST) {
        uint64_t number = holds;
        CHECK((framed ? sluice_producer_put_record(&producer, &number, 8, 0)
                      : sluice_producer_put(&producer, &number, 8)) == SLUICE_OK);
        first = 1;
        CHECK(ring.header->dropped_oldest == 1 && ring.header->tail_lock == 0);
    }
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(take_numbers(&consumer, numbers) == holds && numbers[0] == first && numbers[holds - 1] == first + holds - 1);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* A release that died half-way through the clearing is finished by the next consumer. */
static void half_cleared(void)
{
    sluice_producer producer;
    sluice_consumer consumer;
    uint64_t numbers[600];
    ring_make(&ring, 0, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    for (uint64_t i = 0; i < 10; i++) {
        put_number(&producer, i);
    }
    ring.header->clearing = 4 * 16;
    sluice_clear(&producer.view, 0, 2 * 16);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(ring.header->tail == 64 && take_numbers(&consumer, numbers) == 6 && numbers[0] == 4);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* After a fork: an inherited producer goes on in the child, and the child's own ends carry its own identity. */
static void forks(void)
{
    sluice_producer producer;
    sluice_consumer consumer;
    uint64_t numbers[16];
    int status;
    ring_make(&ring, 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK && sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    pid_t child = fork();
    if (child == 0) {
        sluice_producer own;
        put_number(&producer, 10);
        CHECK(sluice_producer_open(&own, &ring) == SLUICE_OK);
        CHECK(own.self >> 32 == (uint64_t)getpid() && own.self != producer.self);
        put_number(&own, 11);
        sluice_producer_close(&own);
        sluice_consumer other;
        CHECK(sluice_consumer_open(&other, &ring) == SLUICE_E_BUSY); /* the parent has it */
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    put_number(&producer, 12);
    CHECK(take_numbers(&consumer, numbers) == 3 && numbers[0] == 10 && numbers[1] == 11 && numbers[2] == 12);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* Holders in another pid namespace count as alive until somebody who knows better adopts the ring. */
static void adopted(void)
{
    sluice_consumer consumer;
    ring_make(&ring, 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_DROP_OLDEST);
    ring.header->pid_namespace = 1;
    ring.header->consumer_owner = UINT64_C(1) << 40;
    ring.header->tail_lock = (UINT64_C(1) << 40) | SLUICE_TAIL_HELD;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_E_BUSY);
    sluice_ring_adopt(&ring);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(ring.header->tail_lock == 0 && ring.header->pid_namespace == sluice_pid_namespace());
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

int main(void)
{
    second_owner();
    all_slots();
    for (int framed = 0; framed < 2; framed++) {
        killed_with_a_claim(framed, SLUICE_FAIL);
        reserved_without_a_mark(framed);
        for (uint32_t producers = SLUICE_ONE_PRODUCER; producers <= SLUICE_MANY_PRODUCERS; producers++) {
            killed_with_a_batch(framed, producers, SLUICE_FAIL);
            killed_with_a_batch(framed, producers, SLUICE_DROP_OLDEST);
        }
    }
    half_cleared();
    forks();
    adopted();
    return 0;
}
