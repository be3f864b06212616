/* A process whose pump hangs in a function of the host ends all the same, keeps its exit status, writes what other buffers hold,
 * and says on standard error how many packets of which buffer were not written; also when exit() is called in there. */
#include "abi.h"

#include <stdatomic.h>
#include <sys/wait.h>

static atomic_int inside;

static int32_t sleep_on(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    atomic_store(&inside, 1);
    while (atomic_load(&inside)) {
        (void)pause();
    }
    return SLUICE_OK;
}

static int32_t leave(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    exit(7);
}

static int32_t refuse(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return -5;
}

static sluice_buffer *started(sluice_batch_fn accept)
{
    sluice_buffer_options options = packet_options();
    options.release_packets = 1;
    sluice_buffer *buffer = new_buffer(&options), *good = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept, NULL, NULL));
    add_file(good, in_folder("good.dat"));
    put_packets(good, 0, 50);
    put_packets(buffer, 0, 23);
    CHECK_OK(sluice_buffer_start(buffer));
    return buffer;
}

static void while_it_hangs(void)
{
    started(sleep_on);
    WAIT_UNTIL(atomic_load(&inside));
    exit(5);
}

static void from_inside(void)
{
    started(leave);
    for (;;) {
        (void)pause();
    }
}

static void without_a_pump(void) /* its functions were called on the host's threads only so far */
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options), *good = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, sleep_on, NULL, NULL));
    add_file(good, in_folder("good.dat"));
    put_packets(good, 0, 50);
    put_packets(buffer, 0, 23);
    exit(6);
}

static void with_a_sink_that_refuses(void)
{
    started(refuse);
    exit(3);
}

static void under_a_name(void) /* what the ring keeps is not lost */
{
    char name[64];
    (void)snprintf(name, sizeof name, "exit-hangs-%llx", unique());
    sluice_buffer_options options = packet_options();
    options.name = name;
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 23);
    exit(2);
}

static void none(void)
{
    exit(0);
}

/* Runs an ending in a child, before this process touches the engine. */
static void check_ending(void (*ending)(void), int code, const char *said, const char *also)
{
    char errors[8192];
    size_t length = 0;
    int status, ends[2];
    (void)unlink(in_folder("good.dat"));
    fflush(NULL);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(120); /* a hang is a death by SIGALRM */
        CHECK(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
        ending();
        _exit(99);
    }
    (void)close(ends[1]);
    for (ssize_t got; (got = read(ends[0], errors + length, sizeof errors - 1 - length)) > 0;) {
        length += (size_t)got;
    }
    errors[length] = '\0';
    (void)close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code || (said == NULL ? length != 0 : strstr(errors, said) == NULL) ||
        (also != NULL && strstr(errors, also) == NULL)) {
        fprintf(stderr, "ended with 0x%x, expected exit status %d, and said: %s", (unsigned)status, code, errors);
        exit(1);
    }
    if (code > 2) {
        check_packets(in_folder("good.dat"), 50);
    }
}

int main(void)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/dev/shm/sluice.exit-hangs-%llx", unique());
    check_ending(none, 0, NULL, NULL);
    check_ending(while_it_hangs, 5, "sluice: at exit 23 packets of a circular buffer of 16-byte packets for 'callback'", "has not come back");
    check_ending(from_inside, 7, "sluice: at exit 23 packets", "within a function");
    check_ending(without_a_pump, 6, "sluice: at exit 23 packets", "has not come back");
    check_ending(with_a_sink_that_refuses, 3, "sluice: at exit 23 packets", "-5");
    check_ending(under_a_name, 2, NULL, NULL);
    CHECK(access(path, F_OK) == 0); /* 23 packets wait in it */
    (void)unlink(path);
    return 0;
}
