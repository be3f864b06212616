/* Two threads that end the same object at the same moment: one of them ended it, the other is told that there is no such object;
 * nothing is freed twice. Buffers in every pair of their ends, with and without sinks, a thread of the engine and packets that are
 * lost; sinks, layouts, formatters, files; producers of a buffer, whose second close has nothing to do.
 *
 * With the argument `naive` the end looks whether there was one, and then acts: the same two threads must meet between the two, or
 * this test could not fail (exit status 3). */
#include "abi.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

typedef int32_t (*end_fn)(void *object);

static void *_Atomic object;
static end_fn ends[2];
static int32_t answers[2];
static atomic_int stage; /* counts up: both threads of a round begin when it is theirs */
static atomic_int done;
static int rounds = 1000;

static int32_t destroy(void *buffer) { return sluice_buffer_destroy(buffer); }
static int32_t abandon(void *buffer) { return sluice_buffer_abandon(buffer, NULL); }
static int32_t discard(void *buffer) { return sluice_buffer_discard(buffer, NULL); }
static int32_t end_layout(void *layout) { return sluice_layout_destroy(layout); }
static int32_t end_formatter(void *formatter) { return sluice_formatter_destroy(formatter); }
static int32_t end_file(void *file) { return sluice_file_close(file); }

static sluice_buffer *owner;
static int32_t end_sink(void *sink) { return sluice_buffer_remove_sink(owner, sink); }
static int32_t end_producer(void *producer) { return sluice_buffer_close_producer(owner, producer); }

/* Looks, and then acts. */
static int32_t end_naively(void *flag)
{
    volatile int *gone = flag;
    if (*gone) {
        return SLUICE_E_HANDLE;
    }
    (void)sched_yield();
    *gone = 1;
    return SLUICE_OK;
}

static void *enders(void *argument)
{
    int which = (int)(intptr_t)argument, next = 1;
    for (;;) {
        int now;
        for (int spins = 0; (now = atomic_load(&stage)) < next; spins++) {
            if (spins % 1000 == 999) {
                (void)sched_yield(); /* a machine with one core */
            }
        }
        if (now == INT32_MAX) {
            return NULL;
        }
        answers[which] = ends[which](object);
        (void)atomic_fetch_add(&done, 1);
        next++;
    }
}

static int ended(int32_t status)
{
    return status == SLUICE_OK || status == SLUICE_LOST;
}

/* Ends the object twice at once. `once`: exactly one of the two did it. */
static void race(void *which, end_fn first, end_fn second, int once)
{
    object = which;
    ends[0] = first;
    ends[1] = second;
    atomic_store(&done, 0);
    (void)atomic_fetch_add(&stage, 1);
    while (atomic_load(&done) < 2) {
        (void)sched_yield();
    }
    if (once && (ended(answers[0]) == ended(answers[1]) ||
                 (answers[0] != SLUICE_E_HANDLE && answers[1] != SLUICE_E_HANDLE))) {
        fprintf(stderr, "two ends at once answer %d and %d\n", answers[0], answers[1]);
        exit(3);
    }
    CHECK(once || (answers[0] == SLUICE_OK && answers[1] == SLUICE_OK));
}

static int32_t accept(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_OK;
}

static void lost(void *user, const sluice_loss *loss)
{
    *(uint64_t *)user += loss->packets;
}

static sluice_buffer *buffer_of(int round)
{
    sluice_buffer_options options = packet_options();
    options.kind = round % 2 ? SLUICE_FIFO : SLUICE_CIRCULAR;
    options.capacity = 4096;
    options.producers = (uint32_t)(round / 2 % 2);
    sluice_buffer *buffer = new_buffer(&options);
    if (round % 3 != 0) {
        CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept, NULL, NULL));
    }
    if (round % 3 == 2) {
        CHECK_OK(sluice_buffer_start(buffer));
    }
    put_packets(buffer, 0, 3);
    return buffer;
}

static void buffers(void)
{
    static const end_fn pairs[][2] = {{destroy, destroy}, {destroy, abandon}, {destroy, discard},
                                      {abandon, abandon}, {abandon, discard}, {discard, discard}};
    uint64_t gone = 0;
    CHECK_OK(sluice_on_loss(lost, &gone));
    for (int round = 0; round < rounds; round++) {
        uint64_t before = gone;
        const end_fn *pair = pairs[round % 6];
        sluice_buffer *buffer = buffer_of(round / 6);
        race(buffer, pair[0], pair[1], 1);
        CHECK(sluice_buffer_destroy(buffer) == SLUICE_E_HANDLE);
        int lossy = round / 6 % 3 == 0; /* without a sink: told once, unless a discard meant it */
        CHECK(gone - before == (lossy ? 3u : 0u) || (lossy && pair[1] == discard && gone == before));
    }
    CHECK_OK(sluice_on_loss(NULL, NULL));
}

static void others(void)
{
    FILE *out = fopen(in_folder("twice.dat"), "wb");
    CHECK(out != NULL && fclose(out) == 0);
    char path[1200];
    (void)snprintf(path, sizeof path, "%s", in_folder("twice.dat"));
    for (int round = 0; round < rounds; round++) {
        sluice_layout *layout;
        sluice_formatter *formatter;
        sluice_file *file;
        sluice_sink *sink;
        sluice_producer producer;
        sluice_reading_options reading = {.struct_size = sizeof reading, .path = path, .stride = 16};
        CHECK_OK(sluice_layout_create("< a:Q; b:Q", &layout));
        CHECK_OK(sluice_formatter_create(layout, NULL, &formatter));
        CHECK_OK(sluice_file_open(&reading, &file));
        owner = buffer_of(round);
        CHECK_OK(sluice_buffer_add_memory_sink(owner, 1 << 16, &sink));
        CHECK_OK(sluice_buffer_clear(owner));
        race(layout, end_layout, end_layout, 1);
        race(formatter, end_formatter, end_formatter, 1);
        race(file, end_file, end_file, 1);
        race(sink, end_sink, end_sink, 1);
        if (round / 2 % 2 != 0) { /* many: one beside that of sluice_buffer_put */
            CHECK_OK(sluice_buffer_open_producer(owner, &producer, sizeof producer));
            CHECK(sluice_producer_put(&producer, &(packet){1, 2}, 16) == SLUICE_OK);
            race(&producer, end_producer, end_producer, 0);
            CHECK(producer.view.header == NULL);
        }
        CHECK_OK(sluice_buffer_discard(owner, NULL));
    }
}

int main(int count, char **arguments)
{
    pthread_t threads[2];
    const char *longer = getenv("SLUICE_LONG");
    (void)arguments;
    (void)alarm(500); /* a hang is a death by SIGALRM */
    rounds = longer != NULL && strcmp(longer, "1") == 0 ? 20000 : rounds;
    for (intptr_t i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, enders, (void *)i) == 0);
    }
    for (int round = 0; count > 1 && round < 1000000; round++) {
        int gone = 0;
        race(&gone, end_naively, end_naively, 1);
    }
    buffers();
    others();
    atomic_store(&stage, INT32_MAX);
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    return 0;
}
