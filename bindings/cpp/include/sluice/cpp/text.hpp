// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/text.hpp - packets as text in memory: formatter, hex.
#ifndef SLUICE_CPP_TEXT_HPP
#define SLUICE_CPP_TEXT_HPP

#include "layout.hpp"
#include "options.hpp"

#include <algorithm>
#include <string>

namespace sluice
{

// How far a formatter came.
struct formatted {
    std::size_t consumed = 0; // bytes of packets
    std::size_t written = 0;  // bytes of text
};

// A compiled layout that makes lines of text; any number of threads may use one at a time. The layout may end before it.
class formatter
{
public:
    formatter() noexcept = default;
    explicit formatter(const layout &packets, const formatter_options &options = {})
        : formatter(try_create(packets, options))
    {
    }
    static result<formatter> try_create(const layout &packets, const formatter_options &options = {}) noexcept
    {
        sluice_formatter_options raw{};
        raw.struct_size = sizeof raw;
        raw.style = static_cast<std::uint32_t>(options.style);
        raw.separator = options.separator;
        raw.line_end = options.line_end;
        raw.comment = options.comment;
        raw.line_end_bytes = options.line_end_bytes;
        sluice_formatter *made = nullptr;
        const status code = sluice_formatter_create(packets.get(), &raw, &made);
        formatter owner;
        owner.packet_bytes_ = *packets.try_size();
        owner.handle_.reset(made);
        return {code, std::move(owner)};
    }

    // The lines of all whole packets in `bytes`.
    std::string format(const void *packets, std::size_t bytes) const
    {
        std::string text;
        format_to(text, packets, bytes);
        return text;
    }
    std::string format(const batch &packets) const { return format(packets.memory().data(), packets.memory().size()); }
    template <class T> std::string format(const T &one) const
    {
        detail::require_packet<T>();
        return format(&one, sizeof one);
    }

    // The same, behind what is in `text`. Returns the bytes of packets it took; a part of a packet at the end is left.
    std::size_t format_to(std::string &text, const void *packets, std::size_t bytes) const
    {
        const auto *from = static_cast<const std::byte *>(packets);
        std::size_t taken = 0, end = text.size();
        for (std::size_t room = std::max<std::size_t>(256, 2 * bytes);;) {
            text.resize(end + room);
            const auto step = try_format(from + taken, bytes - taken, &text[end], room);
            if (step.status().fault() && step.status() != SLUICE_E_SIZE) {
                text.resize(end);
                detail::done(step.status());
            }
            taken += step->consumed;
            end += step->written;
            if (step && bytes - taken < std::max<std::size_t>(packet_bytes_, 1)) {
                text.resize(end);
                return taken;
            }
            room *= step ? 1 : 2; // E_SIZE: not one line fitted
        }
    }

    // Into memory of the host, as many whole lines as fit. E_SIZE: not even one.
    result<formatted> try_format(const void *packets, std::size_t bytes, char *text, std::size_t capacity) const noexcept
    {
        formatted step;
        const status code = sluice_formatter_format(get(), packets, bytes, text, capacity, &step.consumed, &step.written);
        return {code, step};
    }

    // The line of field names and units; empty for JSON Lines.
    std::string header() const
    {
        std::string text;
        detail::done(detail::read_text(text, [&](char *to, std::size_t room, std::size_t *length) {
            return sluice_formatter_header(get(), to, room, length);
        }));
        return text;
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    sluice_formatter *get() const noexcept { return handle_.get(); }

private:
    explicit formatter(result<formatter> &&made)
    {
        detail::done(made.status());
        *this = std::move(*made);
    }

    detail::handle<sluice_formatter, sluice_formatter_destroy> handle_;
    std::size_t packet_bytes_ = 0;
};

// Bytes as hexadecimal text into memory of the host. *result is the length; after E_SIZE the room it takes.
inline result<std::size_t> try_hex(const void *data, std::size_t bytes, char *text, std::size_t capacity,
                                   const hex_options &options = {}) noexcept
{
    sluice_hex_options raw{};
    raw.struct_size = sizeof raw;
    raw.style = static_cast<std::uint32_t>(options.style);
    raw.upper = options.upper ? 1 : 0;
    raw.separator = static_cast<unsigned char>(options.separator);
    raw.first_offset = options.first_offset;
    std::size_t length = 0;
    const status code = sluice_hex_encode(data, bytes, &raw, text, capacity, &length);
    return {code, length};
}

// The same as a string: 48656c6c6f, 48 65 6c 6c 6f, or a dump as xxd writes it.
inline std::string hex(const void *data, std::size_t bytes, const hex_options &options = {})
{
    const auto length = try_hex(data, bytes, nullptr, 0, options);
    detail::done(length.status());
    std::string text(*length, '\0');
    if (!text.empty()) {
        detail::done(try_hex(data, bytes, &text[0], text.size(), options).status());
    }
    return text;
}
inline std::string hex(std::string_view bytes, const hex_options &options = {})
{
    return hex(bytes.data(), bytes.size(), options);
}

} // namespace sluice

#endif
