/* Threads that ask a buffer again and again do not starve its pump, nor the pump them: what is put meanwhile is released, and
 * the pump stops. */
#include "abi.h"

#include <pthread.h>
#include <stdatomic.h>

#define MOST 8

static sluice_buffer *buffer;
static atomic_int asking;
static atomic_ullong asked[MOST], released;

static int32_t accept(void *user, const struct sluice_batch *batch)
{
    (void)user;
    atomic_fetch_add(&released, batch->packets);
    return SLUICE_OK;
}

static int32_t look(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_OK;
}

/* One of the calls that go through the lock of the buffer, in turn. */
static int32_t ask(uint64_t turn)
{
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    uint64_t number;
    int64_t ns;
    int32_t flag, status;
    switch (turn % 6) {
    case 0: return sluice_buffer_size(buffer, &number);
    case 1: return sluice_buffer_get_stats(buffer, &stats);
    case 2: return sluice_buffer_flush_needed(buffer, &flag);
    case 3: return sluice_buffer_due_in(buffer, &ns);
    case 4: return sluice_buffer_almost_full(buffer, &flag);
    default: status = sluice_buffer_peek(buffer, 0, look, NULL); return status == SLUICE_WOULD_BLOCK ? SLUICE_OK : status;
    }
}

static void *keep_asking(void *argument)
{
    uint64_t number = (uint64_t)(uintptr_t)argument, turn = number;
    while (atomic_load(&asking)) {
        CHECK_OK(ask(turn++));
        atomic_fetch_add_explicit(&asked[number], 1, memory_order_relaxed);
    }
    return NULL;
}

static void nobody_starves(unsigned threads, uint32_t kind)
{
    sluice_buffer_options options = packet_options();
    options.kind = kind;
    options.release_packets = 10;
    buffer = new_buffer(&options);
    atomic_store(&released, 0);
    atomic_store(&asking, 1);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept, NULL, NULL));
    CHECK_OK(sluice_buffer_start(buffer));
    pthread_t ids[MOST];
    for (uintptr_t i = 0; i < threads; i++) {
        atomic_store(&asked[i], 0);
        CHECK(pthread_create(&ids[i], NULL, keep_asking, (void *)i) == 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        WAIT_UNTIL(atomic_load(&asked[i]) > 100);
    }
    for (uint64_t round = 1; round <= 20; round++) {
        put_packets(buffer, 0, 10);
        WAIT_UNTIL(atomic_load(&released) == round * 10);
        for (unsigned i = 0; i < threads; i++) { /* and while it released, each of them got on */
            unsigned long long before = atomic_load(&asked[i]);
            WAIT_UNTIL(atomic_load(&asked[i]) > before);
        }
    }
    put_packets(buffer, 0, 5);
    CHECK_OK(sluice_buffer_stop(buffer, 20 * SECOND)); /* against them, too */
    CHECK(atomic_load(&released) == 205);
    CHECK_OK(sluice_buffer_start(buffer));
    atomic_store(&asking, 0);
    for (unsigned i = 0; i < threads; i++) {
        CHECK(pthread_join(ids[i], NULL) == 0);
    }
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    (void)alarm(300);
    for (unsigned threads = 1; threads <= MOST; threads++) {
        nobody_starves(threads, threads % 2 == 0 ? SLUICE_FIFO : SLUICE_CIRCULAR);
    }
    return 0;
}
