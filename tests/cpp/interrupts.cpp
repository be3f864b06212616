// Signals whose handler does nothing and does not restart calls, sent to a thread that waits: it waits on, until its time is over
// or what it waits for is there; neither early, nor with an error.
#include "cpp.hpp"
#include "unique.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

using clock_type = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds time_out(300);
std::atomic<int> caught{0};

void nothing(int) { ++caught; }

// Runs `wait` on a thread that is sent a signal every millisecond, until it returns.
template <class Wait> void interrupted(Wait wait)
{
    std::atomic<bool> returned{false};
    const int before = caught;
    std::thread waiting([&] {
        wait();
        returned = true;
    });
    while (!returned) {
        CHECK(pthread_kill(waiting.native_handle(), SIGUSR1) == 0);
        std::this_thread::sleep_for(milliseconds(1));
    }
    waiting.join();
    CHECK(caught > before);
}

// The wait takes its time, all of it.
template <class Wait> void runs_out(Wait wait)
{
    interrupted([&] {
        const auto began = clock_type::now();
        wait();
        CHECK(clock_type::now() - began >= time_out);
    });
}

// The wait is over because `then` happens, which is long after the first signals.
template <class Wait, class Then> void goes_well(Wait wait, Then then)
{
    std::thread later([&] {
        std::this_thread::sleep_for(time_out);
        then();
    });
    interrupted(wait);
    later.join();
}

sluice::buffer_options full(sluice::nanoseconds patience)
{
    sluice::buffer_options options = packet_options();
    options.kind = sluice::buffer_kind::circular;
    options.full_policy = sluice::full_policy::block;
    options.block_timeout = patience;
    options.capacity = 4096;
    options.producers = sluice::producers::many;
    return options;
}

void puts_and_claims()
{
    const std::vector<packet> lap(512);
    sluice::buffer buffer(full(time_out));
    CHECK(*buffer.try_put_many(lap) == 512);
    runs_out([&] { CHECK(buffer.try_put(packet{1, 0}) == SLUICE_TIMEOUT); });
    runs_out([&] {
        const auto put = buffer.try_put_many(lap);
        CHECK(put.status() == SLUICE_TIMEOUT && *put == 0);
    });
    auto producer = buffer.open_producer();
    runs_out([&] { CHECK(producer.try_put(packet{1, 0}) == SLUICE_TIMEOUT); });
    runs_out([&] { CHECK(producer.try_claim<packet>(4).status() == SLUICE_TIMEOUT); });
    producer.close();
    CHECK(buffer.discard() == 512);

    sluice::buffer patient(full(sluice::for_ever));
    CHECK(*patient.try_put_many(lap) == 512);
    goes_well([&] { CHECK(patient.put(packet{1, 0})); }, [&] { patient.clear(); });
    patient.clear();
}

void rounds_and_ends()
{
    sluice::buffer_options options = packet_options();
    options.release_packets = 10;
    sluice::buffer buffer(options);
    std::atomic<bool> ready{false};
    std::atomic<std::uint64_t> taken{0};
    buffer.add_callback_sink([&](const sluice::batch &batch) {
        taken += ready ? batch.packets() : 0;
        return sluice::status(ready ? SLUICE_OK : SLUICE_WOULD_BLOCK);
    });
    buffer.put(packet{1, 0});
    runs_out([&] { CHECK(!buffer.poll(time_out)); });
    runs_out([&] { CHECK(buffer.try_stop(time_out) == SLUICE_WOULD_BLOCK); });
    buffer.start();
    runs_out([&] { CHECK(buffer.try_stop(time_out) == SLUICE_WOULD_BLOCK); });
    goes_well([&] { CHECK(buffer.try_stop(std::chrono::seconds(60)).ok()); }, [&] { ready = true; });
    CHECK(taken == 1);
    goes_well([&] { CHECK(buffer.poll(sluice::for_ever)); }, [&] { buffer.put_many(std::vector<packet>(10)); });
    CHECK(taken == 11);
    buffer.close();
}

void rings()
{
    const std::string name = "sluice-interrupts-" + std::to_string(unique());
    runs_out([&] { CHECK_THROWS(sluice::ring::attach(name, time_out), SLUICE_E_NOT_FOUND, name); });
    sluice::ring_options options;
    options.stride = sizeof(packet);
    options.capacity = 4096;
    options.full_policy = sluice::full_policy::block;
    options.block_timeout = time_out;
    sluice::ring ring = sluice::ring::create(options);
    auto producer = ring.open_producer();
    auto consumer = ring.open_consumer();
    runs_out([&] { CHECK(!consumer.wait(1, time_out)); });
    goes_well([&] { CHECK(consumer.wait(1, sluice::for_ever)); }, [&] { producer.put_many(std::vector<packet>(512)); });
    runs_out([&] { CHECK(producer.try_put(packet{1, 0}) == SLUICE_TIMEOUT); });
    goes_well([&] { sluice::ring::attach(name, std::chrono::seconds(60)); }, [&] {
        sluice::ring_options named = options;
        named.name = name;
        static sluice::ring made = sluice::ring::create(named);
    });
    sluice::ring::remove(name);
}

} // namespace

int main()
{
    struct sigaction mine = {};
    mine.sa_handler = nothing; // without SA_RESTART
    CHECK(sigaction(SIGUSR1, &mine, nullptr) == 0);
    puts_and_claims();
    rounds_and_ends();
    rings();
    return 0;
}
