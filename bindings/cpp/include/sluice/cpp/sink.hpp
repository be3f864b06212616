// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/sink.hpp - a look at where packets go.
#ifndef SLUICE_CPP_SINK_HPP
#define SLUICE_CPP_SINK_HPP

#include "handle.hpp"

#include <cstddef>
#include <vector>

namespace sluice
{

struct sink_info {
    status last{};             // of its last write or flush
    std::uint64_t packets = 0; // accepted
    std::uint64_t bytes = 0;   // written
    std::uint64_t errors = 0;  // faults
    std::string last_error{};
};

// A sink of a buffer. It ends with the buffer or its disconnect; then its calls answer E_HANDLE. Any thread may use it.
class sink
{
public:
    sink() noexcept = default;
    explicit sink(sluice_sink *raw) noexcept : raw_(raw) {}

    sink_info info() const
    {
        sluice_sink_info raw{};
        raw.struct_size = sizeof raw;
        detail::done(sluice_sink_get_info(raw_, &raw));
        std::string text; // whole; the struct cuts it
        detail::done(detail::read_text(text, [&](char *to, std::size_t room, std::size_t *length) {
            return sluice_sink_last_error(raw_, to, room, length);
        }));
        return {raw.last_status, raw.packets, raw.bytes, raw.errors, std::move(text)};
    }

    explicit operator bool() const noexcept { return raw_ != nullptr; }
    sluice_sink *get() const noexcept { return raw_; }

private:
    sluice_sink *raw_ = nullptr;
};

// Keeps released bytes until they are taken.
class memory_sink : public sink
{
public:
    using sink::sink;

    // Up to `capacity` bytes; *result tells how many.
    result<std::size_t> try_take(void *memory, std::size_t capacity) const noexcept
    {
        std::size_t bytes = 0;
        const status code = sluice_sink_take(get(), memory, capacity, &bytes);
        return {code, bytes};
    }

    // Everything that is there.
    std::vector<std::byte> take() const
    {
        std::vector<std::byte> all;
        for (std::size_t step = 4096;; step *= 2) {
            const std::size_t before = all.size();
            all.resize(before + step);
            const auto taken = try_take(all.data() + before, step);
            all.resize(before + *taken);
            if (!taken && taken.status().fault()) {
                detail::done(taken.status());
            }
            if (*taken < step) {
                return all;
            }
        }
    }
};

} // namespace sluice

#endif
