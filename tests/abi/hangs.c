/* Whatever hangs - a sink's function, a formatter, a controller, the reset hook, a look - stop, destroy, discard and shutdown
 * keep their limits and say what hangs; the buffer is valid while it is kept, and what hangs may come back at any time after. */
#include "abi.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

/* Functions of the host that do not return before they are let go. Their data are poisoned once nothing may use them. */
typedef struct host {
    atomic_int hangs, inside, calls, poisoned;
} host;

static void hang(host *self)
{
    CHECK(!atomic_load(&self->poisoned));
    atomic_fetch_add(&self->calls, 1);
    atomic_store(&self->inside, 1);
    while (atomic_load(&self->hangs)) {
        (void)usleep(1000);
    }
    atomic_store(&self->inside, 0);
}

static int32_t accept(void *user, const struct sluice_batch *batch)
{
    (void)batch;
    hang(user);
    return SLUICE_OK;
}

static int32_t format(void *user, const struct sluice_batch *batch, char *text, size_t capacity, uint64_t *packets,
                      size_t *written)
{
    (void)batch;
    hang(user);
    CHECK(capacity > 1);
    text[0] = '\n';
    *packets = 1;
    *written = 1;
    return SLUICE_OK;
}

static int32_t decide(void *user, const sluice_snapshot *snapshot)
{
    (void)snapshot;
    hang(user);
    return 1;
}

static void hook(void *user)
{
    hang(user);
}

enum kind { SINK, FORMATTER, CONTROLLER, HOOK, KINDS };

static const char *const what[KINDS] = {"'callback'", "hang.txt", "a release controller", "the reset hook"};

/* A pump that is inside a function that hangs. */
static sluice_buffer *hung(enum kind kind, host *self, uint64_t packets)
{
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.release_packets = 1;
    sluice_buffer *buffer = new_buffer(&options);
    *self = (host){.hangs = 1};
    sluice_text_options text = {.struct_size = sizeof text, .path = in_folder("hang.txt"), .format = format, .format_user = self};
    (void)unlink(text.path);
    switch (kind) {
    case SINK: CHECK_OK(sluice_buffer_add_callback_sink(buffer, accept, self, NULL)); break;
    case FORMATTER: CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL)); break;
    case CONTROLLER: CHECK_OK(sluice_buffer_add_controller(buffer, decide, self)); break;
    default: CHECK_OK(sluice_buffer_on_reset(buffer, hook, self)); break;
    }
    if (kind == CONTROLLER || kind == HOOK) {
        CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, NULL));
    }
    put_packets(buffer, 0, packets);
    CHECK_OK(sluice_buffer_start(buffer));
    WAIT_UNTIL(atomic_load(&self->inside));
    return buffer;
}

static void *let_go(void *argument)
{
    host *self = argument;
    (void)usleep(500000);
    atomic_store(&self->hangs, 0);
    return NULL;
}

static void stop_keeps_its_limit(enum kind kind)
{
    host self;
    pthread_t helper;
    sluice_buffer *buffer = hung(kind, &self, 3);
    for (int round = 0; round < 2; round++) { /* it can be asked again */
        int64_t before = sluice_monotonic_ns();
        CHECK_FAULT(sluice_buffer_stop(buffer, 200 * MS), SLUICE_TIMEOUT, what[kind]);
        int64_t took = sluice_monotonic_ns() - before;
        CHECK(took >= 200 * MS && took < 20 * SECOND);
    }
    CHECK_FAULT(sluice_buffer_start(buffer), SLUICE_E_STATE, "still to stop", what[kind]);
    CHECK(pthread_create(&helper, NULL, let_go, &self) == 0);
    put_packets(buffer, 3, 4);
    CHECK_OK(sluice_buffer_stop(buffer, 20 * SECOND)); /* waits for it again */
    CHECK(stats_of(buffer).stored_packets == 0 && stats_of(buffer).pushed == 7);
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 7, 1);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(pthread_join(helper, NULL) == 0);
}

/* Destroy keeps the buffer, discard does not; what hangs comes back much later, to memory that is there. */
static void destroy_and_discard_keep_theirs(enum kind kind)
{
    host *self = calloc(1, sizeof *self);
    CHECK(self != NULL);
    sluice_buffer *buffer = hung(kind, self, 3);
    uint64_t lost = 0, size;
    int64_t before = sluice_monotonic_ns();
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_TIMEOUT, what[kind]);
    CHECK(sluice_monotonic_ns() - before < 60 * SECOND);
    packet one = {3, 9};
    CHECK_OK(sluice_buffer_put(buffer, &one, sizeof one)); /* it is valid */
    int calls = atomic_load(&self->calls);
    CHECK_FAULT(sluice_buffer_discard(buffer, &lost), SLUICE_TIMEOUT, what[kind]);
    CHECK(lost == (kind == HOOK ? 1 : 4));
    CHECK_STATUS(sluice_buffer_size(buffer, &size), SLUICE_E_HANDLE);
    atomic_store(&self->hangs, 0);
    WAIT_UNTIL(!atomic_load(&self->inside));
    atomic_store(&self->poisoned, 1); /* nothing may call into it any more */
    (void)usleep(200000);
    CHECK(atomic_load(&self->calls) == calls);
    free(self);
}

