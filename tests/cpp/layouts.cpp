// Layouts: from a description and from a struct.
#include "cpp.hpp"

#include <array>
#include <cstddef>

using sluice::bits;
using sluice::field;

enum class edge : std::uint16_t { rising = 1, falling = 0x102 };

struct everything {
    bool flag;
    char letter;
    signed char tiny;
    unsigned char byte;
    std::int16_t small;
    edge transition;
    std::int32_t middle;
    long large;
    unsigned long long huge;
    float single;
    double both;
    std::byte raw;
    char name[7];
    std::uint16_t samples[3];
    std::array<float, 2> axes;
    std::int8_t grid[2][3];
};

static void types_come_from_the_members()
{
    const auto layout = sluice::layout_of<everything>(
        field("flag", &everything::flag), field("letter", &everything::letter), field("tiny", &everything::tiny),
        field("byte", &everything::byte), field("small", &everything::small), field("transition", &everything::transition),
        field("middle", &everything::middle), field("large", &everything::large), field("huge", &everything::huge),
        field("single", &everything::single), field("both", &everything::both), field("raw", &everything::raw),
        field("name", &everything::name), field("samples", &everything::samples), field("axes", &everything::axes),
        field("grid", &everything::grid));
    CHECK(layout.size() == sizeof(everything));
    const struct {
        const char *name;
        char type;
        std::size_t offset, count;
    } wanted[] = {{"flag", '?', offsetof(everything, flag), 1},       {"letter", 'c', offsetof(everything, letter), 1},
                  {"tiny", 'b', offsetof(everything, tiny), 1},       {"byte", 'B', offsetof(everything, byte), 1},
                  {"small", 'h', offsetof(everything, small), 1},     {"transition", 'H', offsetof(everything, transition), 1},
                  {"middle", 'i', offsetof(everything, middle), 1},   {"large", 'q', offsetof(everything, large), 1},
                  {"huge", 'Q', offsetof(everything, huge), 1},       {"single", 'f', offsetof(everything, single), 1},
                  {"both", 'd', offsetof(everything, both), 1},       {"raw", 'B', offsetof(everything, raw), 1},
                  {"name", 's', offsetof(everything, name), 7},       {"samples", 'H', offsetof(everything, samples), 3},
                  {"axes", 'f', offsetof(everything, axes), 2},       {"grid", 'b', offsetof(everything, grid), 6}};
    const auto fields = layout.fields();
    CHECK(fields.size() == std::size(wanted));
    for (std::size_t i = 0; i < fields.size(); i++) {
        CHECK(fields[i].name == wanted[i].name && fields[i].type == wanted[i].type);
        CHECK(fields[i].offset == wanted[i].offset);
        CHECK(fields[i].type == 's' ? fields[i].size == wanted[i].count : fields[i].count == wanted[i].count);
    }
    everything one{};
    one.flag = true;
    one.letter = 'x';
    one.large = -5;
    one.transition = edge::falling;
    std::memcpy(one.name, "seven", 5);
    one.samples[2] = 9;
    one.axes = {0.5f, -0.25f};
    one.grid[1][2] = -1;
    CHECK(sluice::formatter(layout).format(one) ==
          "1, x, 0, 0, 0, 258, 0, -5, 0, 0.0, 0.0, 0, seven, 0, 0, 9, 0.5, -0.25, 0, 0, 0, 0, 0, -1\n");
}

struct [[gnu::packed]] digital {
    std::uint8_t header;
    std::uint8_t info;
    std::uint32_t time;
};

static void attributes_are_chained()
{
    static_assert(sizeof(digital) == 6);
    const auto layout = sluice::layout_of<digital>(
        sluice::byte_order::big, field("header", &digital::header).constant(0xA1),
        field("info", &digital::info).bits(bits("pin", 0, 6), bits("edge", 7)),
        field("time", &digital::time).scale(1e-6).unit("s").format("%.6f"));
    CHECK(layout.description() == sluice::layout("plasduino-digital").description());
    CHECK(layout.fields().size() == 5);

    const auto more = sluice::layout_of<digital>(
        field("time", &digital::time).scale(0.5).offset(-40).unit("K").format("%.1f"), // the order is that of memory
        field("info", &digital::info).bits(bits("low", 0, 3).constant(5), bits("high", 4, 7).scale(2).offset(1).hidden()));
    CHECK(more.description() == "=1x; info:B{low:0-3=5, high:4-7*2+1 -}; time:I*0.5-40 [K] %.1f");
    CHECK(layout.numpy().find("itemsize") != std::string::npos);
}

static void constants_are_checked()
{
    const auto layout = sluice::layout_of<everything>(
        field("letter", &everything::letter).constant('\''), field("name", &everything::name).constant("a\\\x01" "b"),
        field("transition", &everything::transition).constant(edge::falling), field("tiny", &everything::tiny).constant(-3));
    everything good{};
    good.letter = '\'';
    good.tiny = -3;
    good.transition = edge::falling;
    std::memcpy(good.name, "a\\\x01" "b", 4);
    everything two[2] = {good, good};
    layout.check(two, sizeof two);
    CHECK(layout.try_check(two, sizeof two));
    two[1].letter = 'x';
    CHECK_THROWS(layout.check(two, sizeof two), SLUICE_E_CONSTANT, "packet 1");
    const auto found = layout.try_check(two, sizeof two);
    CHECK(found.status() == SLUICE_E_CONSTANT && *found == 1);
    CHECK_THROWS(layout.check(two, sizeof two - 1), SLUICE_E_SIZE, "");
}

union either {
    std::uint32_t whole;
    std::uint16_t half;
};

struct base {
    std::uint32_t first;
};
struct derived : base {
    std::uint16_t second;
};

static void what_is_wrong_is_told()
{
    CHECK_THROWS(sluice::layout_of<either>(field("whole", &either::whole), field("half", &either::half)), SLUICE_E_LAYOUT,
                 "'half' at byte 0 overlaps 'whole'");
    CHECK_THROWS(sluice::layout_of<base>(field("a b", &base::first)), SLUICE_E_LAYOUT, "a b");
    CHECK_THROWS(sluice::layout_of<base>(field("first", &base::first).format("%q")), SLUICE_E_LAYOUT, "%q");
    CHECK(sluice::try_layout_of<base>(field("first", &base::first).format("%q")).status() == SLUICE_E_LAYOUT);
    const auto inherited = sluice::try_layout_of<derived>(field("first", &derived::first), field("second", &derived::second));
    CHECK(inherited && inherited->size() == sizeof(derived));
    CHECK(inherited->description() == "=first:I; second:H; 2x");
}

int main()
{
    types_come_from_the_members();
    attributes_are_chained();
    constants_are_checked();
    what_is_wrong_is_told();
}
