/* %r against std::to_chars, whose shortest digits are laid out here as Python's repr does it: doubles and
 * singles of many kinds, every half. ROUNDS (default 10 000 000): numbers of each type. SLUICE_LONG=1: every
 * single, on two threads. */
#include <sluice/sluice.h>

#include "check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace
{
constexpr std::size_t run = 4096;
constexpr std::size_t max_line = 32;

template <class Value, class Bits> Value from_bits(Bits bits)
{
    static_assert(sizeof(Value) == sizeof(Bits), "bits of the value");
    Value value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

class formatter
{
  public:
    explicit formatter(const char *layout_text)
    {
        sluice_layout *layout = nullptr;
        CHECK(sluice_layout_create(layout_text, &layout) == SLUICE_OK);
        CHECK(sluice_formatter_create(layout, nullptr, &handle_) == SLUICE_OK);
        CHECK(sluice_layout_destroy(layout) == SLUICE_OK);
    }
    formatter(const formatter &) = delete;
    formatter &operator=(const formatter &) = delete;
    ~formatter()
    {
        CHECK(sluice_formatter_destroy(handle_) == SLUICE_OK);
    }

    std::size_t format(const void *values, std::size_t bytes, char *text, std::size_t capacity) const
    {
        std::size_t consumed = 0, written = 0;
        CHECK(sluice_formatter_format(handle_, values, bytes, text, capacity, &consumed, &written) ==
              SLUICE_OK);
        CHECK(consumed == bytes);
        return written;
    }

  private:
    sluice_formatter *handle_ = nullptr;
};

/* Digits d0 d1 ... with d0 counting 10^exponent, laid out as repr does it; returns the end. */
char *lay_out(const char *digits, int count, int exponent, char *to)
{
    if (exponent < -4 || exponent > 15) {
        *to++ = digits[0];
        if (count > 1) {
            *to++ = '.';
            to = static_cast<char *>(std::memcpy(to, digits + 1, count - 1)) + (count - 1);
        }
        *to++ = 'e';
        *to++ = exponent < 0 ? '-' : '+';
        if (std::abs(exponent) < 10) {
            *to++ = '0';
        }
        return std::to_chars(to, to + 3, std::abs(exponent)).ptr;
    }
    for (int i = std::min(exponent, 0); i < std::max(exponent + 2, count); i++) {
        *to++ = i < 0 || i >= count ? '0' : digits[i];
        if (i == exponent) {
            *to++ = '.';
        }
    }
    return to;
}

template <class Value> char *expected(Value value, char *to)
{
    if (std::isnan(value)) {
        return static_cast<char *>(std::memcpy(to, "nan", 3)) + 3;
    }
    if (std::signbit(value)) {
        *to++ = '-';
        value = -value;
    }
    if (std::isinf(value)) {
        return static_cast<char *>(std::memcpy(to, "inf", 3)) + 3;
    }
    char text[40], digits[32];
    const char *end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
    int count = 0, exponent = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    std::from_chars(at[1] == '+' ? at + 2 : at + 1, end, exponent);
    return lay_out(digits, count, exponent, to);
}

template <class Value> void check_values(const formatter &made, const Value *values, std::size_t count)
{
    static thread_local char text[run * max_line];
    const std::size_t written = made.format(values, count * sizeof(Value), text, sizeof text);
    const char *line = text;
    for (std::size_t i = 0; i < count; i++) {
        char wanted[max_line];
        const std::size_t length = expected(values[i], wanted) - wanted;
        if (std::memcmp(line, wanted, length) != 0 || line[length] != '\n') {
            const auto *end = static_cast<const char *>(std::memchr(line, '\n', text + written - line));
            std::fprintf(stderr, "%a: %.*s, not %.*s\n", static_cast<double>(values[i]),
                         static_cast<int>(length), wanted, end == nullptr ? 0 : static_cast<int>(end - line),
                         line);
            std::exit(1);
        }
        line += length + 1;
    }
    CHECK(line == text + written);
}

/* One number of one of eight kinds. */
template <class Value, class Bits> Value random_value(std::mt19937_64 &random, unsigned kind)
{
    constexpr int digits = std::numeric_limits<Value>::digits;
    const std::uint64_t bits = random();
    const double few_bits = static_cast<double>(bits >> (64 - digits + bits % 20));
    const int power = static_cast<int>(bits >> 8 & 63);
    switch (kind) {
    case 0: /* between 0 and 1 */
        return static_cast<Value>(std::ldexp(static_cast<double>(bits >> (64 - digits)), -digits));
    case 1: /* subnormal */
        return from_bits<Value>(static_cast<Bits>(bits & ((Bits{1} << (digits - 1)) - 1)));
    case 2: /* an integer of any size, halfway cases among them */
        return static_cast<Value>(static_cast<std::int64_t>(bits) >> (bits & 63));
    case 3: /* a short decimal */
        return static_cast<Value>((bits % 10000000) / std::pow(10.0, static_cast<double>((bits >> 40) % 12)));
    case 4: /* a few bits behind the point: ties of the last digit */
        return static_cast<Value>(std::ldexp(few_bits, -power));
    case 5: /* a large integer with few bits: boundaries that are decimals themselves */
        return static_cast<Value>(std::ldexp(few_bits, power));
    default:
        return from_bits<Value>(static_cast<Bits>(bits));
    }
}

template <class Value, class Bits> void random_values(const formatter &made, std::size_t rounds)
{
    std::mt19937_64 random(2025);
    std::vector<Value> values(run);
    for (std::size_t done = 0; done < rounds; done += run) {
        for (std::size_t i = 0; i < run; i++) {
            values[i] = random_value<Value, Bits>(random, static_cast<unsigned>(done / run + i / 64) % 8);
        }
        check_values(made, values.data(), run);
    }
}

/* Zeros, infinities, and powers of two and ten with their neighbours. */
template <class Value> void edges(const formatter &made)
{
    using limits = std::numeric_limits<Value>;
    constexpr Value infinity = limits::infinity();
    std::vector<Value> values = {0, -Value(0), infinity, -infinity, limits::quiet_NaN()};
    values.insert(values.end(), {limits::max(), limits::min(), limits::denorm_min()});
    if constexpr (limits::digits == 53) {
        values.push_back(0x1.3de005bd620dfp+216); /* the closest to the middle between two decimals */
    }
    const auto add = [&values](Value value) {
        for (Value neighbour : {value, std::nextafter(value, Value(0)), std::nextafter(value, infinity)}) {
            values.insert(values.end(), {neighbour, -neighbour, 3 * neighbour, neighbour / 3});
        }
    };
    for (int e = limits::min_exponent - limits::digits; e < limits::max_exponent; e++) {
        add(std::ldexp(Value(1), e));
    }
    for (int e = limits::min_exponent10 - limits::digits10; e <= limits::max_exponent10; e++) {
        add(static_cast<Value>(std::pow(10.0L, e)));
    }
    for (std::size_t at = 0; at < values.size(); at += run) {
        check_values(made, values.data() + at, std::min(run, values.size() - at));
    }
}

__extension__ typedef __int128 wide;

/* The magnitude of a half in units of 2^-25, so that the middle between two is an integer too. */
wide half_units(unsigned magnitude)
{
    const unsigned biased = magnitude >> 10, fraction = magnitude & 1023;
    return biased == 0 ? wide{2 * fraction} : wide{2 * (fraction + 1024)} << (biased - 1);
}

/* The first power of ten, from the largest down, of which a multiple is within the rounding interval; then
 * the closest one, and of two the even one. In units of 2^-25 * 10^-8 all is an integer. */
char *expected_half(unsigned bits, char *to)
{
    const unsigned magnitude = bits & 0x7FFF;
    if (magnitude >= 0x7C00 || magnitude == 0) {
        const float special = magnitude == 0 ? 0.0F : magnitude > 0x7C00 ? NAN : INFINITY;
        return expected((bits & 0x8000) != 0 ? -special : special, to);
    }
    if ((bits & 0x8000) != 0) {
        *to++ = '-';
    }
    const wide scale = 100000000, value = half_units(magnitude) * scale;
    const wide lower = (half_units(magnitude - 1) * scale + value) / 2;
    const wide upper = (half_units(magnitude + 1) * scale + value) / 2;
    const bool even = (bits & 1) == 0;
    wide unit = (wide{10000} << 25) * scale;
    for (int power = 4;; power--, unit /= 10) {
        const wide below = value / unit;
        const auto is_in = [=](wide multiple) {
            const wide decimal = multiple * unit;
            return even ? decimal >= lower && decimal <= upper : decimal > lower && decimal < upper;
        };
        if (is_in(below) || is_in(below + 1)) {
            const wide down = value - below * unit, up = unit - down;
            const bool closer = up < down || (up == down && below % 2 != 0);
            const bool upward = !is_in(below) || (is_in(below + 1) && closer);
            char digits[16];
            const long found = static_cast<long>(below) + (upward ? 1 : 0);
            const char *end = std::to_chars(digits, digits + sizeof digits, found).ptr;
            const int count = static_cast<int>(end - digits);
            return lay_out(digits, count, power + count - 1, to);
        }
    }
}

void every_half(const formatter &made)
{
    for (unsigned bits = 0; bits <= 0xFFFF; bits++) {
        const auto half = static_cast<std::uint16_t>(bits);
        char text[max_line], wanted[max_line];
        const std::size_t written = made.format(&half, sizeof half, text, sizeof text);
        const std::size_t length = expected_half(bits, wanted) - wanted;
        if (written != length + 1 || std::memcmp(text, wanted, length) != 0) {
            std::fprintf(stderr, "half 0x%04X: %.*s, not %.*s\n", bits, static_cast<int>(length), wanted,
                         static_cast<int>(written) - 1, text);
            std::exit(1);
        }
    }
}

/* All singles whose bits leave `part` when divided into runs by `parts`. */
void every_single(const formatter &made, std::uint64_t part, std::uint64_t parts)
{
    std::vector<float> values(run);
    for (std::uint64_t first = part * run; first < (std::uint64_t{1} << 32); first += parts * run) {
        for (std::size_t i = 0; i < run; i++) {
            values[i] = from_bits<float>(static_cast<std::uint32_t>(first + i));
        }
        check_values(made, values.data(), run);
    }
}
} // namespace

int main(int count, char **arguments)
{
    const std::size_t rounds = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 10000000;
    const formatter doubles("<v:d"), singles("<v:f"), halves("<v:e");
    edges<double>(doubles);
    edges<float>(singles);
    every_half(halves);
    random_values<double, std::uint64_t>(doubles, rounds);
    random_values<float, std::uint32_t>(singles, rounds);
    const char *is_long = std::getenv("SLUICE_LONG");
    if (is_long != nullptr && std::strcmp(is_long, "1") == 0) {
        std::thread other(every_single, std::cref(singles), 1, 2);
        every_single(singles, 0, 2);
        other.join();
    }
    return 0;
}
