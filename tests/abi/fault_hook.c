/* The hook of faults is told of what no call answers with, once, and of its end; it cannot hang or crash the buffer. */
#include "abi.h"

#include <pthread.h>
#include <sys/stat.h>

#define MOST 16

typedef struct told {
    pthread_mutex_t mutex;
    sluice_buffer *buffer;
    int count;
    int32_t status[MOST];
    uint32_t source[MOST];
    uint64_t faults[MOST];
    char where[MOST][256];
    char text[MOST][512];
    int32_t refused; /* what calls of the buffer answer in the hook */
} told;

static int32_t sink_status;

static int32_t sink(void *user, const sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return __atomic_load_n(&sink_status, __ATOMIC_RELAXED);
}

static void hook(void *user, const sluice_fault *fault)
{
    told *all = user;
    uint64_t packets;
    packet one = {7, 49};
    CHECK(fault->struct_size == sizeof *fault && fault->where != NULL && fault->text != NULL);
    CHECK(pthread_mutex_lock(&all->mutex) == 0);
    int at = all->count % MOST;
    all->status[at] = fault->status;
    all->source[at] = fault->source;
    all->faults[at] = fault->count;
    (void)snprintf(all->where[at], sizeof all->where[at], "%s", fault->where);
    (void)snprintf(all->text[at], sizeof all->text[at], "%s", fault->text);
    if (all->buffer != NULL) {
        all->refused = sluice_buffer_size(all->buffer, &packets);
        CHECK_FAULT(sluice_buffer_stop(all->buffer, -1), SLUICE_E_STATE, "callback");
        CHECK_STATUS(sluice_buffer_destroy(all->buffer), SLUICE_E_STATE);
        CHECK_STATUS(sluice_buffer_discard(all->buffer, NULL), SLUICE_E_STATE);
        int32_t status = sluice_buffer_put(all->buffer, &one, sizeof one);
        CHECK(status >= 0);
    }
    all->count++;
    CHECK(pthread_mutex_unlock(&all->mutex) == 0);
}

static int count_of(told *all)
{
    CHECK(pthread_mutex_lock(&all->mutex) == 0);
    int count = all->count;
    CHECK(pthread_mutex_unlock(&all->mutex) == 0);
    return count;
}

static void of_a_pump(void)
{
    told all = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    sluice_buffer_options options = packet_options();
    options.release_packets = 1;
    sluice_buffer *buffer = new_buffer(&options);
    all.buffer = buffer;
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, sink, NULL, NULL));
    CHECK_OK(sluice_buffer_on_fault(buffer, hook, &all));
    sink_status = SLUICE_E_IO;
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 0, 3);
    WAIT_UNTIL(stats_of(buffer).sink_errors > 4);
    CHECK(count_of(&all) == 1 && all.status[0] == SLUICE_E_CALLBACK && all.source[0] == SLUICE_FAULT_SINK);
    CHECK(strcmp(all.where[0], "callback") == 0 && strstr(all.text[0], "packets are stored") != NULL && all.refused == SLUICE_E_STATE);
    __atomic_store_n(&sink_status, SLUICE_OK, __ATOMIC_RELAXED);
    WAIT_UNTIL(count_of(&all) == 2);
    CHECK(all.status[1] == SLUICE_OK && all.faults[1] > 4 && strstr(all.text[1], "works again") != NULL);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_on_fault(buffer, NULL, NULL));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(count_of(&all) == 2);
}

static void of_no_room(void)
{
    told all = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    const char *folder = in_folder("spill");
    sluice_buffer_options options = packet_options();
    packet one = {0, 0};
    uint64_t refused = 0;
    CHECK(mkdir(folder, 0755) == 0);
    options.kind = SLUICE_FIFO;
    options.capacity = 4096;
    options.memory_limit = 65536;
    options.spill_directory = folder;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_on_fault(buffer, hook, &all));
    CHECK(rmdir(folder) == 0);
    while (refused < 10) {
        refused += sluice_buffer_put(buffer, &one, sizeof one) == SLUICE_WOULD_BLOCK;
    }
    CHECK(count_of(&all) == 1 && all.source[0] == SLUICE_FAULT_GROWTH && all.status[0] == SLUICE_WOULD_BLOCK);
    CHECK(strstr(all.text[0], folder) != NULL && strstr(all.text[0], "memory_limit 65536") != NULL);
    CHECK(stats_of(buffer).growth_refused == 10);
    CHECK_OK(sluice_buffer_clear(buffer));
    WAIT_UNTIL(stats_of(buffer).growth_refused == 10 && count_of(&all) == 2);
    CHECK(all.status[1] == SLUICE_OK && all.faults[1] == 10);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* Threads that ask while a pump's sink fails and recovers, and the hook that looks at what it is told; then the end. */
static sluice_buffer *shared;

static void *ask(void *unused)
{
    (void)unused;
    uint64_t packets;
    for (int i = 0; i < 2000; i++) {
        int32_t status = sluice_buffer_size(shared, &packets);
        CHECK(status == SLUICE_OK || status == SLUICE_E_HANDLE || status == SLUICE_E_STATE);
        __atomic_store_n(&sink_status, i % 3 == 0 ? SLUICE_E_IO : SLUICE_OK, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void of_many_threads(void)
{
    told *all = calloc(1, sizeof *all);
    pthread_t threads[3];
    CHECK(all != NULL && pthread_mutex_init(&all->mutex, NULL) == 0);
    sluice_buffer_options options = packet_options();
    options.release_packets = 1;
    shared = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(shared, sink, NULL, NULL));
    CHECK_OK(sluice_buffer_on_fault(shared, hook, all));
    CHECK_OK(sluice_buffer_start(shared));
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    }
    for (int i = 0; i < 300; i++) {
        packet one = {0, 0};
        CHECK(sluice_buffer_put(shared, &one, sizeof one) >= 0);
    }
    CHECK_OK(sluice_buffer_discard(shared, NULL)); /* while they ask */
    memset(all, 0xAA, sizeof *all);                /* nobody uses it any more */
    free(all);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

/* One bit of a kept ring flips; nobody starts the buffer. */
static void of_damaged_packets(void)
{
    told all = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    sluice_buffer_options options = packet_options();
    options.file = in_folder("kept");
    options.kind = SLUICE_CIRCULAR;
    options.flags = SLUICE_BUFFER_CHECKSUMS;
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 5);
    CHECK_OK(sluice_buffer_destroy(buffer));
    sluice_ring ring;
    CHECK_OK(sluice_ring_attach(&ring, NULL, options.file, 0));
    ring.data[2 * sizeof(packet) + 3] ^= 4;
    sluice_ring_close(&ring, 0);
    options.attach = SLUICE_ATTACH;
    buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_on_fault(buffer, hook, &all));
    CHECK(stats_of(buffer).corrupted == 1 && stats_of(buffer).stored_packets == 4 && count_of(&all) == 1);
    CHECK(all.status[0] == SLUICE_E_CORRUPT && all.source[0] == SLUICE_FAULT_MEMORY && all.faults[0] == 1);
    CHECK(strstr(all.text[0], options.file) != NULL && strstr(all.text[0], "position 32") != NULL);
    WAIT_UNTIL(stats_of(buffer).corrupted == 1 && count_of(&all) == 2);
    CHECK(all.status[1] == SLUICE_OK && all.faults[1] == 1);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

int main(void)
{
    of_damaged_packets();
    of_a_pump();
    of_no_room();
    of_many_threads();
    return 0;
}
