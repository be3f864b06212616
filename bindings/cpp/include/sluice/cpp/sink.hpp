// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/sink.hpp - a look at where packets go.
#ifndef SLUICE_CPP_SINK_HPP
#define SLUICE_CPP_SINK_HPP

#include "handle.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
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

namespace detail
{

inline status read_info(sluice_sink *sink, sink_info &info)
{
    sluice_sink_info raw{};
    raw.struct_size = sizeof raw;
    const status code = sluice_sink_get_info(sink, &raw);
    if (code.ok()) {
        info = {raw.last_status, raw.packets, raw.bytes, raw.errors, {}};
        return read_text(info.last_error, [&](char *to, std::size_t room, std::size_t *length) {
            return sluice_sink_last_error(sink, to, room, length); // whole; the struct cuts it
        });
    }
    return code;
}

// What is left of a sink of the engine when it has ended: its final numbers.
class sink_state
{
public:
    void begin(sluice_sink *raw) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        raw_ = raw;
    }

    // Whether `raw` is this sink, which ends: its numbers are taken.
    bool end(sluice_sink *raw) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (raw != raw_) {
            return false;
        }
        ended_ = guarded([&] { return read_info(raw, final_); }, SLUICE_E_MEMORY).ok();
        return true;
    }

    status info(sink_info &numbers) const
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (ended_) {
            numbers = final_;
            return SLUICE_OK;
        }
        return read_info(raw_, numbers);
    }

    sluice_sink *raw() const noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        return raw_;
    }

private:
    mutable std::mutex mutex_;
    sluice_sink *raw_ = nullptr;
    bool ended_ = false;
    sink_info final_{};
};

} // namespace detail

// A sink of a buffer; copies are of the same one. It ends with the buffer, its disconnect or remove_sink: info() is then what it
// was at last, its other calls answer E_HANDLE. Any thread may use it.
class sink
{
public:
    sink() noexcept = default;
    explicit sink(sluice_sink *raw) noexcept : raw_(raw) {} // one of sluice.h: nothing is left of it at its end
    explicit sink(std::shared_ptr<const detail::sink_state> state) noexcept : state_(std::move(state)) {}

    sink_info info() const
    {
        sink_info numbers;
        detail::done(state_ ? state_->info(numbers) : detail::read_info(raw_, numbers));
        return numbers;
    }

    explicit operator bool() const noexcept { return get() != nullptr; }
    sluice_sink *get() const noexcept { return state_ ? state_->raw() : raw_; }

private:
    sluice_sink *raw_ = nullptr;
    std::shared_ptr<const detail::sink_state> state_{};
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
