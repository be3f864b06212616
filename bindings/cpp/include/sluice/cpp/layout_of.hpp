// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/layout_of.hpp - the layout of a struct, told without a macro and without repeating a type or an offset:
//
//   auto layout = sluice::layout_of<event>(
//       sluice::field("header", &event::header).constant(0xA1),
//       sluice::field("info", &event::info).bits(sluice::bits("pin", 0, 6), sluice::bits("edge", 7)),
//       sluice::field("time", &event::time).scale(1e-6).unit("s").format("%.6f"),
//       sluice::field("samples", &event::samples));
//
// Types come from the members: integers, bool, char, float, double, std::byte and enumerations as numbers, arrays of these
// (C's or std::array) as arrays, arrays of char as byte strings. Offsets come from the compiler, so packed structs, alignment
// and padding are right; members that are not named are padding. Fields stand in the order of memory, whatever the order of
// the arguments. The result is an ordinary layout; its description() shows what was made.
#ifndef SLUICE_CPP_LAYOUT_OF_HPP
#define SLUICE_CPP_LAYOUT_OF_HPP

#include "layout.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice
{

// Byte order of the members: the machine's, or that of a struct whose bytes came from elsewhere.
enum class byte_order : char { native = '=', little = '<', big = '>' };

namespace detail
{

inline std::string number(double value)
{
    char text[40];
    (void)std::snprintf(text, sizeof text, "%.17g", value);
    std::string out;
    bool was_point = false;
    for (const char one : std::string_view(text)) { // the host's locale has a point of its own, of any number of bytes
        const bool is_point = !((one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') || one == '+' || one == '-');
        if (!is_point || !was_point) {
            out += is_point ? '.' : one;
        }
        was_point = is_point;
    }
    return out;
}

inline std::string quoted(std::string_view bytes)
{
    std::string out = "'";
    for (const char one : bytes) {
        char text[8];
        const auto code = static_cast<unsigned>(static_cast<unsigned char>(one));
        const bool plain = code >= 0x20 && code < 0x7f && one != '\'' && one != '\\';
        (void)std::snprintf(text, sizeof text, plain ? "%c" : "\\x%02x", code);
        out += text;
    }
    return out + "'";
}

template <class T> constexpr char type_character()
{
    if constexpr (std::is_enum_v<T>) {
        return type_character<std::underlying_type_t<T>>();
    } else if constexpr (std::is_same_v<T, bool>) {
        static_assert(sizeof(bool) == 1);
        return '?';
    } else if constexpr (std::is_same_v<T, char>) {
        return 'c';
    } else if constexpr (std::is_same_v<T, float>) {
        return 'f';
    } else if constexpr (std::is_same_v<T, double>) {
        return 'd';
    } else {
        static_assert(std::is_integral_v<T> && sizeof(T) <= 8,
                      "a field is an integer, bool, char, float, double, std::byte, an enumeration, or an array of these");
        constexpr bool is_signed = std::is_signed_v<T>;
        return sizeof(T) == 1 ? (is_signed ? 'b' : 'B')
               : sizeof(T) == 2 ? (is_signed ? 'h' : 'H')
               : sizeof(T) == 4 ? (is_signed ? 'i' : 'I')
                                : (is_signed ? 'q' : 'Q');
    }
}

// The element of an array member, through arrays of arrays, and how many there are.
template <class M> struct element_of {
    using type = M;
    static constexpr std::size_t count = 1;
    static constexpr bool array = false;
};
template <class M, std::size_t N> struct element_of<M[N]> {
    using type = typename element_of<M>::type;
    static constexpr std::size_t count = N * element_of<M>::count;
    static constexpr bool array = true;
};
template <class M, std::size_t N> struct element_of<std::array<M, N>> : element_of<M[N]> {
};

// What stands behind a field or a range of bits: calibration, unit, format. Each call returns a changed copy.
template <class Self> class attributes
{
public:
    // value = raw * scale + offset
    Self scale(double factor) const
    {
        return with(&attributes::scale_, joined("*", number(factor)));
    }
    Self offset(double summand) const
    {
        const std::string text = number(summand);
        return with(&attributes::offset_, joined(text[0] == '-' ? "" : "+", text));
    }
    Self unit(const std::string &name) const { return with(&attributes::unit_, joined(" [", name, "]")); }

    // A format of C's printf, "%.3f", or %r for the shortest digits that read back.
    Self format(const std::string &text) const { return with(&attributes::format_, joined(" ", text)); }
    Self hidden() const { return format("-"); } // not in text

protected:
    std::string attribute_text() const { return scale_ + offset_ + unit_ + format_; }

private:
    Self with(std::string attributes::*part, const std::string &text) const
    {
        Self next = static_cast<const Self &>(*this);
        static_cast<attributes &>(next).*part = text;
        return next;
    }

    std::string scale_, offset_, unit_, format_;
};

} // namespace detail

// A range of bits of an integer field, bit 0 being the least significant.
class bits : public detail::attributes<bits>
{
public:
    bits(const std::string &name, unsigned first, unsigned last)
        : text_(detail::joined(name, ":", first, "-", last))
    {
    }
    bits(const std::string &name, unsigned bit) : text_(detail::joined(name, ":", bit)) {}

    // Packets that have another value there are refused.
    bits constant(std::uint64_t value) const
    {
        bits next = *this;
        next.text_ += detail::joined("=", value);
        return next;
    }

    std::string description() const { return text_ + attribute_text(); }

private:
    std::string text_;
};

namespace detail
{

// A field with its place, ready to be joined with the others.
struct placed_field {
    std::string name;
    std::string text;
    std::size_t offset;
    std::size_t bytes;
};

std::string join_fields(std::vector<placed_field> fields, std::size_t bytes, byte_order order);

template <class T, class M> std::size_t offset_of(M T::*member)
{
    alignas(T) static std::byte room[sizeof(T)]; // no T lives there: only addresses are looked at
    const auto *object = reinterpret_cast<const T *>(room);
    return static_cast<std::size_t>(reinterpret_cast<const std::byte *>(&(object->*member)) - room);
}

} // namespace detail

// A member of a struct `Of` as a field; made by sluice::field.
template <class Of, class Member> class field_of : public detail::attributes<field_of<Of, Member>>
{
    using shape = detail::element_of<std::remove_cv_t<Member>>;
    using element = std::remove_cv_t<typename shape::type>;
    static constexpr bool is_text = shape::array && std::is_same_v<element, char>;

public:
    field_of(std::string name, Member Of::*member) : name_(std::move(name)), member_(member) {}

    // Packets that have another value there are refused. For integers, bool, char and byte strings.
    template <class Value> field_of constant(const Value &value) const
    {
        field_of next = *this;
        if constexpr (std::is_same_v<element, char>) {
            if constexpr (std::is_same_v<Value, char>) {
                next.constant_ = detail::joined("=", detail::quoted({&value, 1}));
            } else {
                next.constant_ = detail::joined("=", detail::quoted(value));
            }
        } else if constexpr (std::is_enum_v<Value>) {
            next.constant_ = detail::joined("=", std::to_string(static_cast<std::underlying_type_t<Value>>(value)));
        } else {
            static_assert(std::is_integral_v<Value>, "a constant is an integer, an enumerator, a character or a byte string");
            next.constant_ = detail::joined("=", std::to_string(value));
        }
        return next;
    }

    // Names for ranges of bits of an integer.
    template <class... Ranges> field_of bits(const Ranges &...ranges) const
    {
        static_assert(std::is_integral_v<element> || std::is_enum_v<element>, "only integers have ranges of bits");
        field_of next = *this;
        const std::string texts[] = {ranges.description()...};
        for (const std::string &text : texts) {
            next.bits_ += (next.bits_.empty() ? "" : ", ") + text;
        }
        return next;
    }

    // As a field of T, which is `Of` or derived from it.
    template <class T> detail::placed_field in() const
    {
        const std::string count = shape::array ? std::to_string(shape::count) : std::string();
        constexpr char kind = is_text ? 's' : detail::type_character<element>();
        return {name_,
                detail::joined(name_, ":", count, kind, constant_, bits_.empty() ? "" : "{", bits_, bits_.empty() ? "" : "}",
                               this->attribute_text()),
                detail::offset_of<T, Member>(member_), sizeof(Member)};
    }

private:
    std::string name_;
    Member Of::*member_;
    std::string constant_, bits_;
};

// Names a member: sluice::field("pin", &event::pin).
template <class Of, class Member> field_of<Of, Member> field(std::string name, Member Of::*member)
{
    return {std::move(name), member};
}

// The layout of T. E_LAYOUT: fields overlap, or the description that came of them is wrong; the text tells.
template <class T, class... Fields> layout layout_of(byte_order order, const Fields &...fields)
{
    detail::require_packet<T>();
    layout made(detail::join_fields({fields.template in<T>()...}, sizeof(T), order));
    if (made.size() != sizeof(T)) {
        detail::raise(SLUICE_E_LAYOUT, detail::joined("the layout has ", made.size(), " bytes, the struct ", sizeof(T), ": ",
                                                      made.description()));
    }
    return made;
}
template <class T, class Of, class Member, class... Fields>
layout layout_of(const field_of<Of, Member> &first, const Fields &...others)
{
    return layout_of<T>(byte_order::native, first, others...);
}

// The same, as a result.
template <class T, class... Arguments> result<layout> try_layout_of(const Arguments &...arguments) noexcept
{
    layout made;
    const status code = detail::guarded(
        [&] {
            made = layout_of<T>(arguments...);
            return status();
        },
        SLUICE_E_LAYOUT);
    return {code, std::move(made)};
}

inline std::string detail::join_fields(std::vector<placed_field> fields, std::size_t bytes, byte_order order)
{
    std::stable_sort(fields.begin(), fields.end(),
                     [](const placed_field &left, const placed_field &right) { return left.offset < right.offset; });
    std::string text(1, static_cast<char>(order));
    std::size_t end = 0;
    const std::string *before = nullptr;
    const auto pad = [&](std::size_t to) { text += to > end ? joined(" ", to - end, "x;") : std::string(); };
    for (const placed_field &one : fields) {
        if (one.offset < end) {
            raise(SLUICE_E_LAYOUT, joined("field '", one.name, "' at byte ", one.offset, " overlaps '", *before,
                                          "', which ends before byte ", end));
        }
        pad(one.offset);
        text += joined(" ", one.text, ";");
        end = one.offset + one.bytes;
        before = &one.name;
    }
    pad(bytes);
    return text;
}

} // namespace sluice

#endif
