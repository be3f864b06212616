/* Every fault has a sentence of ours: whatever goes wrong, the text is there, is UTF-8, and is no name of an entry in a table of
 * messages, such as ArgumentOutOfRange_Generic or Arg_ParamName_Name, which the framework leaves where its messages are not. */
#include "abi.h"

#include <ctype.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

static int faults_seen;

/* Word_Word, the words written as names: what no sentence of ours has in it. */
static int has_key(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        const char *end = at;
        int small = 0, joined = 0;
        if (!isupper((unsigned char)*at) || (at != text && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))) {
            continue;
        }
        for (; isalnum((unsigned char)*end) || *end == '_'; end++) {
            small |= islower((unsigned char)*end) && !joined;
            joined |= *end == '_' && small && isupper((unsigned char)end[1]);
        }
        if (joined && small) {
            return 1;
        }
    }
    return 0;
}

static void check_sentence(const char *call, int32_t status, const char *text)
{
    int words = 0;
    for (const char *at = text; *at != '\0'; at++) {
        words += *at == ' ';
    }
    if (text[0] == '\0' || words < 2 || has_key(text) || mbstowcs(NULL, text, 0) == (size_t)-1 ||
        strstr(text, "xception") != NULL || strstr(text, "invariant") != NULL || status == SLUICE_E_INTERNAL) {
        fprintf(stderr, "%s\n  answers %d, and says: %s\n", call, status, text);
        exit(1);
    }
    faults_seen++;
}

