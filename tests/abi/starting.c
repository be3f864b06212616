/* The runtime cannot start: no address space, no memory, no thread. Every call answers E_MEMORY and says why, the host lives
 * on, and a later call works once there is what it takes. */
#include "abi.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MIB (UINT64_C(1) << 20)

static const char *symbols_path;

static int outcome(pid_t child, uint64_t argument)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "the host was ended by signal %d, argument %llu\n", WTERMSIG(status), (unsigned long long)argument);
        exit(1);
    }
    return WEXITSTATUS(status);
}

/* What the body exits with, in a child: the engine never ran in this process. */
static int in_child(void (*body)(uint64_t argument), uint64_t argument)
{
    (void)fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body(argument);
        _exit(0);
    }
    return outcome(child, argument);
}

static void limit(int resource, uint64_t amount)
{
    struct rlimit now;
    CHECK(getrlimit(resource, &now) == 0);
    now.rlim_cur = amount < now.rlim_max ? amount : now.rlim_max;
    CHECK(setrlimit(resource, &now) == 0);
}

static void unlimit(int resource)
{
    struct rlimit now;
    CHECK(getrlimit(resource, &now) == 0);
    now.rlim_cur = now.rlim_max;
    CHECK(setrlimit(resource, &now) == 0);
}

static void works(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 100);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void no_address_space(uint64_t unused)
{
    (void)unused;
    sluice_layout *layout = (sluice_layout *)&unused;
    CHECK(strcmp(last_error(), "") == 0); /* asks for nothing, and needs nothing */
    limit(RLIMIT_AS, 1000000 * UINT64_C(1024));
    CHECK_FAULT(sluice_layout_create("< a:I", &layout), SLUICE_E_MEMORY, "the engine cannot start", "MiB of address space",
                "976 MiB", "ulimit -v", strerror(ENOMEM));
    CHECK(layout == (sluice_layout *)&unused);
    CHECK_OK(sluice_layout_destroy(NULL));
    CHECK_OK(sluice_buffer_discard(NULL, NULL));
    CHECK(sluice_abi_version() == SLUICE_ABI_VERSION);
    char cut[20];
    size_t length;
    CHECK_OK(sluice_last_error(cut, sizeof cut, &length));
    CHECK(strlen(cut) == sizeof cut - 1 && length == strlen(last_error()) && memcmp(cut, last_error(), sizeof cut - 1) == 0);
    unlimit(RLIMIT_AS);
    CHECK_OK(sluice_layout_create("< a:I", &layout));
    CHECK(strcmp(last_error(), "") == 0);
    works();
}

static void no_memory(uint64_t unused)
{
    (void)unused;
    sluice_layout *layout;
    limit(RLIMIT_DATA, 4 * MIB);
    CHECK_FAULT(sluice_layout_create("< a:I", &layout), SLUICE_E_MEMORY, "the engine cannot start", "MiB of memory", "4 MiB",
                "ulimit -d");
    unlimit(RLIMIT_DATA);
    works();
}

/* As another user where the test runs as root, whom no limit of processes binds. */
static void no_thread(uint64_t unused)
{
    (void)unused;
    sluice_layout *layout;
    CHECK(getuid() != 0 || setuid(65534) == 0);
    limit(RLIMIT_NPROC, 1);
    CHECK_FAULT(sluice_layout_create("< a:I", &layout), SLUICE_E_MEMORY, "the engine cannot start", "thread", "ulimit -u",
                "limit of this process is 1 ", strerror(EAGAIN));
    unlimit(RLIMIT_NPROC);
    works();
    limit(RLIMIT_NPROC, 1); /* it runs, and its pump cannot */
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    CHECK_OK(sluice_buffer_add_memory_sink(buffer, 4096, &sink));
    CHECK_FAULT(sluice_buffer_start(buffer), SLUICE_E_MEMORY, "thread");
    unlimit(RLIMIT_NPROC);
    put_packets(buffer, 0, 10);
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

/* Every call that enters the engine answers, whichever comes first. */
static void every_call(uint64_t unused)
{
    (void)unused;
    limit(RLIMIT_AS, 1000 * MIB);
    FILE *list = fopen(symbols_path, "r");
    CHECK(list != NULL);
    char line[128];
    int calls = 0;
    while (fgets(line, sizeof line, list) != NULL) {
        static const char *const without[] = {"sluice_abi_version", "sluice_status_text", "sluice_last_error", "sluice_shutdown",
                                              "sluice_on_loss", "sluice_ring_", "sluice_producer_", "sluice_consumer_", "sluice_batch_",
                                              "SLUICE_"};
        int enters = 1;
        line[strcspn(line, "@\n")] = '\0';
        for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
            enters &= strncmp(line, without[i], strlen(without[i])) != 0;
        }
        if (!enters) {
            continue;
        }
        int32_t (*call)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
        *(void **)&call = dlsym(RTLD_DEFAULT, line);
        CHECK(call != NULL);
        int32_t status = call(0, 0, 0, 0, 0, 0, 0);
        int ends = strstr(line, "_destroy") != NULL || strstr(line, "_abandon") != NULL || strstr(line, "_discard") != NULL ||
                   strstr(line, "_close") != NULL;
        int of_null = ends && strcmp(line, "sluice_buffer_close_producer") != 0;
        if (status != (of_null ? SLUICE_OK : SLUICE_E_MEMORY)) {
            fprintf(stderr, "%s answers %d\n", line, status);
            exit(1);
        }
        calls++;
    }
    (void)fclose(list);
    CHECK(calls > 55);
    CHECK_OK(sluice_shutdown(0)); /* of nothing */
    CHECK_FAULT(sluice_buffer_clear(NULL), SLUICE_E_SHUTDOWN, "shut down");
    CHECK_OK(sluice_shutdown(0));
}

