// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/buffer.hpp - where packets wait, and when and where they go. What a call does and answers stands in sluice.h at
// sluice_buffer_..., here is what is different in C++.
#ifndef SLUICE_CPP_BUFFER_HPP
#define SLUICE_CPP_BUFFER_HPP

#include "buffer_end.hpp"
#include "callbacks.hpp"
#include "layout.hpp"
#include "options.hpp"
#include "producer.hpp"
#include "sink.hpp"
#include "taking.hpp"

#include <optional>

namespace sluice
{

// What a flush did.
struct flushed {
    std::uint64_t packets = 0; // released
    std::uint64_t bytes = 0;   // written, over all sinks
};

// Any thread may call it. Its end writes what is stored and closes the sinks: close() to learn of a fault; a destructor that
// cannot write it reports the loss (sluice::on_loss). Its producers and claims end before it.
class buffer : public detail::putting<buffer>, public detail::taking<buffer>
{
public:
    buffer() noexcept = default;
    explicit buffer(const buffer_options &options)
    {
        detail::done(create(options));
    }
    static result<buffer> try_create(const buffer_options &options) noexcept
    {
        buffer made;
        const status code = detail::guarded([&] { return made.create(options); }, SLUICE_E_INTERNAL);
        return {code, std::move(made)};
    }
    buffer(buffer &&) noexcept = default;
    buffer &operator=(buffer &&other) noexcept
    {
        if (this != &other) {
            end();
            handle_ = std::move(other.handle_);
            callables_ = std::move(other.callables_);
            final_ = std::exchange(other.final_, std::nullopt);
            throws_ = other.throws_;
        }
        return *this;
    }
    ~buffer() { end(); }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    sluice_buffer *get() const noexcept { return handle_.get(); } // for sluice.h; stays owned

    // Writes what is stored, closes the sinks and ends the buffer; it is empty then, and stats() are the final numbers. LOST: it
    // had no sink, and what it stored is gone, which sluice::on_loss is told; a ring with a name or a file keeps it instead. After
    // a fault the buffer is as it was: mend what is wrong and call again, or discard(). TIMEOUT: a write or a callable hangs, and
    // nothing got on for 5 s. E_HANDLE: another thread ends it at the same time.
    status try_close() noexcept
    {
        sluice_buffer *const raw = get();
        if (raw == nullptr) {
            return SLUICE_OK;
        }
        const status code = sluice_buffer_destroy(raw);
        if (code.ok() || code == SLUICE_LOST) {
            keep_final();
            callables_.reset();
            static_cast<void>(handle_.release());
        }
        return code;
    }
    // Throws faults, and SLUICE_LOST where buffer_options::throw_on_loss is set. Of two threads that close, one does it.
    void close()
    {
        const status code = try_close();
        if (code == SLUICE_E_HANDLE) {
            return;
        }
        if (code != SLUICE_LOST) {
            detail::all(code);
        } else if (throws_) {
            detail::raise(code, last_error());
        }
    }

    // Ends the buffer whatever its sinks say. Returns how many packets no sink has.
    std::uint64_t discard() noexcept
    {
        std::uint64_t lost = 0;
        sluice_buffer *const raw = handle_.release();
        if (const status code = sluice_buffer_discard(raw, &lost); raw != nullptr && code != SLUICE_E_HANDLE) {
            drop_callables(code.code());
        }
        return lost;
    }

    // ---- Putting and taking; put, put_many, put_record and their twins: putting.hpp; pop, peek, take and theirs: taking.hpp

    // For the thread that puts often, and for claims. E_BUSY: a buffer of one producer gives out one.
    result<sluice::producer> try_open_producer() noexcept
    {
        sluice::producer::owner raw(new (std::nothrow) sluice_producer,
                                    detail::producer_end{get(), sluice_buffer_close_producer});
        if (!raw) {
            return {SLUICE_E_MEMORY};
        }
        const status code = sluice_buffer_open_producer(get(), raw.get(), sizeof(sluice_producer));
        if (!code.ok()) {
            delete raw.release();
            return {code};
        }
        return {code, sluice::producer(std::move(raw))};
    }
    sluice::producer open_producer()
    {
        auto made = try_open_producer();
        detail::done(made.status());
        return std::move(*made);
    }