#define FAULT(call)                                                                                          \
    do {                                                                                                     \
        int32_t answer_ = (call);                                                                            \
        if (answer_ >= 0) {                                                                                  \
            fprintf(stderr, "%s:%d: %s answers %d, which is no fault\n", __FILE__, __LINE__, #call, answer_); \
            exit(1);                                                                                         \
        }                                                                                                    \
        check_sentence(#call, answer_, last_error());                                                        \
    } while (0)

static void layouts(void)
{
    static const char *const texts[] = {
        "", "\n", "x", "a", "a:", "a:Y", "a:B b:B", "a:B; a:B", "a:0B", "a:99999999999B", "a:B=", "a:B='", "a:B='\\", "a:B='\\xZZ'",
        "a:B=256", "a:B=-1", "a:B=0x", "a:B=99999999999999999999", "a:B*", "a:B*1e999", "a:B*nan", "a:B*-", "a:B+", "a:B+1e", "a:B[",
        "a:B[]", "a:B[x", "a:B[x]]", "a:B%", "a:B%q", "a:B%9999999f", "a:B%r9", "a:B%#d", "a:f%s", "a:B{", "a:B{x", "a:B{x:9}",
        "a:B{x:0,y:0}", "a:B{x:5-2}", "a:2B{x:0}", "a:f{x:0}", "a:B={", "> n:n", "a:999p", "0x", "99999999999x", "9a:B", "\xF0\x9F\x98\x80",
        "a:\xC2\xB5", "nothing-of-that-name", "a:B \xE2\x88\x92" "5", "a:s='\xC3\xA9'", "@ a:B; b:999999999Q", "a:B;;;b:B;a:B", "a:d=1"};
    static const char *const jsons[] = {
        "", " ", "{", "}", "[", "nul", "\"", "\"<q9\"", "\"<f3\"", "\"O\"", "\"U4\"", "\"<M8[ns]\"", "\"<c8\"", "12", "true", "null", "{}", "[]",
        "[\"<u2\"]", "[\"<u2\",\"x\"]", "[\"<u2\",-1]", "[\"<u2\",1e3]", "[\"<u2\",99999999999]", "[\"<u2\",[2,-2]]", "[\"<u2\",[99999,99999]]",
        "\"\\ud800\"", "\"99999999999999999999u1\"", "\"(2,x)u1\"", "\"(\"", "[[[[[[\"<u2\",2],2],2],2],2],9999999]",
        "{\"names\":1,\"formats\":2}", "{\"names\":[\"a\"],\"formats\":[]}", "{\"names\":[1],\"formats\":[\"<u2\"]}",
        "{\"names\":[\"\\ud800\"],\"formats\":[\"<u2\"]}", "{\"names\":[\"a b\"],\"formats\":[\"<u2\"]}",
        "{\"names\":[\"a\",\"a\"],\"formats\":[\"<u2\",\"<u2\"]}", "{\"names\":[\"a\",\"b\"],\"formats\":[\"<u2\",\">u2\"]}",
        "{\"names\":[\"a\",\"b\"],\"formats\":[\"<u2\",\"<u2\"],\"offsets\":[0,1]}", "{\"names\":[\"a\"],\"formats\":[\"<u2\"],\"offsets\":[-1]}",
        "{\"names\":[\"a\"],\"formats\":[\"<u2\"],\"offsets\":3}", "{\"names\":[\"a\"],\"formats\":[\"<u2\"],\"itemsize\":1}",
        "{\"names\":[\"a\"],\"formats\":[\"<u2\"],\"itemsize\":\"x\"}", "{\"names\":[\"a\"],\"formats\":[7]}",
        "{\"names\":[\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"],"
        "\"formats\":[{\"x\":\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"}]}",
        "[{\"k\":\"0123456789012345678901234567890123456789012345678\xF0\x9F\x98\x80\"},{\"x\":1}]"};
    sluice_layout *layout;
    uint32_t number;
    char text[16];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FAULT(sluice_layout_create(texts[i], &layout));
    }
    for (size_t i = 0; i < sizeof jsons / sizeof jsons[0]; i++) {
        FAULT(sluice_layout_from_numpy(jsons[i], &layout));
    }
    char deep[2048] = "";
    for (int i = 0; i < 200; i++) {
        strcat(deep, "[");
    }
    FAULT(sluice_layout_from_numpy(deep, &layout));
    FAULT(sluice_layout_create("\xFF", &layout));
    FAULT(sluice_layout_create(NULL, &layout));
    FAULT(sluice_layout_create("a:B", NULL));
    FAULT(sluice_layout_from_numpy(NULL, &layout));
    FAULT(sluice_layout_from_numpy("\xFF", &layout));
    FAULT(sluice_layout_size(NULL, &number));
    FAULT(sluice_layout_destroy((sluice_layout *)(uintptr_t)7));
    CHECK_OK(sluice_layout_create("< a:B=7; b:H", &layout));
    FAULT(sluice_layout_size(layout, NULL));
    FAULT(sluice_layout_fields(layout, NULL));
    FAULT(sluice_layout_field(layout, 9, NULL));
    FAULT(sluice_layout_field(layout, 0, NULL));
    FAULT(sluice_layout_field_text(layout, 9, 0, text, sizeof text, NULL));
    FAULT(sluice_layout_field_text(layout, 0, 9, text, sizeof text, NULL));
    FAULT(sluice_layout_check(layout, "abc", 2, NULL));
    FAULT(sluice_layout_check(layout, "abc", 3, NULL));
    FAULT(sluice_layout_check(layout, NULL, 3, NULL));
    FAULT(sluice_layout_fill(layout, text, 2));
    FAULT(sluice_layout_fill(layout, NULL, 3));
    CHECK_OK(sluice_layout_destroy(layout));
    FAULT(sluice_layout_destroy(layout));
}

