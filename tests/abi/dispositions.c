/* What the engine changes of the host's signals: the settings of SIGSEGV, SIGFPE and SIGRTMIN, which its runtime works with,
 * and that SIGRTMIN is not blocked in a thread that calls it. Nothing else, whatever the host had set, and its own threads
 * leave every other signal to the host's. */
#include "abi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>

enum { DEFAULT, IGNORED, HANDLED, MODES };

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    (void)number;
    caught++;
}

/* Not the host's to set: SIGKILL, SIGSTOP, and the two that the C library keeps. */
static int is_settable(int number)
{
    return number != SIGKILL && number != SIGSTOP && (number < 32 || number >= SIGRTMIN);
}

static int is_the_runtimes(int number)
{
    return number == SIGSEGV || number == SIGFPE || number == SIGRTMIN;
}

static void work(const char *name)
{
    char file[32];
    sluice_layout *layout;
    sluice_formatter *formatter;
    CHECK_OK(sluice_layout_create("< sequence:Q; value:Q*0.5 %.3f", &layout));
    CHECK_OK(sluice_formatter_create(layout, NULL, &formatter));
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.layout = layout;
    options.release_packets = 10;
    sluice_buffer *buffer = new_buffer(&options);
    (void)snprintf(file, sizeof file, "%s.dat", name);
    add_file(buffer, in_folder(file));
    (void)snprintf(file, sizeof file, "%s.csv", name);
    sluice_text_options text = {.struct_size = sizeof text, .path = in_folder(file)};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    int32_t event;
    CHECK_OK(sluice_buffer_event(buffer, &event));
    put_packets(buffer, 0, 1000);
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_formatter_destroy(formatter));
    CHECK_OK(sluice_layout_destroy(layout));
}

static int is_same(const struct sigaction *one, const struct sigaction *other)
{
    int same = one->sa_handler == other->sa_handler && one->sa_flags == other->sa_flags;
    for (int number = 1; number < NSIG; number++) {
        same &= sigismember(&one->sa_mask, number) == sigismember(&other->sa_mask, number);
    }
    return same;
}

static void settings(int mode)
{
    static struct sigaction before[NSIG], after;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction mine = {.sa_flags = mode == HANDLED ? SA_RESTART | SA_ONSTACK : 0};
        mine.sa_handler = mode == DEFAULT ? SIG_DFL : mode == IGNORED ? SIG_IGN : catch_signal;
        CHECK(sigaddset(&mine.sa_mask, number % 31 + 1) == 0);
        if (is_settable(number)) {
            CHECK(sigaction(number, &mine, NULL) == 0 && sigaction(number, NULL, &before[number]) == 0);
        }
    }
    work("settings");
    int changed = 0;
    for (int number = 1; number < NSIG; number++) {
        if (is_settable(number)) {
            CHECK(sigaction(number, NULL, &after) == 0);
            if (!is_same(&before[number], &after)) {
                changed++;
                if (!is_the_runtimes(number)) {
                    fprintf(stderr, "signal %d (%s) is changed in mode %d\n", number, strsignal(number), mode);
                    exit(1);
                }
            }
        }
    }
    CHECK(changed == 3); /* as the manual says, no fewer */
}

static void closed_pipe(int mode)
{
    int ends[2];
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    CHECK(mode != HANDLED || signal(SIGPIPE, catch_signal) != SIG_ERR);
    work("pipe");
    CHECK(write(ends[1], "x", 1) == -1 && errno == EPIPE); /* the default ends the process here */
    CHECK(caught == 1);
}

static void masks(int mode)
{
    sigset_t before, after;
    (void)(mode == DEFAULT ? sigemptyset(&before) : sigfillset(&before));
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0 && pthread_sigmask(SIG_SETMASK, NULL, &before) == 0);
    work("masks");
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &after) == 0);
    for (int number = 1; number < NSIG; number++) {
        CHECK(sigismember(&after, number) == (number == SIGRTMIN ? 0 : sigismember(&before, number)));
    }
}

/* The line of a thread's status, as a number. */
static uint64_t status_of(const char *thread, const char *key)
{
    char path[64], line[256];
    uint64_t value = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%.20s/status", thread);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            value = strtoull(line + strlen(key), NULL, 16);
        }
    }
    (void)fclose(file);
    return value;
}

