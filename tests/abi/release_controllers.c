/* The host's controllers: their order, when they are not asked any more, what they see, and what a failing
 * one does. */
#include "abi.h"

typedef struct controller {
    char name;
    int32_t answer;
} controller;

static char asked[64];
static uint64_t seen_packets, seen_bytes, seen_first;
static unsigned resets;

static int32_t ask(void *user, const sluice_snapshot *snapshot)
{
    const controller *self = user;
    size_t length = strlen(asked);
    CHECK(length + 1 < sizeof asked);
    asked[length] = self->name;
    CHECK(snapshot->struct_size >= sizeof *snapshot && snapshot->age_ns >= 0);
    seen_packets = snapshot->packets;
    seen_bytes = snapshot->bytes;
    CHECK(snapshot->batch != NULL && snapshot->batch->packets == snapshot->packets);
    memcpy(&seen_first, snapshot->batch->data, sizeof seen_first);
    return self->answer;
}

static void on_reset(void *user)
{
    ++*(unsigned *)user;
}

static int32_t poll_asks(sluice_buffer *buffer, const char *whom)
{
    memset(asked, 0, sizeof asked);
    int32_t status = sluice_buffer_poll(buffer, 0);
    if (strcmp(asked, whom) != 0) {
        fprintf(stderr, "asked '%s', expected '%s'\n", asked, whom);
        exit(1);
    }
    return status;
}

static sluice_buffer *buffer_of(uint32_t combine, controller *controllers, int count,
                                uint64_t release_packets)
{
    sluice_buffer_options options = packet_options();
    options.release_combine = combine;
    options.release_packets = release_packets;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, NULL));
    CHECK_OK(sluice_buffer_on_reset(buffer, on_reset, &resets));
    for (int i = 0; i < count; i++) {
        CHECK_OK(sluice_buffer_add_controller(buffer, ask, &controllers[i]));
    }
    put_packets(buffer, 40, 3);
    resets = 0;
    return buffer;
}

static void any_stops_at_the_first_yes(void)
{
    controller three[] = {{'a', 0}, {'b', 1}, {'c', 0}};
    sluice_buffer *buffer = buffer_of(SLUICE_ANY, three, 3, 0);
    CHECK_OK(poll_asks(buffer, "ab"));
    CHECK(seen_packets == 3 && seen_bytes == 3 * sizeof(packet) && seen_first == 40 && resets == 1);
    put_packets(buffer, 43, 1);
    three[1].answer = 0;
    CHECK_STATUS(poll_asks(buffer, "abc"), SLUICE_WOULD_BLOCK);
    CHECK(resets == 1);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void all_stops_at_the_first_no(void)
{
    controller three[] = {{'a', 1}, {'b', 0}, {'c', 1}};
    sluice_buffer *buffer = buffer_of(SLUICE_ALL, three, 3, 0);
    CHECK_STATUS(poll_asks(buffer, "ab"), SLUICE_WOULD_BLOCK);
    three[1].answer = 1;
    CHECK_OK(poll_asks(buffer, "abc"));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void controllers_come_before_the_thresholds(void)
{
    controller one[] = {{'a', 0}};
    sluice_buffer *buffer = buffer_of(SLUICE_ANY, one, 1, 3);
    CHECK_OK(poll_asks(buffer, "a")); /* asked, although the count is reached */
    CHECK_OK(sluice_buffer_destroy(buffer));
    buffer = buffer_of(SLUICE_ALL, one, 1, 3);
    CHECK_STATUS(poll_asks(buffer, "a"), SLUICE_WOULD_BLOCK);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void a_failing_one_is_skipped_and_counted(void)
{
    controller two[] = {{'a', SLUICE_E_IO}, {'b', 1}};
    sluice_buffer *buffer = buffer_of(SLUICE_ALL, two, 2, 0);
    CHECK_OK(poll_asks(buffer, "ab")); /* a has no voice this time */
    CHECK(stats_of(buffer).controller_errors == 1 && stats_of(buffer).last_fault < 0);
    put_packets(buffer, 43, 1);
    two[0].answer = 0;
    CHECK_STATUS(poll_asks(buffer, "a"), SLUICE_WOULD_BLOCK); /* next time it has */
    CHECK(stats_of(buffer).controller_errors == 1);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void a_forced_release_asks_nobody(void)
{
    controller one[] = {{'a', 0}};
    sluice_buffer *buffer = buffer_of(SLUICE_ALL, one, 1, 1000);
    CHECK_OK(sluice_buffer_force_release(buffer));
    CHECK_OK(poll_asks(buffer, ""));
    CHECK(resets == 1);
    put_packets(buffer, 43, 1);
    CHECK_STATUS(poll_asks(buffer, "a"), SLUICE_WOULD_BLOCK);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL)); /* whatever the policy says */
    CHECK(resets == 2);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* Controllers must not call into the buffer that asks them; they get an answer and not a deadlock. */
static int32_t reenter(void *user, const sluice_snapshot *snapshot)
{
    uint64_t packets;
    (void)snapshot;
    CHECK_STATUS(sluice_buffer_flush(user, &packets, NULL), SLUICE_E_STATE);
    return 1;
}

static void calling_back_into_the_buffer_is_refused(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, NULL));
    CHECK_OK(sluice_buffer_add_controller(buffer, reenter, buffer));
    put_packets(buffer, 0, 1);
    CHECK_OK(sluice_buffer_poll(buffer, 0));
    CHECK(stats_of(buffer).stored_packets == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    any_stops_at_the_first_yes();
    all_stops_at_the_first_no();
    controllers_come_before_the_thresholds();
    a_failing_one_is_skipped_and_counted();
    a_forced_release_asks_nobody();
    calling_back_into_the_buffer_is_refused();
    return 0;
}
