/* A process that simply ends, with a pump running and packets stored, leaves everything in its files and its
 * exit status alone. */
#include "abi.h"

#include <signal.h>
#include <sys/wait.h>

static int32_t never(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_WOULD_BLOCK;
}

static void fill(const char *path, int pump, uint64_t count)
{
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.release_packets = 1000000; /* not in this life */
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, path);
    if (pump) {
        CHECK_OK(sluice_buffer_start(buffer));
    }
    put_packets(buffer, 0, count);
}

/* Runs the ending of a process in a child, before this one touches the engine; the status as waitpid gives
 * it. */
static int run(void (*ending)(const char *path), const char *path)
{
    int status = -1;
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(60); /* a hang is a death by SIGALRM */
        ending(path);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void with_a_pump(const char *path)
{
    fill(path, 1, 12345);
    exit(0);
}

static void without_a_pump(const char *path)
{
    fill(path, 0, 777);
    exit(3);
}

static void with_a_producer_open(const char *path)
{
    sluice_buffer_options options = packet_options();
    sluice_producer producer;
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, path);
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    for (uint64_t i = 0; i < 50; i++) {
        packet one = {i, i * i};
        CHECK_OK(sluice_producer_put(&producer, &one, sizeof one));
    }
    exit(0);
}

static void with_a_sink_that_never_takes(const char *path)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, never, NULL, NULL));
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 0, 1);
    (void)path;
    exit(5);
}

int main(void)
{
    int status = run(with_a_pump, in_folder("pump.dat"));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_packets(in_folder("pump.dat"), 12345);
    status = run(without_a_pump, in_folder("none.dat"));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    check_packets(in_folder("none.dat"), 777);
    status = run(with_a_producer_open, in_folder("producer.dat"));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_packets(in_folder("producer.dat"), 50);
    status = run(with_a_sink_that_never_takes, in_folder("never.dat"));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5); /* it gives up after its 5 s */
    return 0;
}
