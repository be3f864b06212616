// Callables: what they see, what they answer, and what happens when they throw.
#include "cpp.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

static sluice::buffer with(std::uint64_t release_packets)
{
    sluice::buffer_options options = packet_options();
    options.release_packets = release_packets;
    return sluice::buffer(options);
}

static void a_sink_that_throws_keeps_the_data()
{
    sluice::buffer buffer = with(1);
    bool broken = true;
    std::uint32_t next = 0;
    const sluice::sink sink = buffer.add_callback_sink([&](const sluice::batch &packets) {
        if (broken) {
            throw std::runtime_error("the display is off");
        }
        for (const packet &one : packets.as<packet>()) {
            CHECK(one.sequence == next++);
        }
    });
    buffer.put(packet{0, 0});
    buffer.put(packet{1, 0});
    CHECK_THROWS(buffer.flush(), SLUICE_E_CALLBACK, "the display is off");
    CHECK(buffer.try_flush().status() == SLUICE_E_CALLBACK);
    CHECK(buffer.try_poll() == SLUICE_E_CALLBACK);
    CHECK_THROWS(buffer.poll(), SLUICE_E_CALLBACK, "the display is off");
    CHECK_THROWS(buffer.disconnect(), SLUICE_E_CALLBACK, "the display is off");
    CHECK_THROWS(buffer.close(), SLUICE_E_CALLBACK, "the display is off");
    CHECK(buffer.size() == 2 && buffer.last_thrown() == "the display is off");
    CHECK(has(sink.info().last_error, "the function failed: the display is off"));
    CHECK(sink.info().errors >= 4 && sink.info().last == SLUICE_E_CALLBACK && sink.info().packets == 0);
    CHECK(buffer.stats().sink_errors >= 4);
    broken = false;
    CHECK(buffer.flush().packets == 2 && next == 2);
    CHECK(sink.info().last.ok());
    broken = true;
    buffer.put(packet{2, 0});
    CHECK(buffer.try_close() == SLUICE_E_CALLBACK && buffer);
    broken = false;
    buffer.close();
    CHECK(next == 3);
}

static void a_pump_retries_a_sink_that_throws()
{
    sluice::buffer buffer = with(1);
    std::atomic<int> calls{0};
    buffer.add_callback_sink([&](const sluice::batch &) {
        if (calls++ < 3) {
            throw 3; // no std::exception
        }
    });
    buffer.start();
    buffer.put(packet{1, 0});
    buffer.stop(std::chrono::seconds(20));
    CHECK(calls >= 4 && buffer.empty() && has(buffer.last_thrown(), "no std::exception"));
}

static void a_sink_may_ask_for_time()
{
    sluice::buffer buffer = with(1);
    bool ready = false;
    buffer.add_callback_sink([&](const sluice::batch &) -> sluice::status { return ready ? SLUICE_OK : SLUICE_WOULD_BLOCK; });
    buffer.put(packet{1, 0});
    CHECK(buffer.try_flush().status().not_now() && buffer.size() == 1);
    ready = true;
    CHECK(buffer.flush().packets == 1);

    sluice::buffer faulty = with(1);
    faulty.add_callback_sink([&](const sluice::batch &) -> sluice::status { throw sluice::error(SLUICE_E_IO, "the tape"); });
    faulty.put(packet{1, 0});
    CHECK_THROWS(faulty.flush(), SLUICE_E_CALLBACK, "the tape");
    CHECK(faulty.discard() == 1 && !faulty);
}

static void a_text_that_throws_is_a_fault_of_its_packet()
{
    const folder here;
    sluice::buffer buffer = with(0);
    bool broken = true;
    sluice::text_options options;
    options.path = here / "own.txt";
    buffer.add_text_sink(options, [&](const sluice::packet &one, std::string &line) {
        const auto number = one.as<packet>().sequence;
        if (broken && number == 2) {
            throw std::invalid_argument("cannot write 2");
        }
        line += std::to_string(number) + "\n";
    });
    for (std::uint32_t i = 0; i < 4; i++) {
        buffer.put(packet{i, 0});
    }
    CHECK_THROWS(buffer.flush(), SLUICE_E_CALLBACK, "cannot write 2");
    broken = false;
    buffer.close();
    CHECK(content(here / "own.txt") == "0\n1\n2\n3\n");
}

