/* What is stored when a buffer ends and that nothing takes is counted, answered and told: to the hook of the process, or in a line
 * on standard error; what a ring that outlives its buffer keeps is not lost. */
#include "abi.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

typedef struct told {
    int count;
    int32_t status;
    uint64_t packets, kept;
    char where[512], text[1024];
} told;

static told losses;

static void on_loss(void *user, const sluice_loss *loss)
{
    told *all = user;
    CHECK(loss->struct_size == sizeof *loss && strstr(loss->text, loss->where) != NULL);
    all->count++;
    all->status = loss->status;
    all->packets += loss->packets;
    all->kept += loss->kept;
    (void)snprintf(all->where, sizeof all->where, "%s", loss->where);
    (void)snprintf(all->text, sizeof all->text, "%s", loss->text);
}

/* What became of the buffer and its one sink. */
typedef struct ends {
    int sinks, buffers;
    sluice_sink_info sink;
    sluice_buffer_stats stats;
} ends;

static ends ended;

static void on_end(void *user, sluice_sink *sink, const sluice_buffer_stats *stats)
{
    ends *all = user;
    CHECK(stats->struct_size == sizeof *stats);
    if (sink != NULL) {
        CHECK(all->buffers == 0); /* the buffer is the last */
        all->sink.struct_size = sizeof all->sink;
        CHECK_OK(sluice_sink_get_info(sink, &all->sink));
        all->sinks++;
    } else {
        all->stats = *stats;
        all->buffers++;
    }
}

static int32_t refuse(void *user, const sluice_batch *batch)
{
    (void)user;
    (void)batch;
    (void)sluice_callback_fault("the tape is full");
    return -1;
}

static sluice_buffer *stored(sluice_buffer_options options, int refuses)
{
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    losses = (told){0};
    ended = (ends){0};
    CHECK_OK(sluice_buffer_on_end(buffer, on_end, &ended));
    if (refuses) {
        CHECK_OK(sluice_buffer_add_callback_sink(buffer, refuse, NULL, &sink));
    }
    put_packets(buffer, 0, 3);
    return buffer;
}

static void check_said(const char *text, const char *begin, const char *where, const char *why)
{
    if (strstr(text, begin) != text || strstr(text, where) == NULL || strstr(text, why) == NULL) {
        fprintf(stderr, "said: %s\n", text);
        exit(1);
    }
}

static void check_told(int32_t status, uint64_t packets, uint64_t kept, const char *why)
{
    CHECK(losses.count == 1 && losses.status == status && losses.packets == packets && losses.kept == kept);
    check_said(losses.text, "3 packets of ", "", why);
    CHECK(ended.buffers == 1 && ended.stats.lost == packets);
}

static void endings_answer_and_tell(void)
{
    uint64_t lost;
    CHECK_OK(sluice_on_loss(on_loss, &losses));
    sluice_buffer *buffer = stored(packet_options(), 0);
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_LOST, "3 packets of a circular buffer", "no sink", "add a sink");
    CHECK_STATUS(sluice_buffer_destroy(buffer), SLUICE_E_HANDLE);
    check_told(SLUICE_LOST, 3, 0, "the buffer has no sink");
    CHECK(ended.stats.pushed == 3 && ended.stats.popped == 0 && ended.stats.stored_packets == 0);

    buffer = stored(packet_options(), 1);
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_E_CALLBACK, "the tape is full");
    CHECK(losses.count == 0 && ended.buffers == 0 && ended.sinks == 0); /* it is as it was */
    CHECK_FAULT(sluice_buffer_abandon(buffer, &lost), SLUICE_LOST, "3 packets", "the tape is full");
    CHECK(lost == 3 && ended.sinks == 1 && ended.sink.packets == 0 && ended.sink.errors >= 2);
    check_told(SLUICE_E_CALLBACK, 3, 0, "the tape is full");

    buffer = stored(packet_options(), 0);
    CHECK_OK(sluice_buffer_discard(buffer, &lost)); /* meant so */
    CHECK(lost == 3 && losses.count == 0 && ended.buffers == 1 && ended.stats.lost == 3);

    buffer = stored(packet_options(), 0);
    CHECK_OK(sluice_buffer_clear(buffer));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(losses.count == 0 && ended.stats.lost == 0 && ended.stats.cleared == 3);
}

