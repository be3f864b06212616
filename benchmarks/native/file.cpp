// SPDX-License-Identifier: Apache-2.0
//
// 64-byte packets into a binary file in the page cache: the whole way through the engine, against writing blocks of 1 MiB
// that are there already.
#include "engine_ends.hpp"
#include "harness.hpp"
#include "packets.hpp"
#include "scratch_file.hpp"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace
{

using bench::packet;

constexpr std::uint64_t block_bytes = 1 << 20;
constexpr std::uint64_t file_bytes = 128 * block_bytes;
constexpr std::uint64_t packets = file_bytes / sizeof(packet);

// Millions of packets a second.
double rate(double seconds)
{
    return static_cast<double>(packets) / seconds * 1e-6;
}

// The file has all packets.
void expect_packets(const bench::scratch_file &file)
{
    bench::verifier seen;
    std::vector<packet> block(block_bytes / sizeof(packet));
    int fd = open(file.path(), O_RDONLY);
    ssize_t got;
    while (fd >= 0 && (got = read(fd, block.data(), block_bytes)) > 0) {
        seen.see(block.data(), static_cast<std::uint64_t>(got) / sizeof(packet));
    }
    (void)close(fd);
    seen.expect(packets);
}

double engine(const std::string &folder)
{
    bench::scratch_file file(folder);
    double seconds;
    {
        bench::engine_buffer buffer(4 * block_bytes, sizeof(packet), block_bytes);
        sluice_file_options options{};
        options.struct_size = sizeof options;
        options.path = file.path();
        bench::engine_must(sluice_buffer_add_file_sink(buffer.get(), &options, nullptr), "sluice_buffer_add_file_sink");
        seconds = buffer.run(32 * sizeof(packet), [](sluice_producer &producer) {
            bench::produce_each(packets, [&](const packet &one) {
                bench::must(sluice_producer_put(&producer, &one, sizeof one), "sluice_producer_put");
            });
        });
    }
    expect_packets(file);
    return rate(seconds);
}

// The same bytes, made beforehand, in write(2) calls of 1 MiB.
double write_blocks(const std::string &folder, const std::vector<packet> &content)
{
    bench::scratch_file file(folder);
    bench::pin(bench::consumer_processor);
    int fd = open(file.path(), O_WRONLY | O_CREAT | O_EXCL, 0644);
    bench::clock::time_point start = bench::clock::now();
    for (std::uint64_t at = 0; at < packets; at += block_bytes / sizeof(packet)) {
        if (write(fd, &content[at], block_bytes) != static_cast<ssize_t>(block_bytes)) {
            throw std::runtime_error("write failed");
        }
    }
    double seconds = bench::seconds_since(start);
    (void)close(fd);
    expect_packets(file);
    return rate(seconds);
}

double fwrite_each(const std::string &folder)
{
    bench::scratch_file file(folder);
    bench::pin(bench::consumer_processor);
    std::FILE *stream = std::fopen(file.path(), "wxb");
    if (stream == nullptr) {
        throw std::runtime_error("fopen failed");
    }
    bench::clock::time_point start = bench::clock::now();
    bench::produce_each(packets, [&](const packet &one) {
        if (std::fwrite(&one, sizeof one, 1, stream) != 1) {
            throw std::runtime_error("fwrite failed");
        }
    });
    (void)std::fflush(stream);
    double seconds = bench::seconds_since(start);
    (void)std::fclose(stream);
    expect_packets(file);
    return rate(seconds);
}

} // namespace

int main(int argc, char **argv)
{
    bench::suite suite("file", argc, argv);
    std::string folder = suite.folder();
    std::vector<packet> content(packets);
    for (std::uint64_t i = 0; i < packets; i++) {
        content[i] = bench::make_packet(i);
    }
    suite.compare("64 B packets to a binary file, whole path / 1 MiB writes", "M/s", 0.9,
                  {"engine", [=] { return engine(folder); }},
                  {{"write", [&] { return write_blocks(folder, content); }}});
    suite.compare("64 B packets to a binary file, whole path / fwrite per packet", "M/s", std::nullopt,
                  {"engine", [=] { return engine(folder); }}, {{"fwrite", [=] { return fwrite_each(folder); }}});
    return suite.finish();
}
