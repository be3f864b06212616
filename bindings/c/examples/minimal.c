/* SPDX-License-Identifier: Apache-2.0
 *
 * minimal - the shortest useful program: packets into a binary file and a text file.
 *
 *   minimal DIR        writes DIR/minimal.dat and DIR/minimal.csv
 */
#include <sluice/sluice.h>

#include <math.h>
#include <stdio.h>

typedef struct packet {
    uint32_t sequence;
    float volts;
} packet;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "minimal: %s: %s\n", what, text);
    return 1;
}

int main(int argc, char **argv)
{
    char binary[4096], text[4096];
    sluice_layout *layout;
    sluice_buffer *buffer;
    if (argc != 2) {
        fprintf(stderr, "usage: minimal DIR\n");
        return 2;
    }
    (void)snprintf(binary, sizeof binary, "%s/minimal.dat", argv[1]);
    (void)snprintf(text, sizeof text, "%s/minimal.csv", argv[1]);

    /* What is in a packet: here, a C struct as the compiler lays it out. */
    if (sluice_layout_create("@ sequence:I; volts:f [V] %.3f", &layout) != SLUICE_OK) {
        return complain("layout");
    }
    /* Where packets wait, and when they go: a thousand at a time, and no later than half a second after they
     * came. */
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .layout = layout,
                                     .release_packets = 1000,
                                     .release_after_ns = INT64_C(500000000)};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) {
        return complain("buffer");
    }
    /* Where they go. */
    sluice_file_options file = {.struct_size = sizeof file, .path = binary};
    sluice_text_options table = {.struct_size = sizeof table, .path = text, .layout_header = 1};
    if (sluice_buffer_add_file_sink(buffer, &file, NULL) != SLUICE_OK ||
        sluice_buffer_add_text_sink(buffer, &table, NULL) != SLUICE_OK) {
        return complain("files");
    }
    /* A thread of the engine releases them from here on. */
    if (sluice_buffer_start(buffer) != SLUICE_OK) {
        return complain("start");
    }
    for (uint32_t i = 0; i < 10000; i++) {
        packet sample = {.sequence = i, .volts = sinf((float)i * 0.01f)};
        if (sluice_buffer_put(buffer, &sample, sizeof sample) != SLUICE_OK) {
            return complain("put");
        }
    }
    /* Writes what is left and closes the files. */
    if (sluice_buffer_destroy(buffer) != SLUICE_OK) {
        return complain("destroy");
    }
    (void)sluice_layout_destroy(layout);
    printf("%s\n%s\n", binary, text);
    return 0;
}