    // ---- Sinks: each gets what is released after it was added. The first one is the primary.

    sink add_file_sink(const file_options &options) { return added(try_add_file_sink(options)); }
    result<sink> try_add_file_sink(const file_options &options) noexcept
    {
        sluice_file_options raw{};
        raw.struct_size = sizeof raw;
        raw.durability = static_cast<std::uint32_t>(options.durability);
        raw.path = options.path.c_str();
        raw.header = options.header.data();
        raw.header_bytes = options.header.size();
        raw.rotate_bytes = options.rotate_bytes;
        return add_plain<sink>([&](sluice_sink **made) { return sluice_buffer_add_file_sink(get(), &raw, made); });
    }

    // A line per packet, from a layout or in hexadecimal.
    sink add_text_sink(const text_options &options) { return added(try_add_text_sink(options)); }
    result<sink> try_add_text_sink(const text_options &options) noexcept
    {
        sluice_text_options raw = detail::raw_options(options);
        return add_plain<sink>([&](sluice_sink **made) { return sluice_buffer_add_text_sink(get(), &raw, made); });
    }

    // `format`, void(const packet &, std::string &text), appends the text of a packet, its line end included. It may be
    // asked for the same packet again.
    template <class Format> sink add_text_sink(const text_options &options, Format format)
    {
        return added(try_add_text_sink(options, std::move(format)));
    }
    template <class Format> result<sink> try_add_text_sink(const text_options &options, Format format) noexcept
    {
        return add_callable<detail::text_callable<Format>>(
            std::move(format), [&](auto *own, sluice_sink **made) {
                sluice_text_options raw = detail::raw_options(options);
                raw.format = own->call;
                raw.format_user = own;
                return sluice_buffer_add_text_sink(get(), &raw, made);
            });
    }

    // `accept` sees every released batch in place: void(const batch &), or a sluice::status of which a positive one means
    // "not now, offer it again". What it throws is a fault: the batch is kept and offered again.
    template <class Accept> sink add_callback_sink(Accept accept) { return added(try_add_callback_sink(std::move(accept))); }
    template <class Accept> result<sink> try_add_callback_sink(Accept accept) noexcept
    {
        return add_callable<detail::batch_callable<Accept>>(
            std::move(accept), [&](auto *own, sluice_sink **made) {
                return sluice_buffer_add_callback_sink(get(), own->call, own, made);
            });
    }

    memory_sink add_memory_sink(std::uint64_t limit) { return added(try_add_memory_sink(limit)); }
    result<memory_sink> try_add_memory_sink(std::uint64_t limit) noexcept
    {
        return add_plain<memory_sink>([&](sluice_sink **made) { return sluice_buffer_add_memory_sink(get(), limit, made); });
    }

    // Closes and removes one sink, without a flush; what it called is not called any more, and lives until the buffer ends.
    void remove_sink(const sink &which) { detail::done(try_remove_sink(which)); }
    status try_remove_sink(const sink &which) noexcept { return sluice_buffer_remove_sink(get(), which.get()); }

    // Makes the files of sinks anew that were deleted, or whose name another file took, with all that was in them. Returns how
    // many; throws where one cannot be made.
    std::uint64_t restore_files()
    {
        const auto restored = try_restore_files();
        detail::all(restored.status());
        return *restored;
    }
    result<std::uint64_t> try_restore_files() noexcept
    {
        std::uint64_t restored = 0;
        const status code = sluice_buffer_restore_files(get(), &restored);
        return {code, restored};
    }

