/*
 * start.c - the managed runtime is started by the first call, if the process has what it needs, and as a guest: the host's
 * signals stay the host's.
 *
 * The runtime aborts the process when it cannot reserve its heap or make its thread. So both are tried before, with what it
 * will ask for; where they are not to be had the call answers E_MEMORY, and a later one tries again.
 */
#include "host.h"

#include <sluice/ring/platform.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What the collector reserves in one piece, from the project file, and room for its tables and the first objects. */
#define RANGE_BYTES ((size_t)SLUICE_GC_RANGE + (1u << 20))
#define WORKING_BYTES ((size_t)16 << 20)

/* What the C library reserves, for a moment, when a thread allocates for the first time: the runtime's thread does so beside
 * the one that starts, whose own reservations would fail in that moment. */
#define ARENA_BYTES ((size_t)128 << 20)

#define SPACE_BYTES (RANGE_BYTES + ARENA_BYTES)

#define MEBI (UINT64_C(1) << 20)

_Atomic int32_t sluice_host_phase = HOST_NEW;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static __thread int gate_is_mine; /* for the time of a fork */

/* The host's setting of SIGPIPE, while it is not in force. */
static struct sigaction pipe_kept;
static atomic_int pipe_is_kept;

static __thread char why_not[320];
static char build[256];

/* An entry of the managed half, whose first call starts the runtime. */
extern void managed_sluice_start(void);
extern int32_t managed_sluice_build_info(char *text, size_t capacity, size_t *length);

const char *sluice_host_error(void)
{
    return atomic_load(&sluice_host_phase) == HOST_FORKED
               ? "the engine does not run in a forked child; the inline rings do"
               : why_not;
}

const char *sluice_host_build(void)
{
    return build;
}

__attribute__((format(printf, 2, 3))) static int32_t refuse(int32_t status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vsnprintf(why_not, sizeof why_not, format, values);
    va_end(values);
    sluice_end_text(why_not);
    return status;
}

/* ", of the limit of 900 MiB (ulimit -v)", or nothing where there is no limit. */
static const char *limit_text(int resource, const char *name, uint64_t unit, const char *unit_name)
{
    static char text[96]; /* under the gate */
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return "";
    }
    (void)snprintf(text, sizeof text, "; the limit of this process is %llu%s (%s)",
                   (unsigned long long)(limit.rlim_cur / unit), unit_name, name);
    return text;
}

static void *probe_thread(void *id)
{
    *(pid_t *)id = (pid_t)syscall(SYS_gettid);
    return NULL;
}

/* Whether a thread can be made. Waits until the kernel has forgotten it: it counts against the limits as long as that. */
static int32_t probe_threads(void)
{
    pthread_t thread;
    pid_t id = 0;
    int code = pthread_create(&thread, NULL, probe_thread, &id);
    if (code != 0) {
        return refuse(SLUICE_E_MEMORY,
                      "the engine cannot start: it needs a thread of its own, and none is to be had: %s%s; the control group "
                      "may have a limit of its own (pids.max)",
                      strerror(code), limit_text(RLIMIT_NPROC, "ulimit -u", 1, " processes and threads"));
    }
    (void)pthread_join(thread, NULL);
    struct timespec pause = {0, 100000};
    for (int round = 0; round < 1000 && syscall(SYS_tgkill, getpid(), id, 0) == 0; round++) {
        (void)nanosleep(&pause, NULL);
    }
    return SLUICE_OK;
}

static int32_t probe(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    int32_t status = SLUICE_OK;
    void *volatile first = malloc(1); /* this thread's own arena is there before anything is tried */
    free(first);
    void *range = mmap(NULL, SPACE_BYTES, PROT_NONE, flags, -1, 0);
    void *working = range == MAP_FAILED ? MAP_FAILED : mmap(NULL, WORKING_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (working == MAP_FAILED) {
        int code = errno, whole = range == MAP_FAILED;
        struct rlimit space;
        int of_space = whole || getrlimit(RLIMIT_DATA, &space) != 0 || space.rlim_cur == RLIM_INFINITY;
        status = refuse(SLUICE_E_MEMORY, "the engine cannot start: it needs %llu MiB of %s, which are not to be had: %s%s",
                        (unsigned long long)((whole ? SPACE_BYTES + WORKING_BYTES : WORKING_BYTES) / MEBI),
                        whole ? "address space" : "memory", strerror(code),
                        of_space ? limit_text(RLIMIT_AS, "ulimit -v", MEBI, " MiB")
                                 : limit_text(RLIMIT_DATA, "ulimit -d", MEBI, " MiB"));
    } else {
        status = probe_threads(); /* with the memory taken: a thread needs a stack besides */
    }
    if (working != MAP_FAILED) {
        (void)munmap(working, WORKING_BYTES);
    }
    if (range != MAP_FAILED) {
        (void)munmap(range, SPACE_BYTES);
    }
    return status;
}

/* The signals that may come at any time, but SIGPROF: a profiler wants to see every thread. A fault of a thread's own must
 * come to it; SIGRTMIN is the runtime's. */
static void asynchronous_signals(sigset_t *set)
{
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
    (void)sigfillset(set);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        (void)sigdelset(set, kept[i]);
    }
    (void)sigdelset(set, SIGRTMIN);
}

