// Files read back: in place, copied, while they grow, and when they are wrong.
#include "cpp.hpp"

static_assert(!std::is_copy_constructible_v<sluice::packet_file> && std::is_nothrow_move_constructible_v<sluice::packet_file>);

int main()
{
    const folder here;
    const auto layout = sluice::layout_of<packet>(sluice::field("sequence", &packet::sequence).constant(7),
                                                  sluice::field("value", &packet::value));
    sluice::buffer_options options = packet_options();
    sluice::buffer buffer(options);
    buffer.add_file_sink({here / "data.dat", "HEAD"});
    for (std::uint32_t i = 0; i < 1000; i++) {
        buffer.put(packet{7, static_cast<float>(i)});
    }
    buffer.flush();

    sluice::reading_options reading;
    reading.path = here / "data.dat";
    reading.layout = &layout;
    reading.header_bytes = 4;
    sluice::packet_file made(reading);
    sluice::packet_file file = std::move(made);
    CHECK(!made && made.try_map().status() == SLUICE_E_HANDLE);
    CHECK_THROWS(made.size(), SLUICE_E_HANDLE, "");
    CHECK(file.size() == 1000 && file.info().stride == sizeof(packet) && file.info().torn_bytes == 0);
    float next = 0;
    for (const sluice::packet one : file.map()) {
        CHECK(one.as<packet>().value == next++);
    }
    CHECK(next == 1000);
    CHECK(file.map(998).packets() == 2 && file.map(10, 5).packets() == 5 && file.map(1000).empty());
    CHECK(file.try_map(1000).status() == SLUICE_END);
    CHECK(file.read<packet>(990, 100).size() == 10 && file.read<packet>(0, 3)[2].value == 2);
    CHECK(file.read<packet>(1000, 3).empty());
    CHECK_THROWS(file.read<char>(0, 3), SLUICE_E_SIZE, "packets of 8 bytes");
    file.check();

    buffer.put(packet{8, 1});
    buffer.close();
    CHECK(file.refresh() == 1 && file.size() == 1001);
    CHECK_THROWS(file.check(), SLUICE_E_CONSTANT, "1000");
    file.check(0, 1000);
    file.close();
    CHECK(!file);
    reading.path = here / "none.dat";
    CHECK_THROWS(sluice::packet_file(reading), SLUICE_E_NOT_FOUND, "none.dat");
    CHECK(sluice::packet_file::try_open(reading).status() == SLUICE_E_NOT_FOUND);
}
