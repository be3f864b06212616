// SPDX-License-Identifier: Apache-2.0
//
// quickstart - one program puts packets into a ring in shared memory, another one checks them and writes each as a line of
// text.
//
//   quickstart consumer NAME COUNT OUT [--framed]     makes the ring NAME, takes COUNT packets, writes OUT
//   quickstart producer NAME COUNT [--framed]         puts COUNT packets into it
//
// Either may be the quickstart of another language. --framed: records of any size instead of packets of one size.
#include <sluice/cpp/ring.hpp>
#include <sluice/sluice.hpp>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

using namespace std::chrono_literals;

struct sample {
    std::uint32_t sequence;
    std::uint16_t magic;
    std::int16_t millivolts;
    double energy;
};

static constexpr auto patience = 10s; // how long one side waits for the other

// The packet of that number, as a producer makes it and a consumer expects it.
static sample sample_of(std::uint32_t number)
{
    const auto millivolts = static_cast<std::int16_t>(static_cast<int>(number * 37 % 4001) - 2000);
    return {number, 0x51CE, millivolts, number * 0.1};
}

static int produce(const std::string &name, std::uint32_t count, bool framed)
{
    auto ring = sluice::ring::attach(name, patience);
    auto producer = ring.open_producer();
    for (std::uint32_t number = 0; number < count; number++) {
        const sample packet = sample_of(number);
        if (framed) {
            producer.put_record(&packet, sizeof packet);
        } else {
            producer.put(packet);
        }
    }
    return 0;
}

static int consume(const std::string &name, std::uint32_t count, const std::string &path, bool framed)
{
    using sluice::field;
    const auto layout = sluice::layout_of<sample>(
        sluice::byte_order::little, field("sequence", &sample::sequence), field("magic", &sample::magic).constant(0x51CE),
        field("volts", &sample::millivolts).scale(0.001).unit("V").format("%.3f"), field("energy", &sample::energy).unit("keV"));
    sluice::buffer_options options;
    options.kind = sluice::buffer_kind::circular;
    options.name = name;
    options.shape = framed ? sluice::shape::framed : sluice::shape::fixed;
    options.layout = &layout;
    options.capacity = 1 << 16;
    options.full_policy = sluice::full_policy::block;
    options.block_timeout = patience;
    options.release_packets = 100;
    options.release_after = 20ms;
    sluice::buffer buffer(options);

    sluice::text_options text;
    text.path = path;
    text.layout_header = true;
    buffer.add_text_sink(text);
    std::uint32_t seen = 0, wrong = 0;
    buffer.add_callback_sink([&](const sluice::batch &released) {
        for (const sluice::packet &packet : released) {
            const sample expected = sample_of(seen++);
            wrong += packet.size() != sizeof expected || std::memcmp(packet.data(), &expected, sizeof expected) != 0;
        }
    });
    while (seen < count && buffer.poll(patience)) {
    }
    buffer.close();
    std::printf("%u packets, %u wrong\n", seen, wrong);
    return seen == count && wrong == 0 ? 0 : 1;
}

int main(int argc, char **argv)
try {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool framed = !arguments.empty() && arguments.back() == "--framed";
    if (framed) {
        arguments.pop_back();
    }
    const auto count = [&] { return static_cast<std::uint32_t>(std::stoul(arguments[2])); };
    if (arguments.size() == 3 && arguments[0] == "producer") {
        return produce(arguments[1], count(), framed);
    }
    if (arguments.size() == 4 && arguments[0] == "consumer") {
        return consume(arguments[1], count(), arguments[3], framed);
    }
    std::fprintf(stderr, "usage: quickstart producer NAME COUNT [--framed] | consumer NAME COUNT OUT [--framed]\n");
    return 2;
} catch (const std::exception &fault) {
    std::fprintf(stderr, "quickstart: %s\n", fault.what());
    return 1;
}