static void texts(void)
{
    sluice_layout *layout, *hidden, *wide;
    sluice_formatter *formatter;
    size_t length;
    char text[64];
    CHECK_OK(sluice_layout_create("< a:B; b:B", &layout));
    CHECK_OK(sluice_layout_create("< a:B -", &hidden));
    CHECK_OK(sluice_layout_create("< a:16000000B %500d", &wide));
    sluice_formatter_options options = {.struct_size = sizeof options};
    FAULT(sluice_formatter_create(NULL, &options, &formatter));
    FAULT(sluice_formatter_create(layout, &options, NULL));
    FAULT(sluice_formatter_create(hidden, &options, &formatter));
    FAULT(sluice_formatter_create(wide, &options, &formatter));
    options.struct_size = 1;
    FAULT(sluice_formatter_create(layout, &options, &formatter));
    options.struct_size = sizeof options;
    for (uint32_t style = 3; style < 9; style++) {
        options.style = style;
        FAULT(sluice_formatter_create(layout, &options, &formatter));
    }
    options.style = SLUICE_TEXT_CSV;
    static const char *const separators[] = {"", "1", "a", ".", "\"", "\n", "\xFF", ";\r"};
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        options.separator = separators[i];
        FAULT(sluice_formatter_create(layout, &options, &formatter));
    }
    options = (sluice_formatter_options){.struct_size = sizeof options, .comment = "\xFF"};
    FAULT(sluice_formatter_create(layout, &options, &formatter));
    CHECK_OK(sluice_formatter_create(layout, NULL, &formatter));
    FAULT(sluice_formatter_format(formatter, "ab", 2, text, 1, NULL, &length));
    FAULT(sluice_formatter_format(formatter, NULL, 2, text, 1, NULL, &length));
    FAULT(sluice_formatter_format(formatter, "ab", 2, NULL, 1, NULL, &length));
    FAULT(sluice_formatter_format(formatter, "ab", 2, text, 64, NULL, NULL));
    CHECK_OK(sluice_formatter_destroy(formatter));
    FAULT(sluice_formatter_header(formatter, text, sizeof text, NULL));
    sluice_hex_options hex = {.struct_size = sizeof hex, .style = 9};
    FAULT(sluice_hex_encode("ab", 2, &hex, text, sizeof text, NULL));
    hex = (sluice_hex_options){.struct_size = sizeof hex, .upper = 2};
    FAULT(sluice_hex_encode("ab", 2, &hex, text, sizeof text, NULL));
    hex = (sluice_hex_options){.struct_size = sizeof hex, .separator = 256};
    FAULT(sluice_hex_encode("ab", 2, &hex, text, sizeof text, NULL));
    hex = (sluice_hex_options){.struct_size = sizeof hex, .style = SLUICE_HEX_DUMP, .first_offset = UINT64_MAX};
    FAULT(sluice_hex_encode("ab", 2, &hex, text, sizeof text, NULL));
    FAULT(sluice_hex_encode("ab", 2, NULL, text, 3, NULL));
    FAULT(sluice_hex_encode("ab", SIZE_MAX, NULL, text, 3, NULL));
    FAULT(sluice_hex_encode(NULL, 2, NULL, text, 3, NULL));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_OK(sluice_layout_destroy(hidden));
    CHECK_OK(sluice_layout_destroy(wide));
}

