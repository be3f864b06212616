// sluice.h and ring.h as a C++17 host uses them, each included twice.
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include "check.h"

#include <cstdint>
#include <cstring>
#include <vector>

namespace
{
struct hit {
    std::uint32_t channel;
    float energy;
};

std::int32_t collect(void *user, const sluice_batch *batch)
{
    auto &hits = *static_cast<std::vector<hit> *>(user);
    const auto old = hits.size();
    hits.resize(old + batch->packets);
    std::memcpy(hits.data() + old, batch->data, batch->bytes);
    return SLUICE_OK;
}
} // namespace

int main()
{
    sluice_layout *layout = nullptr;
    CHECK(sluice_layout_create("@ channel:I; energy:f [keV]", &layout) == SLUICE_OK);
    sluice_buffer_options options{};
    options.struct_size = sizeof options;
    options.layout = layout;
    options.release_packets = 10;
    sluice_buffer *buffer = nullptr;
    CHECK(sluice_buffer_create(&options, &buffer) == SLUICE_OK);
    std::vector<hit> hits;
    CHECK(sluice_buffer_add_callback_sink(buffer, collect, &hits, nullptr) == SLUICE_OK);
    sluice_producer producer;
    CHECK(sluice_buffer_open_producer(buffer, &producer, sizeof producer) == SLUICE_OK);
    for (std::uint32_t i = 0; i < 25; i++) {
        const hit one{i, 0.5f * static_cast<float>(i)};
        CHECK(sluice_producer_put(&producer, &one, sizeof one) == SLUICE_OK);
    }
    CHECK(sluice_buffer_close_producer(buffer, &producer) == SLUICE_OK);
    CHECK(sluice_buffer_poll(buffer, 0) == SLUICE_OK);
    CHECK(hits.size() == 25 && hits[24].channel == 24 && hits[24].energy == 12.0f);
    CHECK(sluice_buffer_destroy(buffer) == SLUICE_OK);
    CHECK(sluice_layout_destroy(layout) == SLUICE_OK);
    return 0;
}
