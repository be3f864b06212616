// Owners are moved and not copied; empty ones answer E_HANDLE and harm nobody.
#include "cpp.hpp"

#include <functional>
#include <map>

template <class T> constexpr bool is_owner()
{
    return !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> && std::is_nothrow_move_constructible_v<T> &&
           std::is_nothrow_move_assignable_v<T> && std::is_nothrow_default_constructible_v<T>;
}
static_assert(is_owner<sluice::layout>() && is_owner<sluice::formatter>() && is_owner<sluice::buffer>());
static_assert(is_owner<sluice::producer>() && is_owner<sluice::claim<packet>>() && is_owner<sluice::record_claim>());
static_assert(is_owner<sluice::ring>() && is_owner<sluice::consumer>());
static_assert(std::is_nothrow_copy_constructible_v<sluice::sink> && std::is_nothrow_copy_assignable_v<sluice::sink>);
static_assert(std::is_trivially_copyable_v<sluice::view<int>>);

static void moved_from_objects_answer_e_handle()
{
    sluice::layout layout("< sequence:I; value:f");
    sluice::formatter formatter(layout);
    sluice::buffer buffer(packet_options());
    sluice::producer producer = buffer.open_producer();
    const sluice::layout layout_there = std::move(layout);
    const sluice::formatter formatter_there = std::move(formatter);
    sluice::producer producer_there = std::move(producer);
    sluice::buffer buffer_there = std::move(buffer);

    CHECK(!layout && !formatter && !buffer && !producer);
    CHECK_THROWS(layout.size(), SLUICE_E_HANDLE, "layout");
    CHECK_THROWS(layout.description(), SLUICE_E_HANDLE, "");
    CHECK_THROWS(formatter.format(packet{}), SLUICE_E_HANDLE, "");
    CHECK_THROWS(sluice::formatter(layout), SLUICE_E_HANDLE, "");
    CHECK(buffer.try_put(packet{}) == SLUICE_E_HANDLE);
    CHECK_THROWS(buffer.put(packet{}), SLUICE_E_HANDLE, "");
    CHECK_THROWS(buffer.add_callback_sink([](const sluice::batch &) {}), SLUICE_E_HANDLE, "");
    CHECK_THROWS(buffer.add_memory_sink(10), SLUICE_E_HANDLE, "");
    CHECK(buffer.try_add_controller([](const sluice::snapshot &) { return true; }) == SLUICE_E_HANDLE);
    CHECK(buffer.try_disconnect() == SLUICE_E_HANDLE);
    CHECK(buffer.try_open_producer().status() == SLUICE_E_HANDLE);
    CHECK(buffer.try_close() == SLUICE_OK); // as for a null handle
    CHECK(buffer.discard() == 0 && buffer.last_thrown().empty());
    CHECK(producer.try_put(packet{}) == SLUICE_E_HANDLE);
    CHECK(producer.try_put_many(&layout, sizeof layout).status() == SLUICE_E_HANDLE);
    CHECK(producer.try_put_record("x", 1) == SLUICE_E_HANDLE);
    CHECK(producer.try_claim<packet>().status() == SLUICE_E_HANDLE);
    CHECK(producer.try_claim_record(4).status() == SLUICE_E_HANDLE);
    CHECK_THROWS(producer.put(packet{}), SLUICE_E_HANDLE, "closed");
    producer.publish();
    producer.publish_every(16);
    producer.close();

    CHECK(layout_there.size() == 8);
    CHECK(formatter_there.format(packet{3, 0.5f}) == "3, 0.5\n");
    CHECK(producer_there.put(packet{3, 0.5f}));
    CHECK(buffer_there.size() == 1);
    CHECK(buffer_there.discard() == 1);
}

static void a_moved_buffer_keeps_its_callables()
{
    unsigned seen = 0;
    std::map<int, sluice::buffer> buffers;
    {
        sluice::buffer first(packet_options());
        first.add_callback_sink([&seen, label = std::string(100, 'x')](const sluice::batch &packets) {
            CHECK(label.size() == 100);
            seen += static_cast<unsigned>(packets.packets());
        });
        first.put(packet{1, 1});
        buffers[0] = std::move(first);
    }
    buffers[0].put(packet{2, 2});
    CHECK(buffers[0].flush().packets == 2 && seen == 2);
    buffers[0].put(packet{3, 3});
    buffers[0] = sluice::buffer(packet_options()); // ends the old one, which flushes to its callable
    CHECK(seen == 3);
    buffers[0] = std::move(buffers[1]);
    CHECK(!buffers[0]);
}

static void callables_end_with_their_buffer()
{
    const auto life = std::make_shared<int>(1);
    {
        sluice::buffer buffer(packet_options());
        buffer.add_callback_sink([life](const sluice::batch &) {});
        buffer.add_controller([life](const sluice::snapshot &) { return false; });
        buffer.on_reset([life] {});
        CHECK(life.use_count() == 4);
        CHECK_THROWS(buffer.add_text_sink({"/nowhere/at/all"}, [life](const sluice::packet &, std::string &) {}),
                     SLUICE_E_NOT_FOUND, "/nowhere");
        CHECK(life.use_count() == 4); // one that could not be added is gone
        buffer.disconnect();
        CHECK(life.use_count() == 3); // sinks are gone, rules stay
        buffer.close();
        CHECK(life.use_count() == 1 && !buffer);
        buffer = sluice::buffer(packet_options());
        buffer.add_callback_sink(std::function<void(const sluice::batch &)>([life](const sluice::batch &) {}));
        CHECK(life.use_count() == 2);
    }
    CHECK(life.use_count() == 1);
}

static void a_producer_may_outlive_the_close()
{
    sluice::buffer buffer(packet_options());
    auto producer = buffer.open_producer();
    CHECK(producer.put(packet{1, 1}));
    buffer.discard();
} // and is closed behind it

int main()
{
    moved_from_objects_answer_e_handle();
    a_moved_buffer_keeps_its_callables();
    callables_end_with_their_buffer();
    a_producer_may_outlive_the_close();
}
