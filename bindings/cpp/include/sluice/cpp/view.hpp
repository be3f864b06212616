// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/view.hpp - packets seen in place: view, packet, batch. They own nothing and are valid as long as what they show:
// in a callback until it returns, from a consumer until the release.
#ifndef SLUICE_CPP_VIEW_HPP
#define SLUICE_CPP_VIEW_HPP

#include <sluice/ring.h>
#include "error.hpp"

#include <cstddef>
#include <cstring>
#include <iterator>
#include <string_view>
#include <type_traits>

#if __cplusplus >= 202002L
#include <ranges>
#include <span>
#endif

namespace sluice
{

class packet;
class batch;

// Consecutive objects: a range that std::span can be made of.
template <class T> class view
{
public:
    using value_type = std::remove_cv_t<T>;
    using iterator = T *;
    using const_iterator = T *;

    constexpr view() noexcept = default;
    constexpr view(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }
    constexpr T &front() const noexcept { return data_[0]; }
    constexpr T &back() const noexcept { return data_[size_ - 1]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail
{

// Types that look like packets and only point at bytes elsewhere.
template <class T> inline constexpr bool points_elsewhere = std::is_pointer_v<T> || std::is_member_pointer_v<T>;
template <class C, class Traits> inline constexpr bool points_elsewhere<std::basic_string_view<C, Traits>> = true;
template <class T> inline constexpr bool points_elsewhere<view<T>> = true;
template <> inline constexpr bool points_elsewhere<packet> = true;
template <> inline constexpr bool points_elsewhere<batch> = true;
#if __cplusplus >= 202002L
template <class T, std::size_t N> inline constexpr bool points_elsewhere<std::span<T, N>> = true;
#endif

// What may stand in a packet: objects that are their bytes.
template <class T> constexpr void require_packet() noexcept
{
    static_assert(std::is_trivially_copyable_v<T>, "a packet is copied byte by byte: its type must be trivially copyable");
    static_assert(!points_elsewhere<T>, "the bytes of a packet are meant, not what points at them: give data and size");
    static_assert(!std::is_const_v<T> && !std::is_volatile_v<T>, "the type of a packet is named without const and volatile");
}

template <class T> bool aligned(const void *memory) noexcept
{
    return reinterpret_cast<std::uintptr_t>(memory) % alignof(T) == 0;
}

} // namespace detail

// One packet or record.
class packet
{
public:
    packet() noexcept = default;
    packet(const void *data, std::size_t size, std::uint16_t type = 0) noexcept
        : data_(static_cast<const std::byte *>(data)), size_(size), type_(type)
    {
    }

    const std::byte *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    std::uint16_t type() const noexcept { return type_; } // the host's, of a framed record; 0 of a fixed stride
    view<const std::byte> bytes() const noexcept { return {data_, size_}; }
    std::string_view text() const noexcept { return {reinterpret_cast<const char *>(data_), size_}; }

    // A copy as T, which must have the packet's size: E_SIZE if not.
    template <class T> T as() const
    {
        auto copy = try_as<T>();
        if (!copy) {
            detail::raise(copy.status(), detail::joined("a packet of ", size_, " bytes is no object of ", sizeof(T), " bytes"));
        }
        return *copy;
    }
    template <class T> result<T> try_as() const noexcept
    {
        detail::require_packet<T>();
        result<T> copy(size_ == sizeof(T) ? SLUICE_OK : SLUICE_E_SIZE);
        if (copy) {
            std::memcpy(&*copy, data_, sizeof(T));
        }
        return copy;
    }

private:
    const std::byte *data_ = nullptr;
    std::size_t size_ = 0;
    std::uint16_t type_ = 0;
};

// A run of packets, as they lie in the buffer: a forward range of packet, or of const T for a stride of sizeof(T).
//   for (const event &one : batch.as<event>()) ...      for (sluice::packet record : batch) ...
class batch
{
public:
    class iterator
    {
    public:
        using iterator_category = std::input_iterator_tag; // a packet is made on the way
#if __cplusplus >= 202002L
        using iterator_concept = std::forward_iterator_tag;
#endif
        using value_type = packet;
        using difference_type = std::ptrdiff_t;
        using pointer = const packet *;
        using reference = packet;

        iterator() noexcept = default;

        packet operator*() const noexcept { return packet_; }
        pointer operator->() const noexcept { return &packet_; }
        iterator &operator++() noexcept
        {
            begin_ = next_;
            step();
            return *this;
        }
        iterator operator++(int) noexcept
        {
            iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator &left, const iterator &right) noexcept { return left.begin_ == right.begin_; }
        friend bool operator!=(const iterator &left, const iterator &right) noexcept { return left.begin_ != right.begin_; }

    private:
        friend class batch;
        iterator(const sluice_batch &raw, std::uint64_t begin) noexcept : raw_(raw), begin_(begin), next_(begin) { step(); }

        void step() noexcept
        {
            const void *data = nullptr;
            std::uint32_t bytes = 0;
            std::uint16_t type = 0;
            if (sluice_batch_next(&raw_, &next_, &data, &bytes, &type) != 0) {
                packet_ = packet(data, bytes, type);
            } else {
                begin_ = raw_.bytes; // behind the last one, aborted records included
            }
        }

        sluice_batch raw_{};
        packet packet_;
        std::uint64_t begin_ = 0;
        std::uint64_t next_ = 0;
    };
    using value_type = packet;
    using const_iterator = iterator;

    batch() noexcept = default;
    explicit batch(const sluice_batch &raw) noexcept : raw_(raw) {}

    std::uint64_t packets() const noexcept { return raw_.packets; }
    std::uint64_t bytes() const noexcept { return raw_.bytes; }
    std::uint32_t stride() const noexcept { return raw_.stride; } // 0: framed
    bool empty() const noexcept { return raw_.packets == 0; }
    const sluice_batch &raw() const noexcept { return raw_; }

    // Everything in one run: the packets of a fixed stride; of framed records their headers too.
    view<const std::byte> memory() const noexcept
    {
        return {reinterpret_cast<const std::byte *>(raw_.data), static_cast<std::size_t>(raw_.bytes)};
    }

    iterator begin() const noexcept { return iterator(raw_, 0); }
    iterator end() const noexcept { return iterator(raw_, raw_.bytes); }

    // The packets in place. E_SIZE: their stride is not sizeof(T), or they are framed. E_INVALID: T wants a larger alignment.
    template <class T> view<const T> as() const
    {
        auto packets = try_as<T>();
        if (!packets) {
            detail::raise(packets.status(), detail::joined("packets of ", raw_.stride, " bytes are no objects of ", sizeof(T),
                                                           " bytes at multiples of ", alignof(T)));
        }
        return *packets;
    }
    template <class T> result<view<const T>> try_as() const noexcept
    {
        detail::require_packet<T>();
        if (raw_.bytes == 0) {
            return {SLUICE_OK, view<const T>()};
        }
        if (raw_.stride != sizeof(T)) {
            return {SLUICE_E_SIZE};
        }
        if (!detail::aligned<T>(raw_.data)) {
            return {SLUICE_E_INVALID};
        }
        return {SLUICE_OK, view<const T>(reinterpret_cast<const T *>(raw_.data), static_cast<std::size_t>(raw_.packets))};
    }

private:
    sluice_batch raw_{};
};

} // namespace sluice

#if __cplusplus >= 202002L
template <class T> inline constexpr bool std::ranges::enable_borrowed_range<sluice::view<T>> = true;
template <class T> inline constexpr bool std::ranges::enable_view<sluice::view<T>> = true;
template <> inline constexpr bool std::ranges::enable_borrowed_range<sluice::batch> = true;
#endif

#endif
