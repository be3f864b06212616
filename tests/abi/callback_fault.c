/* What a function of the host says of its fault is in the last error, in the info of the sink and in the counters' text:
 * sinks, formatters, controllers, reset hooks, and what looks at packets. */
#include "abi.h"

static const char *reason = "ZeroDivisionError: division by zero";

static int32_t refuse(void *user, const sluice_batch *batch)
{
    (void)user;
    (void)batch;
    (void)sluice_callback_fault(reason);
    return SLUICE_E_CALLBACK;
}

static int32_t refuse_text(void *user, const sluice_batch *batch, char *text, size_t capacity, uint64_t *packets, size_t *written)
{
    (void)text;
    (void)capacity;
    (void)packets;
    (void)written;
    return refuse(user, batch);
}

static int32_t refuse_decision(void *user, const sluice_snapshot *snapshot)
{
    (void)snapshot;
    return refuse(user, NULL);
}

static void refuse_reset(void *user)
{
    (void)refuse(user, NULL);
}

static void of_a_sink(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, refuse, NULL, &sink));
    put_packets(buffer, 0, 1);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK, "the function failed: ZeroDivisionError: division by zero",
                "the packets are kept");
    CHECK_OK(sluice_sink_get_info(sink, &info));
    CHECK(strstr(info.last_error, "division by zero") != NULL);
    reason = NULL; /* nothing is said: the number tells */
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK, "returned -15");
    reason = "ZeroDivisionError: division by zero";
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void of_a_formatter(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_text_options text = {.struct_size = sizeof text, .path = in_folder("a.txt"), .format = refuse_text};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    put_packets(buffer, 0, 1);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK, "a.txt",
                "the formatter failed: ZeroDivisionError: division by zero");
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void of_what_looks(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 1);
    CHECK_FAULT(sluice_buffer_peek(buffer, 0, refuse, NULL), SLUICE_E_CALLBACK, "the function failed: ZeroDivisionError");
    CHECK_FAULT(sluice_buffer_take(buffer, 0, refuse, NULL, NULL), SLUICE_E_CALLBACK, "the function failed: ZeroDivisionError");
    CHECK(stats_of(buffer).stored_packets == 1);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void of_controllers_and_hooks(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    int32_t needed;
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1000, NULL));
    CHECK_OK(sluice_buffer_add_controller(buffer, refuse_decision, NULL));
    put_packets(buffer, 0, 1);
    CHECK_OK(sluice_buffer_flush_needed(buffer, &needed));
    CHECK(needed == 0 && stats_of(buffer).controller_errors == 1);
    CHECK_OK(sluice_buffer_on_reset(buffer, refuse_reset, NULL));
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK(stats_of(buffer).controller_errors == 2);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    of_a_sink();
    of_a_formatter();
    of_what_looks();
    of_controllers_and_hooks();
    return 0;
}
