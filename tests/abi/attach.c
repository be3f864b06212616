/* Buffers over named and file-backed rings: other processes attach, and what a dead one left behind is
 * delivered. */
#include "abi.h"

#include <sys/wait.h>

static pid_t in_child(void (*work)(const char *where), const char *where)
{
    fflush(NULL);
    pid_t child = fork(); /* before this process uses the engine */
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(60);
        work(where);
        _exit(0); /* no flush, no goodbye */
    }
    return child;
}

static void join(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void die_with_packets(const char *file)
{
    sluice_buffer_options options = packet_options();
    options.file = file;
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 100);
}

static void produce(const char *name)
{
    sluice_ring ring;
    sluice_producer producer;
    CHECK(sluice_ring_attach(&ring, name, NULL, 20 * SECOND) == SLUICE_OK);
    CHECK(sluice_producer_open(&producer, &ring) == SLUICE_OK);
    for (uint64_t i = 0; i < 100000; i++) {
        packet one = {i, i * i};
        CHECK(sluice_producer_put(&producer, &one, sizeof one) == SLUICE_OK);
    }
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 0);
}

static void a_file_keeps_what_a_dead_process_put(const char *file)
{
    sluice_buffer_options options = packet_options();
    options.file = file;
    options.attach = SLUICE_ATTACH;
    sluice_buffer *buffer = new_buffer(&options);
    CHECK(stats_of(buffer).stored_packets == 100);
    put_packets(buffer, 100, 10);
    add_file(buffer, in_folder("survivors.dat"));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("survivors.dat"), 110);

    options.stride = 8;
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_STATE, "stride", "8", "16");
    options.stride = sizeof(packet);
    sluice_buffer_options other = options;
    other.capacity = 1 << 26;
    CHECK_FAULT(sluice_buffer_create(&other, &buffer), SLUICE_E_STATE, "capacity", "67108864");
    other = options;
    other.full_policy = SLUICE_DROP_OLDEST;
    CHECK_FAULT(sluice_buffer_create(&other, &buffer), SLUICE_E_STATE, "policy", "drop oldest");
    other = options;
    other.flags = SLUICE_BUFFER_CHECKSUMS;
    CHECK_FAULT(sluice_buffer_create(&other, &buffer), SLUICE_E_STATE, "no checksums");
    other.flags = SLUICE_BUFFER_GROUP;
    CHECK_FAULT(sluice_buffer_create(&other, &buffer), SLUICE_E_INVALID, "access is group");
    other.attach = SLUICE_CREATE_OR_ATTACH;
    CHECK_FAULT(sluice_buffer_create(&other, &buffer), SLUICE_E_STATE, "owner", "group");
    other.flags = SLUICE_BUFFER_EVERYBODY;
    other.attach = SLUICE_CREATE;
    other.file = NULL;
    CHECK_FAULT(sluice_buffer_create(&other, &buffer), SLUICE_E_INVALID, "neither a name nor a file");
    options.attach = SLUICE_CREATE_OR_ATTACH;
    buffer = new_buffer(&options);
    CHECK(stats_of(buffer).stored_packets == 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
}

static void a_second_process_produces_through_the_header(const char *name, pid_t child)
{
    sluice_buffer_options options = packet_options();
    options.name = name;
    options.full_policy = SLUICE_BLOCK;
    options.block_timeout_ns = 20 * SECOND;
    options.release_bytes = 1 << 14;
    options.release_after_ns = 10 * MS;
    sluice_buffer *buffer = new_buffer(&options), *second = NULL;
    add_file(buffer, in_folder("named.dat"));
    CHECK_OK(sluice_buffer_start(buffer));
    CHECK_FAULT(sluice_buffer_create(&options, &second), SLUICE_E_EXISTS, name);
    options.attach = SLUICE_ATTACH;
    CHECK_STATUS(sluice_buffer_create(&options, &second), SLUICE_E_BUSY); /* one buffer takes out of a ring */
    join(child);
    CHECK_OK(sluice_buffer_stop(buffer, 10 * SECOND));
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("named.dat"), 100000);
}

static void an_attach_takes_from_the_ring_what_it_does_not_say(const char *file)
{
    sluice_layout *layout;
    sluice_buffer *buffer;
    char text[128];
    size_t length;
    uint32_t stride;
    CHECK_OK(sluice_layout_create("< a:Q; b:Q", &layout));
    sluice_buffer_options made = {.struct_size = sizeof made, .kind = SLUICE_CIRCULAR, .producers = 1, .layout = layout, .file = file};
    sluice_buffer_options found = {.struct_size = sizeof found, .kind = SLUICE_CIRCULAR, .file = file, .attach = SLUICE_ATTACH};
    buffer = new_buffer(&made);
    put_packets(buffer, 0, 3);
    CHECK_OK(sluice_buffer_destroy(buffer));
    buffer = new_buffer(&found);
    CHECK_OK(sluice_buffer_stride(buffer, &stride));
    CHECK_OK(sluice_buffer_layout(buffer, text, sizeof text, &length));
    CHECK(stride == sizeof(packet) && length == strlen(text) && strstr(text, "a:Q") != NULL);
    CHECK_FAULT(sluice_buffer_stride(buffer, NULL), SLUICE_E_INVALID, "bytes");
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    CHECK(unlink(file) == 0);
    CHECK_OK(sluice_layout_destroy(layout));

    made = (sluice_buffer_options){.struct_size = sizeof made, .kind = SLUICE_CIRCULAR, .shape = SLUICE_FRAMED, .file = file};
    buffer = new_buffer(&made);
    CHECK_OK(sluice_buffer_destroy(buffer));
    buffer = new_buffer(&found);
    CHECK_OK(sluice_buffer_stride(buffer, &stride));
    CHECK_OK(sluice_buffer_layout(buffer, text, sizeof text, &length));
    CHECK(stride == 0 && length == 0 && text[0] == '\0');
    CHECK_OK(sluice_buffer_put_record(buffer, "abc", 3, 0));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

int main(void)
{
    char name[64], shared[128];
    const char *file = in_folder("ring");
    (void)snprintf(name, sizeof name, "test.attach.%llx", unique());
    (void)snprintf(shared, sizeof shared, "/dev/shm/sluice.%s", name);
    pid_t dying = in_child(die_with_packets, file);
    pid_t producer = in_child(produce, name);
    join(dying);
    a_second_process_produces_through_the_header(name, producer);
    CHECK(access(shared, F_OK) != 0); /* the creator takes the name away */
    a_file_keeps_what_a_dead_process_put(file);
    an_attach_takes_from_the_ring_what_it_does_not_say(in_folder("described"));
    return 0;
}
