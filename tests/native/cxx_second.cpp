// The other translation unit of cxx_first.cpp.
#include <sluice/ring.h>
#include <sluice/ring.h>

int32_t put_from_second(sluice_ring *ring, uint64_t number)
{
    sluice_producer producer;
    int32_t status = sluice_producer_open(&producer, ring);
    if (status == SLUICE_OK) {
        status = sluice_producer_put(&producer, &number, sizeof number);
    }
    sluice_producer_close(&producer);
    return status;
}
