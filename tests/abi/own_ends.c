/* own_ends.c - a process and the ends that it holds itself: through the engine they live without a free descriptor, and after
 * exec the process gets them back. */
#include "abi.h"

#include <fcntl.h>
#include <sys/resource.h>

static int32_t count(void *seen, const sluice_batch *batch)
{
    *(uint64_t *)seen += batch->packets;
    return 0;
}

static sluice_buffer_options named(const char *name)
{
    sluice_buffer_options options = packet_options();
    options.producers = SLUICE_MANY_PRODUCERS;
    options.capacity = 4096;
    options.name = name;
    return options;
}

/* A claim of this process stays open however often the buffer looks for what stands in its way. */
static void no_free_descriptor(const char *name)
{
    uint64_t seen = 0;
    sluice_producer producer;
    void *memory = NULL;
    struct rlimit all, none;
    sluice_buffer_options options = named(name);
    sluice_buffer *buffer = new_buffer(&options);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, count, &seen, NULL));
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    CHECK_OK(sluice_producer_claim(&producer, 1, &memory));
    CHECK(getrlimit(RLIMIT_NOFILE, &all) == 0);
    none = all;
    none.rlim_cur = 3; /* all that are open already go on */
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(sluice_buffer_poll(buffer, SECOND / 5) == SLUICE_WOULD_BLOCK);
    }
    memset(memory, 7, sizeof(packet));
    CHECK_OK(sluice_producer_commit(&producer, 1));
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK(seen == 1 && stats_of(buffer).unblocked == 0 && stats_of(buffer).aborted == 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &all) == 0);
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    CHECK_OK(sluice_buffer_destroy(buffer));
}

/* Before exec: a packet is stored, one is claimed, and the taking end is the buffer's. */
static void first_life(const char *name)
{
    sluice_producer producer;
    void *memory = NULL;
    sluice_buffer_options options = named(name);
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 1);
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    CHECK_OK(sluice_producer_claim(&producer, 1, &memory));
    char self[] = "/proc/self/exe", process[16], *arguments[] = {self, (char *)name, process, NULL};
    (void)snprintf(process, sizeof process, "%d", (int)getpid());
    (void)execv(self, arguments);
    CHECK(!"exec");
}

static void second_life(const char *name, const char *process)
{
    CHECK(getpid() == atoi(process));
    uint64_t seen = 0;
    sluice_ring ring;
    sluice_buffer_options options = named(name);
    options.attach = SLUICE_ATTACH;
    sluice_buffer *second, *buffer = new_buffer(&options);
    CHECK(sluice_buffer_create(&options, &second) == SLUICE_E_BUSY);
    CHECK(strstr(last_error(), "this process itself") != NULL && strstr(last_error(), process) != NULL);
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, count, &seen, NULL));
    put_packets(buffer, 1, 1); /* behind the claim of the life before */
    WAIT_UNTIL(sluice_buffer_poll(buffer, SECOND / 10) == SLUICE_WOULD_BLOCK && stats_of(buffer).unblocked == 1);
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL));
    CHECK(seen == 2 && stats_of(buffer).stored_packets == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_ring_remove(&ring, name, NULL));
}

int main(int arguments, char **argument)
{
    char name[64];
    (void)snprintf(name, sizeof name, "test.own_ends.%llx", unique());
    if (arguments > 2) {
        second_life(argument[1], argument[2]);
        return 0;
    }
    no_free_descriptor(name);
    first_life(name);
    return 1;
}