/* Fills the numbers of standard streams that the host closed, so that no file which the runtime opens, and perhaps keeps,
 * gets one: what is written there fails as before. */
static void hold_stdio(int held[3])
{
    for (int fd = 0; fd < 3; fd++) {
        held[fd] = fcntl(fd, F_GETFD) == -1 ? open("/", O_PATH | O_CLOEXEC) : -1;
    }
}

static void let_go_of_stdio(const int held[3])
{
    for (int i = 0; i < 3; i++) {
        if (held[i] >= 0) {
            (void)close(held[i]);
        }
    }
}

static void put_back_pipe(void)
{
    struct sigaction now;
    if (atomic_load(&pipe_is_kept) && sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_IGN) {
        (void)sigaction(SIGPIPE, &pipe_kept, NULL);
    }
    atomic_store(&pipe_is_kept, 0);
}

/* A child gets the signal settings and the memory of different moments: no child is made in the middle of a start. A fork waits
 * for it, but not for ever: the thread that starts may wait for a lock that this one took for its fork. */
void sluice_host_before_fork(void)
{
    struct timespec until;
    int32_t phase = atomic_load(&sluice_host_phase);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    gate_is_mine = (phase == HOST_NEW || phase == HOST_STARTING) && pthread_mutex_timedlock(&gate, &until) == 0;
}

void sluice_host_after_fork(void)
{
    if (gate_is_mine) {
        gate_is_mine = 0;
        (void)pthread_mutex_unlock(&gate);
    }
}

void sluice_host_after_fork_in_child(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    gate_is_mine = 0;
    gate = fresh; /* whoever held it is not here */
    put_back_pipe();
    int32_t phase = atomic_load(&sluice_host_phase);
    if (phase == HOST_STARTING || phase == HOST_RUNS) {
        atomic_store(&sluice_host_phase, HOST_FORKED);
    }
}

/* The runtime's thread inherits the mask: handlers of the host run on threads of the host. The runtime ignores SIGPIPE, which
 * is not for a guest to decide; it keeps SIGSEGV, SIGFPE and SIGRTMIN, which it works with. */
static int32_t start(void)
{
    sigset_t blocked, before, after;
    int cancel;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* the gate is held */
    asynchronous_signals(&blocked);
    (void)pthread_sigmask(SIG_BLOCK, &blocked, &before);
    int32_t status = probe();
    if (status == SLUICE_OK) {
        int held[3];
        atomic_store(&pipe_is_kept, sigaction(SIGPIPE, NULL, &pipe_kept) == 0);
        hold_stdio(held);
        managed_sluice_start();
        (void)managed_sluice_build_info(build, sizeof build, NULL);
        let_go_of_stdio(held);
        put_back_pipe();
    }
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    if (!sigismember(&after, SIGRTMIN)) {
        (void)sigdelset(&before, SIGRTMIN);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_setcancelstate(cancel, NULL);
    return status;
}

int32_t sluice_host_start(void)
{
    (void)pthread_mutex_lock(&gate);
    int32_t phase = atomic_load(&sluice_host_phase), status = SLUICE_OK;
    if (phase == HOST_FORKED) {
        status = SLUICE_E_FORKED;
    } else if (phase == HOST_ENDED) {
        status = refuse(SLUICE_E_SHUTDOWN, "the engine was shut down");
    } else if (phase == HOST_NEW) {
        atomic_store(&sluice_host_phase, HOST_STARTING);
        status = start();
        atomic_store_explicit(&sluice_host_phase, status == SLUICE_OK ? HOST_RUNS : HOST_NEW, memory_order_release);
    }
    (void)pthread_mutex_unlock(&gate);
    if (status == SLUICE_OK) {
        why_not[0] = '\0';
    }
    return status;
}

int32_t sluice_host_end_unstarted(void)
{
    (void)pthread_mutex_lock(&gate);
    int32_t fresh = HOST_NEW;
    (void)atomic_compare_exchange_strong(&sluice_host_phase, &fresh, HOST_ENDED);
    int32_t ended = atomic_load(&sluice_host_phase) == HOST_ENDED;
    (void)pthread_mutex_unlock(&gate);
    return ended;
}
