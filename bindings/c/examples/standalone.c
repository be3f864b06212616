/* SPDX-License-Identifier: Apache-2.0
 *
 * standalone - a program that carries the library in itself and runs where nothing of Sluice is installed.
 *
 *   standalone DIR        writes DIR/standalone.dat and DIR/standalone.hex
 *
 * It is like any other program but for how it is linked: with CMake to Sluice::static, or
 *
 *   gcc -std=gnu11 -O2 standalone.c -o standalone $(pkg-config --cflags --libs sluice-static)
 */
#include <sluice/sluice.h>

#include <stdio.h>
#include <string.h>

typedef struct reading {
    uint32_t sequence;
    uint8_t bytes[12];
} reading;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "standalone: %s: %s\n", what, text);
    return 1;
}

int main(int argc, char **argv)
{
    char binary[4096], dump[4096], info[256];
    sluice_buffer *buffer;
    if (argc != 2) {
        fprintf(stderr, "usage: standalone DIR\n");
        return 2;
    }
    (void)snprintf(binary, sizeof binary, "%s/standalone.dat", argv[1]);
    (void)snprintf(dump, sizeof dump, "%s/standalone.hex", argv[1]);

    /* A packet is 16 bytes and nothing else is known about it: no layout, so the text beside it is a dump. */
    sluice_buffer_options options = {
        .struct_size = sizeof options, .stride = sizeof(reading), .release_packets = 100};
    sluice_file_options file = {.struct_size = sizeof file, .path = binary};
    sluice_text_options text = {.struct_size = sizeof text, .path = dump, .style = SLUICE_TEXT_HEX_DUMP};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) {
        return complain("buffer");
    }
    if (sluice_buffer_add_file_sink(buffer, &file, NULL) != SLUICE_OK ||
        sluice_buffer_add_text_sink(buffer, &text, NULL) != SLUICE_OK) {
        return complain("files");
    }
    for (uint32_t i = 0; i < 1000; i++) {
        reading packet = {.sequence = i};
        memset(packet.bytes, (int)(i & 0xFF), sizeof packet.bytes);
        if (sluice_buffer_put(buffer, &packet, sizeof packet) != SLUICE_OK) {
            return complain("put");
        }
        /* No thread: a round on this one, which releases when a hundred are there. */
        if (sluice_buffer_poll(buffer, 0) < 0) {
            return complain("poll");
        }
    }
    if (sluice_buffer_destroy(buffer) != SLUICE_OK ||
        sluice_build_info(info, sizeof info, NULL) != SLUICE_OK) {
        return complain("destroy");
    }
    printf("%s\n", info);
    return 0;
}
