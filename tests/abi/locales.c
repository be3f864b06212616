/* Numbers do not depend on the host's locale: layouts, text and messages are byte for byte the same in one whose decimal point is
 * a character of two bytes and in one with a comma and grouped digits as in none. Where localedef cannot make them it is skipped. */
#include "abi.h"

#include <locale.h>

#define ALL_BYTES 65536

/* Everything that has to do with numbers, as one text. */
static size_t everything(char *all, int round)
{
    static const char *const layouts[] = {
        "< a:d*0.125 [V] %.3f; b:f %r; c:I*1e-06+0.5; d:i %'d", "< a:d*0.125 [V] %.3f; b:f %r; c:I*1e-06+0.5; d:i %d",
        "> a:d %e; b:d %g; c:d %r; d:q", "< a:d*1,5"};
    static const uint32_t styles[] = {SLUICE_TEXT_PLAIN, SLUICE_TEXT_CSV, SLUICE_TEXT_JSON_LINES};
    uint8_t packets[320];
    size_t used = 0;
    for (size_t i = 0; i < sizeof packets; i++) {
        packets[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        sluice_layout *layout;
        size_t length;
        if (sluice_layout_create(layouts[i], &layout) != SLUICE_OK) {
            used += (size_t)snprintf(all + used, ALL_BYTES - used, "%s\n", last_error());
            continue;
        }
        CHECK_OK(sluice_layout_describe(layout, all + used, ALL_BYTES - used, &length));
        used += length;
        CHECK_OK(sluice_layout_numpy(layout, all + used, ALL_BYTES - used, &length));
        used += length;
        uint32_t size;
        CHECK_OK(sluice_layout_size(layout, &size));
        for (size_t style = 0; style < 3; style++) {
            sluice_formatter_options options = {.struct_size = sizeof options, .style = styles[style]};
            sluice_formatter *formatter;
            CHECK_OK(sluice_formatter_create(layout, &options, &formatter));
            CHECK_OK(sluice_formatter_format(formatter, packets, sizeof packets / size * size, all + used, ALL_BYTES - used,
                                             NULL, &length));
            used += length;
            CHECK_OK(sluice_formatter_destroy(formatter));
        }
        CHECK_OK(sluice_layout_destroy(layout));
    }
    sluice_layout *layout;
    char path[32];
    size_t bytes;
    (void)snprintf(path, sizeof path, "%d.csv", round);
    CHECK_OK(sluice_layout_create("< a:d %.6f; b:d", &layout));
    sluice_buffer_options make = {.struct_size = sizeof make, .kind = SLUICE_FIFO, .layout = layout};
    sluice_buffer *buffer = new_buffer(&make);
    sluice_text_options text = {.struct_size = sizeof text, .path = in_folder(path), .style = SLUICE_TEXT_CSV};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    CHECK_OK(sluice_buffer_put_many(buffer, packets, 320, NULL));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_layout_destroy(layout));
    char *written = read_file(in_folder(path), &bytes);
    memcpy(all + used, written, bytes);
    free(written);
    used += bytes;
    make.capacity = UINT64_MAX;
    make.stride = 16;
    make.layout = NULL;
    CHECK_STATUS(sluice_buffer_create(&make, &buffer), SLUICE_E_INVALID);
    used += (size_t)snprintf(all + used, ALL_BYTES - used, "%s\n", last_error());
    sluice_ring ring;
    sluice_ring_options options = {.struct_size = sizeof options, .stride = 1000000, .capacity = 4096};
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_E_INVALID);
    used += (size_t)snprintf(all + used, ALL_BYTES - used, "%s\n", ring.error);
    CHECK((uint32_t)sluice_self_identity() > 1 || access("/proc/self/stat", R_OK) != 0);
    CHECK(used < ALL_BYTES);
    return used;
}

int main(void)
{
    static char before[ALL_BYTES], after[ALL_BYTES];
    static const struct {
        const char *source, *charset, *name, *point;
    } locales[] = {{"ps_AF", "UTF-8", "ps_AF.UTF-8", "\xD9\xAB"}, {"de_DE", "ISO-8859-1", "de_DE.ISO-8859-1", ","}};
    size_t wanted = everything(before, 0);
    CHECK(strstr(before, "0.125") != NULL);
    CHECK(setenv("LOCPATH", in_folder(""), 1) == 0);
    for (size_t i = 0; i < 2; i++) {
        char command[1200];
        (void)snprintf(command, sizeof command, "localedef -i %s -f %s '%s' >/dev/null 2>&1", locales[i].source,
                       locales[i].charset, in_folder(locales[i].name));
        if (system(command) != 0 || setlocale(LC_ALL, locales[i].name) == NULL) {
            SKIP("localedef makes no locale %s here", locales[i].name);
        }
        CHECK(strcmp(localeconv()->decimal_point, locales[i].point) == 0);
        size_t found = everything(after, (int)i + 1);
        if (found != wanted || memcmp(before, after, wanted) != 0) {
            size_t at = 0;
            while (at < wanted && before[at] == after[at]) {
                at++;
            }
            fprintf(stderr, "in %s: '%.60s', not '%.60s'\n", locales[i].name, after + at, before + at);
            return 1;
        }
    }
    return 0;
}
