// SPDX-License-Identifier: Apache-2.0
//
// from_struct - a struct of the host as a packet layout: ranges of bits, calibration, units and formats without a macro.
//
//   from_struct
//
// Prints the layout, lines of text in three styles, and a hex dump.
#include <sluice/sluice.hpp>

#include <array>
#include <iostream>

enum class state : std::uint8_t { idle, running, tripped };

struct reading {
    std::uint32_t magic;
    std::uint16_t status; // bit 15: valid, bits 4 to 6: gain, bits 0 to 3: channel
    state mode;
    char station[4];
    std::int16_t temperature; // in 1/16 degrees
    double pressure;
    std::array<std::uint16_t, 2> adc;
};

int main()
try {
    using sluice::bits;
    using sluice::field;
    const auto layout = sluice::layout_of<reading>(
        field("magic", &reading::magic).constant(0x21525553u),
        field("status", &reading::status).bits(bits("channel", 0, 3), bits("gain", 4, 6), bits("valid", 15)),
        field("mode", &reading::mode),
        field("station", &reading::station),
        field("temperature", &reading::temperature).scale(0.0625).unit("C").format("%.2f"),
        field("pressure", &reading::pressure).unit("hPa"),
        field("adc", &reading::adc).format("%#06x"));
    std::cout << layout.description() << "\n\n";

    // Static, and so zero between its members, too: all bytes of a packet are put, dumped and written.
    static const reading one{0x21525553, 0x8025, state::running, {'N', 'O', '1'}, 340, 1013.25, {{1234, 65535}}};
    layout.check(&one, sizeof one);
    for (const auto style : {sluice::text_style::plain, sluice::text_style::csv, sluice::text_style::json_lines}) {
        sluice::formatter_options options;
        options.style = style;
        const sluice::formatter formatter(layout, options);
        std::cout << formatter.header() << formatter.format(one) << '\n';
    }
    sluice::hex_options dump;
    dump.style = sluice::hex_style::dump;
    std::cout << sluice::hex(&one, sizeof one, dump);
    const std::string line = sluice::formatter(layout).format(one);
    return line == "5, 2, 1, 1, NO1, 21.25, 1013.25, 0x04d2, 0xffff\n" ? 0 : 1;
} catch (const sluice::error &fault) {
    std::cerr << "from_struct: " << fault.what() << '\n';
    return 1;
}
