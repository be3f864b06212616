// SPDX-License-Identifier: Apache-2.0
//
// What is sent, and the check of what arrives: the same for every contender.
#ifndef SLUICE_BENCHMARKS_PACKETS_HPP
#define SLUICE_BENCHMARKS_PACKETS_HPP

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace bench
{

// 64 bytes: a sequence number and values that follow from it.
struct packet {
    std::uint64_t sequence;
    std::uint64_t values[7];
};
static_assert(sizeof(packet) == 64, "one packet is one cache line");

inline packet make_packet(std::uint64_t sequence)
{
    return {sequence, {sequence + 1, sequence + 2, sequence + 3, sequence + 4, sequence + 5, sequence + 6, ~sequence}};
}

// Produces `total` packets the way an instrument hands them over, 32 at a time: fills a block, then sends it.
template <typename Send> void produce_blocks(std::uint64_t total, Send &&send)
{
    packet block[32];
    for (std::uint64_t made = 0; made < total;) {
        std::uint64_t count = total - made < 32 ? total - made : 32;
        for (std::uint64_t i = 0; i < count; i++) {
            block[i] = make_packet(made + i);
        }
        send(static_cast<const packet *>(block), count);
        made += count;
    }
}

// The same, packet by packet.
template <typename Send> void produce_each(std::uint64_t total, Send &&send)
{
    produce_blocks(total, [&](const packet *block, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; i++) {
            send(block[i]);
        }
    });
}

// Produces `total` packets in place: `send(count, fill)` finds room for `count` packets and calls fill(room).
template <typename Send> void produce_in_place(std::uint64_t total, std::uint64_t group, Send &&send)
{
    for (std::uint64_t made = 0; made < total;) {
        std::uint64_t count = total - made < group ? total - made : group;
        send(count, [&](void *room) {
            packet *to = static_cast<packet *>(room);
            for (std::uint64_t i = 0; i < count; i++) {
                to[i] = make_packet(made + i);
            }
        });
        made += count;
    }
}

// Sees every packet: the sequence must have no gap, the last value must belong to it.
class verifier
{
  public:
    void see(const packet &one)
    {
        wrong_ |= (one.sequence ^ next_) | (one.values[6] ^ ~one.sequence);
        next_++;
    }

    void see(const void *packets, std::uint64_t count)
    {
        const packet *from = static_cast<const packet *>(packets);
        for (std::uint64_t i = 0; i < count; i++) {
            see(from[i]);
        }
    }

    std::uint64_t count() const
    {
        return next_;
    }

    void expect(std::uint64_t count) const
    {
        if (next_ != count || wrong_ != 0) {
            throw std::runtime_error("saw " + std::to_string(next_) + " of " + std::to_string(count) + " packets" +
                                     (wrong_ != 0 ? ", not in sequence" : ""));
        }
    }

  private:
    std::uint64_t next_ = 0;
    std::uint64_t wrong_ = 0;
};

} // namespace bench

#endif
