/* events.c - wakes by eventfd: never lost for ever, never sent to a stranger, never written into another file. */
#include "rings.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

static const char *name;
static uint64_t packet[16] = {1};

static void make(sluice_ring *ring, sluice_consumer *consumer, uint32_t producers)
{
    sluice_ring_options options = ring_options(128, 65536, producers, SLUICE_FAIL);
    options.name = name;
    CHECK(sluice_ring_create(ring, &options) == SLUICE_OK && sluice_consumer_open(consumer, ring) == SLUICE_OK);
}

static void leave(sluice_ring *ring, sluice_consumer *consumer)
{
    sluice_consumer_close(consumer);
    sluice_ring_close(ring, 1);
}

static int is_readable(int fd)
{
    struct pollfd wait = {fd, POLLIN, 0};
    return poll(&wait, 1, 0) == 1;
}

static void empty(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) == sizeof count) {
    }
}

/* A producer publishes, takes the wake and is killed before it sends it. */
static void die_in_a_wake(uint64_t left_behind)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        sluice_ring ring;
        sluice_producer producer;
        CHECK(sluice_ring_attach(&ring, name, NULL, 0) == SLUICE_OK && sluice_producer_open(&producer, &ring) == SLUICE_OK);
        producer.head += 128;
        sluice_store_release(&ring.header->head, producer.head);
        uint64_t wake_at = sluice_load_relaxed(&ring.header->wake_at);
        CHECK(producer.head >= wake_at && sluice_cas(&ring.header->wake_at, &wake_at, left_behind));
        CHECK(kill(getpid(), SIGKILL) == 0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

/* The next producers send it: at once, or, behind one of version 0.1, within an eighth of the ring. */
static void wake_of_the_dead(uint64_t left_behind, int most_puts)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer producer;
    make(&ring, &consumer, SLUICE_ONE_PRODUCER);
    int fd = eventfd(0, EFD_NONBLOCK), puts = 0;
    sluice_consumer_event(&consumer, fd);
    CHECK(sluice_consumer_arm(&consumer, 1) == 0);
    die_in_a_wake(left_behind);
    CHECK(!is_readable(fd));
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    while (!is_readable(fd)) {
        CHECK(puts++ < most_puts && sluice_producer_put(&producer, packet, 128) == SLUICE_OK);
    }
    empty(fd);
    CHECK(sluice_producer_put(&producer, packet, 128) == SLUICE_OK && !is_readable(fd)); /* nobody asked again */
    sluice_producer_close(&producer);
    sluice_consumer_event(&consumer, -1);
    CHECK(close(fd) == 0);
    leave(&ring, &consumer);
}

/* Descriptor `number` is another file than the one that the header tells of; a wake leaves it alone. */
static void left_alone(int number, sluice_ring *ring, const char *what)
{
    struct stat before, after;
    sluice_producer producer;
    CHECK(fstat(number, &before) == 0);
    sluice_store_release(&ring->header->wake_at, (uint64_t)1);
    CHECK(sluice_producer_open(&producer, ring) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, packet, 128) == SLUICE_OK);
    sluice_producer_close(&producer);
    CHECK(fstat(number, &after) == 0);
    if (before.st_size != after.st_size) {
        fprintf(stderr, "%s: the file has %lld bytes more\n", what, (long long)(after.st_size - before.st_size));
        exit(1);
    }
}

static int scratch(void)
{
    char path[] = "/tmp/sluice-events-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && unlink(path) == 0 && write(fd, "PRECIOUS", 8) == 8);
    return fd;
}

/* The header tells of a process of that id that is gone: whoever has the id now is a stranger. */
static void stranger_with_the_id(int forge_record)
{
    sluice_ring ring;
    sluice_consumer consumer;
    make(&ring, &consumer, SLUICE_MANY_PRODUCERS);
    int file = scratch(), told[2];
    CHECK(pipe(told) == 0);
    pid_t stranger = fork();
    CHECK(stranger >= 0);
    if (stranger == 0) {
        CHECK(write(told[1], "x", 1) == 1);
        for (;;) {
            pause();
        }
    }
    char done;
    CHECK(read(told[0], &done, 1) == 1 && close(told[0]) == 0 && close(told[1]) == 0);
    uint64_t gone = (uint64_t)stranger << 32 | 12345u; /* another start time */
    ring.header->event_fd = file; /* the stranger has it as well */
    ring.header->event_owner = gone;
    ring.header->event_generation += 2;
    if (forge_record) {
        ring.header->consumer_record = (uint64_t)sluice_identity_check(gone) << 32 | (uint64_t)sluice_domain() << 1;
    }
    left_alone(file, &ring, "a process with the id of a dead consumer");
    CHECK(kill(stranger, SIGKILL) == 0 && waitpid(stranger, NULL, 0) == stranger);
    CHECK(close(file) == 0);
    leave(&ring, &consumer);
}

