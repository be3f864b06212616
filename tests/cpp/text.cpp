// Text in memory: formatters and hexadecimal.
#include "cpp.hpp"

#include <clocale>
#include <vector>

static void packets_become_lines()
{
    const sluice::layout layout("= sequence:I; value:f [V] %.2f");
    const sluice::formatter plain(layout);
    CHECK(plain.header() == "# sequence, value [V]\n");
    CHECK(plain.format(packet{7, 0.5f}) == "7, 0.50\n");
    const std::vector<packet> many(5000, packet{123456, 99999.5f});
    std::string text = "begin\n";
    CHECK(plain.format_to(text, many.data(), many.size() * sizeof(packet) + 0) == many.size() * sizeof(packet));
    CHECK(text.size() == 6 + many.size() * std::strlen("123456, 99999.50\n"));
    CHECK(text.substr(6, 17) == "123456, 99999.50\n" && text.substr(text.size() - 9) == "99999.50\n");
    CHECK(plain.format(many.data(), 12) == "123456, 99999.50\n"); // a part of a packet is left
    CHECK(plain.format(nullptr, 0).empty());

    sluice::formatter_options options;
    options.style = sluice::text_style::json_lines;
    CHECK(sluice::formatter(layout, options).format(packet{7, 0.5f}) == "{\"sequence\":7,\"value\":0.50}\n");
    options.style = sluice::text_style::csv;
    options.separator = ";";
    options.line_end = "\r\n";
    CHECK(sluice::formatter(layout, options).format(packet{7, 0.5f}) == "7;0.50\r\n");
    options.style = sluice::text_style::hex;
    CHECK_THROWS(sluice::formatter(layout, options), SLUICE_E_INVALID, "");

    char small[20];
    const packet two[] = {{1, 1}, {2, 2}};
    const auto fitted = plain.try_format(two, sizeof two, small, 10);
    CHECK(fitted && fitted->consumed == 8 && fitted->written == 8);
    CHECK(plain.try_format(two, sizeof two, small, 3).status() == SLUICE_E_SIZE);

    const sluice::layout wide("= text:4000s");
    const std::string one(4000, 'x');
    CHECK(sluice::formatter(wide).format(one.data(), one.size()).size() == 4001);
}

// One with a comma, one whose point is a character of two bytes; made in a folder of this test, where that can be done.
static void scales_do_not_depend_on_the_locale()
{
    const folder here;
    (void)setenv("LOCPATH", (here / "").c_str(), 1);
    for (const std::string name : {"de_DE", "ps_AF", "C"}) {
        const std::string made = name == "C" ? name : name + ".UTF-8";
        const std::string command = "localedef -i " + name + " -f UTF-8 '" + (here / made) + "' >/dev/null 2>&1";
        if (name != "C" && std::system(command.c_str()) != 0) {
            std::printf("localedef cannot make %s here; the number is checked as it is\n", name.c_str());
        }
        (void)std::setlocale(LC_ALL, made.c_str());
        const auto layout = sluice::layout_of<packet>(sluice::field("sequence", &packet::sequence).scale(0.25).offset(-1.5));
        CHECK(layout.description() == "=sequence:I*0.25-1.5; 4x");
        const auto small = sluice::layout_of<packet>(sluice::field("sequence", &packet::sequence).scale(2.5e-300));
        CHECK(small.description() == "=sequence:I*2.5e-300; 4x");
    }
}

// Line ends and headers are bytes with a length; texts that structs have no room for come whole.
static void texts_are_whole()
{
    const folder here;
    const std::string name(100, 'n');
    const sluice::layout layout("= " + name + "1:I [" + std::string(90, 'u') + "] %08x; " + name + "2:I");
    const auto fields = layout.fields();
    CHECK(fields[0].name == name + "1" && fields[1].name == name + "2");
    CHECK(fields[0].unit == std::string(90, 'u') && fields[0].format == "%08x" && fields[1].unit.empty());
    sluice::formatter_options options;
    options.line_end = "\0;";
    options.line_end_bytes = 2;
    const std::uint32_t packets[] = {1, 2};
    CHECK(sluice::formatter(layout, options).format(packets, 8) == std::string("00000001, 2\0;", 13));

    const std::string stem = here / std::string(200, 'p');
    sluice::buffer_options make;
    make.layout = &layout;
    sluice::buffer buffer(make);
    sluice::text_options text;
    text.path = stem + ".txt";
    text.header = "a\0b\n";
    text.header_bytes = 4;
    text.line_end = "\0";
    text.line_end_bytes = 1;
    text.rotate_bytes = 20;
    auto sink = buffer.add_text_sink(text);
    std::ofstream(stem + ".1.txt").put('x');
    for (int i = 0; i < 4; i++) {
        CHECK(buffer.put(packets, sizeof packets));
    }
    CHECK(buffer.try_flush().status() == SLUICE_E_EXISTS);
    CHECK(has(sink.info().last_error, ".1.txt': it exists already"));
    CHECK(std::filesystem::remove(stem + ".1.txt"));
    buffer.close();
    CHECK(content(stem + ".txt") == std::string("a\0b\n00000001, 2\0", 16));
}

static void bytes_become_hex()
{
    CHECK(sluice::hex("Hello\xff") == "48656c6c6fff");
    CHECK(sluice::hex("") == "");
    sluice::hex_options options;
    options.style = sluice::hex_style::spaced;
    options.upper = true;
    options.separator = ':';
    CHECK(sluice::hex("Hello\xff", options) == "48:65:6C:6C:6F:FF");
    sluice::hex_options dump;
    dump.style = sluice::hex_style::dump;
    dump.first_offset = 0x1234;
    CHECK(sluice::hex("Hello\xff", dump) == "00001234: 4865 6c6c 6fff                           Hello.\n");
    char text[4];
    const auto length = sluice::try_hex("abc", 3, text, sizeof text);
    CHECK(length.status() == SLUICE_E_SIZE && *length == 6);
}

int main()
{
    packets_become_lines();
    scales_do_not_depend_on_the_locale();
    texts_are_whole();
    bytes_become_hex();
}
