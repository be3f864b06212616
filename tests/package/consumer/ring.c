#define _GNU_SOURCE
#include <sluice/ring.h>

int main(void)
{
    sluice_ring ring;
    sluice_ring_options options = {.struct_size = sizeof options, .stride = 8, .capacity = 4096};
    sluice_producer producer;
    if (sluice_ring_create(&ring, &options) || sluice_producer_open(&producer, &ring) ||
        sluice_producer_put(&producer, "12345678", 8)) {
        return 1;
    }
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 1);
    return puts("ring") < 0;
}
