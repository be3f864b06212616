/* damaged.c - file rings that were damaged before a buffer attaches to them and while it works on them. Whatever stands there: no
 * crash, no hang, and no byte from outside the data area shown or written.
 *
 *   damaged [CASES [SEED [FIRST]]]
 *
 * 1000 cases, 100 000 with SLUICE_LONG=1, of half a millisecond each: nothing waits but the buffers that attach to what is no ring
 * yet. A fault tells the seed and the case: `damaged 1 SEED CASE` runs it alone. */
#include "abi.h"
#include "damage.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>

static char path[1024], output[1024], running[128];

/* Where the engine has the data area of the ring under test, both times. */
static uintptr_t data_begin, data_end;
static const sluice_ring *under_test;
static uint64_t shown, whole;
static int copied;

static void fail(const char *what)
{
    fprintf(stderr, "%s%s\n", running, what);
    abort();
}

static void too_long(int signal)
{
    (void)signal;
    ssize_t ignored = write(2, running, strlen(running));
    (void)ignored;
    abort();
}

/* The engine's own mapping: that of the same file which is not the test's. */
static void find_data(const sluice_ring *ring)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[2048];
    uint64_t before = (uint64_t)(ring->data - (uint8_t *)ring->header), capacity = (ring->mapped_bytes - before) / 2;
    CHECK(maps != NULL);
    data_begin = data_end = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        uint64_t offset;
        if (strstr(line, path) == NULL || sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64, &from, &to, &offset) != 3 ||
            (from >= (uintptr_t)ring->header && from < (uintptr_t)ring->header + ring->mapped_bytes)) {
            continue;
        }
        /* the header and the first data area may be one line of the table, the second data area is the next */
        data_begin = data_begin == 0 ? from + before - offset : data_begin;
        data_end = data_begin + 2 * capacity;
    }
    (void)fclose(maps);
    CHECK(data_begin != 0);
}

/* A ring that drops the oldest shows a copy. */
static void check_batch(const sluice_batch *batch)
{
    uintptr_t from = (uintptr_t)batch->data;
    if (batch->bytes > (data_end - data_begin) / 2) {
        fail("shows more than the ring holds");
    }
    if (!copied && (from < data_begin || from > data_end || batch->bytes > data_end - from)) {
        fail("shows memory that is not of the ring");
    }
}

/* How long a put waits for room is what the ring asks for, and that may be for ever: no contradiction. */
static void hurt(const sluice_ring *ring)
{
    damage(ring);
    ring->header->block_timeout_ns = 1;
}

static int32_t look(void *user, const sluice_batch *batch)
{
    const void *memory;
    uint32_t bytes;
    uint16_t type;
    uint64_t at = 0, packets = 0;
    check_batch(batch);
    if (user != NULL && below(6) == 0) {
        hurt(under_test); /* under the batch, before the file gets it */
        whole = 0;
    }
    int32_t next;
    while ((next = sluice_batch_next(batch, &at, &memory, &bytes, &type)) == 1) {
        if ((const uint8_t *)memory < batch->data || (const uint8_t *)memory + bytes > batch->data + batch->bytes) {
            fail("shows a record that goes beyond its batch");
        }
        shown += user != NULL ? bytes : 0;
        packets++;
    }
    if (next != 0) {
        whole = 0; /* the file may get what a step does not reach here, if the damage is damaged once more */
    }
    if (packets > batch->bytes) {
        fail("shows more packets than bytes");
    }
    return (int32_t)(below(8) == 0);
}

