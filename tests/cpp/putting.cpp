// Packets in and out of a buffer: copied, popped, looked at, released to files and memory.
#include "cpp.hpp"

#include <array>
#include <vector>

static void packets_go_in_and_come_out()
{
    sluice::buffer buffer(packet_options());
    CHECK(buffer.empty());
    CHECK(buffer.put(packet{1, 0.5f}));
    const packet second{2, 1.5f};
    CHECK(buffer.put(&second, sizeof second));
    CHECK(buffer.try_put(packet{3, 2.5f}));
    CHECK(buffer.size() == 3);
    CHECK_THROWS(buffer.put(std::uint32_t{7}), SLUICE_E_SIZE, "4");
    CHECK(buffer.try_put(std::uint32_t{7}) == SLUICE_E_SIZE);
    CHECK_THROWS(buffer.put_text("text"), SLUICE_E_SIZE, "");

    CHECK(buffer.pop<packet>()->sequence == 1);
    CHECK(buffer.try_pop<packet>()->sequence == 2);
    CHECK_THROWS(buffer.pop<std::uint16_t>(), SLUICE_E_SIZE, "8 bytes");
    CHECK(buffer.try_pop<std::uint16_t>().status() == SLUICE_E_SIZE && buffer.size() == 1);
    CHECK(buffer.pop()->size() == sizeof(packet));
    CHECK(!buffer.pop<packet>() && !buffer.pop());
    CHECK(buffer.try_pop<packet>().status() == SLUICE_WOULD_BLOCK);

    buffer.put(packet{4, 4});
    buffer.clear();
    const sluice_buffer_stats stats = buffer.stats();
    CHECK(buffer.empty() && stats.cleared == 1 && stats.pushed == 4 && stats.rejected == 3);
}

static void a_put_of_many_says_how_many_it_stored()
{
    const sluice::layout layout("< head:B=1; value:3B");
    sluice::buffer_options options;
    options.layout = &layout;
    sluice::buffer buffer(options);
    const unsigned char packets[16] = {1, 0, 0, 0, 1, 0, 0, 0, 2};
    try {
        buffer.put_many(packets, sizeof packets);
        CHECK(!"the third packet breaks a constant");
    } catch (const sluice::error &fault) {
        CHECK(fault.code() == SLUICE_E_CONSTANT && fault.stored() == 2 && buffer.size() == 2);
    }
    try {
        buffer.put(packets + 8, 4);
    } catch (const sluice::error &fault) {
        CHECK(fault.stored() == 0);
    }
    CHECK(buffer.discard() == 2);
}

static void many_go_at_once()
{
    sluice::buffer_options options = packet_options();
    options.kind = sluice::buffer_kind::circular;
    options.capacity = 4096;
    sluice::buffer buffer(options);
    const std::vector<packet> three{{1, 1}, {2, 2}, {3, 3}};
    const packet two[] = {{4, 4}, {5, 5}};
    CHECK(buffer.put_many(three) == 3 && buffer.put_many(two) == 2);
    CHECK(*buffer.try_put_many(std::array<packet, 1>{{{6, 6}}}) == 1);
    CHECK_THROWS(buffer.put_many(three.data(), 20), SLUICE_E_SIZE, "0 packets were stored");
    const std::vector<packet> all(1000);
    CHECK(buffer.put_many(all) == 512 - 6);
    const auto none = buffer.try_put_many(all);
    CHECK(none.status() == SLUICE_WOULD_BLOCK && *none == 0);
    CHECK_THROWS(buffer.put(packet{}), SLUICE_WOULD_BLOCK, "WOULD_BLOCK");

    options.full_policy = sluice::full_policy::drop_newest;
    sluice::buffer dropping(options);
    CHECK(dropping.put_many(all) == 512);
    CHECK(!dropping.put(packet{}) && dropping.try_put(packet{}) == SLUICE_DROPPED);

    options.full_policy = sluice::full_policy::block;
    options.block_timeout = std::chrono::milliseconds(1);
    sluice::buffer blocking(options);
    CHECK(blocking.put_many(all) == 512);
    CHECK_THROWS(blocking.put(packet{}), SLUICE_TIMEOUT, "TIMEOUT");
}

