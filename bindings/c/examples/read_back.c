/* SPDX-License-Identifier: Apache-2.0
 *
 * read_back - reads a file of packets again, in place, while it is still written.
 *
 *   read_back DIR        writes and reads DIR/read_back.dat
 */
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <stdio.h>
#include <string.h>

#define HEADER "# run 7\n"
#define LAYOUT "< magic:H=0x51CE; channel:H; charge:I"
#define PACKETS 5000u

typedef struct hit {
    uint16_t magic;
    uint16_t channel;
    uint32_t charge;
} hit;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "read_back: %s: %s\n", what, text);
    return 1;
}

/* Puts packets and writes them. */
static int record(sluice_buffer *buffer, uint32_t first)
{
    for (uint32_t i = first; i < first + PACKETS; i++) {
        hit one = {.magic = 0x51CE, .channel = (uint16_t)(i % 8), .charge = i};
        if (sluice_buffer_put(buffer, &one, sizeof one) != SLUICE_OK) {
            return complain("put");
        }
    }
    return sluice_buffer_flush(buffer, NULL, NULL) == SLUICE_OK ? 0 : complain("flush");
}

/* Adds up the charges of the packets from `first` on, which are seen in place: nothing is copied. */
static int sum_from(const sluice_file *file, uint64_t first, uint64_t *sum)
{
    sluice_batch batch;
    int32_t status = sluice_file_map(file, first, 0, &batch);
    *sum = 0;
    if (status != SLUICE_OK) {
        return status == SLUICE_END ? 0 : complain("map");
    }
    for (uint64_t i = 0; i < batch.packets; i++) {
        hit one;
        memcpy(&one, batch.data + i * batch.stride,
               sizeof one); /* behind a header, packets need not be aligned */
        *sum += one.charge;
    }
    return 0;
}

/* Reads what is there, then what came since. */
static int read_all(sluice_buffer *buffer, sluice_file *file)
{
    sluice_file_info info = {.struct_size = sizeof info};
    uint64_t before = 0, since = 0, came = 0, bad = 0, done = 0;
    hit last;
    if (sluice_file_get_info(file, &info) != SLUICE_OK || sum_from(file, 0, &before) != 0 ||
        record(buffer, PACKETS) != 0) {
        return complain("reading");
    }
    if (sluice_file_refresh(file, &came) != SLUICE_OK || sum_from(file, info.packets, &since) != 0) {
        return complain("refresh");
    }
    /* Every constant holds; the last packet, as a copy. */
    if (sluice_file_check(file, 0, 0, &bad) != SLUICE_OK ||
        sluice_file_read(file, info.packets + came - 1, &last, sizeof last, &done) != SLUICE_OK) {
        return complain("check");
    }
    printf("%llu packets, charge %llu; then %llu more, charge %llu; the last one has %u\n",
           (unsigned long long)info.packets, (unsigned long long)before, (unsigned long long)came,
           (unsigned long long)since, (unsigned)last.charge);
    return info.packets != PACKETS || came != PACKETS || last.charge != 2 * PACKETS - 1;
}

int main(int argc, char **argv)
{
    char path[4096];
    sluice_layout *layout;
    sluice_buffer *buffer;
    sluice_file *file;
    if (argc != 2) {
        fprintf(stderr, "usage: read_back DIR\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/read_back.dat", argv[1]);
    if (sluice_layout_create(LAYOUT, &layout) != SLUICE_OK) {
        return complain("layout");
    }
    sluice_buffer_options options = {.struct_size = sizeof options, .layout = layout};
    sluice_file_options sink = {
        .struct_size = sizeof sink, .path = path, .header = HEADER, .header_bytes = sizeof HEADER - 1};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK ||
        sluice_buffer_add_file_sink(buffer, &sink, NULL) != SLUICE_OK) {
        return complain("buffer");
    }
    if (record(buffer, 0) != 0) {
        return 1;
    }
    sluice_reading_options reading = {
        .struct_size = sizeof reading, .path = path, .layout = layout, .header_bytes = sizeof HEADER - 1};
    if (sluice_file_open(&reading, &file) != SLUICE_OK) {
        return complain("open");
    }
    int result = read_all(buffer, file);
    (void)sluice_file_close(file);
    if (sluice_buffer_destroy(buffer) != SLUICE_OK) {
        return complain("destroy");
    }
    (void)sluice_layout_destroy(layout);
    return result;
}
