// SPDX-License-Identifier: Apache-2.0
//
// sluice/cpp/file.hpp - reading packets back from the file of a file sink; docs/files.md.
//
//   const sluice::packet_file file({"data.dat", sizeof(event)});
//   for (const event &one : file.map().as<event>()) use(one);
#ifndef SLUICE_CPP_FILE_HPP
#define SLUICE_CPP_FILE_HPP

#include "handle.hpp"
#include "layout.hpp"
#include "options.hpp"
#include "view.hpp"

#include <string>
#include <vector>

namespace sluice
{

struct reading_options {
    std::string path;
    std::uint32_t stride = 0; // bytes of a packet; 0: that of the layout
    const sluice::layout *layout = nullptr;
    std::uint64_t header_bytes = 0; // before the first packet; skipped
    bool check_constants = false;   // packets that break a constant of the layout are E_CONSTANT when read or mapped
};

// A file of packets of one size, which may still be written. Any thread may use it, one at a time refreshes it.
class packet_file
{
public:
    packet_file() noexcept = default;

    // E_NOT_FOUND, E_PERMISSION, E_IO name the path. A tail that is no whole packet is no fault: info() tells of it.
    explicit packet_file(const reading_options &options)
    {
        auto made = try_open(options);
        detail::done(made.status());
        *this = std::move(*made);
    }
    static result<packet_file> try_open(const reading_options &options) noexcept
    {
        sluice_reading_options raw{};
        raw.struct_size = sizeof raw;
        raw.stride = options.stride;
        raw.path = options.path.c_str();
        raw.layout = options.layout == nullptr ? nullptr : options.layout->get();
        raw.header_bytes = options.header_bytes;
        raw.check_constants = options.check_constants ? 1 : 0;
        sluice_file *made = nullptr;
        const status code = sluice_file_open(&raw, &made);
        packet_file owner;
        owner.handle_.reset(made);
        return {code, std::move(owner)};
    }

    // What was in it when it was opened or refreshed.
    sluice_file_info info() const
    {
        sluice_file_info numbers{};
        numbers.struct_size = sizeof numbers;
        detail::done(sluice_file_get_info(get(), &numbers));
        return numbers;
    }
    std::uint64_t size() const { return info().packets; }

    // Looks how long the file is now; returns the whole packets since the last look. Views stay valid.
    std::uint64_t refresh()
    {
        std::uint64_t came = 0;
        detail::done(sluice_file_refresh(get(), &came));
        return came;
    }

    // At most `packets` packets (0: all) from `first` on, in place until the file is closed; an empty batch behind the last.
    batch map(std::uint64_t first = 0, std::uint64_t packets = 0) const
    {
        const auto seen = try_map(first, packets);
        detail::no_fault(seen.status());
        return *seen;
    }
    result<batch> try_map(std::uint64_t first = 0, std::uint64_t packets = 0) const noexcept
    {
        sluice_batch raw{};
        const status code = sluice_file_map(get(), first, packets, &raw);
        return code.ok() ? result<batch>(code, batch(raw)) : result<batch>(code);
    }

    // Copies as many packets from `first` on as fit; *result is how many. END: `first` is behind the last one.
    result<std::uint64_t> try_read(std::uint64_t first, void *packets, std::size_t capacity) const noexcept
    {
        std::uint64_t count = 0;
        const status code = sluice_file_read(get(), first, packets, capacity, &count);
        return {code, count};
    }

    // Copies of at most `most` packets from `first` on.
    template <class T> std::vector<T> read(std::uint64_t first, std::size_t most) const
    {
        detail::require_packet<T>();
        if (const sluice_file_info now = info(); now.stride != sizeof(T)) {
            detail::raise(SLUICE_E_SIZE,
                          detail::joined("packets of ", now.stride, " bytes are no objects of ", sizeof(T), " bytes"));
        }
        std::vector<T> packets(most);
        const auto count = try_read(first, packets.data(), packets.size() * sizeof(T));
        detail::no_fault(count.status());
        packets.resize(static_cast<std::size_t>(*count));
        return packets;
    }

    // Throws E_CONSTANT, with the packet, the field and both values, unless all constants of the layout hold.
    void check(std::uint64_t first = 0, std::uint64_t packets = 0) const
    {
        detail::no_fault(sluice_file_check(get(), first, packets, nullptr));
    }

    void close() noexcept { handle_.reset(); }
    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    sluice_file *get() const noexcept { return handle_.get(); }

private:
    detail::handle<sluice_file, sluice_file_close> handle_;
};

} // namespace sluice

#endif
