/* Headers and line ends are bytes with a length: a zero byte in them, Latin-1, nothing at all. Layouts may begin with a byte
 * order mark and have the line ends of any system. Names, units and formats that a struct has no room for are had in full. */
#include "abi.h"

#include <locale.h>

typedef struct sample {
    uint8_t a, b;
} sample;

static sluice_layout *layout_of(const char *text)
{
    sluice_layout *layout = NULL;
    CHECK_OK(sluice_layout_create(text, &layout));
    return layout;
}

static void check_written(sluice_text_options options, const void *expected, size_t bytes)
{
    static int number;
    char name[32];
    (void)snprintf(name, sizeof name, "text.%d", number++);
    const char *path = in_folder(name);
    sluice_layout *layout = layout_of("< a:B; b:B");
    sluice_buffer_options make = {.struct_size = sizeof make, .kind = SLUICE_FIFO, .layout = layout};
    sluice_buffer *buffer = new_buffer(&make);
    options.struct_size = sizeof options;
    options.path = path;
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &options, NULL));
    const sample packets[2] = {{1, 2}, {3, 4}};
    CHECK_OK(sluice_buffer_put_many(buffer, packets, sizeof packets, NULL));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_FILE(path, expected, bytes);
}

#define WRITES(expected, ...) check_written((sluice_text_options){__VA_ARGS__}, expected, sizeof expected - 1)

static void sinks(void)
{
    WRITES("1, 2\n3, 4\n", .style = SLUICE_TEXT_PLAIN);
    WRITES("# \xB5s\n1, 2\n3, 4\n", .header = "# \xB5s\n");
    WRITES("a\0b\n1, 2\n3, 4\n", .header = "a\0b\n", .header_bytes = 4);
    WRITES("a1, 2\n3, 4\n", .header = "a\0b\n");
    WRITES("\xFF\xFE\0\0" "1, 2\n3, 4\n", .header = "\xFF\xFE\0\0", .header_bytes = 4);
    WRITES("\xEF\xBB\xBF# a, b\n1, 2\n3, 4\n", .header = "\xEF\xBB\xBF", .layout_header = 1);
    WRITES("1, 2\0003, 4\0", .line_end = "\0", .line_end_bytes = 1);
    WRITES("1, 2;\0;3, 4;\0;", .line_end = ";\0;", .line_end_bytes = 3);
    WRITES("1, 2\xB5" "3, 4\xB5", .line_end = "\xB5");
    WRITES("1, 23, 4", .line_end = "");
    WRITES("h\0# a, b\0001, 2\0003, 4\0", .header = "h\0", .header_bytes = 2, .line_end = "\0", .line_end_bytes = 1,
           .layout_header = 1);
    WRITES("1,2\0003,4\0", .style = SLUICE_TEXT_CSV, .line_end = "\0", .line_end_bytes = 1);
    WRITES("{\"a\":1,\"b\":2}\0{\"a\":3,\"b\":4}\0", .style = SLUICE_TEXT_JSON_LINES, .line_end = "\0", .line_end_bytes = 1);
    WRITES("0102\0000304\0", .style = SLUICE_TEXT_HEX, .line_end = "\0", .line_end_bytes = 1);
    WRITES("\xE9\0" "01 02\xE9" "03 04\xE9", .style = SLUICE_TEXT_HEX_SPACED, .line_end = "\xE9", .header = "\xE9\0",
           .header_bytes = 2);
}

static void refusals(void)
{
    sluice_layout *layout = layout_of("< a:B; b:B");
    sluice_buffer_options make = {.struct_size = sizeof make, .layout = layout, .kind = SLUICE_FIFO};
    sluice_buffer *buffer = new_buffer(&make);
    sluice_text_options options = {.struct_size = sizeof options, .path = in_folder("none"), .header_bytes = 3};
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &options, NULL), SLUICE_E_INVALID, "header is NULL", "header_bytes is 3");
    options = (sluice_text_options){.struct_size = sizeof options, .path = in_folder("none"), .line_end_bytes = 3};
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &options, NULL), SLUICE_E_INVALID, "line_end is NULL");
    options = (sluice_text_options){
        .struct_size = sizeof options, .path = in_folder("none"), .header = "x", .header_bytes = UINT64_MAX};
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &options, NULL), SLUICE_E_INVALID, "header_bytes is 18446744073709551615",
                "at most 1073741824");
    sluice_file_options file = {.struct_size = sizeof file, .path = in_folder("none"), .header = "x", .header_bytes = 1ull << 40};
    CHECK_FAULT(sluice_buffer_add_file_sink(buffer, &file, NULL), SLUICE_E_INVALID, "header_bytes is 1099511627776");
    CHECK(access(in_folder("none"), F_OK) != 0);

    /* the struct of a caller that has no length fields */
    options = (sluice_text_options){.struct_size = offsetof(sluice_text_options, header_bytes), .path = in_folder("old"),
                                    .header = "# old\n", .header_bytes = 99, .line_end_bytes = 99};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &options, NULL));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_TEXT_FILE(in_folder("old"), "# old\n");
    CHECK_OK(sluice_layout_destroy(layout));
}

