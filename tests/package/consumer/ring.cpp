#include <sluice/cpp/ring.hpp>

int main()
{
    sluice::ring_options options;
    options.stride = 8;
    auto ring = sluice::ring::create(options);
    ring.open_producer().put("12345678", 8);
    const bool drained = ring.open_consumer().drain([](const sluice::batch &packets) {
        if (packets.packets() == 1) {
            std::puts("ring");
        }
    });
    return drained ? 0 : 1;
}