static void buffers(void)
{
    sluice_buffer *buffer;
    const struct {
        size_t field;
        uint64_t value;
        size_t bytes;
    } bad[] = {
        {offsetof(sluice_buffer_options, kind), 9, 4},        {offsetof(sluice_buffer_options, shape), 9, 4},
        {offsetof(sluice_buffer_options, stride), 0, 4},      {offsetof(sluice_buffer_options, stride), UINT32_MAX, 4},
        {offsetof(sluice_buffer_options, producers), 9, 4},   {offsetof(sluice_buffer_options, full_policy), 9, 4},
        {offsetof(sluice_buffer_options, flags), 1, 4},       {offsetof(sluice_buffer_options, attach), 9, 4},
        {offsetof(sluice_buffer_options, attach), 1, 4},      {offsetof(sluice_buffer_options, capacity), UINT64_MAX, 8},
        {offsetof(sluice_buffer_options, capacity), 1ull << 41, 8}, {offsetof(sluice_buffer_options, capacity), 3, 8},
        {offsetof(sluice_buffer_options, layout), 7, 8},      {offsetof(sluice_buffer_options, release_packets), UINT64_MAX, 8},
        {offsetof(sluice_buffer_options, release_bytes), UINT64_MAX, 8},
        {offsetof(sluice_buffer_options, release_after_ns), (uint64_t)-5, 8},
        {offsetof(sluice_buffer_options, release_combine), 9, 4}, {offsetof(sluice_buffer_options, release_clock), 9, 4},
        {offsetof(sluice_buffer_options, wait), 9, 4},        {offsetof(sluice_buffer_options, struct_size), 3, 4},
        {offsetof(sluice_buffer_options, struct_size), 9999, 4},
        {offsetof(sluice_buffer_options, name), (uintptr_t)"a/b", 8}, {offsetof(sluice_buffer_options, name), (uintptr_t)"", 8},
        {offsetof(sluice_buffer_options, file), (uintptr_t)"", 8},
        {offsetof(sluice_buffer_options, file), (uintptr_t)"/nowhere/at/all", 8},
        {offsetof(sluice_buffer_options, file), (uintptr_t)"/", 8}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sluice_buffer_options options = packet_options();
        memcpy((char *)&options + bad[i].field, &bad[i].value, bad[i].bytes);
        FAULT(sluice_buffer_create(&options, &buffer));
    }
    sluice_buffer_options options = packet_options();
    options.name = "x";
    options.file = "y";
    FAULT(sluice_buffer_create(&options, &buffer));
    FAULT(sluice_buffer_create(NULL, &buffer));
    FAULT(sluice_buffer_create(&options, NULL));
    options = packet_options();
    options.name = "nobody-made-this-ring";
    options.attach = SLUICE_ATTACH;
    FAULT(sluice_buffer_create(&options, &buffer));
    options.kind = SLUICE_FIFO;
    FAULT(sluice_buffer_create(&options, &buffer));
    options = packet_options();
    options.kind = SLUICE_FIFO;
    options.spill_directory = "/nowhere";
    FAULT(sluice_buffer_create(&options, &buffer));
    options.spill_directory = NULL;
    options.memory_limit = 1;
    FAULT(sluice_buffer_create(&options, &buffer));
    options.memory_limit = UINT64_MAX;
    FAULT(sluice_buffer_create(&options, &buffer));
    options = packet_options();
    options.full_policy = SLUICE_GROW;
    FAULT(sluice_buffer_create(&options, &buffer));
}

static int32_t refuse(void *user, const struct sluice_batch *batch)
{
    (void)user, (void)batch;
    return -7;
}

static int32_t no_text(void *user, const struct sluice_batch *batch, char *text, size_t capacity, uint64_t *packets,
                       size_t *written)
{
    (void)batch, (void)text, (void)capacity;
    *packets = *(int *)user == 1 ? 99999999 : 0;
    *written = *(int *)user == 2 ? SIZE_MAX : 0;
    return *(int *)user == 3 ? -4 : 0;
}

