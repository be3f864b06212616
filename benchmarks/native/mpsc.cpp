// SPDX-License-Identifier: Apache-2.0
//
// 64-byte packets from two producers to one consumer, each published by itself.
#include "harness.hpp"
#include "packets.hpp"
#include "raw_ring.h"
#include "ring_ends.hpp"
#include "threads.hpp"

#include <concurrentqueue/concurrentqueue.h>
#include <vector>

namespace
{

using bench::packet;

constexpr std::uint64_t producers = 2;
constexpr std::uint64_t each = 1'000'000;
constexpr std::uint64_t capacity = 1 << 20;

// Every packet names its producer; each producer's packets must come in sequence.
class verifier
{
  public:
    void see(const void *packets, std::uint64_t count)
    {
        const packet *from = static_cast<const packet *>(packets);
        for (std::uint64_t i = 0; i < count; i++) {
            of_[from[i].values[0] % producers].see(from[i]);
        }
        count_ += count;
    }

    std::uint64_t count() const
    {
        return count_;
    }

    double rate(double seconds) const
    {
        for (const bench::verifier &one : of_) {
            one.expect(each);
        }
        return static_cast<double>(producers * each) / seconds * 1e-6;
    }

  private:
    bench::verifier of_[producers];
    std::uint64_t count_ = 0;
};

// Runs produce(index) on every producer's thread and consume() on the consumer's. There are more threads than
// processors, perhaps: the scheduler places them, for every contender alike.
template <typename Produce, typename Consume> double run_many(Produce &&produce, Consume &&consume)
{
    std::atomic<bool> go{false};
    std::exception_ptr faults[producers + 1];
    auto guarded = [&](std::uint64_t index, auto &&work) {
        while (!go.load(std::memory_order_acquire)) {
            std::this_thread::yield();
        }
        try {
            work();
        } catch (...) {
            faults[index] = std::current_exception();
        }
    };
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < producers; i++) {
        threads.emplace_back([&, i] { guarded(i, [&] { produce(i); }); });
    }
    threads.emplace_back([&] { guarded(producers, consume); });
    bench::clock::time_point start = bench::clock::now();
    go.store(true, std::memory_order_release);
    threads.back().join();
    double seconds = bench::seconds_since(start);
    threads.pop_back();
    for (std::thread &one : threads) {
        one.join();
    }
    for (const std::exception_ptr &fault : faults) {
        if (fault) {
            std::rethrow_exception(fault);
        }
    }
    return seconds;
}

packet from(std::uint64_t producer, std::uint64_t sequence)
{
    packet one = bench::make_packet(sequence);
    one.values[0] = producer;
    return one;
}

double inline_ring()
{
    bench::ring_memory memory(capacity, sizeof(packet), SLUICE_MANY_PRODUCERS);
    verifier seen;
    double seconds = run_many(
        [&](std::uint64_t index) {
            sluice_producer producer;
            bench::must(sluice_producer_open(&producer, memory.get()), "sluice_producer_open");
            for (std::uint64_t i = 0; i < each; i++) {
                packet one = from(index, i);
                bench::must(sluice_producer_put(&producer, &one, sizeof one), "sluice_producer_put");
            }
            sluice_producer_close(&producer);
        },
        [&] {
            bench::drain_ring(memory.get(), producers * each, capacity / 16,
                              [&](const sluice_batch &batch) { seen.see(batch.data, batch.packets); });
        });
    return seen.rate(seconds);
}

// This queue keeps its blocks with the producer that used them first, so it cannot be bounded for several: it grows.
double moodycamel_queue()
{
    moodycamel::ConcurrentQueue<packet> queue(2 * capacity / sizeof(packet));
    verifier seen;
    double seconds = run_many(
        [&](std::uint64_t index) {
            moodycamel::ProducerToken token(queue);
            for (std::uint64_t i = 0; i < each; i++) {
                packet one = from(index, i);
                if (!queue.enqueue(token, one)) {
                    throw std::runtime_error("the queue found no memory");
                }
            }
        },
        [&] {
            moodycamel::ConsumerToken token(queue);
            packet out[64];
            while (seen.count() < producers * each) {
                std::uint64_t count = queue.try_dequeue_bulk(token, out, 64);
                seen.see(out, count);
                if (count == 0) {
                    std::this_thread::yield();
                }
            }
        });
    return seen.rate(seconds);
}

} // namespace

int main(int argc, char **argv)
{
    bench::suite suite("mpsc", argc, argv);
    suite.compare("64 B packets, two producers, both ends in C / moodycamel ConcurrentQueue", "M/s", std::nullopt,
                  {"ring.h", inline_ring}, {{"moodycamel", moodycamel_queue}});
    return suite.finish();
}
