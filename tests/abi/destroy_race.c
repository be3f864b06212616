/* Every call of sluice.h while another thread destroys or discards the object it is given: it answers what it would have
 * answered before, or E_STATE, or E_HANDLE. Threads call at random for as long as buffers, layouts, formatters and files come
 * and go; then every call must have met a live object.
 *
 * With the argument `naive` the calls go to a buffer that is an address and is unmapped at its end, as a library without handles
 * would have it: the same threads must crash it, or this test could not fail (exit status 3). */
#include "abi.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define THREADS 6

static _Atomic(sluice_buffer *) buffer;
static _Atomic(sluice_sink *) sink;
static _Atomic(sluice_layout *) layout;
static _Atomic(sluice_formatter *) formatter;
static _Atomic(sluice_file *) file;
static atomic_int going = 1;
static atomic_uint made;
static uint32_t shape; /* changes between two buffers: a call may get the other one's E_SIZE */

static int32_t look(void *user, const struct sluice_batch *batch)
{
    (void)user;
    volatile uint8_t last = batch->bytes == 0 ? 0 : batch->data[batch->bytes - 1];
    (void)last;
    return SLUICE_OK;
}

static int32_t format(void *user, const struct sluice_batch *batch, char *text, size_t capacity, uint64_t *packets,
                      size_t *written)
{
    (void)user;
    (void)batch;
    text[0] = '\n';
    *packets = capacity > 0;
    *written = capacity > 0;
    return SLUICE_OK;
}

static int32_t decide(void *user, const sluice_snapshot *snapshot)
{
    (void)user;
    return snapshot->packets > 5;
}

static void hook(void *user)
{
    (void)user;
}

static void told(void *user, const sluice_fault *fault)
{
    (void)user;
    (void)fault;
}

static void ended(void *user, sluice_sink *one, const struct sluice_buffer_stats *stats)
{
    sluice_sink_info info = {.struct_size = sizeof info};
    (void)user;
    CHECK(stats->struct_size == sizeof *stats && (one == NULL || sluice_sink_get_info(one, &info) == SLUICE_OK));
}

/* ---- every call that takes a handle ---- */

static packet some[16];

static int32_t put(void) { return sluice_buffer_put(buffer, some, sizeof some[0]); }
static int32_t put_many(void) { uint64_t done; return sluice_buffer_put_many(buffer, some, sizeof some, &done); }
static int32_t put_record(void) { return sluice_buffer_put_record(buffer, some, sizeof some[0], 1); }

static int32_t with_a_producer(void)
{
    sluice_producer producer;
    int32_t status = sluice_buffer_open_producer(buffer, &producer, sizeof producer);
    if (status == SLUICE_OK) {
        sluice_buffer *of = buffer; /* another one by now, perhaps */
        (void)(shape ? sluice_producer_put_record(&producer, some, 16, 0) : sluice_producer_put(&producer, some, 16));
        status = sluice_buffer_close_producer(of, &producer);
        if (status != SLUICE_OK) {
            sluice_producer_close(&producer);
        }
    }
    return status;
}

static int32_t pop(void) { packet one; size_t bytes; return sluice_buffer_pop(buffer, &one, sizeof one, &bytes); }
static int32_t pop_many(void) { packet few[8]; uint64_t done; return sluice_buffer_pop_many(buffer, few, sizeof few, &done); }
static int32_t peek(void) { return sluice_buffer_peek(buffer, 0, look, NULL); }
static int32_t take(void) { uint64_t done; return sluice_buffer_take(buffer, 3, look, NULL, &done); }
static int32_t size(void) { uint64_t number; return sluice_buffer_size(buffer, &number); }
static int32_t stride(void) { uint32_t bytes; return sluice_buffer_stride(buffer, &bytes); }
static int32_t layout_text(void) { char text[64]; return sluice_buffer_layout(buffer, text, sizeof text, NULL); }
static int32_t clear(void) { return sluice_buffer_clear(buffer); }

static char *new_path(void)
{
    static _Thread_local char path[1200];
    char name[64];
    (void)snprintf(name, sizeof name, "sink-%u", atomic_fetch_add(&made, 1) % 64);
    (void)snprintf(path, sizeof path, "%s/%s", test_folder, name);
    (void)unlink(path);
    return path;
}

