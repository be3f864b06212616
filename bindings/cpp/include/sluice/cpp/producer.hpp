// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/producer.hpp - the inline way in: a put is a copy and a position, a claim is filled in place.
//
//   auto producer = buffer.open_producer();                    // or ring.open_producer()
//   producer.put(event);
//   auto room = producer.claim<event>(16);                     // aborted at the end of its scope ...
//   for (event &one : room) one = next();
//   room.commit();                                             // ... unless committed
#ifndef SLUICE_CPP_PRODUCER_HPP
#define SLUICE_CPP_PRODUCER_HPP

#include "options.hpp"
#include "putting.hpp"

#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace sluice
{
namespace detail
{

// Gives a producer back to the buffer or ring that it was opened on. Names nothing of the library: rings do without.
struct producer_end {
    sluice_buffer *buffer = nullptr;
    std::int32_t (*close)(sluice_buffer *, sluice_producer *) = nullptr; // null: a ring
    sluice_ring *ring = nullptr;                                          // which outlives the producer

    void operator()(sluice_producer *raw) const noexcept
    {
        if (close == nullptr) {
            sluice_producer_close(raw);
        } else {
            static_cast<void>(status(close(buffer, raw)));
        }
        delete raw;
    }
};

// An open claim, given back at the end unless it was settled.
class open_claim
{
public:
    open_claim() noexcept = default;
    explicit open_claim(sluice_producer *owner) noexcept : owner_(owner) {}
    open_claim(open_claim &&other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    open_claim &operator=(open_claim &&other) noexcept
    {
        if (this != &other) {
            abort();
            owner_ = std::exchange(other.owner_, nullptr);
        }
        return *this;
    }
    ~open_claim() { abort(); }

    explicit operator bool() const noexcept { return owner_ != nullptr; }
    void abort() noexcept
    {
        if (sluice_producer *owner = std::exchange(owner_, nullptr); owner != nullptr) {
            sluice_producer_abort(owner);
        }
    }
    template <class Settle> status settle(Settle &&settle) noexcept
    {
        if (owner_ == nullptr) {
            return SLUICE_E_STATE;
        }
        const status code = settle(owner_);
        if (code.ok()) {
            owner_ = nullptr;
        }
        return code;
    }

private:
    sluice_producer *owner_ = nullptr;
};

} // namespace detail

// Room for packets of type T in the ring, to be filled in place: a range of T whose values are whatever was there. It ends
// before its producer. An empty one (false) is what a full buffer that drops gives.
template <class T> class claim
{
public:
    claim() noexcept = default;
    claim(claim &&other) noexcept : open_(std::move(other.open_)), room_(std::exchange(other.room_, {})) {}
    claim &operator=(claim &&other) noexcept
    {
        open_ = std::move(other.open_);
        room_ = std::exchange(other.room_, {});
        return *this;
    }

    explicit operator bool() const noexcept { return static_cast<bool>(open_); }
    T *data() const noexcept { return room_.data(); }
    std::size_t size() const noexcept { return room_.size(); }
    T *begin() const noexcept { return room_.begin(); }
    T *end() const noexcept { return room_.end(); }
    T &operator[](std::size_t index) const noexcept { return room_[index]; }
    T &operator*() const noexcept { return room_[0]; }
    T *operator->() const noexcept { return room_.data(); }

    // The first `packets` are good, the others were never there. E_SIZE: more than claimed; the claim stays open. E_STATE:
    // it was settled.
    status try_commit(std::size_t packets) noexcept
    {
        const status code = open_.settle([&](sluice_producer *owner) { return sluice_producer_commit(owner, packets); });
        if (code.ok()) {
            room_ = {};
        }
        return code;
    }
    status try_commit() noexcept { return try_commit(size()); }
    void commit(std::size_t packets)
    {
        const std::size_t claimed = size();
        if (const status code = try_commit(packets); !code.ok()) {
            detail::raise(code, detail::joined("a commit of ", packets, " packets, of a claim of ", claimed));
        }
    }
    void commit() { commit(size()); }

    // Gives all of it back.
    void abort() noexcept
    {
        open_.abort();
        room_ = {};
    }

private:
    friend class producer;
    claim(sluice_producer *owner, void *memory, std::size_t packets) noexcept
        : open_(owner), room_(static_cast<T *>(memory), packets)
    {
    }

    detail::open_claim open_;
    view<T> room_;
};

// Framed: room for the payload of a record.
class record_claim
{
public:
    record_claim() noexcept = default;
    record_claim(record_claim &&other) noexcept : open_(std::move(other.open_)), room_(std::exchange(other.room_, {})) {}
    record_claim &operator=(record_claim &&other) noexcept
    {
        open_ = std::move(other.open_);
        room_ = std::exchange(other.room_, {});
        return *this;
    }

    explicit operator bool() const noexcept { return static_cast<bool>(open_); }
    std::byte *data() const noexcept { return room_.data(); }
    std::size_t size() const noexcept { return room_.size(); }
    std::byte *begin() const noexcept { return room_.begin(); }
    std::byte *end() const noexcept { return room_.end(); }

    // The record has `bytes`, at most what was claimed, and the host's type.
    status try_commit(std::size_t bytes, std::uint16_t type = 0) noexcept
    {
        if (bytes > size()) {
            return open_ ? SLUICE_E_SIZE : SLUICE_E_STATE;
        }
        const status code = open_.settle([&](sluice_producer *owner) {
            return sluice_producer_commit_record(owner, static_cast<std::uint32_t>(bytes), type);
        });
        if (code.ok()) {
            room_ = {};
        }
        return code;
    }
    void commit(std::size_t bytes, std::uint16_t type = 0)
    {
        const std::size_t claimed = size();
        if (const status code = try_commit(bytes, type); !code.ok()) {
            detail::raise(code,
                          detail::joined("a record of ", bytes, " bytes, in a claim of ", claimed));
        }
    }
    void abort() noexcept
    {
        open_.abort();
        room_ = {};
    }

private:
    friend class producer;
    record_claim(sluice_producer *owner, void *memory, std::size_t bytes) noexcept
        : open_(owner), room_(static_cast<std::byte *>(memory), bytes)
    {
    }

    detail::open_claim open_;
    view<std::byte> room_;
};

// A producing end of a buffer or ring, for one thread at a time; it publishes, aborts an open claim and is given back when it
// ends, which is before its buffer or ring does.
class producer : public detail::putting<producer>
{
public:
    producer() noexcept = default;

    // Room for `packets` of T, whose size is the stride. E_SIZE: it is not, or the ring is smaller. E_STATE: a claim is open.
    template <class T> result<sluice::claim<T>> try_claim(std::size_t packets = 1) noexcept
    {
        detail::require_packet<T>();
        void *memory = nullptr;
        const status code = !raw_                         ? status(SLUICE_E_HANDLE)
                            : raw_->view.stride != sizeof(T) ? status(SLUICE_E_SIZE)
                                                             : status(sluice_producer_claim(raw_.get(), packets, &memory));
        if (!code.ok()) {
            return {code};
        }
        sluice::claim<T> room(raw_.get(), memory, packets);
        return detail::aligned<T>(memory) ? result<sluice::claim<T>>(SLUICE_OK, std::move(room))
                                          : result<sluice::claim<T>>(SLUICE_E_INVALID);
    }
    template <class T> sluice::claim<T> claim(std::size_t packets = 1)
    {
        return taken(try_claim<T>(packets), packets * sizeof(T));
    }

    // Framed: room for a payload of `bytes`.
    result<record_claim> try_claim_record(std::size_t bytes) noexcept
    {
        void *memory = nullptr;
        const status code =
            !raw_ ? status(SLUICE_E_HANDLE) : status(sluice_producer_claim_record(raw_.get(), narrow(bytes), &memory));
        return code.ok() ? result<record_claim>(code, record_claim(raw_.get(), memory, bytes)) : result<record_claim>(code);
    }
    record_claim claim_record(std::size_t bytes) { return taken(try_claim_record(bytes), bytes); }

    // Publish when so many bytes are committed (one producer); 0: at once. publish() shows the rest.
    void publish_every(std::uint64_t bytes) noexcept
    {
        if (raw_) {
            raw_->publish_bytes = bytes;
        }
    }
    // E_STATE, E_ENDED: the stream ended before; what was not published is not in it.
    status try_publish() noexcept { return raw_ ? status(sluice_producer_publish(raw_.get())) : status(); }
    void publish()
    {
        if (const status code = try_publish(); !code.ok()) {
            detail::raise(code, "a publish into a stream that ended before");
        }
    }

    // full_policy::block: how long a put waits.
    void block_timeout(nanoseconds timeout) noexcept
    {
        if (raw_) {
            raw_->timeout_ns = timeout.count();
        }
    }

    void close() noexcept { raw_.reset(); }
    explicit operator bool() const noexcept { return static_cast<bool>(raw_); }
    sluice_producer *get() const noexcept { return raw_.get(); }

private:
    friend class buffer;
    friend class ring;
    friend class detail::putting<producer>;
    using owner = std::unique_ptr<sluice_producer, detail::producer_end>;
    explicit producer(owner raw) noexcept : raw_(std::move(raw)) {}

    // A size beyond 32 bits is one that no ring has.
    static std::uint32_t narrow(std::size_t bytes) noexcept
    {
        constexpr auto most = std::numeric_limits<std::uint32_t>::max();
        return bytes < most ? static_cast<std::uint32_t>(bytes) : most;
    }

    status put_bytes(const void *packet, std::size_t bytes) noexcept
    {
        return raw_ ? status(sluice_producer_put(raw_.get(), packet, narrow(bytes))) : status(SLUICE_E_HANDLE);
    }
    status put_run(const void *packets, std::size_t bytes, std::uint64_t *done) noexcept
    {
        if (!raw_) {
            return SLUICE_E_HANDLE;
        }
        const std::uint32_t stride = raw_->view.stride;
        if (stride == 0 || bytes % stride != 0) {
            return SLUICE_E_SIZE;
        }
        return sluice_producer_put_many(raw_.get(), packets, bytes / stride, done);
    }
    status put_framed(const void *payload, std::size_t bytes, std::uint16_t type) noexcept
    {
        return raw_ ? status(sluice_producer_put_record(raw_.get(), payload, narrow(bytes), type)) : status(SLUICE_E_HANDLE);
    }
    std::string fault_text(std::size_t bytes) const
    {
        if (!raw_) {
            return "the producer is closed";
        }
        sluice_ring *ring = raw_.get_deleter().ring;
        if (ring != nullptr && sluice_ring_ended(ring) != SLUICE_OK) {
            return ring->error;
        }
        if (raw_->view.stride == 0) {
            return detail::joined(bytes, " bytes, to a producer of records of any size");
        }
        return detail::joined(bytes, " bytes, to a producer of packets of ", raw_->view.stride, " bytes");
    }

    template <class Claim> Claim taken(result<Claim> room, std::size_t bytes) const
    {
        if (!room && room.status() != SLUICE_DROPPED) {
            const std::string what = room.status().fault() ? fault_text(bytes) : detail::joined(bytes, " bytes");
            detail::raise(room.status(), detail::joined("a claim of ", what));
        }
        return std::move(*room);
    }

    owner raw_;
};

} // namespace sluice

#endif
