/* Running: a pump thread that starts and stops, and a host that steps by poll and eventfd. */
#include "abi.h"

#include <poll.h>

static void a_pump_releases_by_itself(uint32_t wait)
{
    char name[32];
    (void)snprintf(name, sizeof name, "pump%u.dat", wait);
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.wait = wait;
    options.release_packets = 100;
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, in_folder(name));
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_FAULT(sluice_buffer_start(buffer), SLUICE_E_STATE, "run");
    put_packets(buffer, 0, 1000);
    WAIT_UNTIL(stats_of(buffer).popped > 900); /* fewer than 100 wait for the next ones */
    put_packets(buffer, 1000, 37);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND)); /* writes the rest */
    check_packets(in_folder(name), 1037);
    CHECK_OK(sluice_buffer_start(buffer)); /* and again */
    put_packets(buffer, 1037, 500);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_stop(buffer, 0)); /* nothing runs, nothing is stored */
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder(name), 1537);
}

static int readable(int fd, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    CHECK(poll(&one, 1, timeout_ms) >= 0);
    return (one.revents & POLLIN) != 0;
}

static void the_event_follows_the_count(void)
{
    sluice_buffer_options options = packet_options();
    options.release_packets = 3;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, NULL));
    int32_t fd = -1, again = -1;
    uint64_t signals;
    CHECK_OK(sluice_buffer_event(buffer, &fd));
    CHECK(fd >= 0 && !readable(fd, 0));
    put_packets(buffer, 0, 2);
    CHECK(!readable(fd, 0));
    put_packets(buffer, 2, 1);
    CHECK(readable(fd, 5000));
    CHECK(read(fd, &signals, sizeof signals) == sizeof signals);
    CHECK_OK(sluice_buffer_poll(buffer, 0));
    CHECK_OK(sluice_buffer_event(buffer, &again));
    CHECK(again == fd && !readable(fd, 0));
    put_packets(buffer, 3, 3);
    CHECK(readable(fd, 5000));
    CHECK(read(fd, &signals, sizeof signals) == sizeof signals);
    CHECK_OK(sluice_buffer_event(buffer, &again)); /* armed while enough is there: at once */
    CHECK(readable(fd, 5000));
    CHECK_OK(sluice_buffer_destroy(buffer));
    errno = 0;
    CHECK(close(fd) == -1 && errno == EBADF); /* it went with the buffer */
}

static void without_a_count_any_packet_is_an_event(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    int32_t fd;
    CHECK_OK(sluice_buffer_event(buffer, &fd));
    CHECK(!readable(fd, 0));
    put_packets(buffer, 0, 1);
    CHECK(readable(fd, 5000));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void poll_waits_no_longer_than_told(void)
{
    sluice_buffer_options options = packet_options();
    options.release_packets = 10;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, NULL));
    put_packets(buffer, 0, 9);
    int64_t before = sluice_monotonic_ns();
    CHECK_STATUS(sluice_buffer_poll(buffer, 30 * MS), SLUICE_WOULD_BLOCK);
    CHECK(sluice_monotonic_ns() - before >= 30 * MS);
    put_packets(buffer, 9, 1);
    CHECK_OK(sluice_buffer_poll(buffer, -1));
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void without_a_sink_there_is_nothing_to_run(void)
{
    sluice_buffer_options options = packet_options();
    options.release_packets = 1;
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 5);
    CHECK_FAULT(sluice_buffer_poll(buffer, 0), SLUICE_E_STATE, "sink");
    CHECK(stats_of(buffer).stored_packets == 5);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

int main(void)
{
    a_pump_releases_by_itself(SLUICE_PARK);
    a_pump_releases_by_itself(SLUICE_YIELD);
    a_pump_releases_by_itself(SLUICE_SPIN);
    the_event_follows_the_count();
    without_a_count_any_packet_is_an_event();
    poll_waits_no_longer_than_told();
    without_a_sink_there_is_nothing_to_run();
    return 0;
}
