/* A ring that drops the oldest, whose tail a producer holds while it makes room: its thread may be stopped amid that. What is stored
 * is written when it goes on, or is kept and told; a flush, a stop and an end never take it for nothing. */
#include "abi.h"

#include <pthread.h>

enum { PACKETS = 100 };

static sluice_producer producer;
static uint64_t got;

static int32_t accept_all(void *user, const sluice_batch *batch)
{
    (void)user;
    got += batch->packets;
    return SLUICE_OK;
}

static void *go_on(void *pause_ns)
{
    struct timespec pause = {0, (long)*(int64_t *)pause_ns};
    (void)nanosleep(&pause, NULL);
    sluice_tail_unlock(&producer.view);
    return NULL;
}

static sluice_buffer *full_of(int framed)
{
    static const char packet[16];
    sluice_buffer *buffer;
    sluice_buffer_options options = {.struct_size = sizeof options, .kind = SLUICE_CIRCULAR, .shape = (uint32_t)framed,
                                     .stride = framed ? 0 : 16, .full_policy = SLUICE_DROP_OLDEST, .capacity = 32768};
    got = 0;
    CHECK_OK(sluice_buffer_create(&options, &buffer));
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept_all, NULL, NULL));
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    for (int i = 0; i < PACKETS; i++) {
        CHECK((framed ? sluice_producer_put_record(&producer, packet, 16, 0) : sluice_producer_put(&producer, packet, 16)) == SLUICE_OK);
    }
    producer.view.header->tail_lock = producer.self; /* as in the midst of dropping the oldest */
    return buffer;
}

/* The producer goes on after 20 ms: nobody notices. */
static void goes_on(int framed, int how)
{
    pthread_t thread;
    int64_t pause = 20 * MS;
    sluice_buffer *buffer = full_of(framed);
    CHECK(pthread_create(&thread, NULL, go_on, &pause) == 0);
    CHECK_OK(how == 0 ? sluice_buffer_flush(buffer, NULL, NULL) : how == 1 ? sluice_buffer_stop(buffer, SECOND) : sluice_buffer_destroy(buffer));
    CHECK(got == PACKETS);
    CHECK(pthread_join(thread, NULL) == 0);
    if (how < 2) {
        CHECK_OK(sluice_buffer_destroy(buffer));
    }
}

/* It does not: that is said, and everything is kept. */
static void stays(int framed)
{
    uint64_t lost;
    sluice_buffer *buffer = full_of(framed);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_WOULD_BLOCK, "does not go on", "100 packets are still stored");
    CHECK_FAULT(sluice_buffer_stop(buffer, 100 * MS), SLUICE_WOULD_BLOCK, "does not go on");
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_WOULD_BLOCK, "does not go on");
    CHECK(got == 0);
    sluice_tail_unlock(&producer.view);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK(got == PACKETS);
    CHECK_OK(sluice_buffer_destroy(buffer));

    buffer = full_of(framed);
    CHECK_OK(sluice_buffer_discard(buffer, &lost));
    CHECK(got == 0 && lost == PACKETS);
    sluice_tail_unlock(&producer.view);
}

int main(void)
{
    for (int framed = 0; framed < 2; framed++) {
        for (int how = 0; how < 3; how++) {
            goes_on(framed, how);
        }
        stays(framed);
    }
    return 0;
}
