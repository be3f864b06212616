// SPDX-License-Identifier: Apache-2.0
//
// claims - an instrument fills packets in place; what it could not fill was never there.
//
//   claims
//
// A producer claims room for a block of packets in the buffer's own memory. A block that fails half-way is given back by
// the end of its scope, a shorter one is committed as far as it is good. A callback sees what was released, in place.
#include <sluice/sluice.hpp>

#include <cstdio>
#include <stdexcept>

struct hit {
    std::uint64_t time;
    std::uint16_t channel;
    std::uint16_t charge;
    std::uint32_t block;
};

// Fills a block as a digitiser would: the last one is short, every fifth one is broken.
static std::size_t read_block(std::uint32_t block, hit *hits, std::size_t room)
{
    const std::size_t count = block == 99 ? room / 2 : room;
    for (std::size_t i = 0; i < count; i++) {
        if (block % 5 == 4 && i == room / 2 && block != 99) {
            throw std::runtime_error("checksum error");
        }
        hits[i] = {block * room + i, static_cast<std::uint16_t>(i % 8), static_cast<std::uint16_t>(i * 3), block};
    }
    return count;
}

int main()
try {
    sluice::buffer_options options;
    options.stride = sizeof(hit);
    options.release_packets = 1000;
    sluice::buffer buffer(options);

    std::uint64_t seen = 0, charge = 0;
    buffer.add_callback_sink([&](const sluice::batch &released) {
        for (const hit &one : released.as<hit>()) {
            seen++;
            charge += one.charge;
        }
    });
    buffer.start();

    auto producer = buffer.open_producer();
    unsigned broken = 0;
    for (std::uint32_t block = 0; block < 100; block++) {
        try {
            auto room = producer.claim<hit>(64);
            room.commit(read_block(block, room.data(), room.size()));
        } catch (const std::runtime_error &) {
            broken++; // the claim ended with its scope: none of its 64 packets exists
        }
    }
    producer.close();
    buffer.stop();
    std::printf("%llu hits, charge %llu, %u broken blocks\n", static_cast<unsigned long long>(seen),
                static_cast<unsigned long long>(charge), broken);
    return seen == 80 * 64 + 32 && broken == 19 ? 0 : 1;
} catch (const sluice::error &fault) {
    std::fprintf(stderr, "claims: %s\n", fault.what());
    return 1;
}
