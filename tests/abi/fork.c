/* After fork() the child gets E_FORKED from the engine, can still use ring.h, ends cleanly, and the parent
 * notices nothing, whatever its other threads did at the time. */
#include "abi.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define FROM_CHILD 1000u

static void the_engine_refuses(sluice_buffer *buffer)
{
    sluice_layout *layout = NULL;
    sluice_buffer *other = NULL;
    sluice_buffer_options options = packet_options();
    packet one = {0, 0};
    CHECK_STATUS(sluice_buffer_put(buffer, &one, sizeof one), SLUICE_E_FORKED);
    CHECK_STATUS(sluice_layout_create("jitter", &layout), SLUICE_E_FORKED);
    CHECK_STATUS(sluice_buffer_create(&options, &other), SLUICE_E_FORKED);
    CHECK_STATUS(sluice_buffer_stop(buffer, 0), SLUICE_E_FORKED);
    CHECK_STATUS(sluice_buffer_destroy(buffer), SLUICE_E_FORKED);
    CHECK_STATUS(sluice_shutdown(0), SLUICE_E_FORKED);
    CHECK(strncmp(sluice_status_text(SLUICE_E_FORKED), "E_FORKED", 8) == 0);
}

static void a_ring_of_its_own_works(void)
{
    sluice_ring ring;
    sluice_producer producer;
    sluice_consumer consumer;
    sluice_batch batch;
    sluice_ring_options options = {.struct_size = sizeof options, .stride = sizeof(packet), .capacity = 4096};
    packet one = {7, 49};
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK &&
          sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(sluice_producer_put(&producer, &one, sizeof one) == SLUICE_OK);
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 1);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, 1) == SLUICE_OK);
    sluice_producer_close(&producer);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
}

/* Through the header, the child even feeds the parent's buffer. */
static void the_parents_ring_can_be_fed(const char *name)
{
    sluice_ring ring;
    sluice_producer producer;
    CHECK(sluice_ring_attach(&ring, name, NULL, SECOND) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    for (uint64_t i = 0; i < FROM_CHILD; i++) {
        packet one = {i, i * i};
        CHECK(sluice_producer_put(&producer, &one, sizeof one) == SLUICE_OK);
    }
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 0);
}

static atomic_int busy;

static void *ask_once(void *buffer)
{
    uint64_t size;
    CHECK_OK(sluice_buffer_size(buffer, &size));
    return NULL;
}

/* Threads come to the engine and leave it all the time, for which the runtime takes locks. */
static void *come_and_go(void *buffer)
{
    while (atomic_load(&busy)) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, ask_once, buffer) == 0 && pthread_join(thread, NULL) == 0);
    }
    return NULL;
}

/* This thread was never in the engine. */
static void *fork_afresh(void *buffer)
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char text[256];
        (void)alarm(60);
        the_engine_refuses(buffer);
        CHECK_OK(sluice_last_error(text, sizeof text, NULL));
        CHECK(strstr(text, "forked child") != NULL);
        CHECK_OK(sluice_build_info(text, sizeof text, NULL));
        CHECK(strstr(text, "; forked)") != NULL);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return NULL;
}

static void locks_of_others_do_not_matter(sluice_buffer *buffer)
{
    pthread_t asking[2], forking;
    atomic_store(&busy, 1);
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&asking[i], NULL, come_and_go, buffer) == 0);
    }
    for (int i = 0; i < 500; i++) {
        CHECK(pthread_create(&forking, NULL, fork_afresh, buffer) == 0 && pthread_join(forking, NULL) == 0);
    }
    atomic_store(&busy, 0);
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(asking[i], NULL) == 0);
    }
}

int main(void)
{
    char name[64];
    (void)snprintf(name, sizeof name, "test.fork.%llx", unique());
    sluice_buffer_options options = packet_options();
    options.name = name;
    options.producers = SLUICE_MANY_PRODUCERS;
    options.release_packets = 10;
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, in_folder("fork.dat"));
    CHECK_OK(sluice_buffer_start(buffer));
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        the_engine_refuses(buffer);
        a_ring_of_its_own_works();
        the_parents_ring_can_be_fed(name);
        exit(6); /* with its handlers: they neither hang nor touch the parent's files */
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 6);
    locks_of_others_do_not_matter(buffer);
    put_packets(buffer, FROM_CHILD, 500);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("fork.dat"), FROM_CHILD + 500);
    return 0;
}