static void controllers_decide()
{
    sluice::buffer buffer = with(0);
    unsigned released = 0, resets = 0;
    bool broken = false;
    buffer.add_callback_sink([&](const sluice::batch &packets) { released += static_cast<unsigned>(packets.packets()); });
    buffer.on_reset([&] { resets++; });
    buffer.add_controller([&](const sluice::snapshot &now) {
        if (broken) {
            throw std::runtime_error("no decision");
        }
        CHECK(now.bytes() == now.packets() * sizeof(packet) && now.age() >= sluice::nanoseconds(0));
        const auto oldest = now.oldest().as<packet>();
        return !oldest.empty() && oldest.back().value > 10;
    });
    buffer.put(packet{1, 1});
    CHECK(!buffer.poll() && released == 0);
    buffer.put(packet{2, 11});
    CHECK(buffer.poll() && released == 2 && resets == 1);
    broken = true;
    buffer.put(packet{3, 12});
    CHECK(!buffer.poll() && released == 2);
    CHECK(buffer.stats().controller_errors >= 1 && buffer.last_thrown() == "no decision");
    broken = false;
    CHECK(buffer.poll() && released == 3);
}

static std::string lost_text;
static std::uint64_t lost_packets;

static void a_destructor_that_cannot_write_reports()
{
    const auto before = sluice::on_loss([](const char *fault, std::uint64_t packets) noexcept {
        lost_text = fault;
        lost_packets = packets;
    });
    {
        sluice::buffer buffer = with(0);
        buffer.add_callback_sink([](const sluice::batch &) { throw 1; });
        buffer.put(packet{1, 0});
        buffer.put(packet{2, 0});
    }
    CHECK(lost_packets == 2 && !lost_text.empty());
    lost_packets = 0;
    {
        sluice::buffer fine = with(0);
        fine.add_callback_sink([](const sluice::batch &) {});
        fine.put(packet{1, 0});
    }
    CHECK(lost_packets == 0);
    sluice::on_loss(before);
}

static void what_a_close_without_a_sink_loses_is_told_and_thrown_on_request()
{
    const auto before = sluice::on_loss([](const char *text, std::uint64_t packets) noexcept {
        lost_text = text;
        lost_packets = packets;
    });
    lost_packets = 0;
    sluice::buffer buffer = with(0);
    buffer.put(packet{1, 0});
    buffer.close();
    CHECK(!buffer && lost_packets == 1 && has(lost_text, "1 packet of a FIFO") && has(lost_text, "no sink"));
    CHECK(buffer.stats().lost == 1 && buffer.stats().pushed == 1);
    sluice::buffer_options options = packet_options();
    options.throw_on_loss = true;
    sluice::buffer strict(options);
    strict.put(packet{1, 0});
    strict.put(packet{2, 0});
    CHECK_THROWS(strict.close(), SLUICE_LOST, "2 packets");
    CHECK(!strict && lost_packets == 2 && strict.stats().lost == 2);
    strict.close();
    sluice::buffer other = with(0);
    other.put(packet{1, 0});
    lost_packets = 0;
    CHECK(other.discard() == 1 && lost_packets == 0 && other.stats().lost == 1);
    sluice::buffer none = with(0);
    CHECK_THROWS(none.start(), SLUICE_E_STATE, "add one first");
    sluice::on_loss(before);
}

static void faults_of_the_thread_are_told()
{
    sluice::buffer_options options = packet_options();
    options.release_packets = 1;
    std::mutex mutex;
    std::vector<std::string> told;
    std::atomic<bool> works{false};
    sluice::buffer buffer(options);
    buffer.add_callback_sink([&](const sluice::batch &) {
        if (!works) {
            throw std::runtime_error("the display is off");
        }
    });
    buffer.on_fault([&](const sluice::fault &fault) {
        const std::lock_guard<std::mutex> lock(mutex);
        CHECK(fault.source() == sluice::fault_source::sink && fault.where() == std::string("callback") && fault.count() >= 1);
        CHECK(fault.over() == fault.status().ok() && fault.stored_packets() <= 1);
        CHECK_THROWS(buffer.flush(), SLUICE_E_STATE, "callback");
        told.push_back(fault.text());
    });
    const auto count = [&] {
        const std::lock_guard<std::mutex> lock(mutex);
        return told.size();
    };
    buffer.start();
    buffer.put(packet{1, 1});
    while (buffer.stats().sink_errors < 5) {
        std::this_thread::yield();
    }
    CHECK(count() == 1 && has(told[0], "the function failed: the display is off"));
    works = true;
    while (count() < 2) {
        std::this_thread::yield();
    }
    CHECK(has(told[1], "works again after"));
    buffer.close();
}

int main()
{
    faults_of_the_thread_are_told();
    a_sink_that_throws_keeps_the_data();
    a_pump_retries_a_sink_that_throws();
    a_sink_may_ask_for_time();
    a_text_that_throws_is_a_fault_of_its_packet();
    controllers_decide();
    a_destructor_that_cannot_write_reports();
    what_a_close_without_a_sink_loses_is_told_and_thrown_on_request();
}
