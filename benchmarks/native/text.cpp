// SPDX-License-Identifier: Apache-2.0
//
// Packets as text in memory: a formatter of the engine against {fmt} with compiled formats and against std::to_chars. Every
// side reads the same packets and writes the same bytes, which is checked; the formats of a side are known when it is compiled.
#include "engine_ends.hpp"
#include "harness.hpp"
#include "samples.hpp"

#include <charconv>
#include <cstring>
#include <vector>

namespace
{

using bench::event;
using bench::sample;

constexpr std::size_t records = 1 << 16;

template <typename T> struct [[gnu::packed]] single {
    T value;
};

template <typename T> single<T> make(std::mt19937_64 &random, const single<T> *)
{
    if constexpr (std::is_floating_point_v<T>) {
        return {bench::any_reading<T>(random)};
    } else {
        return {bench::any_magnitude<T>(random)};
    }
}

// A formatter of the engine, CSV.
class formatter
{
  public:
    explicit formatter(const std::string &layout_text)
    {
        sluice_layout *layout;
        sluice_formatter_options options{};
        options.struct_size = sizeof options;
        options.style = SLUICE_TEXT_CSV;
        bench::engine_must(sluice_layout_create(layout_text.c_str(), &layout), "sluice_layout_create");
        bench::engine_must(sluice_formatter_create(layout, &options, &handle_), "sluice_formatter_create");
        bench::engine_must(sluice_layout_destroy(layout), "sluice_layout_destroy");
    }

    formatter(const formatter &) = delete;
    formatter &operator=(const formatter &) = delete;

    ~formatter()
    {
        (void)sluice_formatter_destroy(handle_);
    }

    std::size_t format(const void *packets, std::size_t bytes, char *text, std::size_t room) const
    {
        std::size_t consumed, written;
        bench::engine_must(sluice_formatter_format(handle_, packets, bytes, text, room, &consumed, &written),
                           "sluice_formatter_format");
        if (consumed != bytes) {
            throw std::runtime_error("the text of a block does not fit");
        }
        return written;
    }

  private:
    sluice_formatter *handle_;
};

// Every side formats blocks of 512 packets into the same memory, as a sink does.
template <typename Packet, typename Format>
double rate(const std::vector<Packet> &packets, std::vector<char> *whole, Format &&format)
{
    constexpr std::size_t block = 512;
    static std::vector<char> text(block * 512);
    bench::pin(bench::consumer_processor);
    bench::clock::time_point start = bench::clock::now();
    for (std::size_t at = 0; at < packets.size(); at += block) {
        std::size_t written = format(&packets[at], block, text.data(), text.size());
        if (whole != nullptr) {
            whole->insert(whole->end(), text.data(), text.data() + written);
        }
    }
    return static_cast<double>(packets.size()) / bench::seconds_since(start) * 1e-6;
}

// A way of one's own: calls `line` for each packet, which writes it and returns its end.
template <typename Packet, typename Line> auto each(Line line)
{
    return [line](const Packet *packets, std::size_t count, char *text, std::size_t) {
        char *at = text;
        for (std::size_t i = 0; i < count; i++) {
            at = line(packets[i], at);
        }
        return static_cast<std::size_t>(at - text);
    };
}

template <typename T> char *put(char *to, T value)
{
    return std::to_chars(to, to + 64, value).ptr;
}

template <typename Packet, typename Fmt, typename ToChars>
void compare(bench::suite &suite, const std::string &name, const std::string &layout, std::optional<double> target,
             Fmt fmt, ToChars to_chars)
{
    std::vector<Packet> packets(records);
    std::mt19937_64 random(20250408);
    for (Packet &packet : packets) {
        packet = make(random, &packet);
    }
    formatter engine(layout);
    auto ours = [&](const Packet *from, std::size_t count, char *text, std::size_t room) {
        return engine.format(from, count * sizeof(Packet), text, room);
    };
    std::vector<char> texts[3];
    (void)rate(packets, &texts[0], ours);
    (void)rate(packets, &texts[1], each<Packet>(fmt));
    (void)rate(packets, &texts[2], each<Packet>(to_chars));
    if (texts[0] != texts[1] || texts[0] != texts[2]) {
        throw std::runtime_error(name + ": the texts differ");
    }
    suite.compare(name + " / {fmt} compiled", "M/s", target, {"engine", [&] { return rate(packets, nullptr, ours); }},
                  {{"fmt", [&] { return rate(packets, nullptr, each<Packet>(fmt)); }}});
    suite.compare(name + " / std::to_chars", "M/s", std::nullopt,
                  {"engine", [&] { return rate(packets, nullptr, ours); }},
                  {{"to_chars", [&] { return rate(packets, nullptr, each<Packet>(to_chars)); }}});
}

// A packet of a single field.
#define FIELD(type, layout, format, ...)                                                                     \
    compare<single<type>>(                                                                                   \
        suite, "one field, " layout, "<v:" layout, std::nullopt,                                             \
        [](const single<type> &one, char *to) {                                                              \
            type v = one.value;                                                                              \
            return fmt::format_to(to, FMT_COMPILE(format "\n"), __VA_ARGS__);                                \
        },                                                                                                   \
        [](const single<type> &one, char *to) { return field_to_chars(to, one.value, layout); })

// The same conversions by std::to_chars.
template <typename T> char *field_to_chars(char *to, T value, std::string_view layout)
{
    std::size_t percent = layout.find('%');
    if (layout.find('*') != std::string_view::npos) {
        to = std::to_chars(to, to + 64, static_cast<double>(value) * 1e-6, std::chars_format::fixed, 6).ptr;
    } else if (percent == std::string_view::npos) {
        to = put(to, value);
    } else if constexpr (std::is_floating_point_v<T>) {
        std::chars_format format =
            layout.back() == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
        to = std::to_chars(to, to + 512, static_cast<double>(value), format, layout[percent + 2] - '0').ptr;
    } else {
        char digits[16];
        std::size_t count =
            static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, value, 16).ptr - digits);
        std::memset(to, '0', 8 - count);
        std::memcpy(to + 8 - count, digits, count);
        to += 8;
    }
    *to++ = '\n';
    return to;
}