static uint64_t output_bytes(void)
{
    struct stat status;
    return stat(output, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* A flush writes no more than the ring holds, and what a ring that drops the oldest has copied before. A file never gets more
 * than the callback was shown, as long as nothing was damaged between the two. */
static void flush(sluice_buffer *buffer)
{
    uint64_t before = output_bytes(), packets, bytes;
    (void)!sluice_buffer_flush(buffer, &packets, &bytes);
    uint64_t after = output_bytes();
    if (after - before > (data_end - data_begin) / 2 * (copied ? 2 : 1) || (whole && after > shown)) {
        fail("writes more to the file than was shown");
    }
}

static void work(sluice_buffer *buffer)
{
    static uint8_t packets[1 << 16];
    uint64_t number;
    size_t bytes;
    switch (below(10)) {
    case 0:
        (void)!sluice_buffer_put_many(buffer, packets, below(6) * 8, &number);
        break;
    case 1:
        (void)!sluice_buffer_put_record(buffer, packets, below(200), 1);
        break;
    case 2:
        (void)!sluice_buffer_pop(buffer, packets, below(2) ? sizeof packets : 8, &bytes);
        break;
    case 3:
        (void)!sluice_buffer_pop_many(buffer, packets, sizeof packets, &number);
        break;
    case 4:
        (void)!sluice_buffer_peek(buffer, below(2) * 100, look, NULL);
        break;
    case 5:
        (void)!sluice_buffer_take(buffer, below(3) * 4, look, NULL, &number);
        break;
    case 6:
        (void)!sluice_buffer_size(buffer, &number);
        (void)stats_of(buffer);
        break;
    case 7:
        (void)!sluice_buffer_poll(buffer, (int64_t)below(2) * 100000);
        break;
    default:
        flush(buffer);
        break;
    }
}

/* A buffer that attaches waits a second for what is no ring yet, as its magic may say; one that may make it looks once. */
static void run_case(void)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_buffer *buffer = NULL;
    sluice_sink *sink;
    int framed = (int)below(2);
    uint8_t packet[304] = {1};
    sluice_ring_options options = {.struct_size = sizeof options,
                                   .shape = framed ? SLUICE_FRAMED : SLUICE_FIXED,
                                   .stride = framed ? 0 : (uint32_t)(1 + below(below(2) ? 24 : 300)),
                                   .producers = (uint32_t)below(2),
                                   .full_policy = (uint32_t)below(4),
                                   .capacity = 4096,
                                   .block_timeout_ns = 1,
                                   .file = path,
                                   .flags = below(3) == 0 ? SLUICE_RING_WANT_CHECKSUMS : 0};
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    under_test = &ring;
    copied = options.full_policy == SLUICE_DROP_OLDEST;
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    for (uint64_t i = below(60); i > 0; i--) {
        (void)!(framed ? sluice_producer_put_record(&producer, packet, (uint32_t)below(200), 1)
                       : sluice_producer_put(&producer, packet, options.stride));
    }
    sluice_producer_close(&producer);
    for (uint64_t i = below(4); i > 0; i--) {
        hurt(&ring);
    }
    sluice_buffer_options attached = {.struct_size = sizeof attached,
                                      .kind = SLUICE_CIRCULAR,
                                      .shape = options.shape,
                                      .stride = options.stride,
                                      .producers = options.producers,
                                      .full_policy = options.full_policy,
                                      .capacity = options.capacity,
                                      .block_timeout_ns = 1,
                                      .file = path,
                                      .attach = below(256) == 0 ? SLUICE_ATTACH : SLUICE_CREATE_OR_ATTACH,
                                      .release_packets = 4,
                                      .flags = options.flags | (below(4) == 0 ? (uint32_t)SLUICE_BUFFER_ADOPT : 0u)};
    sluice_file_options file = {.struct_size = sizeof file, .path = output};
    shown = 0;
    whole = 1;
    if (sluice_buffer_create(&attached, &buffer) == SLUICE_OK) {
        find_data(&ring);
        CHECK_OK(sluice_buffer_add_callback_sink(buffer, look, &running, &sink));
        CHECK_OK(sluice_buffer_add_file_sink(buffer, &file, &sink));
        for (uint64_t i = 5 + below(30); i > 0; i--) {
            if (below(5) == 0) {
                hurt(&ring);
            }
            work(buffer);
        }
        if (below(2) == 0 || sluice_buffer_destroy(buffer) != SLUICE_OK) {
            (void)!sluice_buffer_discard(buffer, NULL);
        }
    }
    sluice_ring_close(&ring, 1);
    (void)unlink(path);
    (void)unlink(output);
}

int main(int count, char **arguments)
{
    uint64_t cases = count > 1 ? strtoull(arguments[1], NULL, 10) : long_run() ? 100000 : 1000;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : (uint64_t)sluice_monotonic_ns();
    uint64_t first = count > 3 ? strtoull(arguments[3], NULL, 10) : 0;
    (void)snprintf(path, sizeof path, "/dev/shm/sluice-damaged-%llx", unique());
    (void)snprintf(output, sizeof output, "%s", in_folder("output"));
    CHECK(signal(SIGALRM, too_long) != SIG_ERR);
    printf("seed %" PRIu64 "\n", seed);
    (void)fflush(stdout);
    for (uint64_t i = first; i < first + cases; i++) {
        draw_from(seed, i);
        (void)snprintf(running, sizeof running, "case %" PRIu64 " of seed %" PRIu64 ": ", i, seed);
        (void)alarm(60);
        run_case();
    }
    (void)alarm(0);
    return 0;
}
