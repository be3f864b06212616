// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/handle.hpp - the one owner of an opaque handle, and what calls over sluice.h share.
#ifndef SLUICE_CPP_HANDLE_HPP
#define SLUICE_CPP_HANDLE_HPP

#include <sluice/sluice.h>
#include "error.hpp"

#include <atomic>
#include <utility>

namespace sluice
{
namespace detail
{

// Owns a T and ends it with `End`, once. Can be moved; a moved-from one is empty. Of two threads that release it one gets it.
template <class T, auto End> class handle
{
public:
    handle() noexcept = default;
    explicit handle(T *raw) noexcept : raw_(raw) {}
    handle(handle &&other) noexcept : raw_(other.release()) {}
    handle &operator=(handle &&other) noexcept
    {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    ~handle() { reset(); }

    T *get() const noexcept { return raw_.load(std::memory_order_relaxed); }
    explicit operator bool() const noexcept { return get() != nullptr; }
    T *release() noexcept { return raw_.exchange(nullptr); }
    void reset(T *raw = nullptr) noexcept
    {
        if (T *old = raw_.exchange(raw); old != nullptr) {
            static_cast<void>(End(old));
        }
    }

private:
    std::atomic<T *> raw_{nullptr};
};

// Text of a call with the shape (char *text, size_t capacity, size_t *length), whole.
template <class Call> status read_text(std::string &text, Call &&call)
{
    for (std::size_t room = 256;;) {
        std::size_t length = 0;
        text.resize(room);
        const status code = call(&text[0], room, &length);
        if (code.fault() && code != SLUICE_E_SIZE) {
            text.clear();
            return code;
        }
        if (length < room) {
            text.resize(length);
            return SLUICE_OK;
        }
        room = length + 1;
    }
}

} // namespace detail

// The text of the last fault on the calling thread.
inline std::string last_error()
{
    std::string text;
    static_cast<void>(detail::read_text(
        text, [](char *to, std::size_t room, std::size_t *length) { return sluice_last_error(to, room, length); }));
    return text;
}

namespace detail
{

// Throws the engine's text of a fault; "not now" passes.
inline void no_fault(status code)
{
    if (code.fault()) {
        raise(code, last_error());
    }
}

// Throws unless done.
inline void done(status code)
{
    if (!code.ok()) {
        raise(code, code.fault() ? last_error() : std::string());
    }
}

} // namespace detail
} // namespace sluice

#endif
