/* The engine starts and works under a limit of the address space, as batch systems set one. */
#include "abi.h"

#include <sys/resource.h>
#include <sys/wait.h>

static void work(uint64_t limit, const char *path)
{
    struct rlimit space = {.rlim_cur = limit, .rlim_max = limit};
    CHECK(setrlimit(RLIMIT_AS, &space) == 0);
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.release_packets = 100;
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, path);
    CHECK_OK(sluice_buffer_start(buffer));
    put_packets(buffer, 0, 10000);
    CHECK_OK(sluice_buffer_destroy(buffer));
    exit(0);
}

int main(void)
{
    for (uint64_t gib = 2; gib <= 4; gib++) {
        char name[32];
        int status = -1;
        (void)snprintf(name, sizeof name, "%u.dat", (unsigned)gib);
        const char *path = in_folder(name);
        fflush(NULL);
        pid_t child = fork(); /* the engine has not started in this process */
        CHECK(child >= 0);
        if (child == 0) {
            work(gib << 30, path);
        }
        CHECK(waitpid(child, &status, 0) == child);
        printf("%u GiB: %s\n", (unsigned)gib,
               WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "works" : "fails");
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        check_packets(path, 10000);
    }
    return 0;
}
