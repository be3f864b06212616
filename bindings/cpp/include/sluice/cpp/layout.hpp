// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/layout.hpp - what is in a packet; the grammar is in docs/packet-layout.md.
#ifndef SLUICE_CPP_LAYOUT_HPP
#define SLUICE_CPP_LAYOUT_HPP

#include "handle.hpp"
#include "view.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace sluice
{

// A field of a layout, or a range of bits as a field of its own.
struct field_info {
    std::string name;
    char type = 0;            // as in Python's struct
    std::uint32_t offset = 0; // bytes from the start of the packet
    std::uint32_t size = 0;   // bytes, of all elements
    std::uint32_t count = 0;  // elements
    std::uint32_t bit = 0;    // lowest bit of a range of bits
    std::uint32_t bits = 0;   // bits of it; 0: the whole field
    std::string unit{};       // empty: none
    std::string format{};     // as "%.3f"; empty: the default of the type; "-": hidden in text
};

// A packet layout. Any thread may use one; a buffer or formatter made with it keeps what it needs.
class layout
{
public:
    layout() noexcept = default;

    // From a description, "> header:B=0xA1; pin:B; time:I*1e-6 [s] %.6f", or the name of one that ships. E_LAYOUT: the text
    // points at the character.
    explicit layout(const std::string &description)
    {
        sluice_layout *raw = nullptr;
        detail::done(sluice_layout_create(description.c_str(), &raw));
        handle_.reset(raw);
    }
    static result<layout> try_create(const char *description) noexcept
    {
        result<layout> made(SLUICE_OK);
        sluice_layout *raw = nullptr;
        made = {sluice_layout_create(description, &raw), layout()};
        (*made).handle_.reset(raw);
        return made;
    }

    std::uint32_t size() const // bytes of a packet
    {
        std::uint32_t bytes = 0;
        detail::done(sluice_layout_size(get(), &bytes));
        return bytes;
    }

    result<std::uint32_t> try_size() const noexcept
    {
        std::uint32_t bytes = 0;
        const status code = sluice_layout_size(get(), &bytes);
        return {code, bytes};
    }

    // The canonical description, which makes an equal layout.
    std::string description() const { return text_of(sluice_layout_describe); }

    // The NumPy dtype as JSON.
    std::string numpy() const { return text_of(sluice_layout_numpy); }

    // Padding not counted, ranges of bits each as a field.
    std::vector<field_info> fields() const
    {
        std::uint32_t count = 0;
        detail::done(sluice_layout_fields(get(), &count));
        std::vector<field_info> all(count);
        for (std::uint32_t i = 0; i < count; i++) {
            sluice_field raw{};
            raw.struct_size = sizeof raw;
            detail::done(sluice_layout_field(get(), i, &raw));
            all[i] = {text_of(i, SLUICE_FIELD_NAME), raw.type, raw.offset, raw.size, raw.count, raw.bit, raw.bits,
                      text_of(i, SLUICE_FIELD_UNIT), text_of(i, SLUICE_FIELD_FORMAT)};
        }
        return all;
    }

    // Throws E_CONSTANT, with the packet, the field and both values, unless all constants hold; E_SIZE for a part of a packet.
    void check(const void *packets, std::size_t bytes) const
    {
        detail::done(sluice_layout_check(get(), packets, bytes, nullptr));
    }

    // *result is the index of the first bad packet after E_CONSTANT.
    result<std::uint64_t> try_check(const void *packets, std::size_t bytes) const noexcept
    {
        std::uint64_t bad = 0;
        const status code = sluice_layout_check(get(), packets, bytes, &bad);
        return {code, bad};
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    sluice_layout *get() const noexcept { return handle_.get(); } // for sluice.h; stays owned

private:
    using reader = std::int32_t (*)(const sluice_layout *, char *, std::size_t, std::size_t *);
    std::string text_of(reader read) const
    {
        std::string text;
        detail::done(detail::read_text(text, [&](char *to, std::size_t room, std::size_t *length) {
            return read(get(), to, room, length);
        }));
        return text;
    }

    // Of a field, whole; the struct cuts it.
    std::string text_of(std::uint32_t index, std::uint32_t what) const
    {
        std::string text;
        detail::done(detail::read_text(text, [&](char *to, std::size_t room, std::size_t *length) {
            return sluice_layout_field_text(get(), index, what, to, room, length);
        }));
        return text;
    }

    detail::handle<sluice_layout, sluice_layout_destroy> handle_;
};

} // namespace sluice

#endif