static void puts_and_sinks(void)
{
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("< sequence:Q=5; value:Q", &layout));
    sluice_buffer_options options = packet_options();
    options.layout = layout;
    sluice_buffer *buffer = new_buffer(&options);
    packet one = {5, 1}, wrong = {6, 1};
    uint64_t done;
    int32_t number;
    size_t bytes;
    sluice_producer producer, other;
    FAULT(sluice_buffer_put(buffer, &one, 3));
    FAULT(sluice_buffer_put(buffer, NULL, 16));
    FAULT(sluice_buffer_put(buffer, &wrong, sizeof wrong));
    FAULT(sluice_buffer_put_many(buffer, &one, 3, &done));
    FAULT(sluice_buffer_put_many(buffer, NULL, 16, &done));
    FAULT(sluice_buffer_put_many(buffer, &wrong, 16, &done));
    FAULT(sluice_buffer_put_record(buffer, &one, 16, 0));
    FAULT(sluice_buffer_open_producer(buffer, NULL, sizeof producer));
    FAULT(sluice_buffer_open_producer(buffer, &producer, 3));
    CHECK_OK(sluice_buffer_open_producer(buffer, &producer, sizeof producer));
    FAULT(sluice_buffer_open_producer(buffer, &other, sizeof other));
    FAULT(sluice_buffer_put(buffer, &one, sizeof one));
    FAULT(sluice_buffer_close_producer(buffer, NULL));
    CHECK_OK(sluice_buffer_close_producer(buffer, &producer));
    FAULT(sluice_buffer_pop(buffer, NULL, 16, &bytes));
    FAULT(sluice_buffer_pop_many(buffer, &one, 3, &done));
    FAULT(sluice_buffer_pop_many(buffer, &one, 16, NULL));
    FAULT(sluice_buffer_peek(buffer, 0, NULL, NULL));
    FAULT(sluice_buffer_take(buffer, 0, NULL, NULL, NULL));
    FAULT(sluice_buffer_size(buffer, NULL));
    FAULT(sluice_buffer_flush(buffer, NULL, NULL));
    FAULT(sluice_buffer_configure(buffer, UINT64_MAX, 0, 0));
    FAULT(sluice_buffer_configure(buffer, 0, 0, -1));
    FAULT(sluice_buffer_add_controller(buffer, NULL, NULL));
    FAULT(sluice_buffer_flush_needed(buffer, NULL));
    FAULT(sluice_buffer_almost_full(buffer, NULL));
    FAULT(sluice_buffer_since_flush(buffer, NULL));
    FAULT(sluice_buffer_due_in(buffer, NULL));
    FAULT(sluice_buffer_event(buffer, NULL));
    FAULT(sluice_buffer_get_stats(buffer, NULL));
    FAULT(sluice_buffer_poll(NULL, 0));
    CHECK_OK(sluice_buffer_put(buffer, &one, sizeof one));
    FAULT(sluice_buffer_pop(buffer, &one, 3, &bytes));
    FAULT(sluice_buffer_peek(buffer, 3, refuse, NULL));

    sluice_sink *sink;
    sluice_sink_info info = {.struct_size = sizeof info};
    FAULT(sluice_buffer_add_file_sink(buffer, NULL, &sink));
    FAULT(sluice_buffer_add_callback_sink(buffer, NULL, NULL, &sink));
    FAULT(sluice_buffer_add_memory_sink(buffer, 0, &sink));
    char longest[6000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const char *const paths[] = {NULL, "", "/", "/nowhere/at/all", "/dev/null", "/proc/none", "/dev/null/x", longest};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        sluice_file_options file = {.struct_size = sizeof file, .path = paths[i]};
        sluice_text_options text = {.struct_size = sizeof text, .path = paths[i]};
        sluice_reading_options reading = {.struct_size = sizeof reading, .path = paths[i], .stride = 8};
        sluice_file *opened;
        FAULT(sluice_buffer_add_file_sink(buffer, &file, &sink));
        FAULT(sluice_buffer_add_text_sink(buffer, &text, &sink));
        FAULT(sluice_file_open(&reading, &opened));
    }
    sluice_file_options file = {.struct_size = sizeof file, .path = in_folder("none"), .durability = 9};
    FAULT(sluice_buffer_add_file_sink(buffer, &file, &sink));
    file = (sluice_file_options){.struct_size = sizeof file, .path = in_folder("none"), .header_bytes = 9};
    FAULT(sluice_buffer_add_file_sink(buffer, &file, &sink));
    file = (sluice_file_options){
        .struct_size = sizeof file, .path = in_folder("none"), .header = "abc", .header_bytes = 3, .rotate_bytes = 2};
    FAULT(sluice_buffer_add_file_sink(buffer, &file, &sink));
    for (uint32_t style = 3; style < 8; style++) {
        sluice_text_options text = {
            .struct_size = sizeof text, .path = in_folder("none"), .style = style, .layout_header = 1, .separator = "ab"};
        FAULT(sluice_buffer_add_text_sink(buffer, &text, &sink));
        text.layout_header = 0;
        FAULT(sluice_buffer_add_text_sink(buffer, &text, &sink));
    }
    for (int kind = 0; kind < 4; kind++) {
        sluice_buffer *written = new_buffer(&options);
        sluice_text_options text = {
            .struct_size = sizeof text, .path = in_folder("text"), .format = no_text, .format_user = &kind};
        CHECK_OK(sluice_buffer_add_text_sink(written, &text, &sink));
        CHECK_OK(sluice_buffer_put(written, &one, sizeof one));
        FAULT(sluice_buffer_flush(written, NULL, NULL));
        CHECK_OK(sluice_sink_get_info(sink, &info));
        check_sentence("the info of a sink", info.last_status, info.last_error);
        CHECK_OK(sluice_buffer_discard(written, NULL));
        CHECK(unlink(in_folder("text")) == 0);
    }
    CHECK_OK(sluice_buffer_add_callback_sink(buffer, refuse, NULL, &sink));
    FAULT(sluice_buffer_flush(buffer, NULL, NULL));
    FAULT(sluice_buffer_disconnect(buffer));
    FAULT(sluice_buffer_destroy(buffer));
    FAULT(sluice_sink_take(sink, &one, 3, &bytes));
    FAULT(sluice_sink_get_info(sink, NULL));
    FAULT(sluice_sink_get_info((sluice_sink *)(void *)buffer, &info));
    FAULT(sluice_sink_last_error(NULL, NULL, 0, NULL));
    CHECK_OK(sluice_buffer_event(buffer, &number));
    CHECK_OK(sluice_buffer_start(buffer));
    FAULT(sluice_buffer_start(buffer));
    FAULT(sluice_buffer_event(buffer, &number));
    FAULT(sluice_buffer_stop(buffer, 0));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    FAULT(sluice_buffer_clear(buffer));
    FAULT(sluice_sink_get_info(sink, &info));
    CHECK_OK(sluice_layout_destroy(layout));

    sluice_buffer_options framed = {.struct_size = sizeof framed, .kind = SLUICE_CIRCULAR, .shape = 1, .capacity = 4096};
    buffer = new_buffer(&framed);
    FAULT(sluice_buffer_put(buffer, &one, 16));
    FAULT(sluice_buffer_put_many(buffer, &one, 16, &done));
    FAULT(sluice_buffer_put_record(buffer, longest, 5000, 0));
    CHECK_OK(sluice_buffer_put_record(buffer, longest, 100, 0));
    FAULT(sluice_buffer_pop_many(buffer, longest, 5000, &done));
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
}