static void batches_are_ranges()
{
    sluice::buffer buffer(packet_options());
    CHECK(!buffer.peek([](const sluice::batch &) { CHECK(false); }));
    for (std::uint32_t i = 0; i < 10; i++) {
        buffer.put(packet{i, 0.5f});
    }
    std::uint32_t next = 0, again = 0;
    CHECK(buffer.peek([&](const sluice::batch &seen) {
        CHECK(seen.packets() == 10 && seen.bytes() == 80 && seen.stride() == 8 && seen.memory().size() == 80);
        for (const packet &one : seen.as<packet>()) {
            CHECK(one.sequence == next++);
        }
        for (const auto one : seen) {
            CHECK(one.as<packet>().sequence == again++ && one.type() == 0);
            CHECK(one.try_as<char>().status() == SLUICE_E_SIZE);
            CHECK_THROWS(one.as<char>(), SLUICE_E_SIZE, "8 bytes");
        }
        CHECK_THROWS(seen.as<std::uint16_t>(), SLUICE_E_SIZE, "packets of 8 bytes");
        CHECK(seen.try_as<std::uint16_t>().status() == SLUICE_E_SIZE);
    }));
    CHECK(next == 10 && again == 10);
    CHECK(buffer.peek([](const sluice::batch &seen) { CHECK(seen.packets() == 2); }, 20));
    try {
        buffer.peek([](const sluice::batch &) { throw 42; });
        CHECK(false);
    } catch (int thrown) {
        CHECK(thrown == 42); // comes out as it is
    }
    CHECK(buffer.try_peek([](const sluice::batch &) { throw 42; }) == SLUICE_E_CALLBACK);
    CHECK(has(sluice::last_error(), "no std::exception"));
    CHECK(buffer.try_peek([](const sluice::batch &) { throw std::runtime_error("no eyes"); }) == SLUICE_E_CALLBACK);
    CHECK(has(sluice::last_error(), "the function failed: no eyes"));
    CHECK(buffer.size() == 10);
}

static void batches_are_taken()
{
    sluice::buffer buffer(packet_options());
    unsigned resets = 0;
    buffer.on_reset([&] { resets++; });
    CHECK(buffer.take([](const sluice::batch &) { CHECK(false); }, 1) == 0 && buffer.pop_many<packet>(5).empty());
    for (std::uint32_t i = 0; i < 20; i++) {
        buffer.put(packet{i, 0.5f});
    }
    const auto first = buffer.pop_many<packet>(5);
    CHECK(first.size() == 5 && first[4].sequence == 4);
    CHECK(buffer.try_pop_many(static_cast<packet *>(nullptr), 0).status() == SLUICE_E_SIZE);
    std::uint32_t next = 5;
    const auto check = [&](const sluice::batch &seen) {
        for (const packet &one : seen.as<packet>()) {
            CHECK(one.sequence == next++);
        }
    };
    CHECK(buffer.take(check, 3) == 3 && next == 8);
    try {
        buffer.take([](const sluice::batch &) { throw 42; });
        CHECK(false);
    } catch (int thrown) {
        CHECK(thrown == 42);
    }
    const auto refused = buffer.try_take([](const sluice::batch &) { throw 42; });
    CHECK(refused.status() == SLUICE_E_CALLBACK && *refused == 0 && buffer.size() == 12 && resets == 0);
    CHECK(buffer.take(check) == 12 && next == 20 && buffer.empty() && resets == 1);
}

static void records_have_any_size()
{
    sluice::buffer_options options;
    options.kind = sluice::buffer_kind::circular;
    options.shape = sluice::shape::framed;
    sluice::buffer buffer(options);
    const std::string large(1000, 'x');
    CHECK(buffer.put_text("", 7) && buffer.put_text(large, 8));
    CHECK(buffer.try_put_record("four", 4, 9));
    unsigned count = 0;
    CHECK(buffer.peek([&](const sluice::batch &seen) {
        CHECK(seen.stride() == 0 && seen.packets() == 3);
        for (const sluice::packet record : seen) {
            CHECK(record.type() == 7 + count);
            CHECK(record.text() == (count == 0 ? "" : count == 1 ? large : "four"));
            count++;
        }
        CHECK(seen.try_as<packet>().status() == SLUICE_E_SIZE);
    }));
    CHECK(count == 3);
    CHECK(buffer.pop()->empty() && buffer.pop()->size() == 1000 && buffer.pop()->size() == 4 && !buffer.pop());
}

