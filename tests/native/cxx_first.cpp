// cxx_first.cpp, cxx_second.cpp - two C++17 files that include ring.h (twice) are linked into one program and share a ring.
#include <sluice/ring.h>
#include <sluice/ring.h>

#include "check.h"

int32_t put_from_second(sluice_ring *ring, uint64_t number);

int main()
{
    sluice_ring ring;
    sluice_ring_options options{};
    options.struct_size = sizeof options;
    options.shape = SLUICE_FIXED;
    options.stride = 8;
    options.capacity = 4096;
    CHECK(sluice_ring_create(&ring, &options) == SLUICE_OK);
    sluice_consumer consumer;
    CHECK(sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    CHECK(put_from_second(&ring, 7) == SLUICE_OK);
    CHECK(sluice_consumer_wait(&consumer, 8, 0) == SLUICE_OK);
    sluice_batch batch;
    CHECK(sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK);
    const void *packet;
    uint64_t at = 0, number = 0;
    uint32_t bytes;
    uint16_t type;
    CHECK(sluice_batch_next(&batch, &at, &packet, &bytes, &type) == 1 && bytes == sizeof number);
    memcpy(&number, packet, sizeof number);
    CHECK(number == 7);
    CHECK(sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    sluice_consumer_close(&consumer);
    sluice_ring_close(&ring, 0);
    return 0;
}