static int32_t add_file_sink(void)
{
    sluice_file_options options = {.struct_size = sizeof options, .path = new_path()};
    return sluice_buffer_add_file_sink(buffer, &options, NULL);
}

static int32_t add_text_sink(void)
{
    sluice_text_options options = {.struct_size = sizeof options, .path = new_path(), .format = format};
    return sluice_buffer_add_text_sink(buffer, &options, NULL);
}

static int32_t add_callback_sink(void) { return sluice_buffer_add_callback_sink(buffer, look, NULL, NULL); }

static int32_t add_memory_sink(void)
{
    sluice_sink *added;
    int32_t status = sluice_buffer_add_memory_sink(buffer, 1 << 16, &added);
    if (status == SLUICE_OK) {
        sink = added;
    }
    return status;
}

static int32_t sink_take(void) { char bytes[64]; size_t taken; return sluice_sink_take(sink, bytes, sizeof bytes, &taken); }
static int32_t sink_info(void) { sluice_sink_info info = {.struct_size = sizeof info}; return sluice_sink_get_info(sink, &info); }
static int32_t sink_error(void) { char text[64]; return sluice_sink_last_error(sink, text, sizeof text, NULL); }
static int32_t remove_sink(void) { return sluice_buffer_remove_sink(buffer, sink); }
static int32_t restore_files(void) { return sluice_buffer_restore_files(buffer, NULL); }
static int32_t disconnect(void) { return sluice_buffer_disconnect(buffer); }
static int32_t on_fault(void) { return sluice_buffer_on_fault(buffer, told, NULL); }
static int32_t on_end(void) { return sluice_buffer_on_end(buffer, ended, NULL); }
static int32_t add_controller(void) { return sluice_buffer_add_controller(buffer, decide, NULL); }
static int32_t on_reset(void) { return sluice_buffer_on_reset(buffer, hook, NULL); }
static int32_t configure(void) { return sluice_buffer_configure(buffer, 3, 0, 1000000); }
static int32_t force_release(void) { return sluice_buffer_force_release(buffer); }
static int32_t flush_needed(void) { int32_t flag; return sluice_buffer_flush_needed(buffer, &flag); }
static int32_t almost_full(void) { int32_t flag; return sluice_buffer_almost_full(buffer, &flag); }
static int32_t since_flush(void) { int64_t ns; return sluice_buffer_since_flush(buffer, &ns); }
static int32_t due_in(void) { int64_t ns; return sluice_buffer_due_in(buffer, &ns); }
static int32_t flush(void) { return sluice_buffer_flush(buffer, NULL, NULL); }
static int32_t start(void) { return sluice_buffer_start(buffer); }
static int32_t stop(void) { return sluice_buffer_stop(buffer, 1000000); }
static int32_t poll_once(void) { return sluice_buffer_poll(buffer, 1000000); }
static int32_t event(void) { int32_t fd; return sluice_buffer_event(buffer, &fd); }
static int32_t stats(void) { sluice_buffer_stats all = {.struct_size = sizeof all}; return sluice_buffer_get_stats(buffer, &all); }

static int32_t layout_size(void) { uint32_t bytes; return sluice_layout_size(layout, &bytes); }
static int32_t describe(void) { char text[256]; return sluice_layout_describe(layout, text, sizeof text, NULL); }
static int32_t numpy(void) { char text[256]; return sluice_layout_numpy(layout, text, sizeof text, NULL); }
static int32_t fields(void) { uint32_t number; return sluice_layout_fields(layout, &number); }
static int32_t field(void) { sluice_field one = {.struct_size = sizeof one}; return sluice_layout_field(layout, 0, &one); }
static int32_t field_text(void) { char text[64]; return sluice_layout_field_text(layout, 1, 0, text, sizeof text, NULL); }
static int32_t check(void) { return sluice_layout_check(layout, some, sizeof some, NULL); }
static int32_t fill(void) { packet one; return sluice_layout_fill(layout, &one, sizeof one); }

