// SPDX-License-Identifier: Apache-2.0
//
// Records of 4 KiB from one thread to another: the copy in, the way over, and a consumer that reads every word.
#include "engine_ends.hpp"
#include "harness.hpp"
#include "raw_memory.hpp"

#include <cstring>

namespace
{

constexpr std::uint64_t capacity = 1 << 20;
constexpr std::uint64_t batch_bytes = capacity / 8;
constexpr std::uint32_t record_bytes = 4096;
constexpr std::uint64_t words = record_bytes / 8;
constexpr std::uint64_t records = 150'000;

// The first word is the sequence number, the last one its complement, so that all words of a record add up to the same.
struct record {
    std::uint64_t word[words];
};

class source
{
  public:
    source()
    {
        for (record &one : block_) {
            for (std::uint64_t i = 0; i < words; i++) {
                one.word[i] = i * 0x9E3779B97F4A7C15;
            }
        }
    }

    const record &next(std::uint64_t sequence)
    {
        record &one = block_[sequence % 16];
        one.word[0] = sequence;
        one.word[words - 1] = ~sequence;
        return one;
    }

  private:
    record block_[16];
};

class reader
{
  public:
    reader()
    {
        expected_ = ~std::uint64_t{0};
        for (std::uint64_t i = 1; i < words - 1; i++) {
            expected_ += i * 0x9E3779B97F4A7C15;
        }
    }

    void see(const void *data)
    {
        const record *one = static_cast<const record *>(data);
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < words; i++) {
            sum += one->word[i];
        }
        wrong_ |= (sum ^ expected_) | (one->word[0] ^ seen_);
        seen_++;
    }

    double rate(double seconds) const
    {
        if (seen_ != records || wrong_ != 0) {
            throw std::runtime_error("saw " + std::to_string(seen_) + " of " + std::to_string(records) + " records" +
                                     (wrong_ != 0 ? ", with wrong content" : ""));
        }
        return static_cast<double>(records) * record_bytes / seconds * 1e-9;
    }

  private:
    std::uint64_t expected_;
    std::uint64_t seen_ = 0;
    std::uint64_t wrong_ = 0;
};

void put_all(sluice_producer &producer, bool framed)
{
    source from;
    for (std::uint64_t i = 0; i < records; i++) {
        const record &one = from.next(i);
        bench::must(framed ? sluice_producer_put_record(&producer, &one, sizeof one, 0)
                           : sluice_producer_put(&producer, &one, sizeof one),
                    "put");
    }
}

void see_batch(reader &seen, const sluice_batch &batch)
{
    std::uint64_t at = 0;
    const void *packet;
    std::uint32_t bytes;
    std::uint16_t type;
    while (sluice_batch_next(&batch, &at, &packet, &bytes, &type)) {
        seen.see(packet);
    }
}

double engine(bool framed)
{
    reader seen;
    auto look = [&](const sluice_batch &batch) { see_batch(seen, batch); };
    bench::engine_buffer buffer(capacity, framed ? 0 : record_bytes, batch_bytes);
    bench::add_callback(buffer, look);
    return seen.rate(buffer.run(0, [&](sluice_producer &producer) { put_all(producer, framed); }));
}

double inline_ring(bool framed)
{
    bench::ring_memory memory(capacity, framed ? 0 : record_bytes);
    reader seen;
    double seconds = bench::run_pair(
        [&] {
            sluice_producer producer;
            bench::must(sluice_producer_open(&producer, memory.get()), "sluice_producer_open");
            put_all(producer, framed);
            sluice_producer_close(&producer);
        },
        [&] {
            bench::drain_ring(memory.get(), records, batch_bytes,
                              [&](const sluice_batch &batch) { see_batch(seen, batch); });
        });
    return seen.rate(seconds);
}

double raw(std::uint64_t least)
{
    bench::raw_memory ring(capacity);
    reader seen;
    double seconds = bench::run_pair(
        [&] {
            raw_producer producer = raw_open(ring.get());
            source from;
            for (std::uint64_t i = 0; i < records; i++) {
                std::memcpy(raw_claim(&producer, record_bytes), &from.next(i), record_bytes);
                raw_commit(&producer, record_bytes, 0);
            }
        },
        [&] {
            ring.drain(records * record_bytes, least, [&](const void *data, std::uint64_t bytes) {
                for (std::uint64_t at = 0; at < bytes; at += record_bytes) {
                    seen.see(static_cast<const char *>(data) + at);
                }
            });
        });
    return seen.rate(seconds);
}

} // namespace

int main(int argc, char **argv)
{
    bench::suite suite("bulk", argc, argv);
    const std::vector<bench::contender> limit = {{"polling", [] { return raw(1); }},
                                                 {"waiting", [] { return raw(batch_bytes); }}};
    for (bool framed : {false, true}) {
        std::string name = std::string("4 KiB records, ") + (framed ? "framed" : "fixed stride");
        suite.compare(name + ", to the engine / raw ring", "GB/s", 0.9, {"engine", [=] { return engine(framed); }}, limit);
        suite.compare(name + ", both ends in C / raw ring", "GB/s", std::nullopt,
                      {"ring.h", [=] { return inline_ring(framed); }}, limit);
    }
    return suite.finish();
}
