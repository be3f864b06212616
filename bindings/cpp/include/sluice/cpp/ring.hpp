// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/ring.hpp - packets from one thread or process to another: rings as sluice/ring.h has them, without the library.
//
//   auto ring = sluice::ring::attach("events", std::chrono::seconds(1));
//   auto consumer = ring.open_consumer();
//   while (consumer.wait(sizeof(event), std::chrono::seconds(1)))
//       consumer.drain([](const sluice::batch &events) { for (const event &one : events.as<event>()) use(one); });
#ifndef SLUICE_CPP_RING_HPP
#define SLUICE_CPP_RING_HPP

#include "options.hpp"
#include "producer.hpp"
#include "view.hpp"

namespace sluice
{

// An anonymous ring, or one with a name or in a file, which other processes attach to.
struct ring_options {
    sluice::shape shape = sluice::shape::fixed;
    std::uint32_t stride = 0; // bytes of a packet
    sluice::producers producers = sluice::producers::one;
    sluice::full_policy full_policy = sluice::full_policy::fail;
    nanoseconds block_timeout{0};
    std::uint64_t capacity = 1 << 20; // bytes
    std::string name{};
    std::string file{};
    std::string layout_text{}; // the description of the packets, for those who attach
    bool locked = false;
    bool checksums = false;                        // damaged packets are found, counted as corrupted and not delivered
    sluice::access access = sluice::access::owner; // who else may attach
};

// How a ring is attached to.
struct attach_options {
    std::string name{}; // one of the two
    std::string file{};
    nanoseconds timeout{0}; // to wait for a ring that is not there yet
    bool any_owner = false; // also to what another user made, who decides what is in it, or what others may write
};

namespace detail
{

struct consumer_end {
    void operator()(sluice_consumer *raw) const noexcept
    {
        sluice_consumer_close(raw);
        delete raw;
    }
};

struct ring_end {
    void operator()(sluice_ring *raw) const noexcept
    {
        sluice_ring_close(raw, 0);
        delete raw;
    }
};

} // namespace detail

// The end that takes, for one thread at a time; it ends before its ring. What it did not release stays for the next one.
class consumer
{
public:
    consumer() noexcept = default;

    // Waits until `bytes` can be read. TIMEOUT; END: the ring is sealed, and less will ever be there.
    status try_wait(std::uint64_t bytes, nanoseconds timeout) noexcept
    {
        return raw_ ? status(sluice_consumer_wait(raw_.get(), bytes, timeout.count())) : status(SLUICE_E_HANDLE);
    }
    bool wait(std::uint64_t bytes, nanoseconds timeout) { return something(try_wait(bytes, timeout)); }

    // What can be read, at most `most` bytes of it (0: all), in place until it is released. WOULD_BLOCK: nothing now. END:
    // nothing, ever. E_SIZE: the first packet is larger than `most`.
    result<batch> try_peek(std::uint64_t most = 0) noexcept
    {
        sluice_batch seen{};
        const status code = raw_ ? status(sluice_consumer_peek(raw_.get(), most, &seen)) : status(SLUICE_E_HANDLE);
        return code.ok() ? result<batch>(code, batch(seen)) : result<batch>(code);
    }

    // Gives the room of a peeked batch back.
    status try_release(const batch &seen) noexcept
    {
        return raw_ ? status(sluice_consumer_release(raw_.get(), seen.bytes(), seen.packets())) : status(SLUICE_E_HANDLE);
    }
    void release(const batch &seen) { something(try_release(seen)); }

    // Shows what can be read to `use`, void(const batch &), and gives its room back when it returns; when it throws, the
    // packets stay. Returns false when there is nothing.
    template <class Use> bool drain(Use &&use, std::uint64_t most = 0)
    {
        const auto seen = try_peek(most);
        if (!something(seen.status())) {
            return false;
        }
        hold held{*this};
        use(*seen);
        held.owner = nullptr;
        release(*seen);
        return true;
    }

