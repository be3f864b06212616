// SPDX-License-Identifier: Apache-2.0
//
// The raw ring as a C++ object, and its draining loop.
#ifndef SLUICE_BENCHMARKS_RAW_MEMORY_HPP
#define SLUICE_BENCHMARKS_RAW_MEMORY_HPP

#include "raw_ring.h"

#include <stdexcept>

namespace bench
{

class raw_memory
{
  public:
    explicit raw_memory(std::uint64_t capacity)
    {
        if (!raw_create(&ring_, capacity)) {
            throw std::runtime_error("no memory for a raw ring");
        }
    }

    raw_memory(const raw_memory &) = delete;
    raw_memory &operator=(const raw_memory &) = delete;

    ~raw_memory()
    {
        raw_destroy(&ring_);
    }

    raw_ring *get()
    {
        return &ring_;
    }

    // Takes `total` bytes: waits for `least`, or what is left, shows it, releases it.
    template <typename Look> void drain(std::uint64_t total, std::uint64_t least, Look &&look)
    {
        for (std::uint64_t tail = 0; tail < total;) {
            std::uint64_t rest = total - tail;
            std::uint64_t head = raw_wait(&ring_, tail, rest < least ? rest : least);
            look(static_cast<const void *>(ring_.data + (tail & (ring_.capacity - 1))), head - tail);
            tail = head;
            raw_release(&ring_, tail);
        }
    }

  private:
    raw_ring ring_;
};

} // namespace bench

#endif
