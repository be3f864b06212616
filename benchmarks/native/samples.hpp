// SPDX-License-Identifier: Apache-2.0
//
// Packets that become text: numbers as instruments give them, of every magnitude.
#ifndef SLUICE_BENCHMARKS_SAMPLES_HPP
#define SLUICE_BENCHMARKS_SAMPLES_HPP

#define FMT_HEADER_ONLY
#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <type_traits>

namespace bench
{

struct [[gnu::packed]] sample {
    std::uint64_t sequence;
    std::uint32_t count;
    std::int32_t delta;
    float reading;
    double value;
};

struct [[gnu::packed]] event {
    std::uint8_t pin;
    std::uint8_t edge;
    std::uint32_t microseconds;
    std::uint16_t adc;
};

// A number of any magnitude that the type has, each as likely as another.
template <typename T> T any_magnitude(std::mt19937_64 &random)
{
    constexpr unsigned bits = sizeof(T) * 8 - (std::is_signed_v<T> ? 1 : 0);
    std::uint64_t value = random() >> (64 - bits + random() % bits);
    return static_cast<T>(std::is_signed_v<T> && (random() & 1) != 0 ? 0 - value : value);
}

// A reading in -1000 to 1000. Whole numbers and tiny ones are left out: there the peers have other layouts (5 and 5.0, 1e-04).
template <typename T> T any_reading(std::mt19937_64 &random)
{
    T value;
    do {
        value = static_cast<T>(std::uniform_real_distribution<double>(-1000, 1000)(random));
    } while (value == std::floor(value) || std::abs(value) < 0.01);
    return value;
}

inline sample make(std::mt19937_64 &random, const sample *)
{
    return {any_magnitude<std::uint64_t>(random), any_magnitude<std::uint32_t>(random),
            any_magnitude<std::int32_t>(random), any_reading<float>(random), any_reading<double>(random)};
}

inline event make(std::mt19937_64 &random, const event *)
{
    return {static_cast<std::uint8_t>(random() % 32), static_cast<std::uint8_t>(random() % 2),
            any_magnitude<std::uint32_t>(random), static_cast<std::uint16_t>(random() % 4096)};
}

// The line of a sample by {fmt}, which the engine writes for the layout.
constexpr const char *sample_layout = "<sequence:Q; count:I; delta:i; reading:f; value:d";

inline char *format_sample(const sample &s, char *to)
{
    return fmt::format_to(to, FMT_COMPILE("{},{},{},{},{}\n"), std::uint64_t{s.sequence}, std::uint32_t{s.count},
                          std::int32_t{s.delta}, float{s.reading}, double{s.value});
}

} // namespace bench

#endif