void compare_all(bench::suite &suite)
{
    // 0.6 and 0.3 times the time of {fmt}.
    compare<sample>(
        suite, "CSV of {u64, u32, i32, f32, f64}, shortest", bench::sample_layout, 1 / 0.6, bench::format_sample,
        [](const sample &s, char *to) {
            to = put(to, std::uint64_t{s.sequence}), *to++ = ',';
            to = put(to, std::uint32_t{s.count}), *to++ = ',';
            to = put(to, std::int32_t{s.delta}), *to++ = ',';
            to = put(to, float{s.reading}), *to++ = ',';
            to = put(to, double{s.value}), *to++ = '\n';
            return to;
        });
    compare<event>(
        suite, "CSV of %d and %.6f of a scaled integer", "<a:B; b:B; c:I*1e-6 %.6f; d:H", 1 / 0.3,
        [](const event &e, char *to) {
            return fmt::format_to(to, FMT_COMPILE("{},{},{:.6f},{}\n"), unsigned{e.pin}, unsigned{e.edge},
                                  e.microseconds * 1e-6, unsigned{e.adc});
        },
        [](const event &e, char *to) {
            to = put(to, unsigned{e.pin}), *to++ = ',';
            to = put(to, unsigned{e.edge}), *to++ = ',';
            to = std::to_chars(to, to + 64, e.microseconds * 1e-6, std::chars_format::fixed, 6).ptr, *to++ = ',';
            to = put(to, unsigned{e.adc}), *to++ = '\n';
            return to;
        });
    FIELD(std::uint64_t, "Q", "{}", v);
    FIELD(std::int32_t, "i", "{}", v);
    FIELD(std::uint16_t, "H", "{}", v);
    FIELD(std::uint32_t, "I %08x", "{:08x}", v);
    FIELD(float, "f", "{}", v);
    FIELD(double, "d", "{}", v);
    FIELD(double, "d %.3f", "{:.3f}", v);
    FIELD(double, "d %.6e", "{:.6e}", v);
    FIELD(std::uint32_t, "I*1e-6 %.6f", "{:.6f}", v * 1e-6);
}

} // namespace

int main(int argc, char **argv)
{
    bench::suite suite("text", argc, argv);
    try {
        compare_all(suite);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "text: %s\n", error.what());
        return 1;
    }
    return suite.finish();
}