static void files(void)
{
    const char *path = in_folder("some.dat");
    FILE *made = fopen(path, "w");
    CHECK(made != NULL && fwrite("0123456789abcdefghij", 1, 20, made) == 20 && fclose(made) == 0);
    sluice_layout *layout;
    CHECK_OK(sluice_layout_create("< a:B=1; b:7s", &layout));
    sluice_file *file;
    sluice_reading_options options = {.struct_size = sizeof options, .path = path};
    FAULT(sluice_file_open(&options, &file));
    FAULT(sluice_file_open(&options, NULL));
    FAULT(sluice_file_open(NULL, &file));
    options.stride = UINT32_MAX;
    options.layout = layout;
    FAULT(sluice_file_open(&options, &file));
    options.stride = 0;
    options.header_bytes = 99;
    FAULT(sluice_file_open(&options, &file));
    options.header_bytes = 0;
    options.check_constants = 9;
    FAULT(sluice_file_open(&options, &file));
    options.check_constants = 1;
    CHECK_OK(sluice_file_open(&options, &file));
    struct sluice_batch batch;
    char text[64];
    uint64_t done;
    FAULT(sluice_file_read(file, 0, text, sizeof text, &done));
    FAULT(sluice_file_read(file, 0, text, 3, &done));
    FAULT(sluice_file_read(file, 99, text, sizeof text, &done));
    FAULT(sluice_file_read(file, 0, text, sizeof text, NULL));
    FAULT(sluice_file_read(file, 0, NULL, sizeof text, &done));
    FAULT(sluice_file_map(file, 0, 0, &batch));
    FAULT(sluice_file_map(file, 99, 0, &batch));
    FAULT(sluice_file_map(file, 0, 0, NULL));
    FAULT(sluice_file_check(file, 0, 0, &done));
    FAULT(sluice_file_get_info(file, NULL));
    CHECK(truncate(path, 3) == 0);
    FAULT(sluice_file_read(file, 0, text, sizeof text, &done));
    FAULT(sluice_file_map(file, 0, 0, &batch));
    FAULT(sluice_file_refresh(file, &done));
    CHECK_OK(sluice_file_close(file));
    FAULT(sluice_file_refresh(file, &done));
    options.check_constants = 0;
    options.layout = NULL;
    options.stride = INT32_MAX;
    FAULT(sluice_file_open(&options, &file));
    options.stride = 1;
    CHECK_OK(sluice_file_open(&options, &file));
    FAULT(sluice_file_check(file, 0, 0, NULL)); /* without a layout */
    CHECK_OK(sluice_file_close(file));
    CHECK_OK(sluice_layout_destroy(layout));
}