static int threads_until_greedy;

struct greedy {
    void *(*body)(void *argument);
    void *argument;
    sem_t holds;
};

static void *take_arena(void *argument)
{
    struct greedy *greedy = argument;
    void *(*body)(void *) = greedy->body;
    void *of_body = greedy->argument;
    void *volatile first = malloc(1); /* keeps half of it as the arena */
    free(first);
    for (size_t left = 64 * MIB, piece = left; left >= 4096; left -= piece) {
        while (piece > left || mmap(NULL, piece, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
            if ((piece /= 2) < 4096) {
                left = piece = 0;
                break;
            }
        }
    }
    CHECK(sem_post(&greedy->holds) == 0);
    return body(of_body);
}

/* Every thread is made here, the runtime's too. A greedy one holds as much address space as the C library reserves when a
 * thread allocates for the first time, or all that is left, before the thread that makes it goes on. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument)
{
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    if (threads_until_greedy == 0 || --threads_until_greedy != 0) {
        return create(thread, attributes, body, argument);
    }
    struct greedy greedy = {.body = body, .argument = argument};
    CHECK(sem_init(&greedy.holds, 0, 0) == 0);
    int code = create(thread, attributes, take_arena, &greedy);
    while (code == 0 && sem_wait(&greedy.holds) != 0) {
    }
    return code;
}

/* Whatever there is, the first calls work or answer E_MEMORY. */
static void enough_or_not(int resource, uint64_t amount)
{
    limit(resource, amount);
    sluice_layout *layout;
    int32_t status = sluice_layout_create("< a:I", &layout);
    CHECK(status == SLUICE_OK || (status == SLUICE_E_MEMORY && strstr(last_error(), "cannot start") != NULL));
    if (status == SLUICE_OK) {
        CHECK_OK(sluice_layout_destroy(layout));
    }
    _exit(status == SLUICE_OK ? 2 : 3);
}

static void space_of(uint64_t amount)
{
    enough_or_not(RLIMIT_AS, amount);
}

static void space_beside_a_greedy_thread(uint64_t amount)
{
    threads_until_greedy = 2; /* the first one is the probe's */
    enough_or_not(RLIMIT_AS, amount);
}

static void data_of(uint64_t amount)
{
    enough_or_not(RLIMIT_DATA, amount);
}

static void sweep(void (*body)(uint64_t amount), const char *what, uint64_t from, uint64_t to, uint64_t step)
{
    int worked = 0, answered = 0;
    for (uint64_t amount = from; amount <= to; amount += step) {
        int code = in_child(body, amount);
        CHECK(code == 2 || code == 3);
        worked += code == 2;
        answered += code == 3;
    }
    printf("%s: %d limits were too low, %d enough\n", what, answered, worked);
    CHECK(worked > 0 && answered > 0);
}

/* In a control group that has room for this process alone; where this user may make one. */
static void no_room_in_group(uint64_t unused)
{
    (void)unused;
    static const char *const parents[] = {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"};
    char folder[128], path[160], text[32];
    sluice_layout *layout;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(folder, sizeof folder, "%s/sluice-test-%d", parents[i], (int)getpid());
        (void)snprintf(path, sizeof path, "%s/pids.max", folder);
        int max = mkdir(folder, 0700) == 0 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
        if (max < 0) {
            (void)rmdir(folder);
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/cgroup.procs", folder);
        int group = open(path, O_WRONLY | O_CLOEXEC);
        CHECK(group >= 0 && write(max, "1", 1) == 1 && write(group, "0", 1) == 1);
        int32_t status = sluice_layout_create("< a:I", &layout);
        (void)snprintf(text, sizeof text, "%.30s", last_error());
        int told = strstr(last_error(), "pids.max") != NULL;
        int32_t again = pwrite(max, "max", 3, 0) == 3 ? sluice_layout_create("< a:I", &layout) : -1;
        (void)snprintf(path, sizeof path, "%s/cgroup.procs", parents[i]);
        int parent = open(path, O_WRONLY | O_CLOEXEC);
        CHECK(parent >= 0 && write(parent, "0", 1) == 1 && rmdir(folder) == 0);
        CHECK(status == SLUICE_E_MEMORY && told && again == SLUICE_OK);
        _exit(0);
    }
    _exit(77);
}

/* A container without /proc; where this user may take it away. */
static void no_proc(uint64_t unused)
{
    (void)unused;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        umount2("/proc", MNT_DETACH) != 0) {
        _exit(77);
    }
    CHECK(access("/proc/self/stat", F_OK) != 0);
    works();
}

#define TOGETHER 8

static pthread_barrier_t line;

static void *first_call(void *wanted)
{
    sluice_layout *layout;
    (void)pthread_barrier_wait(&line);
    int32_t status = sluice_layout_create("< a:I", &layout);
    CHECK(status == *(int32_t *)wanted);
    CHECK((status == SLUICE_OK) == (strstr(last_error(), "cannot start") == NULL));
    return NULL;
}

/* Many threads make the first call at once. */
static void together(uint64_t space)
{
    int32_t wanted = space == 0 ? SLUICE_OK : SLUICE_E_MEMORY;
    CHECK(pthread_barrier_init(&line, NULL, TOGETHER) == 0);
    for (int round = 0; round < 2; round++) {
        pthread_t threads[TOGETHER];
        for (int i = 0; i < TOGETHER; i++) {
            CHECK(pthread_create(&threads[i], NULL, first_call, &wanted) == 0);
            if (i == TOGETHER / 2 && round == 0 && space != 0) {
                limit(RLIMIT_AS, space); /* room for the threads, not for the engine */
            }
        }
        for (int i = 0; i < TOGETHER; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
        unlimit(RLIMIT_AS);
        wanted = SLUICE_OK;
    }
}

static void *call_alone(void *unused)
{
    (void)unused;
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("< a:I", &layout));
    return NULL;
}

/* A fork in the middle of the start: the child has an engine of its own, or E_FORKED; it never waits for a thread it does not
 * have, and SIGPIPE is as the host set it. */
static void forks(uint64_t pause)
{
    (void)alarm(60);
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call_alone, NULL) == 0);
    for (volatile uint64_t i = 0; i < pause; i++) {
    }
    for (int i = 0; i < 6; i++) {
        int status = -1;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            struct sigaction now;
            sluice_layout *layout;
            (void)alarm(20);
            int32_t answer = sluice_layout_create("< a:I", &layout);
            CHECK(answer == SLUICE_OK || answer == SLUICE_E_FORKED);
            CHECK(sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Shut down before anything ran, the engine is not started for that. */
static void shut_down_first(uint64_t unused)
{
    (void)unused;
    sluice_layout *layout;
    CHECK_OK(sluice_shutdown(-1));
    CHECK_FAULT(sluice_layout_create("< a:I", &layout), SLUICE_E_SHUTDOWN, "shut down");
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    symbols_path = arguments[1];
    CHECK(in_child(no_address_space, 0) == 0);
    CHECK(in_child(no_memory, 0) == 0);
    CHECK(in_child(no_thread, 0) == 0);
    CHECK(in_child(every_call, 0) == 0);
    CHECK(in_child(shut_down_first, 0) == 0);
    CHECK(in_child(together, 0) == 0);
    CHECK(in_child(together, 900 * MIB) == 0);
    for (uint64_t pause = 0; pause < 2000000; pause += 50000) {
        CHECK(in_child(forks, pause) == 0);
    }
    sweep(space_of, "address space", 1000 * MIB, 1300 * MIB, 3 * MIB);
    sweep(space_beside_a_greedy_thread, "address space beside a thread that takes some", 1000 * MIB, 1300 * MIB, 3 * MIB);
    sweep(data_of, "memory", 1 * MIB, 64 * MIB, MIB);
    if (in_child(no_room_in_group, 0) == 77) {
        printf("the control group is left out: this user may not make one\n");
    }
    if (in_child(no_proc, 0) == 77) {
        printf("a system without /proc is left out: this user may not take it away\n");
    }
    works(); /* and in this process, which never failed */
    return 0;
}
