/* wake.c - a waiting consumer: time-outs, the futex from a thread and from another process, the eventfd from both. */
#include "rings.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

static sluice_ring ring;

static void *put_later(void *argument)
{
    sluice_producer *producer = (sluice_producer *)argument;
    uint64_t packet = 1;
    usleep(30000);
    CHECK(sluice_producer_put(producer, &packet, 8) == SLUICE_OK);
    return NULL;
}

static void take_one(sluice_consumer *consumer)
{
    sluice_batch batch;
    CHECK(sluice_consumer_peek(consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    CHECK(sluice_consumer_release(consumer, 8, 1) == SLUICE_OK);
}

static int readable(int fd, int milliseconds)
{
    struct pollfd one = {fd, POLLIN, 0};
    if (poll(&one, 1, milliseconds) != 1) {
        return 0;
    }
    uint64_t value;
    return read(fd, &value, sizeof value) == sizeof value;
}

static void threads(uint32_t producers)
{
    sluice_producer producer;
    sluice_consumer consumer;
    pthread_t thread;
    ring_make(&ring, 8, 4096, producers, SLUICE_FAIL);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_wait(&consumer, 8, 0) == SLUICE_TIMEOUT);
    int64_t begin = sluice_monotonic_ns();
    CHECK(sluice_consumer_wait(&consumer, 8, 20000000) == SLUICE_TIMEOUT);
    CHECK(sluice_monotonic_ns() - begin >= 20000000 && ring.header->wake_at == SLUICE_RING_NEVER);
    CHECK(pthread_create(&thread, NULL, put_later, &producer) == 0);
    CHECK(sluice_consumer_wait(&consumer, 8, -1) == SLUICE_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    take_one(&consumer);

    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(fd >= 0);
    sluice_consumer_event(&consumer, fd);
    CHECK(!sluice_consumer_arm(&consumer, 16)); /* two packets, please */
    uint64_t packet = 2;
    CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK && !readable(fd, 0));
    CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK && readable(fd, 0));
    CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK && !readable(fd, 0)); /* armed once, told once */
    CHECK(sluice_consumer_arm(&consumer, 16) == 1); /* there already: no need to sleep */
    CHECK(sluice_consumer_release(&consumer, 24, 3) == SLUICE_OK);
    CHECK(!sluice_consumer_arm(&consumer, 8));
    sluice_ring_seal(&ring);
    CHECK(readable(fd, 0) && sluice_consumer_arm(&consumer, 8) == 1);
    CHECK(sluice_consumer_wait(&consumer, 8, 0) == SLUICE_END);
    sluice_consumer_event(&consumer, -1);
    CHECK(close(fd) == 0);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* An open claim stands in front of the packets waited for: its commit wakes. */
static void behind_an_open_claim(void)
{
    sluice_producer first, second;
    sluice_consumer consumer;
    void *memory;
    uint64_t packet = 1;
    ring_make(&ring, 8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    CHECK(sluice_producer_open(&first, &ring) == SLUICE_OK && sluice_producer_open(&second, &ring) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    sluice_consumer_event(&consumer, fd);
    CHECK(sluice_producer_claim(&first, 1, &memory) == SLUICE_OK);
    CHECK(sluice_producer_put(&second, &packet, 8) == SLUICE_OK);
    CHECK(!sluice_consumer_arm(&consumer, 16));
    memcpy(memory, &packet, 8);
    CHECK(sluice_producer_commit(&first, 1) == SLUICE_OK);
    CHECK(readable(fd, 0) && sluice_consumer_readable(&consumer) == 16);
    CHECK(close(fd) == 0);
    sluice_producer_close(&first);
    sluice_producer_close(&second);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* A producer in another process, which attaches by name: wakes the futex, and the eventfd, also a second one. */
static void processes(void)
{
    sluice_ring_options options = ring_options(8, 4096, SLUICE_MANY_PRODUCERS, SLUICE_FAIL);
    sluice_consumer consumer;
    options.name = ring_name("wake");
    char name[64];
    (void)snprintf(name, sizeof name, "%s", options.name);
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    int orders[2], answers[2];
    CHECK(pipe(orders) == 0 && pipe(answers) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        sluice_ring mine;
        sluice_producer producer;
        char order;
        uint64_t packet = 3;
        CHECK(sluice_ring_attach(&mine, name, NULL, 1000000000) == SLUICE_OK);
        CHECK(sluice_producer_open(&producer, &mine) == SLUICE_OK);
        while (read(orders[0], &order, 1) == 1 && order != 'q') {
            usleep(order == 'l' ? 30000 : 0);
            CHECK(sluice_producer_put(&producer, &packet, 8) == SLUICE_OK);
            order = producer.event_fd >= 0 ? 'y' : 'n';
            CHECK(write(answers[1], &order, 1) == 1);
        }
        sluice_producer_close(&producer);
        sluice_ring_close(&mine, 0);
        _exit(0);
    }
    char answer;
    CHECK(write(orders[1], "l", 1) == 1);
    CHECK(sluice_consumer_wait(&consumer, 8, -1) == SLUICE_OK);
    take_one(&consumer);
    CHECK(read(answers[0], &answer, 1) == 1 && answer == 'n');
    for (int i = 0; i < 2; i++) {
        int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        sluice_consumer_event(&consumer, fd);
        CHECK(!sluice_consumer_arm(&consumer, 8));
        CHECK(write(orders[1], "p", 1) == 1 && read(answers[0], &answer, 1) == 1);
        if (answer == 'y') {
            CHECK(readable(fd, 10000));
        } else {
            fprintf(stderr, "the eventfd is not fetched across processes: pidfd_getfd is not permitted here\n");
            CHECK(sluice_consumer_wait(&consumer, 8, 1000000000) == SLUICE_OK);
        }
        take_one(&consumer);
        sluice_consumer_event(&consumer, -1);
        CHECK(close(fd) == 0); /* the next one gets the same number */
    }
    CHECK(write(orders[1], "q", 1) == 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 1);
}

int main(void)
{
    threads(SLUICE_ONE_PRODUCER);
    threads(SLUICE_MANY_PRODUCERS);
    behind_an_open_claim();
    processes();
    return 0;
}