    // Flushes, then closes and removes all sinks and their callables. A fault keeps them.
    void disconnect() { detail::all(try_disconnect()); }
    status try_disconnect() noexcept
    {
        if (!callables_) {
            return SLUICE_E_HANDLE;
        }
        const std::lock_guard<std::mutex> lock(callables_->mutex);
        const status code = sluice_buffer_disconnect(get());
        if (code.ok()) {
            callables_->sinks.clear();
        }
        return code;
    }

    // ---- Release

    // `decide`, bool(const snapshot &), is asked before the thresholds, in the order of adding; true releases. One that throws
    // is counted and skipped this time.
    template <class Decide> void add_controller(Decide decide) { detail::done(try_add_controller(std::move(decide))); }
    template <class Decide> status try_add_controller(Decide decide) noexcept
    {
        return add_rule<detail::controller_callable<Decide>>(
            std::move(decide), [&](auto *own) { return sluice_buffer_add_controller(get(), own->call, own); });
    }

    // `hook`, void(), is called after each release.
    template <class Hook> void on_reset(Hook hook) { detail::done(try_on_reset(std::move(hook))); }
    template <class Hook> status try_on_reset(Hook hook) noexcept
    {
        return add_rule<detail::hook_callable<Hook>>(
            std::move(hook), [&](auto *own) { return sluice_buffer_on_reset(get(), own->call, own); });
    }

    // Changes the thresholds; 0: no such rule.
    void configure(std::uint64_t release_packets, std::uint64_t release_bytes = 0, nanoseconds release_after = nanoseconds(0))
    {
        detail::done(sluice_buffer_configure(get(), release_packets, release_bytes, release_after.count()));
    }
    void force_release() { detail::done(sluice_buffer_force_release(get())); }
    bool flush_needed() const { return detail::number<std::int32_t>(get(), sluice_buffer_flush_needed) != 0; }
    bool almost_full() const { return detail::number<std::int32_t>(get(), sluice_buffer_almost_full) != 0; }
    nanoseconds since_flush() const { return nanoseconds(detail::number<std::int64_t>(get(), sluice_buffer_since_flush)); }

    /// Until release_after is exceeded: 0 when it is, -1 ns without such a rule or while its clock does not run.
    nanoseconds due_in() const { return nanoseconds(detail::number<std::int64_t>(get(), sluice_buffer_due_in)); }

    // Writes what is stored now. Throws the fault of a sink; the rest stays stored.
    flushed flush()
    {
        const auto done = try_flush();
        detail::all(done.status());
        return *done;
    }
    result<flushed> try_flush() noexcept
    {
        flushed done;
        const status code = sluice_buffer_flush(get(), &done.packets, &done.bytes);
        return {code, done};
    }

    // ---- Running

    // A thread that evaluates and releases. Without a release rule it releases packets as they come; a buffer that drops the
    // oldest holds the latest then, until force_release, a flush or its end.
    void start() { detail::done(sluice_buffer_start(get())); }

    // Stops the thread and releases what is stored, trying for `timeout`.
    void stop(nanoseconds timeout = std::chrono::seconds(10)) { detail::all(try_stop(timeout)); }
    status try_stop(nanoseconds timeout) noexcept { return sluice_buffer_stop(get(), timeout.count()); }

    // One round of what the thread does, on this one. Returns whether something was released.
    bool poll(nanoseconds timeout = nanoseconds(0)) { return detail::something(try_poll(timeout)); }
    status try_poll(nanoseconds timeout = nanoseconds(0)) noexcept { return sluice_buffer_poll(get(), timeout.count()); }

    // `hook`, void(const fault &), is told of faults that no call answers with, and of their end: of the thread's sinks, of a FIFO
    // that cannot grow, of controllers. It may put into the buffer; every other call of it throws E_STATE there.
    template <class Hook> void on_fault(Hook hook) { detail::done(try_on_fault(std::move(hook))); }
    template <class Hook> status try_on_fault(Hook hook) noexcept
    {
        return add_rule<detail::fault_callable<Hook>>(
            std::move(hook), [&](auto *own) { return sluice_buffer_on_fault(get(), own->call, own); });
    }

