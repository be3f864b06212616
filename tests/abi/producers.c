/* Inline producers of a buffer: one or many, claims in place, what a closed or second one may do. */
#include "abi.h"

#include <pthread.h>

#define THREADS 4
#define EACH 50000u

static void one_producer(uint32_t kind)
{
    sluice_buffer_options options = packet_options();
    options.kind = kind;
    sluice_buffer *buffer = new_buffer(&options);
    sluice_producer producer, second;
    packet one = {0, 0};
    void *memory;
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    CHECK_FAULT(sluice_buffer_open_producer(buffer, &second, sizeof second), SLUICE_E_BUSY, "producer");
    CHECK_STATUS(sluice_buffer_put(buffer, &one, sizeof one), SLUICE_E_BUSY);

    CHECK_OK(sluice_producer_put(&producer, &one, sizeof one));
    CHECK_STATUS(sluice_producer_put(&producer, &one, 8), SLUICE_E_SIZE);
    CHECK_OK(sluice_producer_claim(&producer, 10, &memory));
    for (uint64_t i = 0; i < 10; i++) {
        ((packet *)memory)[i] = (packet){1 + i, (1 + i) * (1 + i)};
    }
    CHECK_OK(sluice_producer_commit(&producer, 7)); /* the last three were never there */
    CHECK_OK(sluice_producer_claim(&producer, 5, &memory));
    sluice_producer_abort(&producer);
    CHECK(stats_of(buffer).stored_packets == 8);

    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer)); /* twice is fine */
    put_packets(buffer, 8, 100);
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    packet last = {108, 108 * 108};
    CHECK_OK(sluice_producer_put(&producer, &last, sizeof last));
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    add_file(buffer, in_folder(kind == SLUICE_FIFO ? "fifo.dat" : "one.dat"));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder(kind == SLUICE_FIFO ? "fifo.dat" : "one.dat"), 109);
}

static void a_producer_of_another_header_is_refused(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_producer producer;
    CHECK_FAULT(sluice_buffer_open_producer(buffer, &producer, sizeof producer - 8), SLUICE_E_ABI,
                "producer");
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* Puts that are grouped by the host become visible with the group, or at the latest with the close. */
static void groups_are_published_whole(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_producer producer;
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    producer.publish_bytes = 8 * sizeof(packet);
    for (uint64_t i = 0; i < 13; i++) {
        packet one = {i, i * i};
        CHECK_OK(sluice_producer_put(&producer, &one, sizeof one));
    }
    CHECK(stats_of(buffer).stored_packets == 8);
    sluice_producer_publish(&producer);
    CHECK(stats_of(buffer).stored_packets == 13);
    CHECK_OK(sluice_producer_put(&producer, &(packet){13, 169}, sizeof(packet)));
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    CHECK(stats_of(buffer).stored_packets == 14);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

typedef struct job {
    sluice_buffer *buffer;
    uint64_t number;
} job;

static void *produce(void *argument)
{
    job *self = argument;
    sluice_producer producer;
    CHECK_OK(sluice_buffer_open_producer(self->buffer, &producer, sizeof producer));
    for (uint64_t i = 0; i < EACH; i++) {
        packet one = {self->number, i};
        CHECK_OK(sluice_producer_put(&producer, &one, sizeof one));
    }
    CHECK_OK(sluice_buffer_close_producer(self->buffer, &producer));
    return NULL;
}

static int32_t check_order(void *user, const struct sluice_batch *batch)
{
    uint64_t *next = user;
    for (uint64_t i = 0; i < batch->packets; i++) {
        packet one;
        memcpy(&one, batch->data + i * sizeof one, sizeof one);
        if (one.sequence >= THREADS || one.value != next[one.sequence]++) {
            return SLUICE_E_CALLBACK;
        }
    }
    return SLUICE_OK;
}

static void many_producers(uint32_t kind)
{
    sluice_buffer_options options = packet_options();
    options.kind = kind;
    options.producers = SLUICE_MANY_PRODUCERS;
    options.full_policy = kind == SLUICE_CIRCULAR ? SLUICE_BLOCK : 0;
    options.block_timeout_ns = 20 * SECOND;
    options.capacity = 1 << 16;
    options.release_bytes = 1 << 14;
    options.release_after_ns = 10 * MS;
    sluice_buffer *buffer = new_buffer(&options);
    uint64_t next[THREADS] = {0};
    job jobs[THREADS];
    pthread_t threads[THREADS];
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, check_order, next, NULL));
    CHECK_OK(sluice_buffer_start(buffer));
    for (uint64_t i = 0; i < THREADS; i++) {
        jobs[i] = (job){buffer, i};
        CHECK(pthread_create(&threads[i], NULL, produce, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK(stats_of(buffer).sink_errors == 0 && stats_of(buffer).popped == THREADS * EACH);
    for (int i = 0; i < THREADS; i++) {
        CHECK(next[i] == EACH);
    }
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    one_producer(SLUICE_CIRCULAR);
    one_producer(SLUICE_FIFO);
    a_producer_of_another_header_is_refused();
    groups_are_published_whole();
    many_producers(SLUICE_CIRCULAR);
    many_producers(SLUICE_FIFO);
    return 0;
}
