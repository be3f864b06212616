// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/putting.hpp - the calls that copy packets in, which buffers and producers share.
#ifndef SLUICE_CPP_PUTTING_HPP
#define SLUICE_CPP_PUTTING_HPP

#include "view.hpp"

#include <iterator>

namespace sluice
{
namespace detail
{

// `Self` has put_bytes, put_run and put_framed, which answer a status, and fault_text for what they answered.
template <class Self> class putting
{
public:
    // Copies one packet of the stride in. OK: it is stored. WOULD_BLOCK, TIMEOUT, DROPPED: what the full policy answers where there is no room. E_SIZE,
    // E_CONSTANT: it is not taken.
    status try_put(const void *packet, std::size_t bytes) noexcept { return self().put_bytes(packet, bytes); }
    template <class T> status try_put(const T &packet) noexcept
    {
        require_packet<T>();
        return self().put_bytes(&packet, sizeof packet);
    }

    // Returns true when the packet is stored, false when it was dropped as the full policy says, and counted. Throws when it
    // is not taken, WOULD_BLOCK and TIMEOUT included.
    bool put(const void *packet, std::size_t bytes) { return stored(self().put_bytes(packet, bytes), bytes); }
    template <class T> bool put(const T &packet)
    {
        require_packet<T>();
        return stored(self().put_bytes(&packet, sizeof packet), sizeof packet);
    }

    // Copies packets of the stride in. *result is how many were stored, whatever the status: that of the first one not taken.
    result<std::uint64_t> try_put_many(const void *packets, std::size_t bytes) noexcept
    {
        std::uint64_t count = 0;
        const status code = self().put_run(packets, bytes, &count);
        return {code, count};
    }
    template <class Range> result<std::uint64_t> try_put_many(const Range &packets) noexcept
    {
        return try_put_many(std::data(packets), range_bytes(packets));
    }

    // Returns how many were stored; fewer than given where there was no room for more. Throws on faults, with error::stored().
    std::uint64_t put_many(const void *packets, std::size_t bytes)
    {
        const auto count = try_put_many(packets, bytes);
        if (count.status().fault()) {
            raise(count.status(), joined(self().fault_text(bytes), "; ", *count, " packets were stored"), *count);
        }
        return *count;
    }
    template <class Range> std::uint64_t put_many(const Range &packets)
    {
        return put_many(std::data(packets), range_bytes(packets));
    }

    // Framed: copies one record of any size in, with the host's type.
    status try_put_record(const void *payload, std::size_t bytes, std::uint16_t type = 0) noexcept
    {
        return self().put_framed(payload, bytes, type);
    }
    bool put_record(const void *payload, std::size_t bytes, std::uint16_t type = 0)
    {
        return stored(self().put_framed(payload, bytes, type), bytes);
    }

    // The same for the characters of a text.
    status try_put_text(std::string_view text, std::uint16_t type = 0) noexcept
    {
        return self().put_framed(text.data(), text.size(), type);
    }
    bool put_text(std::string_view text, std::uint16_t type = 0) { return put_record(text.data(), text.size(), type); }

protected:
    putting() noexcept = default;
    ~putting() = default;

private:
    Self &self() noexcept { return static_cast<Self &>(*this); }

    template <class Range> static std::size_t range_bytes(const Range &packets) noexcept
    {
        using element = std::remove_cv_t<std::remove_pointer_t<decltype(std::data(packets))>>;
        require_packet<element>();
        return std::size(packets) * sizeof(element);
    }

    bool stored(status code, std::size_t bytes)
    {
        if (!code.ok() && code != SLUICE_DROPPED) {
            raise(code, code.fault() ? self().fault_text(bytes) : std::string());
        }
        return code.ok();
    }
};

} // namespace detail
} // namespace sluice

#endif
