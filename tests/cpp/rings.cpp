// Rings without the library: made, attached to, drained.
#include "cpp.hpp"
#include "unique.h"

#include <thread>
#include <unistd.h>
#include <vector>

static sluice::ring_options ring_of_packets()
{
    sluice::ring_options options;
    options.stride = sizeof(packet);
    options.capacity = 4096;
    return options;
}

static void packets_go_through_a_name()
{
    sluice::ring_options options = ring_of_packets();
    options.name = "sluice-cpp-" + std::to_string(unique());
    options.layout_text = "= sequence:I; value:f";
    options.full_policy = sluice::full_policy::block;
    options.block_timeout = std::chrono::seconds(20);
    sluice::ring made = sluice::ring::create(options);
    CHECK_THROWS(sluice::ring::create(options), SLUICE_E_EXISTS, options.name);
    sluice::ring there = sluice::ring::attach(options.name, std::chrono::seconds(1));
    CHECK(there.stride() == sizeof(packet) && there.capacity() == 4096 && there.layout_text() == options.layout_text);
    made.remove();
    CHECK_THROWS(sluice::ring::attach(options.name, sluice::nanoseconds(0)), SLUICE_E_NOT_FOUND, options.name);
    CHECK(sluice::ring::try_attach(options.name.c_str(), sluice::nanoseconds(0)).status() == SLUICE_E_NOT_FOUND);

    constexpr std::uint32_t count = 200000;
    std::thread feeder([&] {
        auto producer = made.open_producer();
        for (std::uint32_t i = 0; i < count; i++) {
            CHECK(producer.put(packet{i, 0}));
        }
        producer.close();
        made.seal();
    });
    auto consumer = there.open_consumer();
    CHECK_THROWS(there.open_consumer(), SLUICE_E_BUSY, "alive");
    std::uint32_t next = 0;
    while (consumer.wait(sizeof(packet), std::chrono::seconds(20))) {
        CHECK(consumer.drain([&](const sluice::batch &packets) {
            for (const packet &one : packets.as<packet>()) {
                CHECK(one.sequence == next++);
            }
        }));
    }
    feeder.join();
    CHECK(next == count && consumer.try_peek().status() == SLUICE_END);
    CHECK(consumer.try_wait(1, sluice::nanoseconds(0)) == SLUICE_END);
}

static void an_attach_takes_from_the_ring_what_it_does_not_say()
{
    sluice::ring_options options = ring_of_packets();
    options.name = "sluice-cpp-described-" + std::to_string(unique());
    options.layout_text = "< sequence:I; value:f";
    options.producers = sluice::producers::many;
    sluice::ring made = sluice::ring::create(options);
    sluice::buffer_options attached;
    attached.kind = sluice::buffer_kind::circular;
    attached.name = options.name;
    attached.attach = sluice::attach::existing;
    sluice::buffer buffer(attached);
    CHECK(buffer.stride() == sizeof(packet) && sluice::layout(buffer.layout_text()).size() == sizeof(packet));
    CHECK(buffer.put(packet{7, 1}) && buffer.pop<packet>()->sequence == 7);
    buffer.close();
    made.remove();
}

static void what_throws_keeps_the_packets()
{
    for (const auto policy : {sluice::full_policy::fail, sluice::full_policy::drop_oldest}) {
        sluice::ring_options options = ring_of_packets();
        options.full_policy = policy;
        sluice::ring ring = sluice::ring::create(options);
        sluice::ring moved = std::move(ring);
        CHECK(!ring && moved && ring.try_open_producer().status() == SLUICE_E_HANDLE);
        auto producer = moved.open_producer();
        auto consumer = moved.open_consumer();
        CHECK(!consumer.drain([](const sluice::batch &) { CHECK(false); }));
        producer.put_many(std::vector<packet>(3));
        try {
            consumer.drain([](const sluice::batch &) { throw 1; });
            CHECK(false);
        } catch (int) {
        }
        const std::vector<packet> lap(600); // the ring holds 512: those that drop the oldest are not held by the batch
        const auto put = producer.try_put_many(lap);
        CHECK(policy == sluice::full_policy::fail ? *put == 509 : *put == 600);
        const auto seen = consumer.try_peek(2 * sizeof(packet));
        CHECK(seen && seen->packets() == 2);
        consumer.release(*seen);
        CHECK(consumer.try_release(*seen) != SLUICE_OK || policy == sluice::full_policy::fail);
        sluice::consumer other = std::move(consumer);
        CHECK(!consumer && consumer.try_peek().status() == SLUICE_E_HANDLE && !consumer.try_wait(1, sluice::for_ever));
        CHECK(other.drain([](const sluice::batch &packets) { CHECK(packets.packets() >= 500); }));
    }
}

