/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/memory.h - the layout of a ring in memory: the specification that every language mirrors.
 *
 *   offset 0        header page: the struct below, 4096 bytes
 *   cells_offset    only for many producers of fixed-stride packets: one 64-bit cell per packet slot
 *   lanes_offset    only for many producers: 256 records of who holds a slot (owner.h); of framed packets, then
 *                   256 announcements
 *   then            only with SLUICE_RING_CHECKSUMS, fixed stride: one 32-bit checksum per packet slot
 *   data_offset     the data area, `capacity` bytes, a power of two; it is mapped a second time right behind
 *                   itself, so that every record is contiguous and wrap-around does not exist
 *
 * Positions are monotonic 64-bit byte counts; position p lies at data + (p & (capacity - 1)). Everything is
 * in the byte order of the machine. tail <= head and head - tail <= capacity always hold.
 *
 * Record shapes
 *   fixed stride   packets of `stride` bytes back to back, no header: a batch is the content of a file.
 *   framed         every record begins at a multiple of 8 with a sluice_ring_record, then the payload.
 *
 * One producer: `head` is what consumers may read; a record is written, then head is stored with release.
 * Many producers: `head` is what producers have reserved, by compare and swap; then
 *   fixed stride   cell[sequence & (cells - 1)] tells the state of packet `sequence` (= position / stride):
 *                  bits 0-1 state, 2-9 producer slot, 10-21 packets of the claim less one, 22-63 sequence + 1
 *                  modulo 2^42 (a cell lags by one lap at most, so that is enough to tell the laps apart).
 *                  The first cell of a claim goes to CLAIMED by compare and swap, then the payload is written,
 *                  then every cell of the claim goes to COMMITTED or ABORTED with release, the first one last.
 *   framed         the header word of the record goes from empty (length 0, the lap = position / capacity in the
 *                  high half) to CLAIMED (negative length, slot in `type`) by compare and swap, and to its final
 *                  value with release. Consumers make every word they release empty for the next lap, after
 *                  storing its end in `clearing`, so that a restart finishes the job.
 *                  A producer announces the position it is about to reserve before it moves head. A payload may
 *                  look like an empty word of an earlier lap, so a reservation that a live producer may still
 *                  mark must keep its place: its announcement names the position, which no lap repeats.
 * An unblock turns cells that are not claimed, and cells or words claimed by a producer that is gone, into ABORTED
 * ones by compare and swap; a producer that comes too late to a cell finds its own compare and swap fail. Words
 * that are not claimed are given up once no producer that may be alive has announced their position.
 *
 * With checksums, `type` of a record that was given up holds 16 bits that prove position and length (checksum.h); else 0.
 *
 * With many producers the cells and words alone tell the consumer what it can read.
 *
 * Bit 63 of `head` is SEALED: nothing more will be put; of one producer `sealed_at` says where (seal.h). tail_lock, used with
 * SLUICE_DROP_OLDEST only, is the identity of the process that moves tail now, with bit 63 while a consumer works on a batch.
 */
#ifndef SLUICE_RING_MEMORY_H
#define SLUICE_RING_MEMORY_H

#include "../barrier.h"
#include "../status.h"

#include <stddef.h>

#define SLUICE_RING_MAGIC UINT64_C(0x31454349554c53) /* "SLUICE1" */
#define SLUICE_RING_ABI 1u
#define SLUICE_RING_ABI_CHECKSUMS 2u /* rings with checksums, which version 0.1 cannot write */
#define SLUICE_RING_HEADER_BYTES 4096u
#define SLUICE_RING_SEALED (UINT64_C(1) << 63)
#define SLUICE_RING_NEVER (~UINT64_C(0))
#define SLUICE_RING_WAKING UINT64_C(0) /* in wake_at: a producer took the wake and has not sent it yet */
#define SLUICE_TAIL_HELD (UINT64_C(1) << 63)
#define SLUICE_RING_PRODUCERS 256u
#define SLUICE_RING_CLAIM_MOST 4096u /* packets in one claim of a ring with many producers */
#define SLUICE_RING_LARGEST (UINT64_C(1) << 40)
#define SLUICE_SLOT_RETIRED (UINT64_C(1) << 63) /* of a slot whose producer is gone: free once tail is at the low bits */

