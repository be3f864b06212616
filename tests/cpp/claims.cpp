// Claims: filled in place, settled or given back.
#include "cpp.hpp"

static sluice::buffer circular(sluice::producers producers, sluice::full_policy policy = sluice::full_policy::fail)
{
    sluice::buffer_options options = packet_options();
    options.kind = sluice::buffer_kind::circular;
    options.capacity = 4096;
    options.producers = producers;
    options.full_policy = policy;
    return sluice::buffer(options);
}

static void a_claim_is_committed_or_never_was(sluice::producers producers)
{
    sluice::buffer buffer = circular(producers);
    auto producer = buffer.open_producer();
    {
        auto room = producer.claim<packet>(4);
        CHECK(room && room.size() == 4);
        std::uint32_t i = 0;
        for (packet &one : room) {
            one = {i++, 0.5f};
        }
        CHECK(room.try_commit(5) == SLUICE_E_SIZE && room); // stays open
        CHECK_THROWS(room.commit(5), SLUICE_E_SIZE, "of a claim of 4");
        room.commit(3);
        CHECK(!room && room.size() == 0);
        CHECK(room.try_commit() == SLUICE_E_STATE);
        CHECK_THROWS(room.commit(), SLUICE_E_STATE, "");
    }
    {
        auto room = producer.claim<packet>();
        room->sequence = 99;
        (*room).value = 1;
        CHECK(producer.try_put(packet{}) == SLUICE_E_STATE);
        CHECK(producer.try_claim<packet>().status() == SLUICE_E_STATE);
    } // gives it back
    try {
        auto room = producer.claim<packet>(2);
        room[0].sequence = 98;
        throw 1;
    } catch (int) {
    }
    auto moved = producer.claim<packet>(2);
    moved[0] = {3, 0};
    moved[1] = {4, 0};
    auto owner = std::move(moved);
    CHECK(!moved && moved.size() == 0 && owner.size() == 2);
    moved.abort(); // does nothing to the one that moved on
    owner.commit();
    auto given_up = producer.claim<packet>();
    given_up.abort();
    CHECK(!given_up);
    auto replaced = producer.claim<packet>();
    replaced = sluice::claim<packet>();
    CHECK(producer.put(packet{5, 0}));

    for (const std::uint32_t wanted : {0u, 1u, 2u, 3u, 4u, 5u}) {
        CHECK(buffer.pop<packet>()->sequence == wanted);
    }
    CHECK(!buffer.pop<packet>());
}

static void what_cannot_be_claimed_is_told()
{
    sluice::buffer buffer = circular(sluice::producers::one);
    auto producer = buffer.open_producer();
    CHECK_THROWS(buffer.open_producer(), SLUICE_E_BUSY, "");
    CHECK(buffer.try_put(packet{}) == SLUICE_E_BUSY);
    CHECK_THROWS(producer.claim<std::uint16_t>(), SLUICE_E_SIZE, "packets of 8 bytes");
    CHECK_THROWS(producer.claim<packet>(100000), SLUICE_E_SIZE, "800000");
    CHECK_THROWS(producer.put(std::uint16_t{1}), SLUICE_E_SIZE, "2 bytes, to a producer of packets of 8 bytes");
    CHECK_THROWS(producer.claim_record(5), SLUICE_E_SIZE, "");
    auto all = producer.claim<packet>(512);
    all.commit();
    CHECK(producer.try_claim<packet>().status() == SLUICE_WOULD_BLOCK);
    CHECK_THROWS(producer.claim<packet>(), SLUICE_WOULD_BLOCK, "WOULD_BLOCK");
    producer.close();
    CHECK(!producer && producer.try_put(packet{}) == SLUICE_E_HANDLE);
    CHECK(buffer.open_producer()); // the end is free again

    sluice::buffer dropping = circular(sluice::producers::one, sluice::full_policy::drop_newest);
    auto drops = dropping.open_producer();
    drops.claim<packet>(512).commit();
    const auto nothing = drops.claim<packet>();
    CHECK(!nothing && nothing.size() == 0);
    CHECK(drops.try_claim<packet>().status() == SLUICE_DROPPED);
}

static void a_group_is_published_together()
{
    sluice::buffer buffer = circular(sluice::producers::one);
    auto producer = buffer.open_producer();
    producer.publish_every(10 * sizeof(packet));
    for (std::uint32_t i = 0; i < 5; i++) {
        CHECK(producer.put(packet{i, 0}));
    }
    CHECK(buffer.empty());
    producer.publish();
    CHECK(buffer.size() == 5);
}

static void records_are_claimed(sluice::producers producers)
{
    sluice::buffer_options options;
    options.kind = sluice::buffer_kind::circular;
    options.shape = sluice::shape::framed;
    options.producers = producers;
    sluice::buffer buffer(options);
    auto producer = buffer.open_producer();
    auto room = producer.claim_record(100);
    CHECK(room.size() == 100);
    std::memcpy(room.data(), "hello", 5);
    CHECK(room.try_commit(101) == SLUICE_E_SIZE);
    CHECK_THROWS(room.commit(101, 1), SLUICE_E_SIZE, "in a claim of 100");
    room.commit(5, 42);
    CHECK(!room && room.try_commit(0) == SLUICE_E_STATE);
    { const auto dropped = producer.claim_record(10); }
    CHECK(producer.put_text("world", 43));
    CHECK_THROWS(producer.put(packet{}), SLUICE_E_SIZE, "records of any size");
    CHECK_THROWS(producer.put_many(std::string("abc")), SLUICE_E_SIZE, "");
    CHECK_THROWS(producer.claim<packet>(), SLUICE_E_SIZE, "");
    std::string seen;
    CHECK(buffer.peek([&](const sluice::batch &records) {
        for (const auto record : records) {
            seen += std::string(record.text()) + std::to_string(record.type()) + " ";
        }
    }));
    CHECK(seen == "hello42 world43 ");
}

int main()
{
    for (const auto producers : {sluice::producers::one, sluice::producers::many}) {
        a_claim_is_committed_or_never_was(producers);
        records_are_claimed(producers);
    }
    what_cannot_be_claimed_is_told();
    a_group_is_published_together();
}
