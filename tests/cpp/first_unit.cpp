// Two files of one program share the header's types.
#include "cpp.hpp"

#if __cplusplus >= 202002L
#include <span>
#endif

sluice::buffer make_buffer(const sluice::layout &layout);
std::uint64_t count(sluice::buffer buffer);

int main()
{
    const auto layout = sluice::layout_of<packet>(sluice::field("sequence", &packet::sequence),
                                                  sluice::field("value", &packet::value));
    sluice::buffer buffer = make_buffer(layout);
    buffer.put(packet{1, 1});
    buffer.put(packet{2, 2});
#if __cplusplus >= 202002L
    static_assert(std::ranges::forward_range<sluice::batch> && std::ranges::contiguous_range<sluice::view<const packet>>);
    CHECK(buffer.peek([](const sluice::batch &packets) {
        const std::span<const packet> all = packets.as<packet>();
        CHECK(all.size() == 2 && all[1].sequence == 2);
        CHECK(std::ranges::count_if(packets, [](sluice::packet one) { return one.size() == sizeof(packet); }) == 2);
    }));
    sluice::buffer named({.layout = &layout, .capacity = 4096, .release_packets = 10});
    CHECK(named.empty());
#endif
    CHECK(count(std::move(buffer)) == 2);
    CHECK(!buffer);
}
