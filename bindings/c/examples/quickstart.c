/* SPDX-License-Identifier: Apache-2.0
 *
 * quickstart - one program puts packets into a ring in shared memory, another one checks them and writes each
 * as a line of text.
 *
 *   quickstart consumer NAME COUNT OUT [--framed]     makes the ring NAME, takes COUNT packets, writes OUT
 *   quickstart producer NAME COUNT [--framed]         puts COUNT packets into it
 *
 * Either may be the quickstart of another language. --framed: records of any size instead of packets of one
 * size.
 */
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS INT64_C(10000000000) /* how long one side waits for the other */
#define LAYOUT "< sequence:I; magic:H=0x51CE; volts:h*0.001 [V] %.3f; energy:d [keV]"

typedef struct sample {
    uint32_t sequence;
    uint16_t magic;
    int16_t millivolts;
    double energy;
} sample;

/* The packet of that number, as a producer makes it and a consumer expects it. */
static sample sample_of(uint32_t number)
{
    return (sample){.sequence = number,
                    .magic = 0x51CE,
                    .millivolts = (int16_t)((int32_t)(number * 37 % 4001) - 2000),
                    .energy = number * 0.1};
}

/* The producing process needs the inline ring only. */
static int produce(const char *name, uint32_t count, int framed)
{
    sluice_ring ring;
    sluice_producer producer;
    int32_t status = sluice_ring_attach(&ring, name, NULL, PATIENCE_NS);
    if (status != SLUICE_OK || (status = sluice_producer_open(&producer, &ring)) != SLUICE_OK) {
        fprintf(stderr, "quickstart: %s\n", ring.error);
        return 1;
    }
    uint32_t number = 0;
    for (; number < count && status == SLUICE_OK; number++) {
        sample packet = sample_of(number);
        status = framed ? sluice_producer_put_record(&producer, &packet, sizeof packet, 0)
                        : sluice_producer_put(&producer, &packet, sizeof packet);
    }
    sluice_producer_close(&producer);
    sluice_ring_close(&ring, 0);
    if (status != SLUICE_OK) {
        fprintf(stderr, "quickstart: packet %u was refused with status %d\n", (unsigned)number - 1,
                (int)status);
    }
    return status != SLUICE_OK;
}

typedef struct tally {
    uint32_t seen;
    uint32_t wrong;
} tally;

/* Sees every released batch in place. */
static int32_t check(void *user, const sluice_batch *batch)
{
    tally *so_far = user;
    const void *packet;
    uint32_t bytes;
    uint16_t type;
    uint64_t at = 0;
    while (sluice_batch_next(batch, &at, &packet, &bytes, &type)) {
        sample expected = sample_of(so_far->seen++);
        so_far->wrong += bytes != sizeof expected || memcmp(packet, &expected, sizeof expected) != 0;
    }
    return SLUICE_OK;
}

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "quickstart: %s: %s\n", what, text);
    return 1;
}

static int consume(const char *name, uint32_t count, const char *path, int framed)
{
    sluice_layout *layout;
    sluice_buffer *buffer;
    tally so_far = {0, 0};
    if (sluice_layout_create(LAYOUT, &layout) != SLUICE_OK) {
        return complain("layout");
    }
    sluice_buffer_options options = {.struct_size = sizeof options,
                                     .kind = SLUICE_CIRCULAR,
                                     .shape = framed ? SLUICE_FRAMED : SLUICE_FIXED,
                                     .full_policy = SLUICE_BLOCK,
                                     .block_timeout_ns = PATIENCE_NS,
                                     .capacity = 1 << 16,
                                     .name = name,
                                     .layout = layout,
                                     .release_packets = 100,
                                     .release_after_ns = 20000000};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) {
        return complain("buffer");
    }
    sluice_text_options text = {.struct_size = sizeof text, .path = path, .layout_header = 1};
    if (sluice_buffer_add_text_sink(buffer, &text, NULL) != SLUICE_OK ||
        sluice_buffer_add_callback_sink(buffer, check, &so_far, NULL) != SLUICE_OK) {
        return complain("sinks");
    }
    while (so_far.seen < count) {
        int32_t status = sluice_buffer_poll(buffer, PATIENCE_NS);
        if (status < 0) {
            return complain("poll");
        }
        if (status != SLUICE_OK) {
            break; /* nothing came for too long */
        }
    }
    if (sluice_buffer_destroy(buffer) != SLUICE_OK) {
        return complain("destroy");
    }
    (void)sluice_layout_destroy(layout);
    printf("%u packets, %u wrong\n", (unsigned)so_far.seen, (unsigned)so_far.wrong);
    return so_far.seen != count || so_far.wrong != 0;
}

int main(int argc, char **argv)
{
    int framed = argc > 1 && strcmp(argv[argc - 1], "--framed") == 0;
    argc -= framed;
    if (argc == 4 && strcmp(argv[1], "producer") == 0) {
        return produce(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), framed);
    }
    if (argc == 5 && strcmp(argv[1], "consumer") == 0) {
        return consume(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), argv[4], framed);
    }
    fprintf(stderr,
            "usage: quickstart producer NAME COUNT [--framed] | consumer NAME COUNT OUT [--framed]\n");
    return 2;
}
