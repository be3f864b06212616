/* Packets come out as they went in, oldest first: put, put_many, pop, pop_many, take, peek, size, clear; fixed strides and
 * framed records. */
#include "abi.h"

typedef struct seen {
    uint64_t packets;
    uint64_t bytes;
    uint64_t first;
    int32_t answer;
} seen;

static int32_t look(void *user, const struct sluice_batch *batch)
{
    seen *what = user;
    what->packets = batch->packets;
    what->bytes = batch->bytes;
    memcpy(&what->first, batch->data, sizeof what->first);
    return what->answer;
}

static void fixed_strides(uint32_t kind)
{
    sluice_buffer_options options = packet_options();
    options.kind = kind;
    sluice_buffer *buffer = new_buffer(&options);
    packet one, many[100];
    uint64_t stored = 99, done = 0;
    size_t bytes = 0;
    CHECK_OK(sluice_buffer_size(buffer, &stored));
    CHECK(stored == 0);
    CHECK_STATUS(sluice_buffer_pop(buffer, &one, sizeof one, &bytes), SLUICE_WOULD_BLOCK);

    put_packets(buffer, 0, 10);
    for (uint64_t i = 0; i < 100; i++) {
        many[i] = (packet){10 + i, (10 + i) * (10 + i)};
    }
    CHECK_OK(sluice_buffer_put_many(buffer, many, sizeof many, &done));
    CHECK(done == 100);
    CHECK_OK(sluice_buffer_size(buffer, &stored));
    CHECK(stored == 110);

    seen what = {.answer = SLUICE_OK};
    CHECK_OK(sluice_buffer_peek(buffer, 0, look, &what));
    CHECK(what.packets == 110 && what.bytes == 110 * sizeof(packet) && what.first == 0);
    CHECK_OK(sluice_buffer_peek(buffer, 5 * sizeof(packet) + 3, look, &what));
    CHECK(what.packets == 5 && what.bytes == 5 * sizeof(packet));
    what.answer = SLUICE_E_CALLBACK;
    CHECK_STATUS(sluice_buffer_peek(buffer, 0, look, &what), SLUICE_E_CALLBACK);

    CHECK_STATUS(sluice_buffer_pop(buffer, &one, sizeof one - 1, &bytes), SLUICE_E_SIZE);
    for (uint64_t i = 0; i < 50; i++) {
        CHECK_OK(sluice_buffer_pop(buffer, &one, sizeof one, &bytes));
        CHECK(bytes == sizeof one && one.sequence == i && one.value == i * i);
    }
    CHECK_OK(sluice_buffer_clear(buffer));
    CHECK_OK(sluice_buffer_size(buffer, &stored));
    CHECK(stored == 0);
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.pushed == 110 && stats.popped == 50 && stats.cleared == 60 && stats.stored_bytes == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void wrong_packets_change_nothing(void)
{
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("< kind:H=0x55AA; value:H; rest:12s", &layout));
    sluice_buffer_options options = packet_options();
    options.layout = layout;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_layout_destroy(layout)); /* the buffer keeps what it needs */
    uint16_t packets[3][8] = {{0x55AA, 1}, {0x55AA, 2}, {0x1234, 3}};
    uint64_t done = 9;
    CHECK_OK(sluice_buffer_put(buffer, packets[0], 16));
    CHECK_FAULT(sluice_buffer_put(buffer, packets[0], 15), SLUICE_E_SIZE, "15", "16");
    CHECK_FAULT(sluice_buffer_put(buffer, packets[0], 0), SLUICE_E_SIZE, "0", "16");
    CHECK_FAULT(sluice_buffer_put(buffer, packets[2], 16), SLUICE_E_CONSTANT, "'kind'", "0x1234", "0x55AA");
    CHECK_FAULT(sluice_buffer_put_many(buffer, packets, 40, &done), SLUICE_E_SIZE, "40", "16");
    CHECK(stats_of(buffer).stored_packets == 1);
    CHECK_FAULT(sluice_buffer_put_many(buffer, packets, 48, &done), SLUICE_E_CONSTANT, "'kind'", "0x1234");
    CHECK(done == 2); /* the good ones before it */
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.stored_packets == 3 && stats.pushed == 3 && stats.rejected >= 4);
    CHECK_STATUS(sluice_buffer_put_record(buffer, packets, 16, 1), SLUICE_E_SIZE);
    CHECK_OK(sluice_buffer_discard(buffer, &done));
    CHECK(done == 3);
}