static int32_t format_text(void)
{
    char text[256];
    size_t consumed, written;
    return sluice_formatter_format(formatter, some, sizeof some[0], text, sizeof text, &consumed, &written);
}

static int32_t header(void) { char text[256]; return sluice_formatter_header(formatter, text, sizeof text, NULL); }
static int32_t file_info(void) { sluice_file_info info = {.struct_size = sizeof info}; return sluice_file_get_info(file, &info); }
static int32_t file_refresh(void) { return sluice_file_refresh(file, NULL); }
static int32_t file_map(void) { sluice_batch batch; return sluice_file_map(file, 0, 0, &batch); }
static int32_t file_read(void) { packet few[8]; uint64_t done; return sluice_file_read(file, 1, few, sizeof few, &done); }
static int32_t file_check(void) { return sluice_file_check(file, 0, 0, NULL); }

static int32_t formatter_of(void)
{
    sluice_formatter *own;
    int32_t status = sluice_formatter_create(layout, NULL, &own);
    return status == SLUICE_OK ? sluice_formatter_destroy(own) : status;
}

static int32_t buffer_of_a_layout(void)
{
    sluice_buffer_options options = {.struct_size = sizeof options, .layout = layout};
    sluice_buffer *own;
    int32_t status = sluice_buffer_create(&options, &own);
    return status == SLUICE_OK ? sluice_buffer_destroy(own) : status;
}

static struct call {
    const char *name; /* without sluice_ */
    int32_t (*run)(void);
    atomic_ullong alive, gone; /* how often it met an object, and none */
} calls[] = {
    {"buffer_put", put, 0, 0}, {"buffer_put_many", put_many, 0, 0}, {"buffer_put_record", put_record, 0, 0},
    {"buffer_open_producer", with_a_producer, 0, 0}, {"buffer_pop", pop, 0, 0},
    {"buffer_pop_many", pop_many, 0, 0}, {"buffer_peek", peek, 0, 0}, {"buffer_take", take, 0, 0},
    {"buffer_size", size, 0, 0}, {"buffer_clear", clear, 0, 0},
    {"buffer_add_file_sink", add_file_sink, 0, 0}, {"buffer_add_text_sink", add_text_sink, 0, 0},
    {"buffer_add_callback_sink", add_callback_sink, 0, 0},
    {"buffer_add_memory_sink", add_memory_sink, 0, 0}, {"sink_take", sink_take, 0, 0},
    {"sink_get_info", sink_info, 0, 0}, {"buffer_disconnect", disconnect, 0, 0},
    {"buffer_add_controller", add_controller, 0, 0}, {"buffer_on_reset", on_reset, 0, 0},
    {"buffer_configure", configure, 0, 0}, {"buffer_force_release", force_release, 0, 0},
    {"buffer_flush_needed", flush_needed, 0, 0}, {"buffer_almost_full", almost_full, 0, 0},
    {"buffer_since_flush", since_flush, 0, 0}, {"buffer_due_in", due_in, 0, 0},
    {"buffer_flush", flush, 0, 0}, {"buffer_start", start, 0, 0}, {"buffer_stop", stop, 0, 0},
    {"buffer_poll", poll_once, 0, 0}, {"buffer_event", event, 0, 0}, {"buffer_get_stats", stats, 0, 0},
    {"layout_size", layout_size, 0, 0}, {"layout_describe", describe, 0, 0}, {"layout_numpy", numpy, 0, 0},
    {"layout_fields", fields, 0, 0}, {"layout_field", field, 0, 0}, {"layout_field_text", field_text, 0, 0}, {"sink_last_error", sink_error, 0, 0},
    {"layout_check", check, 0, 0},
    {"layout_fill", fill, 0, 0}, {"formatter_format", format_text, 0, 0},
    {"formatter_header", header, 0, 0}, {"file_get_info", file_info, 0, 0},
    {"file_refresh", file_refresh, 0, 0}, {"file_map", file_map, 0, 0}, {"file_read", file_read, 0, 0},
    {"file_check", file_check, 0, 0}, {"formatter_create", formatter_of, 0, 0},
    {"buffer_create", buffer_of_a_layout, 0, 0}, {"buffer_remove_sink", remove_sink, 0, 0},
    {"buffer_restore_files", restore_files, 0, 0}, {"buffer_on_fault", on_fault, 0, 0},
    {"buffer_on_end", on_end, 0, 0}, {"buffer_stride", stride, 0, 0}, {"buffer_layout", layout_text, 0, 0},
};

