// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/buffer_end.hpp - options on their way to sluice.h, and the end of a buffer that nobody closed.
#ifndef SLUICE_CPP_BUFFER_END_HPP
#define SLUICE_CPP_BUFFER_END_HPP

#include "handle.hpp"
#include "layout.hpp"
#include "options.hpp"

#include <atomic>

namespace sluice
{

// Told of packets that nothing took before their buffer ended: why, in a sentence, and how many are gone. 0: all of them stay in
// a ring that outlives its buffer.
using loss_handler = void (*)(const char *text, std::uint64_t packets) noexcept;

namespace detail
{

inline std::atomic<loss_handler> loss{nullptr};

inline void tell_loss(void *, const sluice_loss *told) noexcept
{
    if (const loss_handler handler = loss.load(); handler != nullptr) {
        handler(told->text, told->packets);
    }
}

// Ends a buffer for good. TIMEOUT: something that it called is still running.
inline std::int32_t end_buffer(sluice_buffer *raw) noexcept
{
    return sluice_buffer_abandon(raw, nullptr);
}

inline sluice_buffer_options raw_options(const buffer_options &options) noexcept
{
    sluice_buffer_options raw{};
    raw.struct_size = sizeof raw;
    raw.kind = static_cast<std::uint32_t>(options.kind);
    raw.shape = static_cast<std::uint32_t>(options.shape);
    raw.stride = options.stride;
    raw.producers = static_cast<std::uint32_t>(options.producers);
    raw.full_policy = static_cast<std::uint32_t>(options.full_policy);
    raw.flags = flag(options.huge_pages, SLUICE_BUFFER_HUGE_PAGES) | flag(options.locked, SLUICE_BUFFER_LOCKED) |
                flag(options.checksums, SLUICE_BUFFER_CHECKSUMS) | static_cast<std::uint32_t>(options.access) |
                flag(options.any_owner, SLUICE_BUFFER_ANY_OWNER) | flag(options.adopt, SLUICE_BUFFER_ADOPT);
    raw.attach = static_cast<std::uint32_t>(options.attach);
    raw.capacity = options.capacity;
    raw.block_timeout_ns = options.block_timeout.count();
    raw.memory_limit = options.memory_limit;
    raw.spill_limit = options.spill_limit;
    raw.spill_directory = or_null(options.spill_directory);
    raw.name = or_null(options.name);
    raw.file = or_null(options.file);
    raw.layout = options.layout == nullptr ? nullptr : options.layout->get();
    raw.release_packets = options.release_packets;
    raw.release_bytes = options.release_bytes;
    raw.release_after_ns = options.release_after.count();
    raw.release_combine = static_cast<std::uint32_t>(options.combine);
    raw.release_clock = static_cast<std::uint32_t>(options.release_clock);
    raw.wait = static_cast<std::uint32_t>(options.wait);
    return raw;
}

inline sluice_text_options raw_options(const text_options &options) noexcept
{
    sluice_text_options raw{};
    raw.struct_size = sizeof raw;
    raw.durability = static_cast<std::uint32_t>(options.durability);
    raw.path = options.path.c_str();
    raw.separator = options.separator;
    raw.line_end = options.line_end;
    raw.header = options.header;
    raw.layout_header = options.layout_header ? 1 : 0;
    raw.style = static_cast<std::uint32_t>(options.style);
    raw.comment = options.comment;
    raw.layout = options.layout == nullptr ? nullptr : options.layout->get();
    raw.rotate_bytes = options.rotate_bytes;
    raw.header_bytes = options.header_bytes;
    raw.line_end_bytes = options.line_end_bytes;
    return raw;
}

} // namespace detail

// Sets what is told of losses, of every buffer of the process, and returns what was; null, as at the start: a line on standard
// error tells. Buffers that end by close() without a sink or by a destructor, and those that exit() ends.
inline loss_handler on_loss(loss_handler handler) noexcept
{
    const loss_handler before = detail::loss.exchange(handler);
    static_cast<void>(status(sluice_on_loss(handler == nullptr ? nullptr : detail::tell_loss, nullptr)));
    return before;
}

} // namespace sluice

#endif
