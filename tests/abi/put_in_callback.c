/* A put in a callback of the buffer takes the room that is there and never waits: only the return of the callback makes more. */
#include "abi.h"

#include <pthread.h>

typedef struct tried {
    sluice_buffer *buffer;
    int32_t (*put)(sluice_buffer *buffer);
    int32_t first, second;
    char text[400];
} tried;

static const uint8_t packets[8192];

static int32_t one(sluice_buffer *buffer)
{
    return sluice_buffer_put(buffer, packets, 8);
}

static int32_t many(sluice_buffer *buffer)
{
    return sluice_buffer_put_many(buffer, packets, 8, NULL);
}

static int32_t record(sluice_buffer *buffer)
{
    return sluice_buffer_put_record(buffer, packets, 8, 0);
}

static int32_t putting(void *user, const sluice_batch *batch)
{
    tried *tried = user;
    (void)batch;
    tried->first = tried->put(tried->buffer);
    while ((tried->second = tried->put(tried->buffer)) == SLUICE_OK) {
    }
    (void)snprintf(tried->text, sizeof tried->text, "%s", last_error());
    return SLUICE_OK;
}

static sluice_buffer *blocking(uint32_t shape, int64_t timeout_ns)
{
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .kind = SLUICE_CIRCULAR,
                                     .shape = shape,
                                     .stride = shape == SLUICE_FIXED ? 8 : 0,
                                     .capacity = 4096,
                                     .full_policy = SLUICE_BLOCK,
                                     .block_timeout_ns = timeout_ns};
    sluice_buffer *buffer = NULL;
    CHECK_OK(sluice_buffer_create(&options, &buffer));
    return buffer;
}

static void check_refused(const tried *tried)
{
    CHECK(tried->second == SLUICE_E_STATE);
    CHECK(strstr(tried->text, "cannot wait for the room that only its own return makes") != NULL);
}

static void a_callback_gets_an_answer(uint32_t shape, int32_t (*put)(sluice_buffer *), int64_t timeout_ns)
{
    tried tried = {.buffer = blocking(shape, timeout_ns), .put = put};
    uint64_t flushed;
    CHECK_OK(sluice_buffer_add_callback_sink(tried.buffer, putting, &tried, NULL));
    CHECK_OK(put(tried.buffer));
    CHECK_OK(sluice_buffer_flush(tried.buffer, &flushed, NULL));
    CHECK(tried.first == SLUICE_OK); /* there was room */
    check_refused(&tried);
    CHECK_OK(put(tried.buffer)); /* the return made room, and puts are as they were */
    CHECK_OK(sluice_buffer_discard(tried.buffer, NULL));
}

static void *waiting(void *user)
{
    tried *tried = user;
    CHECK_OK(tried->put(tried->buffer));
    return NULL;
}

/* Another thread waits for room with the lock of the puts: the callback does not stand in line behind it. */
static void another_thread_waits(void)
{
    tried tried = {.buffer = blocking(SLUICE_FIXED, -1), .put = one};
    pthread_t thread;
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    CHECK_OK(sluice_buffer_add_callback_sink(tried.buffer, putting, &tried, NULL));
    CHECK_OK(sluice_buffer_put_many(tried.buffer, packets, 4096, NULL));
    CHECK(pthread_create(&thread, NULL, waiting, &tried) == 0);
    while (stats.stalls == 0) {
        CHECK_OK(sluice_buffer_get_stats(tried.buffer, &stats));
    }
    CHECK_OK(sluice_buffer_flush(tried.buffer, NULL, NULL));
    check_refused(&tried);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_OK(sluice_buffer_discard(tried.buffer, NULL));
}

/* Outside of callbacks a put waits as long as it may, and not longer. */
static void waits_are_as_long_as_they_were(int64_t timeout_ns)
{
    sluice_buffer *buffer = blocking(SLUICE_FIXED, timeout_ns);
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    uint64_t done = 0;
    CHECK_STATUS(sluice_buffer_put_many(buffer, packets, 4096 + 8, &done), SLUICE_TIMEOUT);
    CHECK(done == 512);
    int64_t begin = sluice_monotonic_ns();
    CHECK_STATUS(sluice_buffer_put(buffer, packets, 8), SLUICE_TIMEOUT);
    CHECK(sluice_monotonic_ns() - begin >= timeout_ns);
    CHECK_OK(sluice_buffer_get_stats(buffer, &stats));
    CHECK(stats.stalls == 2);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

int main(void)
{
    (void)alarm(120); /* what hangs is ended */
    static const int64_t timeouts[] = {-1, 3600 * SECOND};
    for (int i = 0; i < 2; i++) {
        a_callback_gets_an_answer(SLUICE_FIXED, one, timeouts[i]);
        a_callback_gets_an_answer(SLUICE_FIXED, many, timeouts[i]);
        a_callback_gets_an_answer(SLUICE_FRAMED, record, timeouts[i]);
    }
    another_thread_waits();
    waits_are_as_long_as_they_were(10 * MS);
    waits_are_as_long_as_they_were(120 * MS);
    return 0;
}