typedef struct runs {
    uint64_t packets;
    uint64_t calls;
    uint64_t refuse_from; /* packets after which a run is refused */
    int32_t answer;
    uint32_t resets;
} runs;

static int32_t take_run(void *user, const struct sluice_batch *batch)
{
    runs *what = user;
    if (what->packets >= what->refuse_from) {
        return what->answer;
    }
    for (uint64_t i = 0; i < batch->packets && batch->stride == sizeof(packet); i++) {
        packet one;
        memcpy(&one, batch->data + i * sizeof one, sizeof one);
        CHECK(one.value == one.sequence * one.sequence);
    }
    what->packets += batch->packets;
    what->calls++;
    return SLUICE_OK;
}

static void count_reset(void *user)
{
    ((runs *)user)->resets++;
}

static void many_at_a_time(uint32_t kind)
{
    sluice_buffer_options options = packet_options();
    options.kind = kind;
    options.release_packets = 100;
    sluice_buffer *buffer = new_buffer(&options);
    packet many[100];
    uint64_t done = 99, taken = 99;
    runs what = {.refuse_from = UINT64_MAX};
    CHECK_OK(sluice_buffer_on_reset(buffer, count_reset, &what));
    CHECK_STATUS(sluice_buffer_pop_many(buffer, many, sizeof many, &done), SLUICE_WOULD_BLOCK);
    CHECK(done == 0);
    CHECK_STATUS(sluice_buffer_take(buffer, 5, take_run, &what, &taken), SLUICE_WOULD_BLOCK);
    CHECK(taken == 0 && what.calls == 0 && what.resets == 0);

    put_packets(buffer, 0, 150);
    CHECK_FAULT(sluice_buffer_pop_many(buffer, many, sizeof(packet) - 1, &done), SLUICE_E_SIZE, "15", "16");
    CHECK_OK(sluice_buffer_pop_many(buffer, many, 10 * sizeof(packet) + 7, &done));
    CHECK(done == 10 && many[0].sequence == 0 && many[9].sequence == 9);
    CHECK_OK(sluice_buffer_take(buffer, 5, take_run, &what, &taken));
    CHECK(taken == 5 && what.packets == 5 && what.resets == 0);
    CHECK_OK(sluice_buffer_pop_many(buffer, many, sizeof many, &done));
    CHECK(done == 100 && many[0].sequence == 15 && many[99].sequence == 114);

    what = (runs){.refuse_from = 0, .answer = SLUICE_TIMEOUT};
    CHECK_STATUS(sluice_buffer_take(buffer, 0, take_run, &what, &taken), SLUICE_TIMEOUT);
    CHECK(taken == 0 && stats_of(buffer).stored_packets == 35 && what.resets == 0);
    what.refuse_from = UINT64_MAX;
    CHECK_OK(sluice_buffer_take(buffer, 0, take_run, &what, NULL));
    CHECK(what.packets == 35 && what.resets == 1); /* all of it is a release */
    CHECK_STATUS(sluice_buffer_take(buffer, 0, take_run, &what, NULL), SLUICE_WOULD_BLOCK);
    sluice_buffer_stats stats = stats_of(buffer);
    CHECK(stats.popped == 150 && stats.stored_packets == 0);
    CHECK_STATUS(sluice_buffer_take(buffer, 0, NULL, NULL, NULL), SLUICE_E_INVALID);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void framed_runs(uint32_t kind)
{
    sluice_buffer_options options = {.struct_size = sizeof options, .kind = kind, .shape = SLUICE_FRAMED};
    sluice_buffer *buffer = new_buffer(&options);
    runs what = {.refuse_from = UINT64_MAX};
    char text[64];
    size_t bytes;
    uint64_t taken, done;
    for (int i = 0; i < 10; i++) {
        CHECK_OK(sluice_buffer_put_record(buffer, "0123456789", (size_t)i, 0));
    }
    CHECK_FAULT(sluice_buffer_pop_many(buffer, text, sizeof text, &done), SLUICE_E_INVALID, "any size");
    CHECK_OK(sluice_buffer_take(buffer, 3, take_run, &what, &taken));
    CHECK(taken == 3 && what.packets == 3);
    CHECK_OK(sluice_buffer_pop(buffer, text, sizeof text, &bytes));
    CHECK(bytes == 3);
    CHECK_OK(sluice_buffer_take(buffer, 100, take_run, &what, &taken));
    CHECK(taken == 6 && what.packets == 9);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void framed_records(uint32_t kind)
{
    sluice_buffer_options options = {.struct_size = sizeof options, .kind = kind, .shape = SLUICE_FRAMED};
    sluice_buffer *buffer = new_buffer(&options);
    char text[64];
    size_t bytes;
    CHECK_OK(sluice_buffer_put_record(buffer, "first", 5, 1));
    CHECK_OK(sluice_buffer_put_record(buffer, "", 0, 2));
    CHECK_OK(sluice_buffer_put_record(buffer, "the third one", 13, 3));
    CHECK(stats_of(buffer).stored_packets == 3);
    CHECK_OK(sluice_buffer_pop(buffer, text, sizeof text, &bytes));
    CHECK(bytes == 5 && memcmp(text, "first", 5) == 0);
    CHECK_OK(sluice_buffer_pop(buffer, text, sizeof text, &bytes));
    CHECK(bytes == 0);
    CHECK_STATUS(sluice_buffer_pop(buffer, text, 12, &bytes), SLUICE_E_SIZE);
    CHECK_OK(sluice_buffer_pop(buffer, text, 13, &bytes));
    CHECK(bytes == 13 && memcmp(text, "the third one", 13) == 0);
    CHECK_STATUS(sluice_buffer_pop(buffer, text, sizeof text, &bytes), SLUICE_WOULD_BLOCK);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* A FIFO that grew holds its packets in several runs; a look shows all of them. */
static void a_look_shows_every_run(void)
{
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.capacity = 4096;
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 1000);
    runs what = {.refuse_from = UINT64_MAX};
    CHECK_OK(sluice_buffer_peek(buffer, 0, take_run, &what));
    CHECK(what.packets == 1000 && what.calls > 1);
    what = (runs){.refuse_from = UINT64_MAX};
    CHECK_OK(sluice_buffer_peek(buffer, 500 * sizeof(packet) + 1, take_run, &what));
    CHECK(what.packets == 500);
    what = (runs){.refuse_from = 1, .answer = SLUICE_TIMEOUT};
    CHECK_STATUS(sluice_buffer_peek(buffer, 0, take_run, &what), SLUICE_TIMEOUT);
    CHECK(what.calls == 1 && stats_of(buffer).stored_packets == 1000);
    CHECK_OK(sluice_buffer_clear(buffer));
    CHECK_STATUS(sluice_buffer_peek(buffer, 0, take_run, &what), SLUICE_WOULD_BLOCK);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    a_look_shows_every_run();
    fixed_strides(SLUICE_CIRCULAR);
    fixed_strides(SLUICE_FIFO);
    framed_records(SLUICE_CIRCULAR);
    framed_records(SLUICE_FIFO);
    many_at_a_time(SLUICE_CIRCULAR);
    many_at_a_time(SLUICE_FIFO);
    framed_runs(SLUICE_CIRCULAR);
    framed_runs(SLUICE_FIFO);
    wrong_packets_change_nothing();
    return 0;
}