static void formatters(void)
{
    sluice_layout *layout = layout_of("< a:B; b:B");
    sluice_formatter *formatter;
    sluice_formatter_options options = {.struct_size = sizeof options, .line_end = "\0\xB5", .line_end_bytes = 2};
    CHECK_OK(sluice_formatter_create(layout, &options, &formatter));
    const sample packets[2] = {{1, 2}, {3, 4}};
    char text[64];
    size_t consumed, written;
    CHECK_OK(sluice_formatter_format(formatter, packets, sizeof packets, text, sizeof text, &consumed, &written));
    CHECK(written == 12 && memcmp(text, "1, 2\0\xB5" "3, 4\0\xB5", 12) == 0);
    CHECK_OK(sluice_formatter_destroy(formatter));
    options.line_end = NULL;
    CHECK_FAULT(sluice_formatter_create(layout, &options, &formatter), SLUICE_E_INVALID, "line_end is NULL, line_end_bytes is 2");
    options = (sluice_formatter_options){.struct_size = sizeof options, .style = SLUICE_TEXT_CSV, .separator = "1"};
    CHECK_FAULT(sluice_formatter_create(layout, &options, &formatter), SLUICE_E_INVALID, "separator is '1'", "in CSV it is any");
    options.separator = "";
    CHECK_FAULT(sluice_formatter_create(layout, &options, &formatter), SLUICE_E_INVALID, "separator is empty", "at least one");
    options.separator = "\n";
    CHECK_FAULT(sluice_formatter_create(layout, &options, &formatter), SLUICE_E_INVALID, "'\\n' may be part of a value");
    CHECK_OK(sluice_layout_destroy(layout));
}

static void same(const char *text, const char *expected)
{
    sluice_layout *layout = layout_of(text);
    char found[256];
    CHECK_OK(sluice_layout_describe(layout, found, sizeof found, NULL));
    if (strcmp(found, expected) != 0) {
        fprintf(stderr, "'%s' is '%s', not '%s'\n", text, found, expected);
        exit(1);
    }
    CHECK_OK(sluice_layout_destroy(layout));
}

#define MARK "\xEF\xBB\xBF"

static void layouts(void)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n", "\n\r"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        for (int mark = 0; mark < 2; mark++) {
            char text[256];
            (void)snprintf(text, sizeof text, "%s# a file%s> a:B # first%s b:H{x:0-3,%sy:4};%s%sc:2B%s", mark != 0 ? MARK : "",
                           ends[i], ends[i], ends[i], ends[i], ends[i], ends[i]);
            same(text, ">a:B; b:H{x:0-3, y:4}; c:2B");
        }
    }
    same(MARK "jitter\r\n", "<sequence:Q; time:q [ns]; jitter:i [ns]; period:I [ns]");
    same(MARK "> a:B", ">a:B");
    sluice_layout *layout;
    CHECK_OK(sluice_layout_from_numpy(MARK "\"<u2\"\r\n", &layout));
    CHECK_OK(sluice_layout_destroy(layout));
    /* a place is that of the description as it was given, and its line */
    CHECK_FAULT(sluice_layout_create("> a:B\r\nb:H\r\nc:Y\r\nd:B", &layout), SLUICE_E_LAYOUT, "character 14 (line 3)", "\n  c:Y\n    ^");
    CHECK_FAULT(sluice_layout_create("> a:B\rb:H\rc:Y", &layout), SLUICE_E_LAYOUT, "character 12 (line 3)", "\n  c:Y\n    ^");
    CHECK_FAULT(sluice_layout_create(MARK "> a:Y", &layout), SLUICE_E_LAYOUT, "character 5", "\n   > a:Y\n       ^");
    CHECK_FAULT(sluice_layout_create("> a:B; " MARK "b:B", &layout), SLUICE_E_LAYOUT, "character 7"); /* in front only */
    /* what is found is a whole character; the picture counts characters */
    CHECK_FAULT(sluice_layout_create("> a:B [\xF0\x9F\x98\x80] \xF0\x9F\x98\x80", &layout), SLUICE_E_LAYOUT,
                "found '\xF0\x9F\x98\x80'", "\n            ^");
}