enum { CALLS = sizeof calls / sizeof calls[0] };

/* Answers that any call may give here: the objects are healthy, so no fault of memory, of the disk or of the engine. */
static int is_expected(int32_t status)
{
    return status >= 0 || status == SLUICE_E_HANDLE || status == SLUICE_E_STATE || status == SLUICE_E_BUSY || status == SLUICE_E_SIZE ||
           status == SLUICE_E_INVALID || status == SLUICE_E_EXISTS || status == SLUICE_E_NOT_FOUND;
}

static void *call_on(void *argument)
{
    unsigned random = (unsigned)(uintptr_t)argument * 7919;
    while (atomic_load(&going)) {
        struct call *one = &calls[(unsigned)rand_r(&random) % CALLS];
        int32_t status = one->run();
        if (!is_expected(status)) {
            fprintf(stderr, "%s answers %d (%s): %s\n", one->name, status, sluice_status_text(status), last_error());
            exit(1);
        }
        (void)atomic_fetch_add_explicit(status == SLUICE_E_HANDLE ? &one->gone : &one->alive, 1, memory_order_relaxed);
    }
    return NULL;
}

static void new_objects(unsigned round)
{
    sluice_buffer_options options = {.struct_size = sizeof options, .kind = round % 2, .shape = round / 2 % 2,
                                     .producers = round / 4 % 2, .full_policy = round % 2 ? round / 2 % 4 : 0,
                                     .capacity = 16384, .block_timeout_ns = round % 8 == 3 ? -1 : 1000000, .release_packets = 20};
    sluice_buffer *next;
    sluice_sink *kept;
    options.stride = options.shape ? 0 : sizeof(packet);
    CHECK_OK(sluice_buffer_create(&options, &next));
    CHECK_OK(sluice_buffer_add_memory_sink(next, 1 << 20, &kept));
    if (round % 3 != 0) {
        CHECK_OK(sluice_buffer_start(next));
    }
    shape = options.shape;
    sink = kept;
    buffer = next;
}

/* An end that races with a stop or a start may find that the buffer was ended, or is not to be ended now. */
static void end_buffer(unsigned round)
{
    uint64_t lost;
    int32_t status = round / 3 % 3 == 0   ? sluice_buffer_destroy(buffer)
                     : round / 3 % 3 == 1 ? sluice_buffer_abandon(buffer, &lost)
                                      : sluice_buffer_discard(buffer, &lost);
    CHECK(is_expected(status));
    if (status != SLUICE_OK && status != SLUICE_LOST) {
        status = sluice_buffer_discard(buffer, &lost);
        CHECK(status == SLUICE_OK || status == SLUICE_E_HANDLE);
    }
}

static void new_layout(void)
{
    sluice_layout *next, *before = layout;
    sluice_formatter *own, *old = formatter;
    CHECK_OK(sluice_layout_create("< a:Q; b:Q", &next));
    CHECK_OK(sluice_formatter_create(next, NULL, &own));
    layout = next;
    formatter = own;
    CHECK_OK(sluice_layout_destroy(before));
    CHECK_OK(sluice_formatter_destroy(old));
}

static void new_file(const char *path, int checked)
{
    sluice_layout *own;
    CHECK_OK(sluice_layout_create("< a:Q=7; b:Q", &own));
    sluice_reading_options options = {.struct_size = sizeof options, .path = path, .layout = own, .check_constants = (uint32_t)checked};
    sluice_file *next, *before = file;
    CHECK_OK(sluice_file_open(&options, &next));
    file = next;
    CHECK_OK(sluice_file_close(before));
    CHECK_OK(sluice_layout_destroy(own));
}

