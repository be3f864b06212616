/* struct_layout.c - prints `struct.field offset size` for every struct that crosses sluice.h, and compares it with the golden
 * named on the command line. `struct_layout FILE --update` writes the golden. */
#include <sluice/sluice.h>

#include "golden.h"

static void print_field(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_field, field)
    F(struct_size) F(offset) F(size) F(count) F(bit) F(bits) F(type) F(name)
    F(constant) F(reserved) F(scale) F(shift) F(unit) F(format)
#undef F
    GOLDEN_SIZE(out, sluice_field)
}

static void print_buffer_options(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_buffer_options, field)
    F(struct_size) F(kind) F(shape) F(stride) F(producers) F(full_policy) F(flags) F(attach)
    F(capacity) F(block_timeout_ns) F(memory_limit) F(spill_limit) F(spill_directory) F(name)
    F(file) F(layout) F(release_packets) F(release_bytes) F(release_after_ns) F(release_combine)
    F(release_clock) F(wait) F(reserved)
#undef F
    GOLDEN_SIZE(out, sluice_buffer_options)
}

static void print_file_options(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_file_options, field)
    F(struct_size) F(durability) F(path) F(header) F(header_bytes) F(rotate_bytes)
#undef F
    GOLDEN_SIZE(out, sluice_file_options)
}

static void print_formatter_options(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_formatter_options, field)
    F(struct_size) F(style) F(separator) F(line_end) F(comment) F(line_end_bytes)
#undef F
    GOLDEN_SIZE(out, sluice_formatter_options)
}

static void print_hex_options(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_hex_options, field)
    F(struct_size) F(style) F(upper) F(separator) F(first_offset)
#undef F
    GOLDEN_SIZE(out, sluice_hex_options)
}

static void print_text_options(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_text_options, field)
    F(struct_size) F(durability) F(path) F(separator) F(line_end) F(header) F(layout_header)
    F(style) F(comment) F(layout) F(format) F(format_user) F(rotate_bytes) F(header_bytes) F(line_end_bytes)
#undef F
    GOLDEN_SIZE(out, sluice_text_options)
}

static void print_sink_info(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_sink_info, field)
    F(struct_size) F(last_status) F(packets) F(bytes) F(errors) F(last_error)
#undef F
    GOLDEN_SIZE(out, sluice_sink_info)
}

static void print_snapshot(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_snapshot, field)
    F(struct_size) F(reserved) F(packets) F(bytes) F(age_ns) F(batch)
#undef F
    GOLDEN_SIZE(out, sluice_snapshot)
}

static void print_fault(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_fault, field)
    F(struct_size) F(status) F(source) F(reserved) F(count) F(stored_packets) F(where) F(text)
#undef F
    GOLDEN_SIZE(out, sluice_fault)
}

static void print_loss(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_loss, field)
    F(struct_size) F(status) F(packets) F(kept) F(where) F(text)
#undef F
    GOLDEN_SIZE(out, sluice_loss)
}

static void print_reading_options(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_reading_options, field)
    F(struct_size) F(stride) F(path) F(layout) F(header_bytes) F(check_constants) F(reserved)
#undef F
    GOLDEN_SIZE(out, sluice_reading_options)
}

static void print_file_info(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_file_info, field)
    F(struct_size) F(stride) F(packets) F(bytes) F(header_bytes) F(torn_offset) F(torn_bytes)
#undef F
    GOLDEN_SIZE(out, sluice_file_info)
}

static void print_buffer_stats(FILE *out)
{
#define F(field) GOLDEN_FIELD(out, sluice_buffer_stats, field)
    F(struct_size) F(last_fault) F(stored_packets) F(stored_bytes) F(capacity) F(pushed) F(popped)
    F(dropped_newest) F(dropped_oldest) F(cleared) F(rejected) F(aborted) F(unblocked) F(stalls)
    F(high_water) F(flushes) F(written_bytes) F(sink_errors) F(controller_errors) F(segments)
    F(spilled_bytes) F(growth_refused) F(lost)
#undef F
    GOLDEN_SIZE(out, sluice_buffer_stats)
}

int main(int count, char **arguments)
{
    CHECK(count >= 2);
    FILE *out = tmpfile();
    CHECK(out != NULL);
    print_field(out);
    print_buffer_options(out);
    print_file_options(out);
    print_text_options(out);
    print_formatter_options(out);
    print_hex_options(out);
    print_sink_info(out);
    print_snapshot(out);
    print_fault(out);
    print_loss(out);
    print_reading_options(out);
    print_file_info(out);
    print_buffer_stats(out);
    return golden_compare(out, arguments[1], count > 2, 60);
}
