// SPDX-License-Identifier: Apache-2.0
//
// 64-byte packets from a C producer to one consumer: published in groups, and each by itself.
#include "engine_ends.hpp"
#include "harness.hpp"
#include "packets.hpp"
#include "raw_memory.hpp"

#include <algorithm>
#include <boost/lockfree/spsc_queue.hpp>
#include <memory>
#include <readerwriterqueue/readerwriterqueue.h>

namespace
{

using bench::packet;

constexpr std::uint64_t capacity = 1 << 20; // bytes, for every contender
constexpr std::uint64_t slots = capacity / sizeof(packet);
constexpr std::uint64_t batch_bytes = capacity / 16; // what a consumer that does not poll waits for

// Millions of packets a second.
double rate(std::uint64_t packets, double seconds)
{
    return static_cast<double>(packets) / seconds * 1e-6;
}

void put_all(sluice_producer &producer, std::uint64_t packets)
{
    bench::produce_each(packets, [&](const packet &one) {
        bench::must(sluice_producer_put(&producer, &one, sizeof one), "sluice_producer_put");
    });
}

// How a group comes about: put packet by packet and published together, or filled in the ring's memory.
enum class how { put, in_place };

void produce(sluice_producer &producer, how way, std::uint64_t packets, std::uint64_t group)
{
    if (way == how::put) {
        put_all(producer, packets);
        return;
    }
    bench::produce_in_place(packets, group, [&](std::uint64_t count, auto &&fill) {
        void *room;
        bench::must(sluice_producer_claim(&producer, count, &room), "sluice_producer_claim");
        fill(room);
        bench::must(sluice_producer_commit(&producer, count), "sluice_producer_commit");
    });
}

// The whole way: inline producer, the engine's consumer, a callback per batch. `group` packets are published at a time.
double engine(std::uint64_t packets, std::uint64_t group, how way = how::put)
{
    bench::verifier seen;
    auto look = [&](const sluice_batch &batch) { seen.see(batch.data, batch.packets); };
    bench::engine_buffer buffer(capacity, sizeof(packet), batch_bytes);
    bench::add_callback(buffer, look);
    double seconds = buffer.run(group * sizeof(packet), [&](sluice_producer &producer) { produce(producer, way, packets, group); });
    seen.expect(packets);
    return rate(packets, seconds);
}

// The ring of sluice/ring.h with both ends in C; the consumer waits for `least` bytes.
double inline_ring(std::uint64_t packets, std::uint64_t group, std::uint64_t least, how way = how::put)
{
    bench::ring_memory memory(capacity, sizeof(packet));
    bench::verifier seen;
    double seconds = bench::run_pair(
        [&] {
            sluice_producer producer;
            bench::must(sluice_producer_open(&producer, memory.get()), "sluice_producer_open");
            producer.publish_bytes = group * sizeof(packet);
            produce(producer, way, packets, group);
            sluice_producer_close(&producer);
        },
        [&] {
            bench::drain_ring(memory.get(), packets, least,
                              [&](const sluice_batch &batch) { seen.see(batch.data, batch.packets); });
        });
    seen.expect(packets);
    return rate(packets, seconds);
}

// The raw ring; its consumer polls until `least` bytes are there.
double raw(std::uint64_t packets, std::uint64_t group, std::uint64_t least, how way = how::put)
{
    bench::raw_memory ring(capacity);
    bench::verifier seen;
    double seconds = bench::run_pair(
        [&] {
            raw_producer producer = raw_open(ring.get());
            if (way == how::put) {
                bench::produce_each(packets, [&](const packet &one) {
                    std::memcpy(raw_claim(&producer, sizeof one), &one, sizeof one);
                    raw_commit(&producer, sizeof one, group * sizeof one);
                });
            } else {
                bench::produce_in_place(packets, group, [&](std::uint64_t count, auto &&fill) {
                    fill(raw_claim(&producer, count * sizeof(packet)));
                    raw_commit(&producer, count * sizeof(packet), 0);
                });
            }
            raw_publish(&producer);
        },
        [&] {
            ring.drain(packets * sizeof(packet), least, [&](const void *data, std::uint64_t bytes) {
                seen.see(data, bytes / sizeof(packet));
            });
        });
    seen.expect(packets);
    return rate(packets, seconds);
}

using boost_queue = boost::lockfree::spsc_queue<packet, boost::lockfree::capacity<slots>>;

void boost_push(boost_queue &queue, const packet *from, std::uint64_t count)
{
    for (std::uint64_t done = 0; (done += queue.push(from + done, count - done)) < count;) {
        raw_relax();
    }
}

// Boost.Lockfree, `group` packets pushed at a time; the consumer looks at them in place.
double boost_in_place(std::uint64_t packets, std::uint64_t group)
{
    auto queue = std::make_unique<boost_queue>();
    bench::verifier seen;
    double seconds = bench::run_pair(
        [&] {
            bench::produce_blocks(packets, [&](const packet *block, std::uint64_t count) {
                for (std::uint64_t sent = 0; sent < count; sent += group) {
                    boost_push(*queue, block + sent, std::min(group, count - sent));
                }
            });
        },
        [&] {
            while (seen.count() < packets) {
                if (queue->consume_all([&](const packet &one) { seen.see(one); }) == 0) {
                    raw_relax();
                }
            }
        });
    seen.expect(packets);
    return rate(packets, seconds);
}

// The same queue; the consumer copies `group` packets out at a time.
double boost_copied(std::uint64_t packets, std::uint64_t group)
{
    auto queue = std::make_unique<boost_queue>();
    bench::verifier seen;
    double seconds = bench::run_pair(
        [&] {
            bench::produce_blocks(packets, [&](const packet *block, std::uint64_t count) {
                for (std::uint64_t sent = 0; sent < count; sent += group) {
                    boost_push(*queue, block + sent, std::min(group, count - sent));
                }
            });
        },
        [&] {
            packet out[64];
            while (seen.count() < packets) {
                std::uint64_t count = queue->pop(out, group);
                seen.see(out, count);
                if (count == 0) {
                    raw_relax();
                }
            }
        });
    seen.expect(packets);
    return rate(packets, seconds);
}

double moodycamel_each(std::uint64_t packets)
{
    moodycamel::ReaderWriterQueue<packet, 512> queue(slots);
    bench::verifier seen;
    double seconds = bench::run_pair(
        [&] {
            bench::produce_each(packets, [&](const packet &one) {
                while (!queue.try_enqueue(one)) {
                    raw_relax();
                }
            });
        },
        [&] {
            packet one;
            while (seen.count() < packets) {
                if (queue.try_dequeue(one)) {
                    seen.see(one);
                } else {
                    raw_relax();
                }
            }
        });
    seen.expect(packets);
    return rate(packets, seconds);
}

} // namespace

