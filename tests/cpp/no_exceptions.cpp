// A host without exceptions: everything there is a twin for, by status.
#include <sluice/sluice.hpp>

#include "check.h"

struct packet {
    std::uint32_t sequence;
    float value;
};

static_assert(!SLUICE_CPP_EXCEPTIONS);

int main()
{
    const auto layout = sluice::try_layout_of<packet>(sluice::field("sequence", &packet::sequence));
    CHECK(layout && *layout->try_size() == 8);
    CHECK(sluice::layout::try_create("<a:Z").status() == SLUICE_E_LAYOUT);
    sluice::buffer_options options;
    options.layout = &*layout;
    auto made = sluice::buffer::try_create(options);
    CHECK(made);
    sluice::buffer buffer = std::move(*made);
    std::uint32_t next = 0;
    CHECK(buffer.try_add_callback_sink([&](const sluice::batch &packets) {
        const auto all = packets.try_as<packet>();
        CHECK(all);
        for (const packet &one : *all) {
            CHECK(one.sequence == next++);
        }
    }));
    CHECK(buffer.try_add_controller([](const sluice::snapshot &now) { return now.packets() == 3; }));
    CHECK(buffer.try_put(packet{0, 0}));
    auto producer = buffer.try_open_producer();
    CHECK(producer && producer->try_put(packet{1, 0}));
    auto room = producer->try_claim<packet>();
    CHECK(room);
    **room = packet{2, 0};
    CHECK(buffer.try_poll() == SLUICE_WOULD_BLOCK);
    CHECK(room->try_commit());
    CHECK(buffer.try_poll() && next == 3);
    CHECK(buffer.try_pop<packet>().status() == SLUICE_WOULD_BLOCK);
    producer->close();
    CHECK(buffer.try_close());
    return 0;
}