/* The C library's own idea of what is whole UTF-8. */
static int is_whole(const char *text)
{
    return mbstowcs(NULL, text, 0) != (size_t)-1;
}

static void pictures(void)
{
    char text[1200];
    for (int lead = 0; lead < 4; lead++) { /* wherever the picture of a long line is cut */
        (void)snprintf(text, sizeof text, "> %.*sa:B [", lead, "bbbb");
        for (int i = 0; i < 60; i++) {
            strcat(text, "\xF0\x9F\x98\x80");
        }
        strcat(text, "] !");
        for (int i = 0; i < 60; i++) {
            strcat(text, "\xF0\x9F\x98\x80");
        }
        sluice_layout *layout;
        CHECK_STATUS(sluice_layout_create(text, &layout), SLUICE_E_LAYOUT);
        CHECK(is_whole(last_error()) && strstr(last_error(), "\xEF\xBF\xBD") == NULL && strstr(last_error(), "\\u") == NULL);
    }
}

static void check_text(const sluice_layout *layout, uint32_t index, uint32_t what, const char *expected, const char *cut)
{
    char text[512];
    size_t length;
    CHECK_OK(sluice_layout_field_text(layout, index, what, text, sizeof text, &length));
    if (length != strlen(expected) || strcmp(text, expected) != 0) {
        fprintf(stderr, "field %u has the text '%s', not '%s'\n", index, text, expected);
        exit(1);
    }
    CHECK(is_whole(cut) && strncmp(cut, expected, strlen(cut)) == 0);
}

static void whole_fields(void)
{
    char names[2][128], unit[256] = "", text[1024];
    static const char format[] = "%-+ #0-+ #0-+ #0-+ #0-+ #0-+ #1000.1000f";
    memset(names, 'n', sizeof names);
    (void)snprintf(names[0] + 70, 8, "_one");
    (void)snprintf(names[1] + 70, 8, "_two");
    for (int i = 0; i < 40; i++) {
        strcat(unit, "\xC2\xB5");
    }
    for (int lead = 0; lead < 2; lead++) {
        (void)snprintf(text, sizeof text, "< %s:d [%s%s] %s; %s:H", names[0], lead != 0 ? "x" : "", unit, format, names[1]);
        sluice_layout *layout = layout_of(text);
        for (uint32_t i = 0; i < 2; i++) {
            char whole[300];
            sluice_field field = {.struct_size = sizeof field};
            CHECK_OK(sluice_layout_field(layout, i, &field));
            check_text(layout, i, SLUICE_FIELD_NAME, names[i], field.name);
            (void)snprintf(whole, sizeof whole, "%s%s", lead != 0 ? "x" : "", unit);
            check_text(layout, i, SLUICE_FIELD_UNIT, i == 0 ? whole : "", field.unit);
            CHECK(i == 1 || strlen(field.unit) >= 62);
            check_text(layout, i, SLUICE_FIELD_FORMAT, i == 0 ? "%-+ #01000.1000f" : "", field.format);
        }
        char some[8];
        size_t length;
        CHECK_FAULT(sluice_layout_field_text(layout, 2, 0, some, 8, NULL), SLUICE_E_INVALID, "index is 2", "2 fields");
        CHECK_FAULT(sluice_layout_field_text(layout, 0, 3, some, 8, NULL), SLUICE_E_INVALID, "what is 3");
        CHECK_OK(sluice_layout_field_text(layout, 0, SLUICE_FIELD_UNIT, some, sizeof some, &length));
        CHECK(strlen(some) == (lead != 0 ? 7 : 6) && is_whole(some) && length == (lead != 0 ? 81 : 80));
        CHECK_OK(sluice_layout_field_text(layout, 0, SLUICE_FIELD_UNIT, NULL, 0, &length));
        CHECK_OK(sluice_layout_destroy(layout));
    }
    CHECK_STATUS(sluice_layout_field_text(NULL, 0, 0, NULL, 0, NULL), SLUICE_E_HANDLE);
}

int main(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        SKIP("the C library has no locale C.UTF-8");
    }
    sinks();
    refusals();
    formatters();
    layouts();
    pictures();
    whole_fields();
    return 0;
}
