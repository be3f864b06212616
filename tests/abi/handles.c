/* A NULL, stale or foreign handle, and a NULL where memory is needed, give a status and a text, and change
 * nothing. */
#include "abi.h"

static int32_t accept(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_OK;
}

static int32_t decide(void *user, const sluice_snapshot *snapshot)
{
    (void)user;
    (void)snapshot;
    return 0;
}

static void hook(void *user)
{
    (void)user;
}

/* Every call that takes a buffer, with one that is none. */
static void every_call_refuses(sluice_buffer *none)
{
    packet one = {0, 0};
    uint64_t number;
    int64_t ns;
    int32_t flag;
    size_t bytes;
    sluice_producer producer;
    sluice_sink *sink = NULL;
    sluice_file_options file = {.struct_size = sizeof file, .path = in_folder("never")};
    sluice_text_options text = {.struct_size = sizeof text, .path = in_folder("never")};
    sluice_buffer_stats stats = {.struct_size = sizeof stats};

    CHECK_FAULT(sluice_buffer_put(none, &one, sizeof one), SLUICE_E_HANDLE, "buffer");
    CHECK_STATUS(sluice_buffer_put_many(none, &one, sizeof one, &number), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_put_record(none, &one, sizeof one, 0), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_open_producer(none, &producer, sizeof producer), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_pop(none, &one, sizeof one, &bytes), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_peek(none, 0, accept, NULL), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_size(none, &number), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_clear(none), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_add_file_sink(none, &file, &sink), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_add_text_sink(none, &text, &sink), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_add_callback_sink(none, accept, NULL, &sink), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_add_memory_sink(none, 1000, &sink), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_remove_sink(none, sink), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_restore_files(none, &number), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_disconnect(none), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_add_controller(none, decide, NULL), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_on_reset(none, hook, NULL), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_configure(none, 1, 1, 1), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_force_release(none), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_flush_needed(none, &flag), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_almost_full(none, &flag), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_since_flush(none, &ns), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_due_in(none, &ns), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_flush(none, &number, &number), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_start(none), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_stop(none, 0), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_poll(none, 0), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_event(none, &flag), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_buffer_get_stats(none, &stats), SLUICE_E_HANDLE);
    CHECK(access(in_folder("never"), F_OK) != 0);
}

static void null_means_nothing_where_something_ends(void)
{
    CHECK_OK(sluice_layout_destroy(NULL));
    CHECK_OK(sluice_buffer_destroy(NULL));
    CHECK_OK(sluice_buffer_discard(NULL, NULL));
}

static void null_memory_is_refused(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_buffer *other;
    sluice_layout *layout;
    sluice_text_options text = {.struct_size = sizeof text};
    sluice_file_options file = {.struct_size = sizeof file};
    sluice_producer producer;
    CHECK_STATUS(sluice_buffer_create(NULL, &other), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_create(&options, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_layout_create(NULL, &layout), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_layout_create("jitter", NULL), SLUICE_E_INVALID);
    CHECK_FAULT(sluice_buffer_put(buffer, NULL, sizeof(packet)), SLUICE_E_INVALID, "NULL");
    CHECK_STATUS(sluice_buffer_put_many(buffer, NULL, sizeof(packet), NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_pop(buffer, NULL, sizeof(packet), NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_peek(buffer, 0, NULL, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_size(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_open_producer(buffer, NULL, sizeof producer), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_close_producer(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_add_file_sink(buffer, NULL, NULL), SLUICE_E_INVALID);
    CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &file, NULL), SLUICE_E_INVALID, "path");
    CHECK_STATUS(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_add_callback_sink(buffer, NULL, NULL, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_add_controller(buffer, NULL, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_flush_needed(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_almost_full(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_since_flush(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_due_in(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_event(buffer, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_buffer_get_stats(buffer, NULL), SLUICE_E_INVALID);
    CHECK(stats_of(buffer).pushed == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    sluice_buffer_options options = packet_options();
    sluice_layout *layout;
    sluice_sink *sink;
    uint32_t size;
    size_t bytes;
    char byte;
    every_call_refuses(NULL);
    every_call_refuses((sluice_buffer *)(uintptr_t)0x1234567890abcdefu);

    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1000, &sink));
    CHECK_OK(sluice_buffer_destroy(buffer));
    every_call_refuses(buffer);
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_E_HANDLE, "buffer");
    CHECK_STATUS(sluice_buffer_discard(buffer, NULL), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_sink_take(sink, &byte, 1, &bytes), SLUICE_E_HANDLE); /* it ended with its buffer */

    /* A handle of another kind. */
    CHECK_OK(sluice_layout_create("jitter", &layout));
    every_call_refuses((sluice_buffer *)layout);
    buffer = new_buffer(&options);
    CHECK(buffer != (sluice_buffer *)sink);
    CHECK_FAULT(sluice_layout_size((sluice_layout *)buffer, &size), SLUICE_E_HANDLE, "layout");
    CHECK_STATUS(sluice_layout_destroy((sluice_layout *)buffer), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_sink_take((sluice_sink *)buffer, &byte, 1, &bytes), SLUICE_E_HANDLE);
    CHECK_STATUS(sluice_sink_take(NULL, &byte, 1, &bytes), SLUICE_E_HANDLE);
    sink = add_file(buffer, in_folder("a.dat"));
    CHECK_STATUS(sluice_sink_take(sink, &byte, 1, &bytes), SLUICE_E_HANDLE); /* a sink, but a file */
    CHECK_OK(sluice_buffer_destroy(buffer));

    /* A new object in the place of an old one does not revive the old handle. */
    sluice_buffer *old = buffer;
    buffer = new_buffer(&options);
    CHECK(buffer != old);
    every_call_refuses(old);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_STATUS(sluice_layout_size(layout, &size), SLUICE_E_HANDLE);

    null_means_nothing_where_something_ends();
    null_memory_is_refused();
    return 0;
}