static void packets_go_to_sinks()
{
    const folder here;
    const auto layout = sluice::layout("= sequence:I; value:f [V] %.2f");
    sluice::buffer_options options;
    options.layout = &layout;
    options.release_packets = 2;
    sluice::buffer buffer(options);
    const sluice::sink file = buffer.add_file_sink({here / "data.dat", "HEAD"});
    sluice::text_options text;
    text.path = here / "data.csv";
    text.style = sluice::text_style::csv;
    text.layout_header = true;
    buffer.add_text_sink(text);
    text.path = here / "own.txt";
    text.layout_header = false;
    buffer.add_text_sink(text, [](const sluice::packet &one, std::string &line) {
        line += std::to_string(one.as<packet>().sequence) + std::string(one.as<packet>().sequence * 1000, '.') + "\n";
    });
    const sluice::memory_sink memory = buffer.add_memory_sink(100000);
    CHECK_THROWS(buffer.add_file_sink({here / "data.dat"}), SLUICE_E_EXISTS, "data.dat");

    buffer.put(packet{1, 0.5f});
    CHECK(!buffer.flush_needed() && !buffer.poll());
    buffer.put(packet{2, 1.25f});
    CHECK(buffer.flush_needed() && buffer.almost_full() && buffer.poll());
    CHECK(buffer.since_flush() >= sluice::nanoseconds(0));
    buffer.put(packet{30, 2});
    buffer.configure(5);
    CHECK(!buffer.poll());
    buffer.force_release();
    CHECK(buffer.poll());
    CHECK(buffer.flush().packets == 0);
    CHECK(file.info().packets == 3 && file.info().bytes == 24 && file.info().last.ok());
    CHECK(memory.take().size() == 24 && memory.take().empty());
    CHECK(sluice::memory_sink(file.get()).try_take(nullptr, 0).status() == SLUICE_E_HANDLE);
    buffer.close();
    CHECK(file.info().packets == 3 && file.info().bytes == 24); // of its end
    CHECK(buffer.stats().pushed == 3 && buffer.stats().popped == 3 && buffer.stats().lost == 0);
    CHECK(content(here / "data.dat").size() == 28 && content(here / "data.dat").substr(0, 4) == "HEAD");
    CHECK(content(here / "data.csv") == "sequence,value [V]\n1,0.50\n2,1.25\n30,2.00\n");
    CHECK(content(here / "own.txt").size() == 2 + 2 + 3 + 33000);
}

static void a_deleted_file_is_restored_and_a_sink_removed()
{
    const folder own;
    sluice::buffer buffer(packet_options());
    const auto kept = buffer.add_file_sink({own / "kept.dat"});
    const auto removed = buffer.add_file_sink({own / "removed.dat"});
    buffer.put(packet{1, 1});
    buffer.flush();
    buffer.remove_sink(removed);
    CHECK_THROWS(buffer.remove_sink(removed), SLUICE_E_HANDLE, "stale");
    CHECK(removed.info().packets == 1);
    std::filesystem::remove(own / "kept.dat");
    buffer.put(packet{2, 2});
    CHECK_THROWS(buffer.flush(), SLUICE_E_NOT_FOUND, "restore_files");
    CHECK(buffer.restore_files() == 1 && *buffer.try_restore_files() == 0);
    CHECK(buffer.flush().packets == 1 && kept.info().packets == 2);
    buffer.close();
    CHECK(std::filesystem::file_size(own / "kept.dat") == 16 && std::filesystem::file_size(own / "removed.dat") == 8);
}

static void a_pump_runs()
{
    sluice::buffer_options options = packet_options();
    options.release_packets = 100;
    options.release_after = std::chrono::milliseconds(5);
    options.producers = sluice::producers::many;
    sluice::buffer buffer(options);
    std::uint32_t next = 0;
    buffer.add_callback_sink([&](const sluice::batch &packets) {
        for (const packet &one : packets.as<packet>()) {
            CHECK(one.sequence == next++);
        }
    });
    CHECK(buffer.event() >= 0);
    buffer.start();
    CHECK_THROWS(buffer.start(), SLUICE_E_STATE, "");
    auto producer = buffer.open_producer();
    for (std::uint32_t i = 0; i < 100000; i++) {
        CHECK(producer.put(packet{i, 0}));
    }
    producer.close();
    buffer.stop();
    CHECK(next == 100000 && buffer.empty());
}

int main()
{
    packets_go_in_and_come_out();
    a_put_of_many_says_how_many_it_stored();
    many_go_at_once();
    batches_are_ranges();
    batches_are_taken();
    records_have_any_size();
    packets_go_to_sinks();
    a_deleted_file_is_restored_and_a_sink_removed();
    a_pump_runs();
}
