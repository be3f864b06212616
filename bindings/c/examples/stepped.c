/* SPDX-License-Identifier: Apache-2.0
 *
 * stepped - a host with an event loop of its own and without threads: timerfd, eventfd and poll(2).
 *
 *   stepped DIR        writes DIR/stepped.dat
 *
 * The instrument is a timer that fires every millisecond. The buffer's eventfd becomes readable once
 * release_packets are stored; then one round of the pump runs on this thread. Time-outs of poll(2) let
 * release_after_ns take effect.
 */
#include <sluice/sluice.h>

#include <poll.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TICKS 300u
#define NS_PER_MS INT64_C(1000000)

typedef struct packet {
    uint64_t sequence;
    uint64_t expirations; /* of the timer since the last packet: more than 1 when this loop was late */
} packet;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "stepped: %s: %s\n", what, text);
    return 1;
}

/* The loop: instrument and buffer are two file descriptors among any others that a host may have. */
static int loop(sluice_buffer *buffer, int timer)
{
    int32_t stored;
    for (uint64_t sequence = 0, ticks = 0; ticks < TICKS;) {
        if (sluice_buffer_event(buffer, &stored) != SLUICE_OK) { /* arms it */
            return complain("event");
        }
        struct pollfd ready[2] = {{.fd = timer, .events = POLLIN}, {.fd = stored, .events = POLLIN}};
        if (poll(ready, 2, 100) < 0) {
            perror("stepped: poll");
            return 1;
        }
        if (ready[0].revents & POLLIN) {
            packet tick = {.sequence = sequence++};
            if (read(timer, &tick.expirations, sizeof tick.expirations) != (ssize_t)sizeof tick.expirations ||
                sluice_buffer_put(buffer, &tick, sizeof tick) != SLUICE_OK) {
                return complain("put");
            }
            ticks += tick.expirations;
        }
        if (ready[1].revents & POLLIN) {
            uint64_t signals;
            if (read(stored, &signals, sizeof signals) != (ssize_t)sizeof signals) {
                return complain("eventfd");
            }
        }
        if (sluice_buffer_poll(buffer, 0) < 0) { /* WOULD_BLOCK: it is not time */
            return complain("poll");
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    char path[4096];
    sluice_buffer *buffer;
    if (argc != 2) {
        fprintf(stderr, "usage: stepped DIR\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/stepped.dat", argv[1]);
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .kind = SLUICE_CIRCULAR,
                                     .stride = sizeof(packet),
                                     .release_packets = 50,
                                     .release_after_ns = 200 * NS_PER_MS};
    sluice_file_options file = {.struct_size = sizeof file, .path = path};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK ||
        sluice_buffer_add_file_sink(buffer, &file, NULL) != SLUICE_OK) {
        return complain("buffer");
    }
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec period = {.it_interval = {.tv_nsec = NS_PER_MS}, .it_value = {.tv_nsec = NS_PER_MS}};
    if (timer < 0 || timerfd_settime(timer, 0, &period, NULL) != 0) {
        perror("stepped: timer");
        return 1;
    }
    int failed = loop(buffer, timer);
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    if (sluice_buffer_flush(buffer, NULL, NULL) != SLUICE_OK ||
        sluice_buffer_get_stats(buffer, &stats) != SLUICE_OK || sluice_buffer_destroy(buffer) != SLUICE_OK) {
        return complain("writing");
    }
    (void)close(timer);
    printf("%llu packets in %llu flushes in %s\n", (unsigned long long)stats.popped,
           (unsigned long long)stats.flushes, path);
    return failed;
}
