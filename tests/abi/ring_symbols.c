/* ring_symbols.c - ring.h as symbols of the library, called by name as another language calls them; the ring they make
 * is the one that the inline header knows. */
#include <sluice/ring.h>

#include "check.h"

#include <dlfcn.h>

static void *symbol(void *library, const char *name)
{
    void *address = dlsym(library, name);
    if (address == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return address;
}

/* A variable `call_NAME` of the function's type, with the library's address in it. */
#define LOAD(name)                                                                                           \
    __typeof__(&name) call_##name;                                                                           \
    *(void **)(void *)&call_##name = symbol(library, #name)

int main(void)
{
    void *library = dlopen("libsluice.so.1", RTLD_NOW);
    CHECK(library != NULL);
    LOAD(sluice_ring_create);
    LOAD(sluice_ring_seal);
    LOAD(sluice_ring_close);
    LOAD(sluice_producer_open);
    LOAD(sluice_producer_put);
    LOAD(sluice_producer_close);
    LOAD(sluice_consumer_open);
    LOAD(sluice_consumer_wait);
    LOAD(sluice_consumer_peek);
    LOAD(sluice_consumer_release);
    LOAD(sluice_consumer_close);
    LOAD(sluice_batch_next);

    sluice_ring ring;
    sluice_ring_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.stride = 16;
    options.capacity = 4096;
    CHECK(call_sluice_ring_create(&ring, &options) == SLUICE_OK);
    sluice_producer producer;
    sluice_consumer consumer;
    CHECK(call_sluice_producer_open(&producer, &ring) == SLUICE_OK);
    CHECK(call_sluice_consumer_open(&consumer, &ring) == SLUICE_OK);
    uint64_t packet[2] = {1, 2};
    CHECK(call_sluice_producer_put(&producer, packet, sizeof packet) == SLUICE_OK); /* by symbol, */
    CHECK(sluice_producer_put(&producer, packet, sizeof packet) == SLUICE_OK);      /* and inline */
    CHECK(call_sluice_producer_put(&producer, packet, 8) == SLUICE_E_SIZE);
    CHECK(call_sluice_consumer_wait(&consumer, 32, 0) == SLUICE_OK);
    sluice_batch batch;
    CHECK(call_sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_OK && batch.packets == 2);
    uint64_t at = 0, seen = 0;
    const void *memory;
    uint32_t bytes;
    uint16_t type;
    while (call_sluice_batch_next(&batch, &at, &memory, &bytes, &type)) {
        CHECK(bytes == sizeof packet && memcmp(memory, packet, bytes) == 0);
        seen++;
    }
    CHECK(seen == 2 && call_sluice_consumer_release(&consumer, batch.bytes, batch.packets) == SLUICE_OK);
    call_sluice_producer_close(&producer);
    call_sluice_ring_seal(&ring);
    CHECK(call_sluice_consumer_peek(&consumer, 0, &batch) == SLUICE_END);
    call_sluice_consumer_close(&consumer);
    call_sluice_ring_close(&ring, 0);
    return 0;
}
