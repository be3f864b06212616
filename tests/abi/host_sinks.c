/* Callback and memory sinks: what is not accepted stays, is counted and comes again. */
#include "abi.h"

typedef struct reader {
    int32_t answer;
    uint64_t calls;
    uint64_t next;
} reader;

static int32_t accept(void *user, const struct sluice_batch *batch)
{
    reader *self = user;
    self->calls++;
    if (self->answer != SLUICE_OK) {
        return self->answer;
    }
    for (uint64_t i = 0; i < batch->packets; i++) {
        packet one;
        memcpy(&one, batch->data + i * batch->stride, sizeof one);
        CHECK(one.sequence == self->next++);
    }
    return SLUICE_OK;
}

static void a_callback_that_fails_keeps_the_data(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    reader self = {.answer = SLUICE_OK};
    uint64_t packets = 9;
    sluice_sink *sink, *file = add_file(buffer, in_folder("beside.dat"));
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept, &self, &sink));
    put_packets(buffer, 0, 10);
    CHECK_OK(sluice_buffer_flush(buffer, &packets, NULL));
    CHECK(packets == 10 && self.next == 10);

    self.answer = -77; /* a number of the host's */
    put_packets(buffer, 10, 10);
    CHECK_FAULT(sluice_buffer_flush(buffer, &packets, NULL), SLUICE_E_CALLBACK, "-77");
    CHECK(packets == 0 && stats_of(buffer).stored_packets == 10);
    self.answer = SLUICE_WOULD_BLOCK; /* not now is not a fault */
    uint64_t errors = stats_of(buffer).sink_errors;
    CHECK(errors == 1);
    CHECK_STATUS(sluice_buffer_flush(buffer, &packets, NULL), SLUICE_WOULD_BLOCK);
    CHECK(stats_of(buffer).stored_packets == 10 && stats_of(buffer).sink_errors == errors);
    self.answer = SLUICE_OK;
    CHECK_OK(sluice_buffer_flush(buffer, &packets, NULL));
    CHECK(packets == 10 && self.next == 20);
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_sink_get_info(file, &info));
    CHECK(info.packets == 20 && info.errors == 0); /* the other sink got everything once */
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("beside.dat"), 20);
}

static void a_destroy_that_cannot_finish_keeps_the_buffer(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    reader self = {.answer = SLUICE_E_IO};
    uint64_t lost = 0;
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept, &self, NULL));
    put_packets(buffer, 0, 7);
    CHECK(sluice_buffer_destroy(buffer) < 0);
    CHECK(stats_of(buffer).stored_packets == 7);
    CHECK_OK(sluice_buffer_discard(buffer, &lost));
    CHECK(lost == 7);
}

static void memory_is_taken_in_pieces(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    uint8_t taken[1000];
    size_t bytes, whole = 0;
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 20 * sizeof(packet), &sink));
    CHECK_OK(sluice_sink_take(sink, taken, sizeof taken, &bytes));
    CHECK(bytes == 0);
    put_packets(buffer, 0, 30);
    CHECK_STATUS(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_WOULD_BLOCK);
    CHECK(stats_of(buffer).stored_packets == 10 && stats_of(buffer).sink_errors == 0);
    while (whole < 30 * sizeof(packet)) {
        CHECK_OK(sluice_sink_take(sink, taken + whole, 50, &bytes));
        if (bytes == 0) {
            CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
        }
        whole += bytes;
    }
    for (uint64_t i = 0; i < 30; i++) {
        packet one;
        memcpy(&one, taken + i * sizeof one, sizeof one);
        CHECK(one.sequence == i);
    }
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    a_callback_that_fails_keeps_the_data();
    a_destroy_that_cannot_finish_keeps_the_buffer();
    memory_is_taken_in_pieces();
    return 0;
}