static void a_file_keeps_its_packets()
{
    const folder here;
    sluice::ring_options options = ring_of_packets();
    options.file = here / "ring";
    {
        sluice::ring ring = sluice::ring::create(options);
        ring.open_producer().put(packet{7, 0.5f});
    }
    sluice::ring ring = sluice::ring::attach_file(options.file, sluice::nanoseconds(0));
    CHECK(ring.open_consumer().drain([](const sluice::batch &packets) { CHECK(packets.as<packet>()[0].sequence == 7); }));
    CHECK_THROWS(sluice::ring::create({}), SLUICE_E_INVALID, "stride");
}

static void leftovers_are_removed_by_identity()
{
    const folder here;
    sluice::ring_options options = ring_of_packets();
    options.file = here / "ring";
    options.access = sluice::access::group;
    {
        sluice::ring ring = sluice::ring::create(options);
        auto producer = ring.open_producer();
        CHECK_THROWS(sluice::ring::remove_file(options.file), SLUICE_E_BUSY, "alive");
        CHECK(sluice::ring::try_remove(nullptr, options.file.c_str()) == SLUICE_E_BUSY);
    }
    sluice::attach_options attach;
    attach.file = options.file;
    attach.any_owner = true;
    sluice::ring first = sluice::ring::attach(attach);
    CHECK((std::filesystem::status(options.file).permissions() & std::filesystem::perms::group_write) !=
          std::filesystem::perms::none);
    first.adopt();
    sluice::ring::remove_file(options.file);
    CHECK_THROWS(sluice::ring::remove_file(options.file), SLUICE_E_NOT_FOUND, "ring");
    sluice::ring second = sluice::ring::create(options);
    first.remove(); // the name is that of another ring by now
    CHECK(sluice::ring::try_attach(attach));
    CHECK(first.try_open_producer()->try_put(packet{1, 0}) == SLUICE_E_ENDED);
    CHECK(first.ended() == SLUICE_E_ENDED && second.ended() == SLUICE_OK);
    CHECK_THROWS(first.open_producer().put(packet{1, 0}), SLUICE_E_ENDED, "the one that took its place");
}

static void damaged_packets_are_not_delivered()
{
    const folder here;
    sluice::buffer_options options;
    options.kind = sluice::buffer_kind::circular;
    options.stride = sizeof(packet);
    options.file = here / "ring";
    options.checksums = true;
    {
        sluice::buffer buffer(options);
        for (std::uint32_t i = 0; i < 3; i++) {
            buffer.put(packet{i, 0});
        }
    }
    sluice::attach_options attach;
    attach.file = options.file;
    {
        sluice::ring ring = sluice::ring::attach(attach);
        ring.get()->data[sizeof(packet)] ^= 1;
    }
    options.attach = sluice::attach::existing;
    sluice::buffer buffer(options);
    CHECK(buffer.pop<packet>()->sequence == 0 && buffer.pop<packet>()->sequence == 2);
    CHECK(buffer.stats().corrupted == 1);
}

int main()
{
    packets_go_through_a_name();
    an_attach_takes_from_the_ring_what_it_does_not_say();
    what_throws_keeps_the_packets();
    a_file_keeps_its_packets();
    leftovers_are_removed_by_identity();
    damaged_packets_are_not_delivered();
}
