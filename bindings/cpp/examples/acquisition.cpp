// SPDX-License-Identifier: Apache-2.0
//
// acquisition - the shortest useful program: packets into a binary file and a CSV file.
//
//   acquisition DIR        writes DIR/acquisition.dat and DIR/acquisition.csv
#include <sluice/sluice.hpp>

#include <cmath>
#include <cstdio>

struct sample {
    std::uint32_t sequence;
    float volts;
};

int main(int argc, char **argv)
try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: acquisition DIR\n");
        return 2;
    }
    const std::string folder = argv[1];

    // What is in a packet.
    const auto layout = sluice::layout_of<sample>(sluice::field("sequence", &sample::sequence),
                                                  sluice::field("volts", &sample::volts).unit("V").format("%.3f"));

    // Where packets wait, and when they go: a thousand at a time, and no later than half a second after they came.
    sluice::buffer_options options;
    options.layout = &layout;
    options.release_packets = 1000;
    options.release_after = std::chrono::milliseconds(500);
    sluice::buffer buffer(options);

    // Where they go.
    sluice::text_options table;
    table.path = folder + "/acquisition.csv";
    table.style = sluice::text_style::csv;
    table.layout_header = true;
    buffer.add_file_sink({folder + "/acquisition.dat"});
    buffer.add_text_sink(table);

    // A thread of the engine releases them from here on.
    buffer.start();
    for (std::uint32_t i = 0; i < 10000; i++) {
        buffer.put(sample{i, std::sin(static_cast<float>(i) * 0.01f)});
    }
    buffer.close(); // writes what is left, or throws
    return 0;
} catch (const sluice::error &fault) {
    std::fprintf(stderr, "acquisition: %s\n", fault.what());
    return 1;
}
