/* File sinks: verbatim bytes, headers, rotation, nothing overwritten, and errors that say which file. */
#include "abi.h"

#include <sys/stat.h>
#include <sys/wait.h>

static void several_sinks_get_the_same_bytes(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *first = add_file(buffer, in_folder("a.dat"));
    uint64_t packets = 0, bytes = 0;
    put_packets(buffer, 0, 100);
    CHECK_OK(sluice_buffer_flush(buffer, &packets, &bytes));
    CHECK(packets == 100 && bytes == 100 * sizeof(packet));
    check_packets(in_folder("a.dat"), 100); /* written at once, not at the close */
    sluice_sink *second = add_file(buffer, in_folder("b.dat"));
    put_packets(buffer, 100, 50);
    CHECK_OK(sluice_buffer_flush(buffer, &packets, &bytes));
    CHECK(packets == 50 && bytes == 2 * 50 * sizeof(packet)); /* over both sinks */
    CHECK_OK(sluice_buffer_flush(buffer, &packets, &bytes));
    CHECK(packets == 0 && bytes == 0);
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_sink_get_info(first, &info));
    CHECK(info.packets == 150 && info.bytes == 150 * sizeof(packet) && info.errors == 0 &&
          info.last_status == 0);
    CHECK_OK(sluice_sink_get_info(second, &info));
    CHECK(info.packets == 50);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("a.dat"), 150);
}

static void framed_payloads_without_their_headers(void)
{
    sluice_buffer_options options = {
        .struct_size = sizeof options, .kind = SLUICE_CIRCULAR, .shape = SLUICE_FRAMED};
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, in_folder("framed.dat"));
    CHECK_OK(sluice_buffer_put_record(buffer, "one ", 4, 1));
    CHECK_OK(sluice_buffer_put_record(buffer, "and another\n", 12, 2));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_TEXT_FILE(in_folder("framed.dat"), "one and another\n");
}

static void a_header_and_rotation(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_file_options file = {.struct_size = sizeof file,
                                .path = in_folder("turn.dat"),
                                .header = "HEAD",
                                .header_bytes = 4,
                                .rotate_bytes = 4 + 10 * sizeof(packet)};
    CHECK_OK(sluice_buffer_add_file_sink(buffer, &file, NULL));
    CHECK_TEXT_FILE(in_folder("turn.dat"), "HEAD"); /* there from the beginning */
    put_packets(buffer, 0, 25);
    CHECK_OK(sluice_buffer_destroy(buffer));
    const char *names[] = {"turn.dat", "turn.1.dat", "turn.2.dat"};
    for (uint64_t f = 0, next = 0; f < 3; f++) {
        size_t bytes;
        char *content = read_file(in_folder(names[f]), &bytes);
        CHECK(content != NULL && bytes == 4 + (f < 2 ? 10 : 5) * sizeof(packet) &&
              memcmp(content, "HEAD", 4) == 0);
        for (size_t at = 4; at < bytes; at += sizeof(packet), next++) {
            packet one;
            memcpy(&one, content + at, sizeof one);
            CHECK(one.sequence == next);
        }
        free(content);
    }
    CHECK(access(in_folder("turn.3.dat"), F_OK) != 0);
}

static void nothing_is_overwritten(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    FILE *there = fopen(in_folder("there.dat"), "w");
    CHECK(there != NULL && fputs("precious", there) >= 0 && fclose(there) == 0);
    sluice_file_options file = {.struct_size = sizeof file, .path = in_folder("there.dat")};
    sluice_text_options text = {
        .struct_size = sizeof text, .path = in_folder("there.dat"), .format = NULL, .layout = NULL};
    sluice_sink *sink = NULL;
    CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &file, &sink), SLUICE_E_EXISTS, "there.dat");
    CHECK(sink == NULL);
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("@ sequence:Q; value:Q", &layout));
    text.layout = layout;
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, &sink), SLUICE_E_EXISTS, "there.dat");
    CHECK_TEXT_FILE(in_folder("there.dat"), "precious");

    /* The buffer is as it was: without a sink. */
    put_packets(buffer, 0, 1);
    CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_STATE, "sink");
    CHECK(stats_of(buffer).stored_packets == 1);

    file.path = in_folder("no/folder/x.dat");
    CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &file, NULL), SLUICE_E_NOT_FOUND, "no/folder/x.dat");
    file.path = in_folder("");
    CHECK(sluice_buffer_add_file_sink(buffer, &file, NULL) < 0);
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

/* Without the rights of root, in a child when this process has them. */
static void a_read_only_directory(void)
{
    CHECK(mkdir(in_folder("locked"), 0755) == 0 && chmod(in_folder(""), 0755) == 0 &&
          chmod(in_folder("locked"), 0555) == 0);
    const char *path = in_folder("locked/x.dat");
    fflush(NULL);
    pid_t child = fork(); /* main calls this first, before the engine runs */
    CHECK(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(77);
        }
        sluice_buffer_options options = packet_options();
        sluice_buffer *buffer = new_buffer(&options);
        sluice_file_options file = {.struct_size = sizeof file, .path = path};
        CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &file, NULL), SLUICE_E_PERMISSION, "locked/x.dat");
        CHECK_OK(sluice_buffer_destroy(buffer));
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(chmod(in_folder("locked"), 0755) == 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 77 && "root could not become another user");
    CHECK(WEXITSTATUS(status) == 0);
}

static void disconnect_flushes_and_closes(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    add_file(buffer, in_folder("part1.dat"));
    put_packets(buffer, 0, 10);
    CHECK_OK(sluice_buffer_disconnect(buffer));
    check_packets(in_folder("part1.dat"), 10);
    put_packets(buffer, 10, 1);
    CHECK_STATUS(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_STATE);
    CHECK_OK(sluice_buffer_clear(buffer));
    add_file(buffer, in_folder("part2.dat"));
    put_packets(buffer, 0, 3);
    CHECK_OK(sluice_buffer_destroy(buffer));
    check_packets(in_folder("part2.dat"), 3);
    check_packets(in_folder("part1.dat"), 10);
}

static void durable_files_have_the_same_bytes(void)
{
    for (uint32_t durability = SLUICE_DURABLE_NONE; durability <= SLUICE_DURABLE_EVERY_FLUSH; durability++) {
        char name[32];
        (void)snprintf(name, sizeof name, "durable%u.dat", durability);
        sluice_buffer_options options = packet_options();
        sluice_buffer *buffer = new_buffer(&options);
        sluice_file_options file = {
            .struct_size = sizeof file, .path = in_folder(name), .durability = durability};
        CHECK_OK(sluice_buffer_add_file_sink(buffer, &file, NULL));
        put_packets(buffer, 0, 20);
        CHECK_OK(sluice_buffer_destroy(buffer));
        check_packets(in_folder(name), 20);
    }
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_file_options file = {
        .struct_size = sizeof file, .path = in_folder("durable9.dat"), .durability = 9};
    CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &file, NULL), SLUICE_E_INVALID, "durability", "9");
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    a_read_only_directory();
    several_sinks_get_the_same_bytes();
    framed_payloads_without_their_headers();
    a_header_and_rotation();
    nothing_is_overwritten();
    disconnect_flushes_and_closes();
    durable_files_have_the_same_bytes();
    return 0;
}