    void close() noexcept { raw_.reset(); }
    explicit operator bool() const noexcept { return static_cast<bool>(raw_); }
    sluice_consumer *get() const noexcept { return raw_.get(); }

private:
    friend class ring;
    using owner = std::unique_ptr<sluice_consumer, detail::consumer_end>;
    explicit consumer(owner raw) noexcept : raw_(std::move(raw)) {}

    // Lets go of a batch without taking it: a ring that drops the oldest would be held by it.
    struct hold {
        consumer *owner;
        explicit hold(consumer &of) noexcept : owner(&of) {}
        hold(const hold &) = delete;
        hold &operator=(const hold &) = delete;
        ~hold()
        {
            if (owner != nullptr) {
                static_cast<void>(status(sluice_consumer_release(owner->raw_.get(), 0, 0)));
            }
        }
    };

    static bool something(status code)
    {
        if (code.fault()) {
            detail::raise(code);
        }
        return code.ok();
    }

    owner raw_;
};

// A mapped ring. Its ends (producer, consumer) end before it.
class ring
{
public:
    ring() noexcept = default;

    // E_EXISTS: the name or file is taken.
    static result<ring> try_create(const ring_options &options) noexcept
    {
        sluice_ring_options raw{};
        raw.struct_size = sizeof raw;
        raw.shape = static_cast<std::uint32_t>(options.shape);
        raw.stride = options.stride;
        raw.producers = static_cast<std::uint32_t>(options.producers);
        raw.full_policy = static_cast<std::uint32_t>(options.full_policy);
        raw.flags = detail::flag(options.locked, SLUICE_BUFFER_LOCKED) | detail::flag(options.checksums, SLUICE_BUFFER_CHECKSUMS) |
                    static_cast<std::uint32_t>(options.access);
        raw.capacity = options.capacity;
        raw.block_timeout_ns = options.block_timeout.count();
        raw.name = detail::or_null(options.name);
        raw.file = detail::or_null(options.file);
        raw.layout_text = detail::or_null(options.layout_text);
        return make([&](sluice_ring *to) { return sluice_ring_create(to, &raw); });
    }
    static ring create(const ring_options &options) { return opened(try_create(options)); }

    // A ring that another process made, or one that is just being made, for at most `timeout`. E_NOT_FOUND: there is none.
    static result<ring> try_attach(const char *name, nanoseconds timeout) noexcept
    {
        return make([&](sluice_ring *to) { return sluice_ring_attach(to, name, nullptr, timeout.count()); });
    }
    static ring attach(const std::string &name, nanoseconds timeout) { return opened(try_attach(name.c_str(), timeout)); }
    static result<ring> try_attach_file(const char *file, nanoseconds timeout) noexcept
    {
        return make([&](sluice_ring *to) { return sluice_ring_attach(to, nullptr, file, timeout.count()); });
    }
    static ring attach_file(const std::string &file, nanoseconds timeout)
    {
        return opened(try_attach_file(file.c_str(), timeout));
    }

    // The same, with options.
    static result<ring> try_attach(const attach_options &options) noexcept
    {
        const sluice_attach_options raw{sizeof raw, options.any_owner ? SLUICE_ATTACH_ANY_OWNER : 0u,
                                        detail::or_null(options.name), detail::or_null(options.file), options.timeout.count()};
        return make([&](sluice_ring *to) { return sluice_ring_attach_with(to, &raw); });
    }
    static ring attach(const attach_options &options) { return opened(try_attach(options)); }

    // Takes a leftover ring away: its name or file. E_BUSY: a process holds an end of it that lives, or that cannot be judged
    // from here. E_NOT_FOUND: there is none. E_ABI: a file that is no ring.
    static status try_remove(const char *name, const char *file) noexcept
    {
        sluice_ring raw{};
        return sluice_ring_remove(&raw, name, file);
    }
    static void remove(const std::string &name) { removed(name.c_str(), nullptr); }
    static void remove_file(const std::string &file) { removed(nullptr, file.c_str()); }

