/* A signal every 100 microseconds, whose handler does not restart calls: none of the engine's calls or of the inline ring's fails,
 * and no packet is lost, while rings are made and attached, FIFOs spill, files are synchronised and renamed, and puts block. */
#include "abi.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#define PACKETS 4000u

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    (void)number;
    caught++;
}

static void *put_all(void *buffer)
{
    put_packets(buffer, 0, PACKETS);
    return NULL;
}

static void check_ring(const char *name, const char *file)
{
    sluice_ring ring, other;
    sluice_ring_options options = {.struct_size = sizeof options, .stride = 16, .capacity = 4 << 20, .name = name, .file = file};
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(sluice_ring_attach(&other, name, file, SECOND) == SLUICE_OK);
    sluice_ring_close(&other, 0);
    sluice_ring_close(&ring, 1);
}

static void check_buffer(uint32_t kind, int round)
{
    char path[64];
    sluice_buffer_options options = packet_options();
    options.kind = kind;
    options.capacity = kind == SLUICE_FIFO ? 1 << 14 : 4096;
    options.memory_limit = kind == SLUICE_FIFO ? 1 << 15 : 0;
    options.spill_directory = kind == SLUICE_FIFO ? in_folder("") : NULL;
    options.full_policy = kind == SLUICE_FIFO ? 0 : SLUICE_BLOCK;
    options.block_timeout_ns = -1;
    options.release_packets = 100;
    sluice_buffer *buffer = new_buffer(&options);
    (void)snprintf(path, sizeof path, "interrupts-%d.dat", round);
    sluice_file_options sink = {.struct_size = sizeof sink, .path = in_folder(path), .durability = SLUICE_DURABLE_EVERY_FLUSH};
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &sink, NULL));
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, put_all, buffer) == 0);
    if (kind == SLUICE_FIFO) { /* all of it is stored, most in files, before anything is written */
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(stats_of(buffer).spilled_bytes > 0);
    }
    CHECK_OK(sluice_buffer_start(buffer));
    if (kind != SLUICE_FIFO) {
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK_OK(sluice_buffer_stop(buffer, 60 * SECOND));
    CHECK(stats_of(buffer).sink_errors == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder(path), PACKETS);
}

int main(void)
{
    char name[64];
    struct sigaction mine = {.sa_handler = catch_signal};
    struct itimerval often = {{0, 100}, {0, 100}};
    (void)snprintf(name, sizeof name, "test.interrupts.%llx", unique());
    CHECK(sigaction(SIGALRM, &mine, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (int round = 0; round < 20; round++) {
        check_ring(name, NULL);
        check_ring(NULL, in_folder("interrupts.ring"));
        check_buffer(round % 2 ? SLUICE_FIFO : SLUICE_CIRCULAR, round);
    }
    struct itimerval never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0 && caught > 0);
    printf("%d signals\n", (int)caught);
    return 0;
}
