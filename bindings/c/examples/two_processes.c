/* SPDX-License-Identifier: Apache-2.0
 *
 * two_processes - one process measures, another one writes; shared memory with a name lies between them.
 *
 *   two_processes DIR        writes DIR/two_processes.dat
 *
 * The child needs the inline header only: it is not linked to the engine by any call, and no run-time ever
 * pauses it. If it is killed, what it committed is still delivered.
 */
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACKETS 1000000u
#define NS_PER_S INT64_C(1000000000)

typedef struct packet {
    uint64_t sequence;
    int64_t time;
} packet;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "two_processes: %s: %s\n", what, text);
    return 1;
}

/* The measuring process: ring.h alone. */
static int produce(const char *name)
{
    sluice_ring ring;
    sluice_producer producer;
    int32_t status =
        sluice_ring_attach(&ring, name, NULL, 10 * NS_PER_S); /* waits for the other one to make it */
    if (status != SLUICE_OK) {
        fprintf(stderr, "producer: %s\n", ring.error);
        return 1;
    }
    status = sluice_producer_open(&producer, &ring);
    if (status != SLUICE_OK) {
        fprintf(stderr, "producer: %s\n", ring.error);
        return 1;
    }
    producer.publish_bytes =
        32 * sizeof(packet); /* groups are cheaper to hand over; close publishes the rest */
    for (uint64_t i = 0; i < PACKETS && status == SLUICE_OK; i++) {
        packet sample = {.sequence = i, .time = sluice_monotonic_ns()};
        status = sluice_producer_put(&producer, &sample, sizeof sample);
    }
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 0);
    if (status != SLUICE_OK) {
        fprintf(stderr, "producer: put answered %d\n", status);
    }
    return status != SLUICE_OK;
}

/* The writing process: a buffer over the ring of that name, and the engine's pump. */
static int consume(const char *name, const char *path, pid_t child)
{
    sluice_buffer *buffer;
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .kind = SLUICE_CIRCULAR,
                                     .stride = sizeof(packet),
                                     .name = name,
                                     .full_policy = SLUICE_BLOCK,
                                     .block_timeout_ns = 10 * NS_PER_S,
                                     .release_bytes = 1 << 17,
                                     .release_after_ns = NS_PER_S / 20};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) {
        return complain("buffer");
    }
    sluice_file_options file = {.struct_size = sizeof file, .path = path};
    if (sluice_buffer_add_file_sink(buffer, &file, NULL) != SLUICE_OK ||
        sluice_buffer_start(buffer) != SLUICE_OK) {
        return complain("file");
    }
    int result = -1;
    (void)waitpid(child, &result, 0);
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    if (sluice_buffer_stop(buffer, 10 * NS_PER_S) != SLUICE_OK ||
        sluice_buffer_get_stats(buffer, &stats) != SLUICE_OK || sluice_buffer_destroy(buffer) != SLUICE_OK) {
        return complain("writing");
    }
    printf("%llu packets from process %d in %s\n", (unsigned long long)stats.popped, (int)child, path);
    return result != 0 || stats.popped != PACKETS;
}

int main(int argc, char **argv)
{
    char name[64], path[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: two_processes DIR\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/two_processes.dat", argv[1]);
    (void)snprintf(name, sizeof name, "two_processes.%d", (int)getpid());
    pid_t child = fork(); /* before the first call into the engine */
    if (child < 0) {
        perror("two_processes: fork");
        return 1;
    }
    return child == 0 ? produce(name) : consume(name, path, child);
}