    // A file descriptor that is readable once packets are stored; it belongs to the buffer.
    int event() { return detail::number<std::int32_t>(get(), sluice_buffer_event); }

    // ---- Statistics

    // The counters now; after close() or discard() those of the end.
    sluice_buffer_stats stats() const
    {
        if (!handle_ && final_) {
            return *final_;
        }
        sluice_buffer_stats numbers{};
        numbers.struct_size = sizeof numbers;
        detail::done(sluice_buffer_get_stats(get(), &numbers));
        return numbers;
    }

    // The text of what a callable of this buffer threw last; empty when none ever did.
    std::string last_thrown() const { return callables_ ? callables_->thrown.get() : std::string(); }

private:
    friend class detail::putting<buffer>;

    status create(const buffer_options &options)
    {
        callables_ = std::make_unique<detail::callables>();
        const sluice_buffer_options raw = detail::raw_options(options);
        sluice_buffer *made = nullptr;
        const status code = sluice_buffer_create(&raw, &made);
        handle_.reset(made);
        throws_ = options.throw_on_loss;
        return code.ok() ? status(sluice_buffer_on_end(made, detail::callables::ended, callables_.get())) : code;
    }

    status put_bytes(const void *packet, std::size_t bytes) noexcept { return sluice_buffer_put(get(), packet, bytes); }
    status put_run(const void *packets, std::size_t bytes, std::uint64_t *done) noexcept
    {
        return sluice_buffer_put_many(get(), packets, bytes, done);
    }
    status put_framed(const void *payload, std::size_t bytes, std::uint16_t type) noexcept
    {
        return sluice_buffer_put_record(get(), payload, bytes, type);
    }
    std::string fault_text(std::size_t) const { return last_error(); }

    // The end, in a destructor: what cannot be written is told to sluice::on_loss.
    void end() noexcept
    {
        if (handle_) {
            drop_callables(detail::end_buffer(handle_.release()));
        }
    }

    void keep_final() noexcept
    {
        if (callables_) {
            final_ = callables_->take_final();
        }
    }

    void drop_callables(std::int32_t ended) noexcept
    {
        keep_final();
        if (ended == SLUICE_TIMEOUT) {
            detail::leave_behind(std::move(callables_));
        }
        callables_.reset();
    }

    template <class Sink> static Sink added(const result<Sink> &made)
    {
        detail::done(made.status());
        return *made;
    }

    // A rule: `add(callable)` gives it to the engine.
    template <class Callable, class Function, class Add> status add_rule(Function &&function, Add &&add) noexcept
    {
        return callables_ ? callables_->add<Callable>(&detail::callables::rules, std::forward<Function>(function), add)
                          : status(SLUICE_E_HANDLE);
    }

    // A sink that calls: `add(callable, sluice_sink **)` gives it to the engine.
    template <class Callable, class Function, class Add> result<sink> add_callable(Function &&function, Add &&add) noexcept
    {
        return add_plain<sink>([&](sluice_sink **made) {
            return callables_
                ->add<Callable>(&detail::callables::sinks, std::forward<Function>(function),
                                [&](Callable *own) { return add(own, made); })
                .code();
        });
    }

    template <class Made, class Add> result<Made> add_plain(Add &&add) noexcept
    {
        if (!callables_) {
            return {SLUICE_E_HANDLE};
        }
        const auto made = callables_->keep(std::forward<Add>(add));
        return {made.status(), Made(*made)};
    }

    std::unique_ptr<detail::callables> callables_; // outlives the handle, whose end may call them
    std::optional<sluice_buffer_stats> final_{};   // of a buffer that has ended
    bool throws_ = false;
    detail::handle<sluice_buffer, detail::end_buffer> handle_;
};

} // namespace sluice

#endif