static void a_ring_that_stays_keeps_them(void)
{
    sluice_buffer_options options = packet_options();
    options.file = in_folder("ring");
    uint64_t packets, lost;
    CHECK_OK(sluice_buffer_destroy(stored(options, 0)));
    CHECK(losses.count == 0 && ended.stats.lost == 0 && ended.stats.stored_packets == 3);
    options.attach = SLUICE_ATTACH;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_size(buffer, &packets));
    CHECK(packets == 3);
    CHECK_OK(sluice_buffer_clear(buffer));
    CHECK_OK(sluice_buffer_destroy(buffer));
    buffer = stored(options, 1);
    CHECK_OK(sluice_buffer_abandon(buffer, &lost));
    CHECK(lost == 0);
    check_told(SLUICE_E_CALLBACK, 0, 3, "stay in the ring: ");
    buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_discard(buffer, &lost)); /* also what lies there */
    CHECK(lost == 3);
    buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_size(buffer, &packets));
    CHECK(packets == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void a_start_without_a_sink(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    CHECK_FAULT(sluice_buffer_start(buffer), SLUICE_E_STATE, "no sink", "add one first");
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, &sink));
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void numbers_of_a_sink_that_is_removed(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    ended = (ends){0};
    CHECK_OK(sluice_buffer_on_end(buffer, on_end, &ended));
    sluice_sink *sink = add_file(buffer, in_folder("removed.dat"));
    put_packets(buffer, 0, 5);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK_OK(sluice_buffer_remove_sink(buffer, sink));
    CHECK(ended.sinks == 1 && ended.sink.packets == 5 && ended.sink.bytes == 5 * sizeof(packet) && ended.buffers == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(ended.sinks == 1 && ended.buffers == 1 && ended.stats.popped == 5);
}

static void shutdown_tells(void)
{
    sluice_buffer *buffer = stored(packet_options(), 0);
    (void)buffer;
    CHECK_FAULT(sluice_shutdown(SECOND), SLUICE_LOST, "3 packets");
    check_told(SLUICE_LOST, 3, 0, "the buffer has no sink");
}

/* ---- exit, in a child before this process starts the engine ---- */

static void full_disk(const char *path)
{
    const struct rlimit limit = {64, RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, path);
    put_packets(buffer, 0, 1000);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    exit(7);
}

static void no_sink(const char *path)
{
    (void)path;
    sluice_buffer_options options = packet_options();
    put_packets(new_buffer(&options), 0, 1000);
    exit(7);
}

/* A function of the host that fails to the last: what it says of that is the reason, at exit too. */
static void refusing(const char *path)
{
    (void)path;
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, refuse, NULL, NULL));
    put_packets(buffer, 0, 1);
    exit(7);
}

static void to_a_pipe(void *user, const sluice_loss *loss)
{
    (void)dprintf(*(int *)user, "hook: %llu: %s", (unsigned long long)loss->packets, loss->text);
}

/* What a child that ends says, on standard error or by a hook. */
static const char *said(void (*ending)(const char *path), int with_hook)
{
    static char text[4096];
    static int ends_of[2];
    size_t length = 0;
    int status;
    CHECK(pipe(ends_of) == 0);
    char *path = in_folder(with_hook ? "hooked.dat" : "plain.dat");
    (void)fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        if (with_hook) {
            CHECK_OK(sluice_on_loss(to_a_pipe, &ends_of[1]));
        } else {
            CHECK(dup2(ends_of[1], 2) == 2);
        }
        ending(path);
        _exit(99);
    }
    (void)close(ends_of[1]);
    for (ssize_t got; (got = read(ends_of[0], text + length, sizeof text - 1 - length)) > 0;) {
        length += (size_t)got;
    }
    text[length] = '\0';
    (void)close(ends_of[0]);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return text;
}

int main(void)
{
    for (int hook = 0; hook < 2; hook++) {
        check_said(said(full_disk, hook), hook ? "hook: 996: at exit 996 packets of " : "sluice: at exit 996 packets of ",
                   hook ? "hooked.dat" : "plain.dat", "File too large");
        check_said(said(no_sink, hook), hook ? "hook: 1000: at exit 1000 packets of " : "sluice: at exit 1000 packets of ",
                   "a circular buffer of 16-byte packets", "no sink");
        check_said(said(refusing, hook), hook ? "hook: 1: at exit 1 packet of " : "sluice: at exit 1 packet of ", "is lost: ",
                   "the function failed: the tape is full; stop the buffer before its end");
    }
    endings_answer_and_tell();
    a_ring_that_stays_keeps_them();
    a_start_without_a_sink();
    numbers_of_a_sink_that_is_removed();
    shutdown_tells();
    return 0;
}
