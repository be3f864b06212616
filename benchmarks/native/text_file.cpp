// SPDX-License-Identifier: Apache-2.0
//
// Packets into a text file in the page cache: the whole way through the engine, put, ring, pump and text sink, against {fmt}
// with a compiled format into blocks of 64 KiB and write(2), on one thread, of packets that are there already.
#include "engine_ends.hpp"
#include "harness.hpp"
#include "samples.hpp"
#include "scratch_file.hpp"

#include <fcntl.h>
#include <vector>

namespace
{

using bench::sample;

constexpr std::size_t records = 1 << 20;

struct outcome {
    double seconds;
    std::vector<char> text;
};

std::vector<char> content_of(const bench::scratch_file &file)
{
    std::vector<char> text(records * 128);
    int fd = open(file.path(), O_RDONLY);
    std::size_t length = 0;
    for (ssize_t got; fd >= 0 && (got = read(fd, text.data() + length, text.size() - length)) > 0;) {
        length += static_cast<std::size_t>(got);
    }
    (void)close(fd);
    text.resize(length);
    return text;
}

outcome engine(const std::string &folder, const std::vector<sample> &samples)
{
    bench::scratch_file file(folder);
    outcome result;
    sluice_layout *layout;
    bench::engine_must(sluice_layout_create(bench::sample_layout, &layout), "sluice_layout_create");
    {
        bench::engine_buffer buffer(4 << 20, sizeof(sample), 1 << 18);
        sluice_text_options options{};
        options.struct_size = sizeof options;
        options.path = file.path();
        options.style = SLUICE_TEXT_CSV;
        options.layout = layout;
        bench::engine_must(sluice_buffer_add_text_sink(buffer.get(), &options, nullptr), "sluice_buffer_add_text_sink");
        result.seconds = buffer.run(32 * sizeof(sample), [&](sluice_producer &producer) {
            for (const sample &one : samples) {
                bench::must(sluice_producer_put(&producer, &one, sizeof one), "sluice_producer_put");
            }
        });
    }
    (void)sluice_layout_destroy(layout);
    result.text = content_of(file);
    return result;
}

outcome fmt_and_write(const std::string &folder, const std::vector<sample> &samples)
{
    constexpr std::size_t block_bytes = 1 << 16, line_bytes = 128;
    bench::scratch_file file(folder);
    outcome result;
    std::vector<char> block(block_bytes);
    bench::pin(bench::consumer_processor);
    int fd = open(file.path(), O_WRONLY | O_CREAT | O_EXCL, 0644);
    bench::clock::time_point start = bench::clock::now();
    char *at = block.data();
    auto flush = [&] {
        if (write(fd, block.data(), static_cast<std::size_t>(at - block.data())) != at - block.data()) {
            throw std::runtime_error("write failed");
        }
        at = block.data();
    };
    for (const sample &one : samples) {
        if (at > block.data() + block_bytes - line_bytes) {
            flush();
        }
        at = bench::format_sample(one, at);
    }
    flush();
    result.seconds = bench::seconds_since(start);
    (void)close(fd);
    result.text = content_of(file);
    return result;
}

} // namespace

int main(int argc, char **argv)
{
    bench::suite suite("text_file", argc, argv);
    std::string folder = suite.folder();
    std::mt19937_64 random(20250408);
    std::vector<sample> samples(records);
    for (sample &one : samples) {
        one = make(random, &one);
    }
    const std::vector<char> expected = fmt_and_write(folder, samples).text;
    // A rate of any unit: units are what one run handles.
    auto run = [&](outcome (*way)(const std::string &, const std::vector<sample> &), double units) {
        return [&, way, units] {
            outcome result = way(folder, samples);
            if (result.text != expected) {
                throw std::runtime_error("the file has another text");
            }
            return units / result.seconds;
        };
    };
    const char *name = "CSV of {u64, u32, i32, f32, f64} to a file, whole path / {fmt} and write";
    suite.compare(name, "M/s", std::nullopt, {"engine", run(engine, records * 1e-6)},
                  {{"fmt", run(fmt_and_write, records * 1e-6)}});
    double gigabytes = static_cast<double>(expected.size()) * 1e-9;
    suite.compare(std::string(name) + ", bytes", "GB/s", std::nullopt, {"engine", run(engine, gigabytes)},
                  {{"fmt", run(fmt_and_write, gigabytes)}});
    return suite.finish();
}
