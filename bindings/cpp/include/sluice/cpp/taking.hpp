// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/taking.hpp - the calls of a buffer by which a host takes packets out by hand, and looks how many there are.
#ifndef SLUICE_CPP_TAKING_HPP
#define SLUICE_CPP_TAKING_HPP

#include "callbacks.hpp"
#include "handle.hpp"
#include "view.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace sluice
{
namespace detail
{

// Throws unless done; the text of a sink's fault has what its callable threw.
inline void all(status code)
{
    if (!code.ok()) {
        raise(code, code.fault() || code == SLUICE_TIMEOUT ? last_error() : std::string());
    }
}

// The same where "not now" is an answer: false.
inline bool something(status code)
{
    if (code.fault()) {
        all(code);
    }
    return code.ok();
}

// What a call tells of a buffer in a number.
template <class T> T number(sluice_buffer *of, std::int32_t (*read)(sluice_buffer *, T *))
{
    T value{};
    done(read(of, &value));
    return value;
}

// `Self` has get(), the handle.
template <class Self> class taking
{
public:
    // The oldest packet. *result is its size. WOULD_BLOCK: none is there. E_SIZE: it is larger than capacity, and stays.
    result<std::size_t> try_pop(void *packet, std::size_t capacity) noexcept
    {
        std::size_t bytes = 0;
        const status code = sluice_buffer_pop(raw(), packet, capacity, &bytes);
        return {code, bytes};
    }
    template <class T> result<T> try_pop() noexcept
    {
        require_packet<T>();
        T packet{};
        const auto bytes = try_pop(&packet, sizeof packet);
        return {bytes && *bytes != sizeof packet ? status(SLUICE_E_SIZE) : bytes.status(), packet};
    }

    // The oldest packet, or nothing when none is there.
    template <class T> std::optional<T> pop()
    {
        const auto packet = try_pop<T>();
        return something(packet.status()) ? std::optional<T>(*packet) : std::nullopt;
    }
    std::optional<std::vector<std::byte>> pop()
    {
        std::vector<std::byte> packet(256);
        for (;;) {
            const auto bytes = try_pop(packet.data(), packet.size());
            const bool more = bytes.status() == SLUICE_E_SIZE && *bytes > packet.size();
            if (!more && !something(bytes.status())) {
                return std::nullopt;
            }
            packet.resize(*bytes);
            if (!more) {
                return packet;
            }
        }
    }

    // Shows the stored packets, oldest first, run by run, at most max_bytes (0: all), to `look`, void(const batch &), without
    // taking them. It runs on this thread under the buffer's lock; what it throws comes out. Returns false when none is there.
    template <class Look> bool peek(Look &&look, std::size_t max_bytes = 0)
    {
        return something(peeked(look, max_bytes, true));
    }
    template <class Look> status try_peek(Look &&look, std::size_t max_bytes = 0) noexcept
    {
        return peeked(look, max_bytes, false);
    }

    // Takes the oldest packets, all of type T, out into memory. *result: how many. WOULD_BLOCK: none is there.
    template <class T> result<std::size_t> try_pop_many(T *packets, std::size_t count) noexcept
    {
        require_packet<T>();
        std::uint64_t done = 0;
        const status code = sluice_buffer_pop_many(raw(), packets, count * sizeof(T), &done);
        return {code, done};
    }
    // At most `most` of them.
    template <class T> std::vector<T> pop_many(std::size_t most)
    {
        std::vector<T> packets(std::min<std::size_t>(most, size()));
        if (!packets.empty()) {
            const auto done = try_pop_many(packets.data(), packets.size());
            packets.resize(something(done.status()) ? *done : 0);
        }
        return packets;
    }

    // Takes the oldest packets out, at most `most`: each run is shown to `accept`, void(const batch &), in place and under
    // the buffer's lock, and given up when that returns; a run that it throws at stays. `most` 0: all that are stored, which
    // counts as a release. Returns how many went.
    template <class Accept> std::uint64_t take(Accept &&accept, std::uint64_t most = 0)
    {
        std::uint64_t went = 0;
        static_cast<void>(something(taken(accept, most, true, went)));
        return went;
    }
    // The same; *result is how many went before the status.
    template <class Accept> result<std::uint64_t> try_take(Accept &&accept, std::uint64_t most = 0) noexcept
    {
        std::uint64_t went = 0;
        const status code = taken(accept, most, false, went);
        return {code, went};
    }

    std::uint64_t size() const { return number<std::uint64_t>(raw(), sluice_buffer_size); } // packets stored
    std::uint32_t stride() const { return number<std::uint32_t>(raw(), sluice_buffer_stride); } // bytes of a packet; 0: any size

    // The description of its layout, its own or that of the ring it attached to; empty: none.
    std::string layout_text() const
    {
        std::string text;
        no_fault(read_text(
            text, [this](char *to, std::size_t room, std::size_t *length) { return sluice_buffer_layout(raw(), to, room, length); }));
        return text;
    }
    bool empty() const { return size() == 0; }
    void clear() { done(sluice_buffer_clear(raw())); } // counted as cleared

private:
    template <class Look> status peeked(Look &look, std::size_t max_bytes, bool rethrow)
    {
        return show(look, rethrow, [&](sluice_batch_fn function, void *user) {
            return sluice_buffer_peek(raw(), max_bytes, function, user);
        });
    }
    template <class Accept> status taken(Accept &accept, std::uint64_t most, bool rethrow, std::uint64_t &went)
    {
        return show(accept, rethrow, [&](sluice_batch_fn function, void *user) {
            return sluice_buffer_take(raw(), most, function, user, &went);
        });
    }
    sluice_buffer *raw() const noexcept { return static_cast<const Self *>(this)->get(); }
};

} // namespace detail
} // namespace sluice

#endif
