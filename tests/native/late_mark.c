/* late_mark.c - framed, many producers: one that lives is stopped between taking its room and marking it, and the ring would go
 * round meanwhile. Its room stays its own, whatever payload looks like an empty word; once it is gone its room is given up. */
#include "rings.h"

#include <signal.h>
#include <sys/wait.h>

static char zeros[4096];
static sluice_ring ring;
static sluice_producer late, other;
static sluice_consumer consumer;

static void release_all(void)
{
    sluice_batch batch;
    while (sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK) {
        CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    }
}

/* What sluice_reserve_of_many does up to the mark. */
static uint64_t reserve_and_stop(sluice_producer *producer, uint64_t bytes)
{
    uint64_t head = sluice_load_relaxed(&producer->view.header->head), position = head;
    sluice_announce(producer, head);
    CHECK(sluice_cas(&producer->view.header->head, &head, head + bytes));
    return position;
}

static void make(void)
{
    ring_make(&ring, 0, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_producer_open(&late, &ring) == SLUICE_OK && sluice_producer_open(&other, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put_record(&other, zeros, 8, 1) == SLUICE_OK);
}

static void leave(void)
{
    sluice_producer_close(&late);
    sluice_producer_close(&other);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

static void live_one_keeps_its_room(void)
{
    sluice_batch batch;
    uint64_t at = 0;
    const void *memory;
    uint32_t bytes;
    uint16_t type;
    make();
    uint64_t position = reserve_and_stop(&late, 24);
    release_all();
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_WOULD_BLOCK);
    CHECK(sluice_consumer_wait(&consumer, 8, 100000000) == SLUICE_TIMEOUT);
    CHECK(sluice_producer_put_record(&other, zeros, 4096 - 40 - 8, 1) == SLUICE_OK); /* the rest of the lap */
    CHECK(sluice_producer_put_record(&other, zeros, 64, 2) == SLUICE_WOULD_BLOCK);   /* not over the late one's room */
    CHECK(ring.header->unblocked == 0 && ring.header->tail == position);
    CHECK(sluice_mark_claim(&late, position, 24, 1)); /* it goes on */
    late.claimed = position;
    late.claim_bytes = 24;
    memset(sluice_claim_memory(&late, 8), 0xAA, 16);
    CHECK(sluice_producer_commit_record(&late, 16, 9) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 2);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) == 1 && bytes == 16 && type == 9);
    CHECK(((const uint8_t *)memory)[0] == 0xAA && ((const uint8_t *)memory)[15] == 0xAA);
    CHECK(sluice_batch_next(&batch, &at, &memory, &bytes, &type) == 1 && bytes == 4096 - 48 && type == 1);
    CHECK(memcmp(memory, zeros, bytes) == 0);
    leave();
}

/* A place that nobody announced is nobody's, and a mark there is refused even where a payload looks like an empty word. */
static void unannounced_mark_is_refused(void)
{
    sluice_batch batch;
    make();
    uint64_t head = ring.header->head;
    ring.header->head += 24;
    release_all();
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_OK);
    release_all();
    CHECK(sluice_producer_put_record(&other, zeros, 4096 - 40 - 8, 1) == SLUICE_OK);
    release_all();
    CHECK(sluice_producer_put_record(&other, zeros, 64, 2) == SLUICE_OK);
    CHECK(*sluice_word_at(&late.view, head) == sluice_empty_word(&late.view, head)); /* it is a payload */
    CHECK(!sluice_mark_claim(&late, head, 24, 1));
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1 && batch.bytes == 72);
    leave();
}

/* Stopped with its reservation, and then killed: the room is given up, and what came behind it is delivered. */
static void dead_one_loses_its_room(void)
{
    make();
    int told[2];
    char done;
    CHECK(pipe(told) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        sluice_producer mine;
        CHECK(sluice_producer_open(&mine, &ring) == SLUICE_OK);
        (void)reserve_and_stop(&mine, 240);
        CHECK(write(told[1], "x", 1) == 1);
        for (;;) {
            pause();
        }
    }
    CHECK(read(told[0], &done, 1) == 1);
    CHECK(sluice_producer_put_record(&other, zeros, 32, 3) == SLUICE_OK);
    release_all();
    CHECK(sluice_consumer_unblock(&consumer) == SLUICE_WOULD_BLOCK); /* it lives */
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CHECK(sluice_consumer_wait(&consumer, 240 + 40, INT64_C(20000000000)) == SLUICE_OK);
    sluice_batch batch;
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1 && batch.bytes == 240 + 40);
    CHECK(ring.header->unblocked == 240 / 8);
    CHECK(close(told[0]) == 0 && close(told[1]) == 0);
    leave();
}

int main(void)
{
    live_one_keeps_its_room();
    unannounced_mark_is_refused();
    dead_one_loses_its_room();
    return 0;
}