/* Answers what it was. */
static uint64_t limit(int resource, uint64_t amount)
{
    struct rlimit now;
    CHECK(getrlimit(resource, &now) == 0);
    uint64_t before = now.rlim_cur;
    now.rlim_cur = amount;
    CHECK(setrlimit(resource, &now) == 0);
    return before;
}

/* Under the limits of a process: descriptors, file size, memory, threads. */
static void limited(void)
{
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options), *other;
    add_file(buffer, in_folder("limited.dat"));
    uint64_t usual = limit(RLIMIT_NOFILE, 0);
    int32_t event;
    FAULT(sluice_buffer_create(&options, &other));
    FAULT(sluice_buffer_event(buffer, &event));
    sluice_file_options file = {.struct_size = sizeof file, .path = in_folder("more.dat")};
    FAULT(sluice_buffer_add_file_sink(buffer, &file, NULL));
    sluice_reading_options reading = {.struct_size = sizeof reading, .path = in_folder("limited.dat"), .stride = 8};
    sluice_file *opened;
    FAULT(sluice_file_open(&reading, &opened));
    (void)limit(RLIMIT_NOFILE, usual);
    put_packets(buffer, 0, 100);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    usual = limit(RLIMIT_FSIZE, 100);
    FAULT(sluice_buffer_flush(buffer, NULL, NULL));
    (void)limit(RLIMIT_FSIZE, usual);
    (void)limit(RLIMIT_AS, UINT64_C(1) << 31);
    options.capacity = UINT64_C(1) << 31;
    FAULT(sluice_buffer_create(&options, &other));
    options.file = in_folder("ring");
    FAULT(sluice_buffer_create(&options, &other));
    CHECK_OK(sluice_buffer_destroy(buffer));
}

int main(void)
{
    CHECK(has_key("Arg_ParamName_Name, options") && has_key("it says: ArgumentOutOfRange_Generic") && has_key("IO_FileNotFound_FileName"));
    CHECK(has_key("(InvalidOperation_NoValue)") && has_key("Format_Bad") && has_key("x ObjectDisposed_Generic"));
    CHECK(!has_key("E_INVALID release_packets is 3, header_bytes Sink_x /tmp/Some_file"));
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        SKIP("the C library has no locale C.UTF-8");
    }
    layouts();
    texts();
    buffers();
    puts_and_sinks();
    files();
    limited();
    printf("%d faults, each with a sentence\n", faults_seen);
    CHECK(faults_seen > 250);
    return 0;
}
