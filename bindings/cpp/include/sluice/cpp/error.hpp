// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/error.hpp - how calls report: status, error, result.
#ifndef SLUICE_CPP_ERROR_HPP
#define SLUICE_CPP_ERROR_HPP

#include <sluice/status.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#if __cplusplus < 201703L
#error "sluice/sluice.hpp needs C++17: compile with -std=c++17 or later"
#endif

#if defined(__cpp_exceptions)
#define SLUICE_CPP_EXCEPTIONS 1
#else
#define SLUICE_CPP_EXCEPTIONS 0
#endif

namespace sluice
{
namespace detail
{

// Texts, characters and integers one behind the other.
template <class... Parts> std::string joined(const Parts &...parts)
{
    std::string text;
    const auto add = [&text](const auto &part) {
        using kind = std::decay_t<decltype(part)>;
        if constexpr (std::is_same_v<kind, char>) {
            text += part;
        } else if constexpr (std::is_integral_v<kind>) {
            text += std::to_string(part);
        } else {
            text += part;
        }
    };
    (add(parts), ...);
    return text;
}

} // namespace detail

// The answer of a call: 0 done, positive "not now", negative a fault. Compares with the constants of sluice/status.h:
//   if (buffer.try_put(packet) == SLUICE_WOULD_BLOCK) ...
class [[nodiscard]] status
{
public:
    constexpr status() noexcept = default;
    constexpr status(std::int32_t code) noexcept : code_(code) {}
    status(bool) = delete; // true is no status

    constexpr std::int32_t code() const noexcept { return code_; }
    constexpr bool ok() const noexcept { return code_ == SLUICE_OK; }
    constexpr bool not_now() const noexcept { return code_ > 0; }
    constexpr bool fault() const noexcept { return code_ < 0; }
    constexpr explicit operator bool() const noexcept { return ok(); }

    // "E_SIZE: the packet or buffer has the wrong size"; static, never null.
    const char *text() const noexcept
    {
#define SLUICE_CPP_STATUS_TEXT(name, number, text)                                                                           \
    case number:                                                                                                             \
        return #name ": " text;
        switch (code_) {
            SLUICE_STATUS_LIST(SLUICE_CPP_STATUS_TEXT)
        default:
            return "an unknown status";
        }
#undef SLUICE_CPP_STATUS_TEXT
    }

    // Throws unless the call is done: "not now" is an error here.
    void expect() const;

    friend constexpr bool operator==(status left, status right) noexcept { return left.code_ == right.code_; }
    friend constexpr bool operator!=(status left, status right) noexcept { return left.code_ != right.code_; }
    friend constexpr bool operator==(status left, std::int32_t right) noexcept { return left.code_ == right; }
    friend constexpr bool operator!=(status left, std::int32_t right) noexcept { return left.code_ != right; }

private:
    std::int32_t code_ = SLUICE_OK;
};

// What calls throw. what() begins with the name of the status; the engine's text of the fault follows: what failed, the value
// and its limit.
class error : public std::runtime_error
{
public:
    error(sluice::status code, const std::string &text, std::uint64_t stored = 0)
        : std::runtime_error(detail::joined(code.text(), text.empty() ? "" : ": ", text)), code_(code), stored_(stored)
    {
    }

    std::int32_t code() const noexcept { return code_.code(); }
    sluice::status status() const noexcept { return code_; }

    // How many packets a put_many stored before it failed; 0 where the fault is of another call.
    std::uint64_t stored() const noexcept { return stored_; }

private:
    sluice::status code_;
    std::uint64_t stored_;
};

namespace detail
{

[[noreturn]] inline void raise(status code, const std::string &text = {}, std::uint64_t stored = 0)
{
#if SLUICE_CPP_EXCEPTIONS
    throw error(code, text, stored);
#else
    (void)stored;
    (void)std::fprintf(stderr, "sluice: %s: %s\n", code.text(), text.c_str());
    std::abort();
#endif
}

// Runs `body`; what it throws becomes `otherwise` (E_MEMORY for a lack of memory, its own code for a sluice::error) and, where
// `text` is given, its text.
template <class Body> status guarded(Body &&body, std::int32_t otherwise, std::string *text = nullptr) noexcept
{
#if SLUICE_CPP_EXCEPTIONS
    status code = otherwise;
    const auto keep = [text](const char *what) noexcept {
        try {
            if (text != nullptr) {
                *text = what;
            }
        } catch (...) {
            text->clear();
        }
    };
    try {
        return std::forward<Body>(body)();
    } catch (const error &thrown) {
        code = thrown.status().fault() ? thrown.status() : status(otherwise);
        keep(thrown.what());
    } catch (const std::bad_alloc &thrown) {
        code = SLUICE_E_MEMORY;
        keep(thrown.what());
    } catch (const std::exception &thrown) {
        keep(thrown.what());
    } catch (...) {
        keep("what was thrown is no std::exception");
    }
    return code;
#else
    (void)otherwise;
    (void)text;
    return std::forward<Body>(body)();
#endif
}

} // namespace detail

inline void status::expect() const
{
    if (!ok()) {
        detail::raise(*this);
    }
}

// A status and a value, from a try_ twin. The value is there when the call is done; after another answer it is what the call
// left: nothing, or how far it got.
//   if (auto packet = buffer.try_pop<event>()) use(*packet);
template <class T> class [[nodiscard]] result
{
public:
    result(sluice::status code) noexcept : code_(code) {}
    result(sluice::status code, T value) noexcept : code_(code), value_(std::move(value)) {}

    sluice::status status() const noexcept { return code_; }
    bool has_value() const noexcept { return code_.ok(); }
    explicit operator bool() const noexcept { return code_.ok(); }

    T &operator*() & noexcept { return value_; }
    const T &operator*() const & noexcept { return value_; }
    T &&operator*() && noexcept { return std::move(value_); }
    T *operator->() noexcept { return &value_; }
    const T *operator->() const noexcept { return &value_; }

    // The value, or the error thrown.
    T &value() & { return code_.expect(), value_; }
    const T &value() const & { return code_.expect(), value_; }
    T &&value() && { return code_.expect(), std::move(value_); }
    T value_or(T other) && { return code_.ok() ? std::move(value_) : std::move(other); }

private:
    sluice::status code_;
    T value_{};
};

} // namespace sluice

#endif
