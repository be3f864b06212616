/* Host threads that come and go: a thousand short ones put, each once or twice, and leave nothing behind. */
#include "abi.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 1000u
#define AT_ONCE 8

static sluice_buffer *buffer;
static atomic_ullong seen_sum, seen_count;

static void *visit(void *argument)
{
    uint64_t number = (uint64_t)(uintptr_t)argument;
    packet one = {number, number};
    CHECK_OK(sluice_buffer_put(buffer, &one, sizeof one));
    if (number % 3 == 0) { /* its own last error dies with it */
        CHECK_FAULT(sluice_buffer_put(buffer, &one, 5), SLUICE_E_SIZE, "5");
    } else if (number % 3 == 1) {
        CHECK(last_error()[0] == '\0'); /* and nobody else's is seen */
    }
    return NULL;
}

static int32_t add_up(void *user, const struct sluice_batch *batch)
{
    (void)user;
    for (uint64_t i = 0; i < batch->packets; i++) {
        packet one;
        memcpy(&one, batch->data + i * sizeof one, sizeof one);
        atomic_fetch_add(&seen_sum, one.sequence);
    }
    atomic_fetch_add(&seen_count, batch->packets);
    return SLUICE_OK;
}

static unsigned threads_of_this_process(void)
{
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(tasks);
    return count;
}

int main(void)
{
    sluice_buffer_options options = packet_options();
    options.producers = SLUICE_MANY_PRODUCERS;
    options.release_packets = 16;
    options.release_after_ns = 10 * MS;
    buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, add_up, NULL, NULL));
    CHECK_OK(sluice_buffer_start(buffer));
    unsigned before = threads_of_this_process();
    for (uint64_t i = 0; i < THREADS; i += AT_ONCE) {
        pthread_t threads[AT_ONCE];
        for (uint64_t t = 0; t < AT_ONCE; t++) {
            CHECK(pthread_create(&threads[t], NULL, visit, (void *)(uintptr_t)(i + t)) == 0);
        }
        for (int t = 0; t < AT_ONCE; t++) {
            CHECK(pthread_join(threads[t], NULL) == 0);
        }
    }
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK(atomic_load(&seen_count) == THREADS && atomic_load(&seen_sum) == THREADS * (THREADS - 1) / 2);
    CHECK(threads_of_this_process() <= before);
    CHECK_OK(sluice_buffer_destroy(buffer));
    return 0;
}
