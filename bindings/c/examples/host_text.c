/* SPDX-License-Identifier: Apache-2.0
 *
 * host_text - packets as text that the host makes itself, a batch at a time.
 *
 *   host_text [DIR]
 *
 * Writes DIR/host_text.dat, DIR/host_text.txt with a bar for each sample, and DIR/host_text.hex, which is
 * what `xxd DIR/host_text.dat` prints.
 */
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <stdio.h>
#include <string.h>

enum { SAMPLES = 1000, WIDEST = 40, LINE = 64 };

typedef struct sample {
    uint64_t index;
    uint32_t level;
    uint32_t channel;
} sample;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "host_text: %s: %s\n", what, text);
    return 1;
}

/* Lines for as many packets as fit. sluice_batch_next steps through fixed and framed packets alike. */
static int32_t bars(void *user, const struct sluice_batch *batch, char *text, size_t capacity,
                    uint64_t *packets, size_t *written)
{
    static const char bar[WIDEST + 1] = "========================================";
    const void *packet;
    uint64_t at = 0;
    uint32_t bytes;
    uint16_t type;
    (void)user;
    while (sluice_batch_next(batch, &at, &packet, &bytes, &type)) {
        sample one;
        char line[LINE];
        memcpy(&one, packet, sizeof one);
        int length = snprintf(line, sizeof line, "%6llu |%.*s\n", (unsigned long long)one.index,
                              (int)(one.level % WIDEST), bar);
        if ((size_t)length > capacity - *written) {
            if (*packets > 0) {
                return SLUICE_OK; /* called again for the rest */
            }
            *written = (size_t)length;
            return SLUICE_WOULD_BLOCK; /* called again with more room */
        }
        memcpy(text + *written, line, (size_t)length);
        *written += (size_t)length;
        ++*packets;
    }
    return SLUICE_OK;
}

int main(int count, char **arguments)
{
    const char *folder = count > 1 ? arguments[1] : ".";
    char dat[4096], txt[4096], hex[4096];
    (void)snprintf(dat, sizeof dat, "%s/host_text.dat", folder);
    (void)snprintf(txt, sizeof txt, "%s/host_text.txt", folder);
    (void)snprintf(hex, sizeof hex, "%s/host_text.hex", folder);
    sluice_buffer_options options = {.struct_size = sizeof options, .stride = sizeof(sample)};
    sluice_file_options verbatim = {.struct_size = sizeof verbatim, .path = dat};
    sluice_text_options lines = {.struct_size = sizeof lines, .path = txt, .format = bars};
    sluice_text_options dump = {.struct_size = sizeof dump, .path = hex, .style = SLUICE_TEXT_HEX_DUMP};
    sluice_buffer *buffer;
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK ||
        sluice_buffer_add_file_sink(buffer, &verbatim, NULL) != SLUICE_OK ||
        sluice_buffer_add_text_sink(buffer, &lines, NULL) != SLUICE_OK ||
        sluice_buffer_add_text_sink(buffer, &dump, NULL) != SLUICE_OK) {
        return complain("buffer");
    }
    for (uint32_t i = 0; i < SAMPLES; i++) {
        sample one = {i, i * i / 64, i % 8};
        if (sluice_buffer_put(buffer, &one, sizeof one) != SLUICE_OK) {
            return complain("put");
        }
    }
    return sluice_buffer_destroy(buffer) == SLUICE_OK ? 0 : complain("destroy"); /* writes everything */
}
