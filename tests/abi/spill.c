/* Spill files have no name: nothing is ever seen in the directory, and nothing is left there whatever becomes of the process.
 * Where the file system has no such files they have one for a moment. */
#include "abi.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

static int nameless_asked, nameless_refused;

/* The library's open() comes here. */
int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    unsigned mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, unsigned) : 0;
    va_end(more);
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        nameless_asked++;
        if (nameless_refused != 0) {
            errno = nameless_refused;
            return -1;
        }
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void names_seen(int watch, int *made, int *removed)
{
    char events[4096] __attribute__((aligned(8)));
    for (ssize_t bytes; (bytes = read(watch, events, sizeof events)) > 0;) {
        for (ssize_t at = 0; at < bytes;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)(events + at);
            *made += (event->mask & IN_CREATE) != 0;
            *removed += (event->mask & IN_DELETE) != 0;
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

/* Relative, and the working directory changes after the buffer was made. */
static int spill(const char *folder, const char *elsewhere)
{
    int made = 0, removed = 0, watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    CHECK(watch >= 0 && inotify_add_watch(watch, folder, IN_CREATE | IN_DELETE) >= 0);
    CHECK(chdir(folder) == 0 && chdir("..") == 0);
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.capacity = 1 << 16;
    options.memory_limit = 1 << 17;
    options.spill_directory = strrchr(folder, '/') + 1;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK(chdir(elsewhere) == 0);
    put_packets(buffer, 0, 50000);
    CHECK(stats_of(buffer).spilled_bytes > 0);
    for (uint64_t i = 0; i < 50000; i++) {
        packet one = {0, 0};
        size_t bytes;
        CHECK_OK(sluice_buffer_pop(buffer, &one, sizeof one, &bytes));
        CHECK(one.sequence == i && one.value == i * i);
    }
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    names_seen(watch, &made, &removed);
    CHECK(close(watch) == 0 && made == removed && rmdir(folder) == 0 && mkdir(folder, 0700) == 0);
    return made;
}

int main(void)
{
    const char *folder = in_folder("spill"), *elsewhere = in_folder("elsewhere");
    CHECK(mkdir(folder, 0700) == 0 && mkdir(elsewhere, 0700) == 0);
    int usual = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int seen = spill(folder, elsewhere);
    CHECK(nameless_asked > 1);
    if (usual >= 0) {
        CHECK(seen == 0 && close(usual) == 0);
    } else {
        printf("the file system of %s has no files without a name: only the other way is tested\n", folder);
    }
    static const int refusals[] = {EOPNOTSUPP, EISDIR, EINVAL}; /* file systems, and old kernels */
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        nameless_refused = refusals[i];
        CHECK(spill(folder, elsewhere) > 0);
    }
    CHECK(chdir("/") == 0);
    return 0;
}
