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

static void scales_do_not_depend_on_the_locale()
{
    if (std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr) {
        std::printf("no locale with a decimal comma here; the number is checked as it is\n");
    }
    const auto layout = sluice::layout_of<packet>(sluice::field("sequence", &packet::sequence).scale(0.25).offset(-1.5));
    CHECK(layout.description() == "=sequence:I*0.25-1.5; 4x");
    (void)std::setlocale(LC_ALL, "C");
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
    bytes_become_hex();
}
