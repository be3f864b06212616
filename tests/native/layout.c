/* layout.c - prints `struct.field offset size` for everything that other languages mirror, and compares it with the
 * golden named on the command line. `layout FILE --update` writes the golden. */
#include <sluice/ring.h>

#include "golden.h"

#define FIELD(type, field) GOLDEN_FIELD(out, type, field)
#define SIZE(type) GOLDEN_SIZE(out, type)

static void print_header(FILE *out)
{
#define F(field) FIELD(sluice_ring_header, field)
    F(magic) F(abi) F(header_bytes) F(data_offset) F(capacity) F(shape) F(stride) F(producers) F(full_policy) F(flags)
    F(layout_bytes) F(cells_offset) F(cells) F(segment_bytes) F(block_timeout_ns) F(pid_namespace) F(created_ns)
    F(check_mask) F(check_value) F(lanes_offset)
    F(head) F(pushed) F(dropped_newest) F(stalls) F(aborted) F(rejected) F(reserved_producers)
    F(tail) F(clearing) F(tail_lock) F(popped) F(dropped_oldest) F(unblocked) F(high_water) F(flushes) F(sink_errors)
    F(written_bytes) F(heartbeat_ns) F(corrupted) F(reserved_consumer)
    F(wake_at) F(data_futex) F(event_fd) F(event_owner) F(event_generation) F(event_id) F(asked_at) F(sealed_at) F(reserved_wake)
    F(space_waiters) F(space_futex) F(reserved_space)
    F(creator) F(consumer_owner) F(producer_owner) F(producer_slots) F(consumer_record)
    F(producer_record) F(reserved_owner)
    F(layout_text)
    SIZE(sluice_ring_header)
#undef F
}

static void print_record(FILE *out)
{
    FIELD(sluice_ring_record, length)
    FIELD(sluice_ring_record, type)
    FIELD(sluice_ring_record, flags)
    SIZE(sluice_ring_record)
}

static void print_view(FILE *out)
{
#define F(field) FIELD(sluice_ring_view, field)
    F(header) F(data) F(cells) F(mask) F(capacity) F(cell_mask) F(stride_inverse) F(stride_shift) F(capacity_shift)
    F(stride) F(framed) F(many) F(policy) F(asymmetric) F(flags) F(fd)
    SIZE(sluice_ring_view)
#undef F
}

static void print_producer(FILE *out)
{
#define F(field) FIELD(sluice_producer, field)
    F(view) F(head) F(published) F(tail) F(publish_bytes) F(claimed) F(claim_bytes) F(records) F(check_mask)
    F(check_value) F(timeout_ns) F(self) F(event_seen) F(event_fd) F(slot) F(grow) F(engine)
    F(plain_bytes) F(most_packets)
    SIZE(sluice_producer)
#undef F
}

static void print_consumer(FILE *out)
{
#define F(field) FIELD(sluice_consumer, field)
    F(view) F(tail) F(seen) F(packets) F(popped) F(self) F(holds) F(corrupt)
    F(damaged_at)
    SIZE(sluice_consumer)
#undef F
}

static void print_process_side(FILE *out)
{
#define F(field) FIELD(sluice_ring, field)
    F(header) F(data) F(cells) F(mapped_bytes) F(self) F(fd) F(owns_name) F(path) F(stride) F(opener) F(flags) F(shape)
    F(producers) F(full_policy) F(cells_shift) F(long_path) F(reserved) F(error)
    SIZE(sluice_ring)
#undef F
#define F(field) FIELD(sluice_batch, field)
    F(data) F(bytes) F(packets) F(stride) F(trailer)
    SIZE(sluice_batch)
#undef F
#define F(field) FIELD(sluice_ring_options, field)
    F(struct_size) F(shape) F(stride) F(producers) F(full_policy) F(flags) F(capacity) F(block_timeout_ns) F(name)
    F(file) F(layout_text) F(check_mask) F(check_value)
    SIZE(sluice_ring_options)
#undef F
}

int main(int count, char **arguments)
{
    CHECK(count >= 2);
    FILE *out = tmpfile();
    CHECK(out != NULL);
    print_header(out);
    print_record(out);
    print_view(out);
    print_producer(out);
    print_consumer(out);
    print_process_side(out);
    return golden_compare(out, arguments[1], count > 2, 100);
}
