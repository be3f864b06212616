// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/library.hpp - which library runs, and its end.
#ifndef SLUICE_CPP_LIBRARY_HPP
#define SLUICE_CPP_LIBRARY_HPP

#include "handle.hpp"
#include "options.hpp"

namespace sluice
{

// "sluice 0.2.0 (abi 1; image x86-64-v3; net10.0; native-aot)"
inline std::string build_info()
{
    std::string text;
    detail::done(detail::read_text(
        text, [](char *to, std::size_t room, std::size_t *length) { return sluice_build_info(to, room, length); }));
    return text;
}

// Stops every pump, flushes and closes every buffer; all handles are invalid afterwards. TIMEOUT: some data could not be
// written in time. Runs by itself at exit, where it is given up when nothing got on for 5 s.
inline status try_shutdown(nanoseconds timeout) noexcept
{
    return sluice_shutdown(timeout.count());
}
inline void shutdown(nanoseconds timeout)
{
    if (const status code = try_shutdown(timeout); !code.ok()) {
        detail::raise(code, last_error());
    }
}

} // namespace sluice

#endif
