/* sluice_shutdown stops pumps, flushes and closes all buffers, ends all handles, and says what could not be
 * written. */
#include "abi.h"

#include <sys/wait.h>

static int32_t never(void *user, const struct sluice_batch *batch)
{
    (void)user;
    (void)batch;
    return SLUICE_E_IO;
}

static void everything_is_written(const char *path, const char *other)
{
    sluice_buffer_options options = packet_options();
    sluice_layout *layout, *later = NULL;
    sluice_buffer *pumped = new_buffer(&options), *idle = new_buffer(&options), *late = NULL;
    uint32_t size;
    CHECK_OK(sluice_layout_create("jitter", &layout));
    add_file(pumped, path);
    add_file(idle, other);
    CHECK_OK(sluice_buffer_start(pumped));
    put_packets(pumped, 0, 1000);
    put_packets(idle, 0, 10);
    CHECK_OK(sluice_shutdown(10 * SECOND));
    check_packets(path, 1000);
    check_packets(other, 10);
    packet one = {0, 0};
    int32_t status = sluice_buffer_put(pumped, &one, sizeof one);
    CHECK(status == SLUICE_E_HANDLE || status == SLUICE_E_SHUTDOWN);
    status = sluice_layout_size(layout, &size);
    CHECK(status == SLUICE_E_HANDLE || status == SLUICE_E_SHUTDOWN);
    CHECK_FAULT(sluice_buffer_create(&options, &late), SLUICE_E_SHUTDOWN, "shut");
    CHECK_STATUS(sluice_layout_create("jitter", &later), SLUICE_E_SHUTDOWN);
    CHECK(late == NULL && later == NULL);
    CHECK_OK(sluice_shutdown(0)); /* again: nothing to do */
    CHECK(strncmp(sluice_status_text(SLUICE_E_SHUTDOWN), "E_SHUTDOWN", 10) == 0);
}

static void what_is_lost_is_said(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, never, NULL, NULL));
    put_packets(buffer, 0, 23);
    CHECK_FAULT(sluice_shutdown(100 * MS), SLUICE_TIMEOUT, "23");
}

int main(void)
{
    const char *path = in_folder("a.dat"), *other = in_folder("b.dat");
    int status;
    fflush(NULL);
    pid_t child = fork(); /* a process shuts the engine down once */
    CHECK(child >= 0);
    if (child == 0) {
        what_is_lost_is_said();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    everything_is_written(path, other);
    return 0;
}