/* What makes and ends the objects meanwhile, or needs a producer that is open. */
static const char *const others[] = {"buffer_destroy", "buffer_abandon", "buffer_discard", "buffer_close_producer", "layout_create",
                                     "layout_from_numpy", "layout_destroy", "formatter_destroy", "file_open", "file_close"};

/* Every exported call that takes a handle is in one of the lists; symbols of the inline rings and of the library have others. */
static void check_completeness(const char *symbols)
{
    static const char *const kinds[] = {"buffer_", "sink_", "layout_", "formatter_", "file_"};
    char line[256];
    FILE *list = fopen(symbols, "r");
    CHECK(list != NULL);
    while (fgets(line, sizeof line, list) != NULL) {
        char *name = strstr(line, "sluice_");
        int known = name == NULL, wanted = 0;
        name = name == NULL ? line : name + strlen("sluice_");
        name[strcspn(name, " @\n")] = '\0';
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            wanted |= strncmp(name, kinds[i], strlen(kinds[i])) == 0;
        }
        for (int i = 0; i < CALLS; i++) {
            known |= strcmp(name, calls[i].name) == 0;
        }
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            known |= strcmp(name, others[i]) == 0;
        }
        if (wanted && !known) {
            fprintf(stderr, "sluice_%s is not among the calls of this test\n", name);
            exit(1);
        }
    }
    (void)fclose(list);
}

static void race(unsigned rounds)
{
    char path[1200];
    (void)snprintf(path, sizeof path, "%s", in_folder("packets.dat"));
    FILE *out = fopen(path, "wb");
    CHECK(out != NULL);
    for (int i = 0; i < 20000; i++) {
        packet one = {7, 1};
        CHECK(fwrite(&one, sizeof one, 1, out) == 1);
    }
    CHECK(fclose(out) == 0);
    new_layout();
    new_file(path, 1);
    new_objects(0);
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, call_on, (void *)(i + 1)) == 0);
    }
    for (unsigned round = 1; round <= rounds; round++) {
        (void)usleep(200 + round % 7 * 300);
        end_buffer(round);
        (void)usleep(100); /* while there is none */
        new_objects(round);
        new_layout();
        new_file(path, round % 2);
    }
    atomic_store(&going, 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    end_buffer(0);
    for (int i = 0; i < CALLS; i++) {
        if (calls[i].alive == 0) {
            fprintf(stderr, "%s never met an object\n", calls[i].name);
            exit(1);
        }
    }
}

/* ---- the twin: a buffer that is an address ---- */

static _Atomic(sluice_ring *) naive;

static void *naive_calls(void *argument)
{
    unsigned random = (unsigned)(uintptr_t)argument;
    uint64_t sum = 0;
    while (atomic_load(&going)) {
        sluice_ring *of = naive;
        sum += of == NULL ? 0 : of->header->head - of->header->tail + (unsigned)rand_r(&random) % 2;
    }
    return (void *)(uintptr_t)sum;
}

static void crashed(int signal)
{
    (void)signal;
    _exit(3);
}

static void naive_race(unsigned rounds)
{
    pthread_t threads[THREADS];
    (void)signal(SIGSEGV, crashed);
    (void)signal(SIGBUS, crashed);
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, naive_calls, (void *)(i + 1)) == 0);
    }
    for (unsigned round = 0; round < rounds; round++) {
        static sluice_ring ring;
        sluice_ring_options options = {.struct_size = sizeof options, .capacity = 16384, .stride = 16};
        CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
        naive = &ring;
        (void)usleep(200 + round % 7 * 300);
        sluice_ring_close(&ring, 0);
    }
    atomic_store(&going, 0);
}

int main(int count, char **arguments)
{
    const char *longer = getenv("SLUICE_LONG");
    unsigned rounds = longer != NULL && strcmp(longer, "1") == 0 ? 20000 : 500;
    (void)alarm(longer != NULL && strcmp(longer, "1") == 0 ? 3000 : 400); /* a hang is a death by SIGALRM */
    (void)in_folder("");
    CHECK(count == 2);
    if (strcmp(arguments[1], "naive") == 0) {
        naive_race(rounds);
        return 0;
    }
    check_completeness(arguments[1]);
    race(rounds);
    return 0;
}