/* The header names a file of this very process as its eventfd. */
static void file_of_our_own(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    make(&ring, &consumer, SLUICE_MANY_PRODUCERS);
    int file = scratch();
    ring.header->event_fd = file;
    ring.header->event_owner = consumer.self;
    ring.header->event_generation += 2;
    left_alone(file, &ring, "a file that the header calls an eventfd");
    CHECK(close(file) == 0);
    leave(&ring, &consumer);
}

/* An eventfd is cleared and closed, and its number goes to a file, while a producer of the same process is under way. */
static void closed_under_a_producer(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer producer;
    make(&ring, &consumer, SLUICE_MANY_PRODUCERS);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    int fd = eventfd(0, EFD_NONBLOCK), file = scratch();
    sluice_consumer_event(&consumer, fd);
    int32_t seen = sluice_event_here(&producer.view, producer.self, &producer.event_seen, &producer.event_fd);
    CHECK(seen >= 0 && seen != fd); /* a copy, which is what a late write goes to */
    sluice_consumer_event(&consumer, -1);
    CHECK(dup2(file, fd) == fd);
    uint64_t one = 1;
    struct stat status;
    CHECK(write(seen, &one, sizeof one) == sizeof one && fstat(fd, &status) == 0 && status.st_size == 8);
    CHECK(sluice_event_here(&producer.view, producer.self, &producer.event_seen, &producer.event_fd) == -1);
    left_alone(fd, &ring, "a file with the number of a closed eventfd");
    CHECK(close(fd) == 0 && close(file) == 0);
    sluice_producer_close(&producer);
    leave(&ring, &consumer);
}

/* Another eventfd of the consumer's process: the number of the right one is known where the kernel tells it. */
static void another_eventfd(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    sluice_producer producer;
    make(&ring, &consumer, SLUICE_MANY_PRODUCERS);
    int right = eventfd(0, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
    sluice_consumer_event(&consumer, right);
    if (ring.header->event_id != 0) {
        ring.header->event_fd = other;
        CHECK(sluice_consumer_arm(&consumer, 1) == 0 && sluice_producer_open(&producer, &ring) == SLUICE_OK);
        CHECK(sluice_producer_put(&producer, packet, 128) == SLUICE_OK);
        CHECK(!is_readable(other) && !is_readable(right));
        sluice_producer_close(&producer);
    }
    CHECK(close(right) == 0 && close(other) == 0);
    leave(&ring, &consumer);
}

/* What is right is woken: from this process and from another one. */
static void right_one(void)
{
    sluice_ring ring;
    sluice_consumer consumer;
    make(&ring, &consumer, SLUICE_MANY_PRODUCERS);
    int fd = eventfd(0, EFD_NONBLOCK);
    sluice_consumer_event(&consumer, fd);
    for (int other = 0; other < 2; other++) {
        empty(fd);
        CHECK(sluice_consumer_arm(&consumer, 128 * (uint64_t)(other + 1)) == 0);
        pid_t child = other ? fork() : -1;
        if (child <= 0) {
            sluice_ring mine;
            sluice_producer producer;
            CHECK(sluice_ring_attach(&mine, name, NULL, 0) == SLUICE_OK);
            CHECK(sluice_producer_open(&producer, &mine) == SLUICE_OK);
            CHECK(sluice_producer_put(&producer, packet, 128) == SLUICE_OK);
            int sent = producer.event_fd >= 0;
            sluice_producer_close(&producer);
            sluice_ring_close(&mine, 0);
            if (child == 0) {
                _exit(sent ? 0 : SKIPPED); /* the kernel does not let this user look into the other process */
            }
        } else {
            int status;
            CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
            if (WEXITSTATUS(status) == SKIPPED) {
                break;
            }
            CHECK(WEXITSTATUS(status) == 0);
        }
        CHECK(is_readable(fd));
    }
    sluice_consumer_event(&consumer, -1);
    CHECK(close(fd) == 0);
    leave(&ring, &consumer);
}

int main(void)
{
    name = ring_name("events");
    right_one();
    wake_of_the_dead(SLUICE_RING_WAKING, 1);
    wake_of_the_dead(SLUICE_RING_NEVER, 65536 / 8 / 128 + 1); /* as version 0.1 left it */
    stranger_with_the_id(0);
    stranger_with_the_id(1);
    file_of_our_own();
    closed_under_a_producer();
    another_eventfd();
    return 0;
}
