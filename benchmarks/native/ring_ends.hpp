// SPDX-License-Identifier: Apache-2.0
//
// The inline ring of sluice/ring.h, with both ends in C.
#ifndef SLUICE_BENCHMARKS_RING_ENDS_HPP
#define SLUICE_BENCHMARKS_RING_ENDS_HPP

#include <stdexcept>
#include <string>

#include <sluice/ring.h>

namespace bench
{

[[noreturn, gnu::noinline, gnu::cold]] inline void refused(std::int32_t status, const char *what)
{
    throw std::runtime_error(std::string(what) + " answered " + std::to_string(status));
}

inline void must(std::int32_t status, const char *what)
{
    if (__builtin_expect(status != SLUICE_OK, 0)) {
        refused(status, what);
    }
}

// An anonymous ring that makes producers wait when it is full.
class ring_memory
{
  public:
    ring_memory(std::uint64_t capacity, std::uint32_t stride, std::uint32_t producers = SLUICE_ONE_PRODUCER)
    {
        sluice_ring_options options{};
        options.struct_size = sizeof options;
        options.shape = stride == 0 ? SLUICE_FRAMED : SLUICE_FIXED;
        options.stride = stride;
        options.producers = producers;
        options.full_policy = SLUICE_BLOCK;
        options.capacity = capacity;
        options.block_timeout_ns = INT64_C(10000000000);
        if (sluice_ring_create(&ring_, &options) != SLUICE_OK) {
            throw std::runtime_error(ring_.error);
        }
    }

    ring_memory(const ring_memory &) = delete;
    ring_memory &operator=(const ring_memory &) = delete;

    ~ring_memory()
    {
        sluice_ring_close(&ring_, 1);
    }

    sluice_ring *get()
    {
        return &ring_;
    }

  private:
    sluice_ring ring_;
};

// Drains a ring until `total` packets came: waits for `least` bytes, or what is left, and shows each batch to `look`.
template <typename Look> void drain_ring(sluice_ring *ring, std::uint64_t total, std::uint64_t least, Look &&look)
{
    sluice_consumer consumer;
    must(sluice_consumer_open(&consumer, ring), "sluice_consumer_open");
    for (std::uint64_t seen = 0; seen < total;) {
        sluice_batch batch;
        std::uint64_t rest = (total - seen) * (ring->header->stride == 0 ? 8 : ring->header->stride);
        must(sluice_consumer_wait(&consumer, rest < least ? rest : least, INT64_C(10000000000)), "sluice_consumer_wait");
        must(sluice_consumer_peek(&consumer, 0, &batch), "sluice_consumer_peek");
        look(batch);
        seen += batch.packets;
        must(sluice_consumer_release(&consumer, batch.bytes, batch.packets), "sluice_consumer_release");
    }
    sluice_consumer_close(&consumer);
}

} // namespace bench

#endif