int main(int argc, char **argv)
{
    bench::suite suite("spsc", argc, argv);
    constexpr std::uint64_t many = 16'000'000, fewer = 6'000'000;

    for (how way : {how::put, how::in_place}) {
        for (std::uint64_t group : {8, 32}) {
            std::string name = "64 B packets, groups of " + std::to_string(group) +
                               (way == how::put ? ", put one by one" : ", filled in place");
            std::vector<bench::contender> limit = {{"polling", [=] { return raw(many, group, 1, way); }},
                                                   {"waiting", [=] { return raw(many, group, batch_bytes, way); }}};
            suite.compare(name + ", to the engine / raw ring", "M/s", 1.0,
                          {"engine", [=] { return engine(many, group, way); }}, limit);
            suite.compare(name + ", both ends in C / raw ring", "M/s", std::nullopt,
                          {"ring.h", [=] { return inline_ring(many, group, batch_bytes, way); }}, limit);
        }
    }
    suite.compare("64 B packets, groups of 32, to the engine / Boost spsc_queue", "M/s", 1.5,
                  {"engine", [=] { return engine(many, 32, how::in_place); }},
                  {{"in place", [=] { return boost_in_place(many, 32); }},
                   {"copied out", [=] { return boost_copied(many, 32); }}});

    suite.compare("64 B packets, each published, to the engine / best peer", "M/s", 1.2,
                  {"engine", [=] { return engine(fewer, 1); }},
                  {{"Boost spsc_queue", [=] { return boost_in_place(fewer, 1); }},
                   {"moodycamel", [=] { return moodycamel_each(fewer); }},
                   {"raw ring, polling", [=] { return raw(fewer, 1, 1); }}});
    suite.compare("64 B packets, each published, to the engine / raw ring, waiting", "M/s", std::nullopt,
                  {"engine", [=] { return engine(fewer, 1); }},
                  {{"waiting", [=] { return raw(fewer, 1, batch_bytes); }}});
    suite.compare("64 B packets, each published, both ends in C / raw ring, waiting", "M/s", std::nullopt,
                  {"ring.h", [=] { return inline_ring(fewer, 1, batch_bytes); }},
                  {{"waiting", [=] { return raw(fewer, 1, batch_bytes); }}});
    return suite.finish();
}
