/* A limit for the size of files (ulimit -f), which memory of buffers counts for, is an error with a text: no SIGXFSZ, which by
 * default ends the process, and none taken away that the host itself is owed. */
#include "abi.h"

#include <sluice/ring.h>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void limit_to(rlim_t bytes)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void made(void)
{
    sluice_buffer *buffer;
    sluice_buffer_options options = {.struct_size = sizeof options, .stride = 8};
    sluice_ring ring;
    sluice_ring_options ring_options = {.struct_size = sizeof ring_options, .stride = 8, .capacity = 1 << 20};
    limit_to(65536);
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_IO, "1052672", "ulimit -f");
    CHECK(sluice_ring_create(&ring, &ring_options) == SLUICE_E_IO && strstr(ring.error, "ulimit -f") != NULL);
    ring_options.flags = 8; /* huge pages, where there are any */
    CHECK(sluice_ring_create(&ring, &ring_options) == SLUICE_E_IO);
    ring_options.flags = 0;
    ring_options.capacity = 4096;
    CHECK(sluice_ring_create(&ring, &ring_options) == SLUICE_OK);
    sluice_ring_close(&ring, 1);
    limit_to(RLIM_INFINITY);
}

/* What does not go into the file stays stored. */
static void written(void)
{
    sluice_buffer *buffer;
    char path[256], packets[8192] = {0};
    uint64_t done;
    (void)snprintf(path, sizeof path, "/tmp/sluice-limit-%llx", unique());
    sluice_buffer_options options = {.struct_size = sizeof options, .stride = 8, .capacity = 16384};
    sluice_file_options file = {.struct_size = sizeof file, .path = path};
    CHECK_OK(sluice_buffer_create(&options, &buffer));
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &file, NULL));
    CHECK_OK(sluice_buffer_put_many(buffer, packets, sizeof packets, &done));
    limit_to(4096);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_IO, "too large", "ulimit -f");
    CHECK_FAULT(sluice_buffer_destroy(buffer), SLUICE_E_IO, "too large", "kept");
    CHECK_OK(sluice_buffer_size(buffer, &done));
    CHECK(done == 512);
    limit_to(RLIM_INFINITY);
    CHECK_OK(sluice_buffer_destroy(buffer));
    struct stat status;
    CHECK(stat(path, &status) == 0 && status.st_size == (off_t)sizeof packets);
    CHECK(unlink(path) == 0);
}

static int pending(void)
{
    sigset_t set;
    CHECK(sigpending(&set) == 0);
    return sigismember(&set, SIGXFSZ);
}

int main(void)
{
    made();
    written();

    sigset_t set;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &set) == 0 && sigismember(&set, SIGXFSZ) == 0); /* the mask is the host's */
    CHECK(sigemptyset(&set) == 0 && sigaddset(&set, SIGXFSZ) == 0 && pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    made();
    CHECK(!pending());
    CHECK(raise(SIGXFSZ) == 0 && pending());
    made();
    written();
    CHECK(pending()); /* the host's own one */
    return 0;
}