/* How packets lie in a ring. */
enum sluice_shape {
    SLUICE_FIXED = 0,  /* packets of one size back to back, no header: a batch is the content of a file */
    SLUICE_FRAMED = 1  /* packets of any size, each with an 8-byte header, at multiples of 8 */
};

/* How many may put into a ring. */
enum sluice_producers {
    SLUICE_ONE_PRODUCER = 0,   /* one at a time: the fastest */
    SLUICE_MANY_PRODUCERS = 1  /* up to 256 at a time, in threads or processes */
};

/* The one answer to "no room". To grow is for buffers (sluice.h), whose producers carry a hook of the engine. */
enum sluice_full_policy {
    SLUICE_FAIL = 0,        /* answer that there is no room now (WOULD_BLOCK); nothing changes */
    SLUICE_BLOCK = 1,       /* wait for room, up to the producer's time-out (TIMEOUT) */
    SLUICE_DROP_NEWEST = 2, /* drop the packet (DROPPED) and count it as dropped_newest */
    SLUICE_DROP_OLDEST = 3, /* take the oldest packets out and count them as dropped_oldest */
    SLUICE_GROW = 4         /* chain a further segment, in memory up to a limit, then in spill files */
};

enum sluice_ring_flags {
    SLUICE_RING_ASYMMETRIC = 1u,  /* sleepers execute membarrier(2) */
    SLUICE_RING_NAMED = 2u,       /* lies in shared memory under a name */
    SLUICE_RING_FILE = 4u,        /* lies in a file and survives its processes */
    SLUICE_RING_HUGE_PAGES = 8u,  /* huge pages were asked for and given */
    SLUICE_RING_LOCKED = 16u,     /* mlock was asked for and given */
    SLUICE_RING_CHECKSUMS = 32u,  /* every packet carries a checksum, see checksum.h */
    SLUICE_RING_GROUP = 64u,      /* the group of the file may attach, on purpose */
    SLUICE_RING_EVERYBODY = 128u, /* everybody may attach, on purpose */
    SLUICE_RING_ORPHANED = 256u,  /* sealed because its name was taken away */
    SLUICE_RING_LINKED = 32768u   /* of a process's own copy: the file had a name when it was opened */
};

enum sluice_cell_state { SLUICE_CELL_CLAIMED = 1, SLUICE_CELL_COMMITTED = 2, SLUICE_CELL_ABORTED = 3 };

enum sluice_record_flags { SLUICE_RECORD_ABORTED = 1 };

/* Header of a framed record. length counts header and payload; it is negative while the claim is open.
 * The record takes length rounded up to 8 bytes. */
typedef struct sluice_ring_record {
    int32_t length;
    uint16_t type;  /* the host's; the producer slot while the claim is open */
    uint16_t flags; /* sluice_record_flags */
} sluice_ring_record;