/* Every thread but the host's one blocks what may come at any time. */
static void threads(int unused)
{
    (void)unused;
    static const int open_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 1 << 20, &sink));
    CHECK_OK(sluice_buffer_start(buffer));
    uint64_t wanted = ~UINT64_C(0);
    for (size_t i = 0; i < sizeof open_signals / sizeof open_signals[0]; i++) {
        wanted &= ~(UINT64_C(1) << (open_signals[i] - 1));
    }
    for (int number = 32; number <= SIGRTMIN; number++) {
        wanted &= ~(UINT64_C(1) << (number - 1));
    }
    wanted &= ~(UINT64_C(1) << (SIGKILL - 1)) & ~(UINT64_C(1) << (SIGSTOP - 1));
    char own[24];
    (void)snprintf(own, sizeof own, "%d", (int)getpid());
    int seen = 0, others = 0;
    for (int64_t give_up = sluice_monotonic_ns() + 10 * SECOND; seen < 2 || seen < others;) {
        CHECK(sluice_monotonic_ns() < give_up); /* a new thread is there before it changed its mask */
        DIR *tasks = opendir("/proc/self/task");
        CHECK(tasks != NULL);
        seen = others = 0;
        for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
            if (entry->d_name[0] != '.' && strcmp(entry->d_name, own) != 0) {
                others++;
                seen += (status_of(entry->d_name, "SigBlk:") & wanted) == wanted;
            }
        }
        (void)closedir(tasks);
    }
    CHECK(signal(SIGUSR1, catch_signal) != SIG_ERR);
    sigset_t one, none;
    CHECK(sigemptyset(&none) == 0 && sigemptyset(&one) == 0 && sigaddset(&one, SIGUSR1) == 0);
    CHECK(pthread_sigmask(SIG_BLOCK, &one, NULL) == 0 && kill(getpid(), SIGUSR1) == 0);
    for (int round = 0; round < 10; round++) {
        put_packets(buffer, 0, 10);
        (void)usleep(1000);
    }
    CHECK(caught == 0); /* no thread of the engine took it */
    CHECK(pthread_sigmask(SIG_SETMASK, &none, NULL) == 0 && caught == 1);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static sigjmp_buf back;

static void catch_fault(int number)
{
    siglongjmp(back, number);
}

/* A fault of the host's own code still comes to the handler that the host had. */
static void faults(int unused)
{
    (void)unused;
    CHECK(signal(SIGSEGV, catch_fault) != SIG_ERR && signal(SIGFPE, catch_fault) != SIG_ERR);
    work("faults");
    int *volatile nowhere = NULL;
    volatile int zero = 0, seven = 7, number = sigsetjmp(back, 1);
    if (number == 0) {
        *nowhere = 1;
    }
    CHECK(number == SIGSEGV);
    number = sigsetjmp(back, 1);
    if (number == 0) {
        zero = seven / zero;
    }
    CHECK(number == SIGFPE);
}

static int32_t refuse(void *user, const struct sluice_batch *batch)
{
    (void)user, (void)batch;
    return -1;
}

static void tell_caught(void)
{
    _exit(7 + caught);
}

/* What exit() says of packets that are lost goes to a pipe that nobody reads any more: neither ends nor disturbs that the host. */
static void losses(int mode)
{
    int ends[2];
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0 && signal(SIGPIPE, mode == HANDLED ? catch_signal : SIG_DFL) != SIG_ERR);
    CHECK(atexit(tell_caught) == 0); /* runs after the library's handler, which is registered later */
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, refuse, NULL, NULL));
    put_packets(buffer, 0, 3);
    CHECK(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    exit(0);
}

static int in_child(void (*body)(int mode), int mode)
{
    int status = -1;
    (void)fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body(mode);
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

int main(void)
{
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    for (int mode = DEFAULT; mode < MODES; mode++) {
        CHECK(in_child(settings, mode) == 0);
        CHECK(in_child(masks, mode) == 0);
    }
    int status = in_child(closed_pipe, DEFAULT);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    CHECK(in_child(closed_pipe, HANDLED) == 0);
    CHECK(in_child(threads, 0) == 0);
    CHECK(in_child(faults, 0) == 0);
    CHECK(WEXITSTATUS(in_child(losses, DEFAULT)) == 7 && WEXITSTATUS(in_child(losses, HANDLED)) == 7);
    return 0;
}
