// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/options.hpp - options as plain structs. A member left alone, 0 or empty takes its default, which sluice.h tells;
// with C++20 members can be named: sluice::buffer({.layout = &layout, .release_packets = 1000}).
#ifndef SLUICE_CPP_OPTIONS_HPP
#define SLUICE_CPP_OPTIONS_HPP

#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice
{

class layout;

// Time-outs: for_ever waits without an end, 0 looks once.
using nanoseconds = std::chrono::nanoseconds;
inline constexpr nanoseconds for_ever{-1};

enum class buffer_kind : std::uint32_t { fifo = SLUICE_FIFO, circular = SLUICE_CIRCULAR };
enum class shape : std::uint32_t { fixed = SLUICE_FIXED, framed = SLUICE_FRAMED };
enum class producers : std::uint32_t { one = SLUICE_ONE_PRODUCER, many = SLUICE_MANY_PRODUCERS };
enum class full_policy : std::uint32_t {
    fail = SLUICE_FAIL,
    block = SLUICE_BLOCK,
    drop_newest = SLUICE_DROP_NEWEST,
    drop_oldest = SLUICE_DROP_OLDEST
};
enum class attach : std::uint32_t {
    create = SLUICE_CREATE,
    existing = SLUICE_ATTACH,
    create_or_existing = SLUICE_CREATE_OR_ATTACH
};
// Who may attach to a ring with a name or in a file.
enum class access : std::uint32_t { owner = 0, group = SLUICE_BUFFER_GROUP, everybody = SLUICE_BUFFER_EVERYBODY };
enum class combine : std::uint32_t { any = SLUICE_ANY, all = SLUICE_ALL };
enum class release_clock : std::uint32_t {
    since_first = SLUICE_SINCE_FIRST,
    since_release = SLUICE_SINCE_RELEASE,
    since_asked = SLUICE_SINCE_ASKED
};
enum class wait : std::uint32_t { park = SLUICE_PARK, yield = SLUICE_YIELD, spin = SLUICE_SPIN };
enum class durability : std::uint32_t {
    none = SLUICE_DURABLE_NONE,
    on_close = SLUICE_DURABLE_ON_CLOSE,
    every_flush = SLUICE_DURABLE_EVERY_FLUSH
};
enum class text_style : std::uint32_t {
    plain = SLUICE_TEXT_PLAIN,
    csv = SLUICE_TEXT_CSV,
    json_lines = SLUICE_TEXT_JSON_LINES,
    hex = SLUICE_TEXT_HEX,
    hex_spaced = SLUICE_TEXT_HEX_SPACED,
    hex_dump = SLUICE_TEXT_HEX_DUMP
};
enum class hex_style : std::uint32_t { plain = SLUICE_HEX_PLAIN, spaced = SLUICE_HEX_SPACED, dump = SLUICE_HEX_DUMP };

// Where packets wait. `layout` is looked at by the call alone.
struct buffer_options {
    buffer_kind kind = buffer_kind::fifo;
    sluice::shape shape = sluice::shape::fixed;
    std::uint32_t stride = 0; // bytes of a packet; 0: that of the layout. attach::existing with shape, stride, layout and
                              // producers left alone takes all of them from the ring
    const sluice::layout *layout = nullptr;
    sluice::producers producers = sluice::producers::one;
    sluice::full_policy full_policy = sluice::full_policy::fail; // circular
    nanoseconds block_timeout{0};                                // full_policy::block; 0: 1 s
    std::uint64_t capacity = 0;                                  // bytes; 0: 1 MiB
    std::uint64_t memory_limit = 0;                              // fifo: bytes in memory; 0: 1 GiB
    std::uint64_t spill_limit = 0;                               // fifo: bytes in files beyond it; 0: 64 GiB
    std::string spill_directory{};
    // Shared memory under a name (circular). The buffer that made it takes the name away at its end, if nothing is left in it; one
    // that attached never does.
    std::string name{};
    std::string file{}; // a file that keeps the packets (circular)
    sluice::attach attach = sluice::attach::create; // what is found must agree with what is given here: E_STATE names both values
    bool huge_pages = false;
    bool locked = false; // in memory
    std::uint64_t release_packets = 0;
    std::uint64_t release_bytes = 0;
    nanoseconds release_after{0};
    sluice::combine combine = sluice::combine::any;
    sluice::release_clock release_clock = sluice::release_clock::since_first;
    sluice::wait wait = sluice::wait::park;
    bool throw_on_loss = false; // close() throws SLUICE_LOST where packets are gone with the buffer
    bool checksums = false;                        // circular: damaged packets are not delivered, and counted as corrupted
    sluice::access access = sluice::access::owner; // who else may attach to what is made here
    bool any_owner = false;                        // attaches to what another user made too
    bool adopt = false;                            // frees ends whose holders cannot be judged from here
};

struct file_options {
    std::string path; // a new file; E_EXISTS if it is there
    std::string header{}; // bytes to begin every file with
    std::uint64_t rotate_bytes = 0;
    sluice::durability durability = sluice::durability::none;
};

// A pointer that is null stands for the default of the style; an empty text is an empty text.
struct text_options {
    std::string path; // a new file; E_EXISTS if it is there
    text_style style = text_style::plain;
    const char *separator = nullptr;
    const char *line_end = nullptr;
    const char *comment = nullptr;
    const char *header = nullptr; // any bytes to begin with
    bool layout_header = false;   // a line of field names and units
    const sluice::layout *layout = nullptr; // null: the buffer's
    std::uint64_t rotate_bytes = 0;
    sluice::durability durability = sluice::durability::none;
    std::size_t header_bytes = 0;   // of the header; 0: up to its zero byte
    std::size_t line_end_bytes = 0; // of the line end; 0: up to its zero byte
};

struct formatter_options {
    text_style style = text_style::plain;
    const char *separator = nullptr;
    const char *line_end = nullptr;
    const char *comment = nullptr;
    std::size_t line_end_bytes = 0; // of the line end; 0: up to its zero byte
};

struct hex_options {
    hex_style style = hex_style::plain;
    bool upper = false;
    char separator = '\0'; // spaced; 0: a blank
    std::uint64_t first_offset = 0; // dump
};

namespace detail
{

inline const char *or_null(const std::string &text) noexcept
{
    return text.empty() ? nullptr : text.c_str();
}

inline std::uint32_t flag(bool wanted, int bit) noexcept
{
    return wanted ? static_cast<std::uint32_t>(bit) : 0u;
}

} // namespace detail
} // namespace sluice

#endif
