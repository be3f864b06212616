/* A host that closed its standard streams: nothing of the engine takes their numbers, so that what the host prints goes
 * nowhere, and not into packets. */
#include "abi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

static int inherited[64];

static int is_closed(int fd)
{
    return fcntl(fd, F_GETFD) == -1;
}

/* Every descriptor there is; the engine's are above 2, close on exec, and there are some. */
static void check_descriptors(int most)
{
    CHECK(is_closed(0) && is_closed(1) && is_closed(2));
    CHECK(write(1, "a line of the host\n", 19) == -1 && errno == EBADF);
    int found = 0;
    for (int fd = 3; fd < 64; fd++) {
        int flags = inherited[fd] ? -1 : fcntl(fd, F_GETFD);
        CHECK(flags == -1 || flags == FD_CLOEXEC);
        found += flags != -1;
    }
    CHECK(found >= most);
}

static void work(const char *data, const char *text, const char *ring, const char *name)
{
    int32_t event;
    uint64_t many;
    sluice_buffer_options options = packet_options();
    options.kind = SLUICE_FIFO;
    options.capacity = 1 << 16;
    options.memory_limit = 1 << 17;
    options.spill_directory = in_folder("");
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_event(buffer, &event));
    CHECK(event > 2);
    add_file(buffer, data);
    sluice_text_options lines = {.struct_size = sizeof lines, .path = text, .style = SLUICE_TEXT_HEX};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &lines, NULL));
    put_packets(buffer, 0, 20000);
    CHECK(stats_of(buffer).spilled_bytes > 0);
    check_descriptors(5);

    options = packet_options();
    options.name = name;
    options.producers = SLUICE_MANY_PRODUCERS;
    sluice_buffer *named = new_buffer(&options);
    options.attach = SLUICE_ATTACH;
    options.name = NULL;
    options.file = ring;
    options.attach = SLUICE_CREATE;
    sluice_buffer *filed = new_buffer(&options);
    check_descriptors(7);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) { /* wakes the buffer through a descriptor of its own */
        sluice_ring other;
        sluice_producer producer;
        packet one = {0, 0};
        CHECK(sluice_ring_attach(&other, name, NULL, 0) == SLUICE_OK);
        CHECK(sluice_producer_open(&producer, &other) == SLUICE_OK);
        CHECK(sluice_producer_put(&producer, &one, sizeof one) == SLUICE_OK);
        sluice_producer_close(&producer);
        sluice_ring_close(&other, 0);
        CHECK(is_closed(0) && is_closed(1) && is_closed(2));
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_OK(sluice_buffer_size(named, &many));
    CHECK(many == 1);
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_OK(sluice_buffer_stop(buffer, 20 * SECOND));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_buffer_discard(named, NULL));
    CHECK_OK(sluice_buffer_discard(filed, NULL));

    sluice_reading_options reading = {.struct_size = sizeof reading, .path = data, .stride = sizeof(packet)};
    sluice_file *file;
    struct sluice_batch batch;
    CHECK_OK(sluice_file_open(&reading, &file));
    CHECK_OK(sluice_file_map(file, 0, 0, &batch));
    check_descriptors(2);
    CHECK(batch.packets == 20000);
    CHECK_OK(sluice_file_close(file));
    check_descriptors(1); /* the source of random numbers stays */
}

int main(void)
{
    char name[64];
    (void)snprintf(name, sizeof name, "test.stdio.%llx", unique());
    const char *data = in_folder("data.dat"), *text = in_folder("data.txt"), *ring = in_folder("ring");
    for (int fd = 0; fd < 64; fd++) {
        inherited[fd] = !is_closed(fd);
    }
    int said = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 64);
    CHECK(said >= 64);
    stderr = fdopen(said, "w"); /* for a CHECK that fails */
    (void)fclose(stdout);
    (void)close(0);
    (void)close(1);
    (void)close(2);
    work(data, text, ring, name);
    check_packets(data, 20000);
    return 0;
}