typedef struct sluice_ring_header {
    /* line 0: written by the creator, constant afterwards */
    uint64_t magic; /* stored last, with release: the ring is ready */
    uint32_t abi;
    uint32_t header_bytes;
    uint64_t data_offset;
    uint64_t capacity;
    uint32_t shape;
    uint32_t stride; /* bytes of a packet; 0 for framed rings */
    uint32_t producers;
    uint32_t full_policy;
    uint32_t flags;
    uint32_t layout_bytes; /* length of layout_text */
    uint64_t cells_offset; /* 0: none */
    uint64_t cells;        /* a power of two */
    uint64_t segment_bytes;
    int64_t block_timeout_ns; /* default of producers that attach */
    uint64_t pid_namespace;   /* of the creator; where holders without a record can be checked for life */
    int64_t created_ns;       /* CLOCK_REALTIME */
    uint64_t check_mask;      /* constant fields in the first 8 bytes of a packet: */
    uint64_t check_value;     /* (first 8 bytes & check_mask) == check_value */
    uint64_t lanes_offset;    /* 0: none, as in rings of version 0.1 */

    /* 128: producers */
    uint64_t head;
    uint64_t pushed; /* framed: records put; fixed stride: 0, as head / stride - aborted tells it */
    uint64_t dropped_newest;
    uint64_t stalls;  /* times a producer had to wait or was told WOULD_BLOCK */
    uint64_t aborted; /* many producers: packets or records reserved and given up, by an abort or an unblock */
    uint64_t rejected; /* packets of a wrong size or with a wrong constant */
    uint64_t reserved_producers[10];

    /* 256: consumer */
    uint64_t tail;
    uint64_t clearing; /* end of the range being cleared; see above */
    uint64_t tail_lock;
    uint64_t popped;
    uint64_t dropped_oldest;
    uint64_t unblocked;
    uint64_t high_water; /* most bytes seen in the ring */
    uint64_t flushes;
    uint64_t sink_errors;
    uint64_t written_bytes; /* over all sinks */
    int64_t heartbeat_ns;   /* CLOCK_MONOTONIC of the consumer's last round */
    uint64_t corrupted;     /* packets that were not delivered, as their checksum did not hold */
    uint64_t reserved_consumer[4];

    /* 384: how the consumer sleeps */
    uint64_t wake_at;      /* a producer that publishes this position or a later one wakes the consumer */
    uint32_t data_futex;   /* changes with every wake */
    int32_t event_fd;      /* eventfd of event_owner, -1: none */
    uint64_t event_owner;
    uint32_t event_generation; /* odd while event_fd and event_owner change */
    uint32_t event_id; /* eventfd-id in /proc/PID/fdinfo; 0: not known */
    uint64_t asked_at; /* what wake_at was armed with last; NEVER: no wake is owed */
    uint64_t sealed_at; /* where the stream ends, see seal.h; 0: it is open */
    uint64_t reserved_wake[10];

    /* 512: how producers sleep */
    uint32_t space_waiters; /* a flag: set by producers that wait, cleared by the consumer that wakes them */
    uint32_t space_futex;
    uint64_t reserved_space[15];

    /* 640: who holds the ends; identities, see owner.h */
    uint64_t creator;
    uint64_t consumer_owner;
    uint64_t producer_owner;                         /* one producer */
    uint64_t producer_slots[SLUICE_RING_PRODUCERS];  /* many producers */
    uint64_t consumer_record;                        /* see owner.h */
    uint64_t producer_record;                        /* one producer */
    uint64_t reserved_owner[11];

    char layout_text[1280]; /* description of the packets, UTF-8, layout_bytes long */
} sluice_ring_header;

#ifdef __cplusplus
#define SLUICE_STATIC_ASSERT static_assert
#else
#define SLUICE_STATIC_ASSERT _Static_assert
#endif

