/* Signals stay the host's: its handlers run, their settings are untouched, and system calls of the engine go
 * on after them. */
#include "abi.h"

#include <pthread.h>
#include <signal.h>

static const int kept[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};
#define KEPT (sizeof kept / sizeof kept[0])

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    (void)number;
    caught++;
}

static void check_handlers(void)
{
    for (size_t i = 0; i < KEPT; i++) {
        struct sigaction now;
        CHECK(sigaction(kept[i], NULL, &now) == 0);
        CHECK(now.sa_handler == catch_signal);
    }
}

int main(void)
{
    struct sigaction mine = {.sa_handler = catch_signal};
    sigset_t mask_before, mask_after;
    for (size_t i = 0; i < KEPT; i++) {
        CHECK(sigaction(kept[i], &mine, NULL) == 0);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask_before) == 0);

    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.release_packets = 64;
    options.release_after_ns = 5 * MS;
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, in_folder("signals.dat"));
    CHECK_OK(sluice_buffer_start(buffer));
    check_handlers();

    /* To the process: this thread has the handlers, the pump's leaves signals to it. */
    const uint64_t count = 20000;
    int sent = 0;
    for (uint64_t i = 0; i < count; i++) {
        put_packets(buffer, i, 1);
        if (i % 100 == 0) {
            CHECK(kill(getpid(), kept[i / 100 % KEPT]) == 0);
            sent++;
        }
    }
    CHECK(raise(SIGINT) == 0);
    CHECK(caught > 0);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK(stats_of(buffer).sink_errors == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("signals.dat"), count);
    check_handlers();
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask_after) == 0);
    for (int number = 1; number <= 64; number++) {
        CHECK(sigismember(&mask_before, number) == sigismember(&mask_after, number));
    }
    printf("%d signals sent, %d caught\n", sent + 1, (int)caught);
    return 0;
}