    // Frees the ends of holders that cannot be judged from here. Only for a host that knows that they are gone.
    void adopt() noexcept
    {
        if (raw_) {
            sluice_ring_adopt(raw_.get());
        }
    }

    // E_BUSY: the end belongs to a live owner, or all of them do.
    result<producer> try_open_producer() noexcept
    {
        return end<producer, sluice_producer>(detail::producer_end{nullptr, nullptr, raw_.get()}, [this](sluice_producer *raw) {
            return sluice_producer_open(raw, raw_.get());
        });
    }
    producer open_producer() { return opened_end(try_open_producer()); }
    result<consumer> try_open_consumer() noexcept
    {
        return end<consumer, sluice_consumer>(
            detail::consumer_end{}, [this](sluice_consumer *raw) { return sluice_consumer_open(raw, raw_.get()); });
    }
    consumer open_consumer() { return opened_end(try_open_consumer()); }

    // Ends the stream: the consumer gets END behind the last packet.
    void seal() noexcept
    {
        if (raw_) {
            sluice_ring_seal(raw_.get());
        }
    }

    // Whether puts still reach anybody: OK; E_STATE: the stream was ended; E_ENDED: the name was taken away, and nobody takes from
    // the ring any more. Why, and what to do, is then last_error(); what a put throws says it too.
    status ended() noexcept { return *this ? status(sluice_ring_ended(raw_.get())) : status(SLUICE_E_HANDLE); }

    // Takes the name or file away at once, if it is still this ring's; who has it mapped keeps it.
    void remove() noexcept
    {
        if (raw_) {
            sluice_ring_take_name(raw_.get(), 0);
        }
    }

    std::uint32_t stride() const noexcept { return raw_ ? raw_->stride : 0; }
    std::uint64_t capacity() const noexcept
    {
        sluice_ring_view view{};
        if (*this) {
            sluice_view(&view, raw_.get());
        }
        return view.capacity;
    }
    std::string layout_text() const
    {
        std::size_t bytes = 0;
        const char *text = *this ? sluice_ring_layout(raw_.get(), &bytes) : "";
        return std::string(text, bytes);
    }
    const char *last_error() const noexcept { return raw_ ? raw_->error : ""; } // of a call on this ring

    explicit operator bool() const noexcept { return raw_ && raw_->header != nullptr; }
    sluice_ring *get() const noexcept { return raw_.get(); }

private:
    // After a fault the result has a ring that is mapped nowhere and keeps the text.
    template <class Open> static result<ring> make(Open &&open) noexcept
    {
        ring made;
        made.raw_.reset(new (std::nothrow) sluice_ring{});
        if (!made.raw_) {
            return {SLUICE_E_MEMORY};
        }
        made.raw_->fd = -1;
        const status code = open(made.raw_.get());
        return {code, std::move(made)};
    }
    static ring opened(result<ring> made)
    {
        if (!made) {
            detail::raise(made.status(), (*made).last_error());
        }
        return std::move(*made);
    }

    static void removed(const char *name, const char *file)
    {
        sluice_ring raw{};
        const status code = sluice_ring_remove(&raw, name, file);
        if (code.fault()) {
            detail::raise(code, raw.error);
        }
    }

    template <class End, class Raw, class Closer, class Open> result<End> end(Closer closer, Open &&open) noexcept
    {
        if (!*this) {
            return {SLUICE_E_HANDLE};
        }
        std::unique_ptr<Raw, Closer> own(new (std::nothrow) Raw, closer);
        if (!own) {
            return {SLUICE_E_MEMORY};
        }
        const status code = open(own.get());
        if (!code.ok()) {
            delete own.release();
            return {code};
        }
        return {code, End(std::move(own))};
    }
    template <class End> End opened_end(result<End> made) const
    {
        if (!made) {
            detail::raise(made.status(), last_error());
        }
        return std::move(*made);
    }

    std::unique_ptr<sluice_ring, detail::ring_end> raw_;
};

} // namespace sluice

#endif