#define SLUICE_AT(field, offset)                                                                             \
    SLUICE_STATIC_ASSERT(offsetof(sluice_ring_header, field) == (offset), "offset of " #field)
SLUICE_AT(magic, 0);
SLUICE_AT(abi, 8);
SLUICE_AT(header_bytes, 12);
SLUICE_AT(data_offset, 16);
SLUICE_AT(capacity, 24);
SLUICE_AT(shape, 32);
SLUICE_AT(stride, 36);
SLUICE_AT(producers, 40);
SLUICE_AT(full_policy, 44);
SLUICE_AT(flags, 48);
SLUICE_AT(layout_bytes, 52);
SLUICE_AT(cells_offset, 56);
SLUICE_AT(cells, 64);
SLUICE_AT(segment_bytes, 72);
SLUICE_AT(block_timeout_ns, 80);
SLUICE_AT(pid_namespace, 88);
SLUICE_AT(created_ns, 96);
SLUICE_AT(check_mask, 104);
SLUICE_AT(check_value, 112);
SLUICE_AT(lanes_offset, 120);
SLUICE_AT(head, 128);
SLUICE_AT(pushed, 136);
SLUICE_AT(dropped_newest, 144);
SLUICE_AT(stalls, 152);
SLUICE_AT(aborted, 160);
SLUICE_AT(rejected, 168);
SLUICE_AT(tail, 256);
SLUICE_AT(clearing, 264);
SLUICE_AT(tail_lock, 272);
SLUICE_AT(popped, 280);
SLUICE_AT(dropped_oldest, 288);
SLUICE_AT(unblocked, 296);
SLUICE_AT(high_water, 304);
SLUICE_AT(flushes, 312);
SLUICE_AT(sink_errors, 320);
SLUICE_AT(written_bytes, 328);
SLUICE_AT(heartbeat_ns, 336);
SLUICE_AT(corrupted, 344);
SLUICE_AT(wake_at, 384);
SLUICE_AT(data_futex, 392);
SLUICE_AT(event_fd, 396);
SLUICE_AT(event_owner, 400);
SLUICE_AT(event_generation, 408);
SLUICE_AT(event_id, 412);
SLUICE_AT(asked_at, 416);
SLUICE_AT(sealed_at, 424);
SLUICE_AT(space_waiters, 512);
SLUICE_AT(space_futex, 516);
SLUICE_AT(creator, 640);
SLUICE_AT(consumer_owner, 648);
SLUICE_AT(producer_owner, 656);
SLUICE_AT(producer_slots, 664);
SLUICE_AT(consumer_record, 2712);
SLUICE_AT(producer_record, 2720);
SLUICE_AT(layout_text, 2816);
#undef SLUICE_AT
SLUICE_STATIC_ASSERT(sizeof(sluice_ring_header) == SLUICE_RING_HEADER_BYTES, "size of the header page");
SLUICE_STATIC_ASSERT(sizeof(sluice_ring_record) == 8, "size of a record header");

/* A mapped ring, private to the process. Made by sluice_ring_create or sluice_ring_attach. What the header says of
 * the ring's shape is checked there and copied: later changes to shared memory move no address. */
typedef struct sluice_ring {
    sluice_ring_header *header;
    uint8_t *data;
    uint64_t *cells;    /* fixed stride: the cells; framed: the announcements; NULL: none */
    uint64_t mapped_bytes;
    uint64_t self;      /* identity of this process */
    int32_t fd;
    uint32_t owns_name; /* created here */
    char path[224];     /* its end where it is longer; then `long_path` is the whole of it */
    uint32_t stride;
    uint32_t opener;    /* the process that opened fd */
    uint32_t flags;     /* sluice_ring_flags at the attach */
    uint8_t shape;
    uint8_t producers;
    uint8_t full_policy;
    uint8_t cells_shift; /* cells are 1 << cells_shift; 0: none */
    char *long_path;    /* from malloc; NULL: path is the whole */
    uint64_t reserved;
    char error[256];    /* text of the last fault of a call on this ring */
} sluice_ring;

/* A run of consecutive packets, seen in place. */
typedef struct sluice_batch {
    const uint8_t *data;
    uint64_t bytes;   /* what a release of the whole batch gives back, aborted records included */
    uint64_t packets; /* aborted records not counted */
    uint32_t stride;  /* 0: framed, step with sluice_batch_next */
    uint32_t trailer; /* framed: bytes behind each payload, which belong to the ring */
} sluice_batch;

static inline uint64_t sluice_round_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint64_t sluice_cell(uint64_t sequence, uint32_t claim, uint32_t slot, uint32_t state)
{
    return ((sequence + 1) << 22) | ((uint64_t)(claim - 1) << 10) | ((uint64_t)slot << 2) | state;
}

/* How a cell stands to packet `sequence`: 0 it is of this packet, negative of an earlier one, positive of a later. */
static inline int64_t sluice_cell_age(uint64_t cell, uint64_t sequence)
{
    return (int64_t)((cell & ~UINT64_C(0x3fffff)) - ((sequence + 1) << 22));
}

static inline uint64_t sluice_record_word(int32_t length, uint16_t type, uint16_t flags)
{
    return (uint64_t)(uint32_t)length | ((uint64_t)type << 32) | ((uint64_t)flags << 48);
}

#endif
