// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/callbacks.hpp - C++ callables as the functions that a buffer calls. Each lives in memory of its own, which the
// buffer object owns, so that moving the buffer moves nothing that the engine points to.
#ifndef SLUICE_CPP_CALLBACKS_HPP
#define SLUICE_CPP_CALLBACKS_HPP

#include <sluice/sluice.h>
#include "options.hpp"
#include "sink.hpp"
#include "view.hpp"

#include <algorithm>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace sluice
{

// What a controller decides on; valid until it returns.
class snapshot
{
public:
    explicit snapshot(const sluice_snapshot &raw) noexcept : raw_(&raw) {}

    std::uint64_t packets() const noexcept { return raw_->packets; } // stored
    std::uint64_t bytes() const noexcept { return raw_->bytes; }
    nanoseconds age() const noexcept { return nanoseconds(raw_->age_ns); } // by the buffer's release_clock

    // The oldest stored packets, as many as lie in one run.
    sluice::batch oldest() const noexcept { return raw_->batch == nullptr ? sluice::batch() : sluice::batch(*raw_->batch); }

private:
    const sluice_snapshot *raw_;
};

enum class fault_source : std::uint32_t {
    sink = SLUICE_FAULT_SINK,
    growth = SLUICE_FAULT_GROWTH,
    controller = SLUICE_FAULT_CONTROLLER,
    memory = SLUICE_FAULT_MEMORY
};

// A fault that no call answers with, when it begins and when it is over; valid until the hook returns.
class fault
{
public:
    explicit fault(const sluice_fault &raw) noexcept : raw_(&raw) {}

    sluice::status status() const noexcept { return raw_->status; } // ok: it is over
    bool over() const noexcept { return raw_->status == SLUICE_OK; }
    fault_source source() const noexcept { return static_cast<fault_source>(raw_->source); }
    std::uint64_t count() const noexcept { return raw_->count; } // faults since it began
    std::uint64_t stored_packets() const noexcept { return raw_->stored_packets; }
    const char *where() const noexcept { return raw_->where; } // the sink, or the buffer in words
    const char *text() const noexcept { return raw_->text; }   // a sentence: what, where, how many, and what to do

private:
    const sluice_fault *raw_;
};

namespace detail
{

// The text of what a callable of a buffer threw last.
class thrown_text
{
public:
    void keep(std::string &&text) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        text_.swap(text);
    }
    std::string get() const
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

class callable
{
public:
    explicit callable(thrown_text &thrown) noexcept : thrown_(&thrown) {}
    callable(const callable &) = delete;
    callable &operator=(const callable &) = delete;
    virtual ~callable() = default;

protected:
    template <class Body> std::int32_t run(Body &&body) noexcept
    {
        std::string text;
        const status code = guarded(std::forward<Body>(body), SLUICE_E_CALLBACK, &text);
        if (!text.empty()) {
            static_cast<void>(status(sluice_callback_fault(text.c_str())));
            thrown_->keep(std::move(text));
        }
        return code.code();
    }

private:
    thrown_text *thrown_;
};

// void(const batch &), or sluice::status(const batch &)
template <class Function> class batch_callable final : public callable
{
public:
    batch_callable(thrown_text &thrown, Function &&function) : callable(thrown), function_(std::move(function)) {}

    static std::int32_t call(void *user, const sluice_batch *raw) noexcept
    {
        auto &self = *static_cast<batch_callable *>(user);
        return self.run([&]() -> status {
            using answer = decltype(self.function_(std::declval<const batch &>()));
            static_assert(std::is_void_v<answer> || std::is_same_v<answer, status>,
                          "a callback sink returns nothing, or a sluice::status");
            if constexpr (std::is_void_v<answer>) {
                self.function_(batch(*raw));
                return SLUICE_OK;
            } else {
                return self.function_(batch(*raw));
            }
        });
    }

private:
    Function function_;
};

// bool(const snapshot &)
template <class Function> class controller_callable final : public callable
{
public:
    controller_callable(thrown_text &thrown, Function &&function) : callable(thrown), function_(std::move(function)) {}

    static std::int32_t call(void *user, const sluice_snapshot *raw) noexcept
    {
        auto &self = *static_cast<controller_callable *>(user);
        return self.run([&]() -> status {
            using answer = decltype(self.function_(std::declval<const snapshot &>()));
            static_assert(std::is_same_v<answer, bool>, "a controller returns a bool: true releases");
            return self.function_(snapshot(*raw)) ? 1 : 0;
        });
    }

private:
    Function function_;
};

// void()
template <class Function> class hook_callable final : public callable
{
public:
    hook_callable(thrown_text &thrown, Function &&function) : callable(thrown), function_(std::move(function)) {}

    static void call(void *user) noexcept
    {
        auto &self = *static_cast<hook_callable *>(user);
        static_cast<void>(self.run([&]() -> status {
            self.function_();
            return SLUICE_OK;
        }));
    }

private:
    Function function_;
};

// void(const fault &)
template <class Function> class fault_callable final : public callable
{
public:
    fault_callable(thrown_text &thrown, Function &&function) : callable(thrown), function_(std::move(function)) {}

    static void call(void *user, const sluice_fault *raw) noexcept
    {
        auto &self = *static_cast<fault_callable *>(user);
        static_cast<void>(self.run([&]() -> status {
            self.function_(fault(*raw));
            return SLUICE_OK;
        }));
    }

private:
    Function function_;
};

// void(const packet &, std::string &text): appends the text of the packet, its line end included
template <class Function> class text_callable final : public callable
{
public:
    text_callable(thrown_text &thrown, Function &&function) : callable(thrown), function_(std::move(function)) {}

    static std::int32_t call(void *user, const sluice_batch *raw, char *text, std::size_t capacity, std::uint64_t *packets,
                             std::size_t *written) noexcept
    {
        auto &self = *static_cast<text_callable *>(user);
        *packets = 0;
        *written = 0;
        for (const packet one : batch(*raw)) {
            self.line_.clear();
            const status code = self.run([&]() -> status {
                self.function_(one, self.line_);
                return SLUICE_OK;
            });
            if (code.fault()) {
                return code.code();
            }
            if (self.line_.size() > capacity - *written) {
                if (*packets != 0) {
                    break;
                }
                *written = self.line_.size();
                return SLUICE_WOULD_BLOCK;
            }
            std::memcpy(text + *written, self.line_.data(), self.line_.size());
            *written += self.line_.size();
            ++*packets;
        }
        return SLUICE_OK;
    }

private:
    Function function_;
    std::string line_;
};

// The callables of one buffer.
struct callables {
    using list = std::vector<std::unique_ptr<callable>>;

    std::mutex mutex; // whoever adds or ends them
    thrown_text thrown;
    callables *before = nullptr; // among those that were left behind
    list sinks; // until a disconnect
    list rules; // until the end

    std::mutex ends; // guards what is left of what ended
    std::vector<std::shared_ptr<sink_state>> open;
    std::optional<sluice_buffer_stats> final{};

    // Told by the engine: a sink ended, or with none the buffer.
    static void ended(void *user, sluice_sink *raw, const sluice_buffer_stats *stats) noexcept
    {
        auto &self = *static_cast<callables *>(user);
        const std::lock_guard<std::mutex> lock(self.ends);
        if (raw == nullptr) {
            self.final = *stats;
            return;
        }
        const auto gone = [raw](const auto &one) { return one->end(raw); };
        self.open.erase(std::remove_if(self.open.begin(), self.open.end(), gone), self.open.end());
    }

    // A sink that is about to be added: `make`, status(sluice_sink **), adds it.
    template <class Make> result<std::shared_ptr<sink_state>> keep(Make &&make) noexcept
    {
        std::shared_ptr<sink_state> state;
        status code = guarded(
            [&]() -> status {
                state = std::make_shared<sink_state>();
                const std::lock_guard<std::mutex> lock(ends);
                open.push_back(state);
                return SLUICE_OK;
            },
            SLUICE_E_MEMORY);
        if (!code.ok()) {
            return {code};
        }
        sluice_sink *raw = nullptr;
        code = make(&raw);
        const std::lock_guard<std::mutex> lock(ends);
        if (code.ok() && raw != nullptr) {
            state->begin(raw);
            return {code, state};
        }
        open.erase(std::remove(open.begin(), open.end(), state), open.end());
        return {code};
    }

    std::optional<sluice_buffer_stats> take_final() noexcept
    {
        const std::lock_guard<std::mutex> lock(ends);
        return final;
    }

    // Keeps a callable, and gives it to the engine by `tell`, status(Callable *).
    template <class Callable, class Function, class Tell>
    status add(list callables::*to, Function &&function, Tell &&tell) noexcept
    {
        return guarded(
            [&]() -> status {
                auto own = std::make_unique<Callable>(thrown, std::move(function));
                Callable *raw = own.get();
                const std::lock_guard<std::mutex> lock(mutex);
                (this->*to).push_back(std::move(own)); // first: nothing may fail once the engine knows it
                const status code = tell(raw);
                if (!code.ok()) {
                    (this->*to).pop_back();
                }
                return code;
            },
            SLUICE_E_CALLBACK);
    }
};

// One of them hangs, and is still running after the end of its buffer: they stay where they are, for good.
inline void leave_behind(std::unique_ptr<callables> hanging) noexcept
{
    static std::atomic<callables *> last{nullptr};
    if (callables *raw = hanging.release(); raw != nullptr) {
        raw->before = last.load();
        while (!last.compare_exchange_weak(raw->before, raw)) {
        }
    }
}

// A call of the engine, `ask(function, user)`, that shows batches to a callable, whose exception comes out when `rethrow`.
template <class Look, class Ask> status show(Look &look, bool rethrow, Ask ask)
{
    struct frame {
        Look &look;
#if SLUICE_CPP_EXCEPTIONS
        std::exception_ptr thrown{};
#endif
        void run(const batch &seen)
        {
#if SLUICE_CPP_EXCEPTIONS
            try {
                look(seen);
            } catch (...) {
                thrown = std::current_exception();
                throw;
            }
#else
            look(seen);
#endif
        }
    } here{look};
    const status code = ask(
        [](void *user, const sluice_batch *raw) noexcept -> std::int32_t {
            const auto body = [&]() -> status { return static_cast<frame *>(user)->run(batch(*raw)), SLUICE_OK; };
            std::string text;
            const status answer = guarded(body, SLUICE_E_CALLBACK, &text);
            if (!text.empty()) {
                static_cast<void>(status(sluice_callback_fault(text.c_str())));
            }
            return answer.code();
        },
        &here);
#if SLUICE_CPP_EXCEPTIONS
    if (rethrow && here.thrown) {
        std::rethrow_exception(here.thrown);
    }
#else
    static_cast<void>(rethrow);
#endif
    return code;
}

} // namespace detail
} // namespace sluice

#endif