/* Threads that wait for the lock of a buffer are told when it is given up. */
static void *ask_for_the_size(void *buffer)
{
    uint64_t size;
    return (void *)(intptr_t)sluice_buffer_size(buffer, &size);
}

static void whoever_waits_is_told(void)
{
    host self;
    pthread_t asking;
    void *answer;
    sluice_buffer *buffer = hung(SINK, &self, 1);
    CHECK(pthread_create(&asking, NULL, ask_for_the_size, buffer) == 0);
    (void)usleep(50000);
    CHECK_STATUS(sluice_buffer_discard(buffer, NULL), SLUICE_TIMEOUT);
    CHECK(pthread_join(asking, &answer) == 0);
    int32_t status = (int32_t)(intptr_t)answer;
    CHECK(status == SLUICE_E_STATE || status == SLUICE_E_HANDLE);
    atomic_store(&self.hangs, 0);
    WAIT_UNTIL(!atomic_load(&self.inside));
}

/* Another thread shows packets to a function that hangs. */
static void *take(void *argument)
{
    void **arguments = argument;
    return (void *)(intptr_t)sluice_buffer_take(arguments[0], 0, accept, arguments[1], NULL);
}

static void a_look_that_hangs_is_no_excuse(void)
{
    host self = {.hangs = 1};
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    void *arguments[] = {buffer, &self};
    pthread_t taking;
    put_packets(buffer, 0, 2);
    CHECK(pthread_create(&taking, NULL, take, arguments) == 0);
    WAIT_UNTIL(atomic_load(&self.inside));
    CHECK_FAULT(sluice_buffer_stop(buffer, 100 * MS), SLUICE_TIMEOUT, "shown");
    CHECK_STATUS(sluice_buffer_discard(buffer, NULL), SLUICE_TIMEOUT);
    atomic_store(&self.hangs, 0);
    CHECK(pthread_join(taking, NULL) == 0);
}

static void shutdown_keeps_its_limit(void)
{
    host self[KINDS];
    for (int kind = 0; kind < KINDS; kind++) {
        (void)hung(kind, &self[kind], 7);
    }
    sluice_buffer_options options = packet_options();
    sluice_buffer *good = new_buffer(&options); /* one that hangs takes no time from the others */
    add_file(good, in_folder("good.dat"));
    put_packets(good, 0, 100);
    int64_t before = sluice_monotonic_ns();
    CHECK_FAULT(sluice_shutdown(500 * MS), SLUICE_TIMEOUT, "7 packets", what[SINK], what[FORMATTER], what[CONTROLLER]);
    int64_t took = sluice_monotonic_ns() - before;
    CHECK(took >= 500 * MS && took < 30 * SECOND);
    check_packets(in_folder("good.dat"), 100);
    for (int kind = 0; kind < KINDS; kind++) {
        atomic_store(&self[kind].hangs, 0);
        WAIT_UNTIL(!atomic_load(&self[kind].inside));
        atomic_store(&self[kind].poisoned, 1);
    }
    (void)usleep(200000);
}

static void one_kind_after_the_other(enum kind kind)
{
    stop_keeps_its_limit(kind);
    destroy_and_discard_keep_theirs(kind);
}

static void sinks(void)
{
    one_kind_after_the_other(SINK);
}

static void formatters(void)
{
    one_kind_after_the_other(FORMATTER);
}

static void controllers(void)
{
    one_kind_after_the_other(CONTROLLER);
}

static void hooks(void)
{
    one_kind_after_the_other(HOOK);
}

int main(void)
{
    /* Side by side: what they do is mostly to wait. */
    void (*const parts[])(void) = {sinks,       formatters, controllers, hooks, whoever_waits_is_told, a_look_that_hangs_is_no_excuse,
                                   shutdown_keeps_its_limit};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    pid_t children[PARTS];
    fflush(NULL);
    for (int i = 0; i < PARTS; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] == 0) {
            (void)alarm(300); /* a hang is a death by SIGALRM */
            parts[i]();
            exit(0);
        }
    }
    for (int i = 0; i < PARTS; i++) {
        int status;
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "part %d ended with 0x%x\n", i, (unsigned)status);
            return 1;
        }
    }
    return 0;
}
