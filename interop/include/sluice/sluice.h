/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/sluice.h - the C interface of Sluice, in the order a newcomer needs it.
 *
 *   1 Results            statuses and error texts
 *   2 Packet layouts     what is in a packet
 *   3 Buffers            where packets wait
 *   4 Putting and taking put, producers, pop, clear
 *   5 Sinks              where packets go: files, text, callbacks, memory
 *   6 Release            when they go: thresholds, controllers, flush
 *   7 Running            a pump thread, or stepped by the host
 *   8 Text               packets as text in memory of the host
 *   9 Reading back       packets out of files
 *  10 Statistics
 *  11 Library            version, shutdown, the library as a guest, fork
 *
 * The shortest useful program:
 *
 *   sluice_buffer *buffer;
 *   sluice_buffer_options options = {.struct_size = sizeof options, .stride = sizeof(packet), .release_packets = 1000};
 *   if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) return complain();
 *   if (sluice_buffer_add_file_sink(buffer, &(sluice_file_options){.struct_size = sizeof(sluice_file_options),
 *                                   .path = "data.dat"}, NULL) != SLUICE_OK) return complain();
 *   if (sluice_buffer_start(buffer) != SLUICE_OK) return complain();
 *   while (next(&packet)) if (sluice_buffer_put(buffer, &packet, sizeof packet) < 0) return complain();
 *   return sluice_buffer_destroy(buffer) == SLUICE_OK ? 0 : complain();      // flushes first
 *
 * Conventions
 *   Every call returns an int32_t status (sluice/status.h): 0 done, positive not now, negative a fault that changed
 *   nothing. Handles are typed and opaque, and not addresses: a NULL, stale or foreign one gives E_HANDLE. Option
 *   structs begin with struct_size = sizeof the struct; zero in any other field means its default; a struct of an
 *   older caller is completed with defaults, one of a newer caller is accepted while what this library does not know
 *   is zero. Otherwise it is refused with E_ABI, and so is a size that is no multiple of 8, which no version has. Text is
 *   UTF-8; where there is not room for all of it, it is cut between two characters. Paths, and names of shared memory, are
 *   bytes: any that the system takes, shown in texts with \xNN for what is no UTF-8; a relative path is made absolute when it
 *   is given, so that a later chdir changes nothing. Times are nanoseconds on the monotonic clock; -1 means for ever, 0 look
 *   once. Callbacks take the host's `user` pointer first, return a status and must not call into the object that calls them.
 *   Threading stands at the head of each chapter. Any call may run while another thread ends the object it is given: it
 *   answers what it would have answered before, or E_STATE, or E_HANDLE. Where no version is named, it is 0.1.
 */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sluice_layout sluice_layout;
typedef struct sluice_formatter sluice_formatter;
typedef struct sluice_buffer sluice_buffer;
typedef struct sluice_sink sluice_sink;
typedef struct sluice_file sluice_file;
struct sluice_producer; /* sluice/ring.h */
struct sluice_batch;    /* sluice/ring.h */

/* ---- 1 Results ----------------------------------------------------------------- any thread --------------- */

/* The text of the last fault on the calling thread: what failed, the value and its limit. Copies at most capacity - 1
 * bytes and a zero byte to text (may be NULL); *length (may be NULL) receives the whole length. */
int32_t sluice_last_error(char *text, size_t capacity, size_t *length);

/* For a function of the host that is about to answer the engine with a fault, on the thread that called it: what went wrong, as
 * "FileNotFoundError: calibration.txt". The text (UTF-8; the first 1 KiB of it, copied; NULL: none) becomes part of that of the
 * fault, in the last error, in the info of the sink, and for the hook of sluice_buffer_on_fault. A reset hook, which answers
 * nothing, reports its failure so. Since 0.2. */
int32_t sluice_callback_fault(const char *text);

/* "E_SIZE: the packet or buffer has the wrong size". Never NULL; the text is static. */
const char *sluice_status_text(int32_t status);

/* ---- 2 Packet layouts ---------------------------------------------------------- any thread --------------- */

/* A layout names and types the fields of a packet, e.g. "> header:B=0xA1; pin:B; time:I*1e-3 [s] %.3f; adc:H"; the
 * grammar is in docs/packet-layout.md. `text` may also be the name of a layout that ships: plasduino-digital,
 * plasduino-analog, jitter. A byte order mark in front is skipped; lines end in "\n", "\r\n" or "\r". E_LAYOUT: the
 * error text points at the character. Destroy with sluice_layout_destroy; a buffer made with the layout keeps what it needs. */
SLUICE_CHECKED int32_t sluice_layout_create(const char *text, sluice_layout **layout);

/* The layout of a NumPy data type, given as JSON: what sluice_layout_numpy writes; a type string, as "<u2"; or [type, shape].
 * Formats may be any of these again: nested fields are named outer_inner. E_LAYOUT names the field: byte orders mixed, fields
 * that overlap, types that packets do not have. */
SLUICE_CHECKED int32_t sluice_layout_from_numpy(const char *json, sluice_layout **layout);

/* NULL is fine. */
int32_t sluice_layout_destroy(sluice_layout *layout);

/* Bytes of a packet. */
SLUICE_CHECKED int32_t sluice_layout_size(const sluice_layout *layout, uint32_t *bytes);

/* The canonical description, which creates an equal layout. Text as in sluice_last_error. */
SLUICE_CHECKED int32_t sluice_layout_describe(const sluice_layout *layout, char *text, size_t capacity, size_t *length);

/* The NumPy dtype of a packet as JSON: {"names": [...], "formats": [...], "offsets": [...], "itemsize": n}. */
SLUICE_CHECKED int32_t sluice_layout_numpy(const sluice_layout *layout, char *text, size_t capacity, size_t *length);

/* Fields, bit ranges counted as fields of their own, padding not counted. */
SLUICE_CHECKED int32_t sluice_layout_fields(const sluice_layout *layout, uint32_t *fields);

typedef struct sluice_field {
    uint32_t struct_size;
    uint32_t offset; /* bytes from the start of the packet */
    uint32_t size;   /* bytes, of all elements */
    uint32_t count;  /* elements */
    uint32_t bit;    /* lowest bit of a bit range */
    uint32_t bits;   /* bits of a bit range; 0: the whole field */
    char type;       /* as in Python's struct */
    char name[63];   /* ended with a zero byte, cut if longer: sluice_layout_field_text has all of it */
    uint32_t constant; /* 1: the field has one value only; sluice_layout_fill writes it */
    uint32_t reserved;
    double scale;    /* value = raw * scale + shift; 1 and 0 when the value is the raw number */
    double shift;
    char unit[64];   /* the same; empty: none */
    char format[32]; /* the same, as "%.3f"; empty: the default of the type; "-": hidden in text */
} sluice_field;

/* Field `index`, from 0. E_INVALID beyond the last one. */
SLUICE_CHECKED int32_t sluice_layout_field(const sluice_layout *layout, uint32_t index, sluice_field *field);

/* The texts of a field. */
enum sluice_field_text {
    SLUICE_FIELD_NAME = 0,   /* its name */
    SLUICE_FIELD_UNIT = 1,   /* its unit */
    SLUICE_FIELD_FORMAT = 2  /* how it is written as text */
};

/* The whole name, unit or format (`what`, a sluice_field_text) of field `index`. Two names may differ only behind what
 * sluice_field has room for. Text as in sluice_last_error. Since 0.2. */
SLUICE_CHECKED int32_t sluice_layout_field_text(const sluice_layout *layout, uint32_t index, uint32_t what, char *text,
                                                size_t capacity, size_t *length);

/* Whether the constants of `bytes` / size packets hold. E_CONSTANT: the text names packet, field, expected and found;
 * *bad (may be NULL) is the packet's index. E_SIZE: not a multiple of the packet. */
SLUICE_CHECKED int32_t sluice_layout_check(const sluice_layout *layout, const void *packets, size_t bytes, uint64_t *bad);

/* Writes the constants of the layout into one packet of its size; every other bit stays as it is. */
SLUICE_CHECKED int32_t sluice_layout_fill(const sluice_layout *layout, void *packet, size_t bytes);

/* ---- 3 Buffers ----------------------------------------------------------------- any thread --------------- */

/* What a buffer does when its memory is full, in the large. */
enum sluice_buffer_kind {
    SLUICE_FIFO = 0,     /* grows by further segments, then spills to files: it takes everything, up to its limits */
    SLUICE_CIRCULAR = 1  /* one segment of fixed size with a full policy */
};

/* How a buffer with a name or file comes to its memory. A ring that is attached to must agree with the options. */
enum sluice_attach {
    SLUICE_CREATE = 0,          /* E_EXISTS if the name or file is taken */
    SLUICE_ATTACH = 1,          /* E_NOT_FOUND if it is not there */
    SLUICE_CREATE_OR_ATTACH = 2 /* attaches if it is there, else makes it */
};

/* Where a ring that is attached to does not agree with the options, that is E_STATE: the text has both values, and nothing
 * is changed. Shape, stride and producers are always compared, unless SLUICE_ATTACH leaves shape, stride and layout at
 * 0; full_policy, capacity (as it is rounded up), block_timeout_ns (where puts wait), layout (where the ring has one),
 * SLUICE_BUFFER_CHECKSUMS, _GROUP and _EVERYBODY when they are not at their default, which means: whatever the ring
 * has. With SLUICE_ATTACH, or without name and file, _GROUP and _EVERYBODY are E_INVALID; with SLUICE_CREATE,
 * _ANY_OWNER and _ADOPT are. */

/* Bits of `flags`. SLUICE_BUFFER_GROUP and those behind it are for rings with a name or file. Since 0.2, but the first two
 * values. */
enum sluice_buffer_flag {
    SLUICE_BUFFER_HUGE_PAGES = 8,  /* huge pages, if the system has any free */
    SLUICE_BUFFER_LOCKED = 16,     /* in memory: E_PERMISSION when the limit does not allow it */
    SLUICE_BUFFER_CHECKSUMS = 32,  /* circular: every packet carries a CRC-32C; what a power cut or a copy damaged is not
                                      delivered, and counted in `corrupted`. Version 0.1 cannot attach */
    SLUICE_BUFFER_GROUP = 64,      /* made here: the group of the file may attach too */
    SLUICE_BUFFER_EVERYBODY = 128, /* made here: everybody may attach */
    SLUICE_BUFFER_ANY_OWNER = 256, /* attaches also to what another user made, or what others may write: who can write a ring
                                      decides what its ends see. Without it that is E_PERMISSION */
    SLUICE_BUFFER_ADOPT = 512      /* frees ends whose holders cannot be judged from here (another pid namespace, on a file
                                      system without locks): for a host that knows that they are gone. Without it E_BUSY */
};

/* How the rules of a release policy combine. */
enum sluice_combine {
    SLUICE_ANY = 0, /* the first rule that says release releases; without rules nothing is released */
    SLUICE_ALL = 1  /* the first rule that says store stores; without rules everything is released */
};

/* What the time rule of a release policy counts from. */
enum sluice_release_clock {
    SLUICE_SINCE_FIRST = 0,   /* when the first packet after a release was noticed: a bound on how long a packet waits */
    SLUICE_SINCE_RELEASE = 1, /* the last release, or the creation: a regular interval */
    SLUICE_SINCE_ASKED = 2    /* when an evaluation first came as far as the time rule after a release, packets stored or not:
                                 what is asked before it may settle the matter and leave the clock unstarted */
};

/* How the taking end waits for packets. */
enum sluice_wait {
    SLUICE_PARK = 0,  /* spins shortly, then sleeps until a producer wakes it: no load while nothing comes */
    SLUICE_YIELD = 1, /* gives the processor to others between two looks; producers never make a system call */
    SLUICE_SPIN = 2   /* looks all the time: the shortest delay, one processor busy */
};

typedef struct sluice_buffer_options {
    uint32_t struct_size;
    uint32_t kind;                /* sluice_buffer_kind */
    uint32_t shape;               /* 0 fixed stride, 1 framed records of any size */
    uint32_t stride;              /* bytes of a packet; 0: that of the layout. Both given: they must agree. SLUICE_ATTACH with
                                     shape, stride and layout left at 0 takes them, and producers, from the ring */
    uint32_t producers;           /* 0 one producer, 1 many */
    uint32_t full_policy;         /* circular: sluice_full_policy (0 fail, 1 block, 2 drop newest, 3 drop oldest).
                                     A FIFO takes 0 and grows */
    uint32_t flags;               /* SLUICE_BUFFER_... */
    uint32_t attach;              /* sluice_attach, for name and file */
    uint64_t capacity;            /* bytes; default 1 MiB; rounded up to a power of two */
    int64_t block_timeout_ns;     /* policy block; default 1 s */
    uint64_t memory_limit;        /* FIFO: bytes in memory; default 1 GiB */
    uint64_t spill_limit;         /* FIFO: bytes in files beyond it; default 64 GiB */
    const char *spill_directory;  /* FIFO: default TMPDIR, else /var/tmp */
    const char *name;             /* shared memory that other processes attach to by name (circular); the buffer that
                                     made it with SLUICE_CREATE takes the name away at its end, if nothing is left in it;
                                     one that attached never does */
    const char *file;             /* a file that keeps the packets when the process dies, and when the buffer ends (circular) */
    const sluice_layout *layout;  /* may be NULL */
    uint64_t release_packets;     /* release at this many packets; 0: no such rule */
    uint64_t release_bytes;       /* release at this many bytes; 0: no such rule */
    int64_t release_after_ns;     /* release when this time is exceeded; 0: no such rule */
    uint32_t release_combine;     /* sluice_combine: any or all of the rules, controllers included */
    uint32_t release_clock;       /* sluice_release_clock */
    uint32_t wait;                /* sluice_wait: how the pump waits for packets */
    uint32_t reserved;
} sluice_buffer_options;

/* Makes a buffer. E_INVALID names the field, the value and the limit. */
SLUICE_CHECKED int32_t sluice_buffer_create(const sluice_buffer_options *options, sluice_buffer **buffer);

/* Bytes of a packet; 0: records of any size. Since 0.2. */
SLUICE_CHECKED int32_t sluice_buffer_stride(sluice_buffer *buffer, uint32_t *bytes);

/* The canonical description of its layout, its own or that of the ring it attached to; empty: none. Text as in sluice_last_error.
 * Since 0.2. */
SLUICE_CHECKED int32_t sluice_buffer_layout(sluice_buffer *buffer, char *text, size_t capacity, size_t *length);

/* Stops the pump, releases what is stored to the sinks, closes them and frees the buffer. LOST: it is freed, and packets that were
 * stored are gone, because it had no sink; the error text says how many, and sluice_on_loss is told. What a ring with a name or a
 * file stores stays there, without a sink, for who attaches next. Its producers are invalid
 * afterwards: their memory stays, and they are told E_STATE unless the ring has a name or file: a put that was told OK is
 * delivered, or counted as lost. A claim that stays open for 200 ms is not waited for; its commit answers E_STATE. A fault of
 * a sink that could not take the rest is returned, and the buffer is kept: mend it and call again, or call
 * sluice_buffer_discard. TIMEOUT: a write or a function of the host did not come back, and nothing got on for 5 s
 * (SLUICE_UNTIL_STUCK); the error text says which. The buffer is kept then, too, and stays valid. Puts of other threads get
 * E_STATE from the begin of this call on, unless it fails. NULL is fine. */
SLUICE_CHECKED int32_t sluice_buffer_destroy(sluice_buffer *buffer);

/* The end of a buffer that nobody can mend, as destructors make it: one more try to write, then it is freed whatever its sinks
 * say. What a ring with a name or a file stores stays there. LOST: packets are gone, *lost (may be NULL) says how many, and
 * sluice_on_loss is told. TIMEOUT as below. NULL is fine. Since 0.2. */
int32_t sluice_buffer_abandon(sluice_buffer *buffer, uint64_t *lost);

/* Frees the buffer and what it stores on purpose, also what lies under its name or in its file; *lost (may be NULL) receives the
 * packets that no sink has, and nobody is told of them. TIMEOUT: as
 * sluice_buffer_destroy, but the buffer is gone, and the thread that hangs frees what is left of it when it comes back. No
 * function of the host begins after this call; what one that is still running uses must stay until it returned. */
int32_t sluice_buffer_discard(sluice_buffer *buffer, uint64_t *lost);

/* Packets that were stored in a buffer when it ended, and that nothing took. Valid until the hook returns. */
typedef struct sluice_loss {
    uint32_t struct_size;
    int32_t status;   /* why: LOST: the buffer had no sink; a sink's fault; WOULD_BLOCK: a sink was not ready; TIMEOUT: it hung */
    uint64_t packets;  /* gone */
    uint64_t kept;     /* in a ring that outlives the buffer, though there was a sink for them */
    const char *where; /* the buffer in words */
    const char *text;  /* a sentence: how many, where, why, and what to do */
} sluice_loss;

typedef void (*sluice_loss_fn)(void *user, const sluice_loss *loss);

/* Whom to tell of losses, of every buffer of the process: of one that ends without a sink (sluice_buffer_destroy, which answers
 * LOST), of what sinks did not take when sluice_buffer_abandon, sluice_shutdown or exit() ended it. NULL, as at the start: a line
 * on standard error tells. sluice_buffer_discard means it, and tells nobody. The hook is called on the thread that ends the buffer,
 * after its end and without a lock; at exit every call but those that return text answers E_SHUTDOWN there. Since 0.2. */
int32_t sluice_on_loss(sluice_loss_fn hook, void *user);

struct sluice_buffer_stats;

/* Told what ended, once: each sink that is closed, by the end of the buffer or before (sluice_sink_get_info still answers for it,
 * with its final numbers), and then, with `sink` NULL, the buffer. `stats` are its numbers, the final ones when the buffer
 * ended. */
typedef void (*sluice_end_fn)(void *user, sluice_sink *sink, const struct sluice_buffer_stats *stats);

/* For totals that are to be logged: handles are stale once a buffer has ended, at exit() too. The hook is called on the thread that
 * ends the buffer or the sink, after that and without a lock, and may call nothing of this buffer but sluice_sink_get_info. NULL:
 * nobody is told. Since 0.2. */
SLUICE_CHECKED int32_t sluice_buffer_on_end(sluice_buffer *buffer, sluice_end_fn hook, void *user);

/* ---- 4 Putting and taking ------------------------------------------------------ any thread --------------- */

/* Copies one packet in. E_SIZE: not the stride. E_CONSTANT: a constant of the layout does not hold. WOULD_BLOCK, TIMEOUT,
 * DROPPED: there is no room, and this is what the full policy answers; of a FIFO that could neither grow nor spill the last
 * error has the reason. In a callback of the same buffer a put never waits for room, which only the callback's return makes:
 * it answers E_STATE instead. Any number of threads may call it; a thread that puts often takes a producer. */
SLUICE_CHECKED int32_t sluice_buffer_put(sluice_buffer *buffer, const void *packet, size_t bytes);

/* Copies packets of the stride in; *done (may be NULL) tells how many, the status is that of the first one not taken.
 * E_SIZE: bytes is not a multiple of the stride. */
SLUICE_CHECKED int32_t sluice_buffer_put_many(sluice_buffer *buffer, const void *packets, size_t bytes, uint64_t *done);

/* Framed buffers: copies one record of any size with the host's type. */
SLUICE_CHECKED int32_t sluice_buffer_put_record(sluice_buffer *buffer, const void *payload, size_t bytes, uint16_t type);

/* Fills a producer for the inline calls of sluice/ring.h, which never enter the engine (but to grow a FIFO). One thread
 * at a time may use it. With one producer, a buffer gives out one, and sluice_buffer_put answers E_BUSY meanwhile. Give it
 * back with sluice_buffer_close_producer, not with sluice_producer_close. `producer_size` is sizeof(sluice_producer). */
SLUICE_CHECKED int32_t sluice_buffer_open_producer(sluice_buffer *buffer, struct sluice_producer *producer,
                                                   size_t producer_size);
SLUICE_CHECKED int32_t sluice_buffer_close_producer(sluice_buffer *buffer, struct sluice_producer *producer);

/* Takes the oldest packet out: at most capacity bytes to packet, *bytes receives its size. WOULD_BLOCK: none is there.
 * E_SIZE: it is larger than capacity, and stays. */
SLUICE_CHECKED int32_t sluice_buffer_pop(sluice_buffer *buffer, void *packet, size_t capacity, size_t *bytes);

/* Takes the oldest packets of the stride out, as many as fit; *done receives how many. WOULD_BLOCK: none is there. E_SIZE:
 * capacity is less than a packet. E_INVALID: records of any size; take them with sluice_buffer_take. */
SLUICE_CHECKED int32_t sluice_buffer_pop_many(sluice_buffer *buffer, void *packets, size_t capacity, uint64_t *done);

/* Sees packets in place: of a sink every released batch. 0 accepts; of a sink: positive: not now, offer it again, negative: a
 * fault, it is kept. */
typedef int32_t (*sluice_batch_fn)(void *user, const struct sluice_batch *batch);

/* Shows the stored packets without taking them, oldest first, run by run, at most max_bytes (0: all), to `look`, which runs
 * under the buffer's lock and must not keep the pointer; any answer but 0 ends the call and is returned. WOULD_BLOCK: none is
 * there. E_SIZE: the first packet is larger than max_bytes. */
SLUICE_CHECKED int32_t sluice_buffer_peek(sluice_buffer *buffer, size_t max_bytes, sluice_batch_fn look, void *user);

/* Takes the oldest packets out run by run, at most `most` packets: each run is shown in place to `accept`, under the buffer's
 * lock, and given up once that returns 0; any other answer ends the call and is returned, and that run stays. *taken (may be
 * NULL) receives how many went. `most` 0: all that are stored now, which then counts as a release: the clock starts anew and the
 * reset hook is called. WOULD_BLOCK: none is there. E_CORRUPT: what follows is no packet, as for every call that takes. */
SLUICE_CHECKED int32_t sluice_buffer_take(sluice_buffer *buffer, uint64_t most, sluice_batch_fn accept, void *user,
                                          uint64_t *taken);

/* Packets stored. E_CORRUPT: the memory contradicts itself, and nobody can tell. */
SLUICE_CHECKED int32_t sluice_buffer_size(sluice_buffer *buffer, uint64_t *packets);

/* Takes all packets out and counts them as cleared. */
SLUICE_CHECKED int32_t sluice_buffer_clear(sluice_buffer *buffer);

/* ---- 5 Sinks ------------------------------------------------------------------- any thread --------------- */

/* Sinks get every packet that is released after they were added, each in order. Space is given back when every sink has
 * accepted; one that fails keeps the data, counts, reports and goes on where it stopped when the fault is gone. The
 * first sink is the primary one: without any, a flush answers E_STATE. *sink may be NULL; it ends with the buffer. */

/* When the data of a file is forced to the device. */
enum sluice_durability {
    SLUICE_DURABLE_NONE = 0,        /* never: the operating system writes it back when it likes; survives the process, not the
                                       machine */
    SLUICE_DURABLE_ON_CLOSE = 1,    /* when a file is finished: closed, or left for the next one of a rotation */
    SLUICE_DURABLE_EVERY_FLUSH = 2  /* at every flush, and when a file is finished */
};

typedef struct sluice_file_options {
    uint32_t struct_size;
    uint32_t durability;   /* sluice_durability: when data is forced to the device */
    const char *path;      /* a new file; E_EXISTS if it is there: nothing is ever overwritten */
    const void *header;    /* written first, and at the head of every rotated file */
    uint64_t header_bytes; /* at most 1 GiB */
    uint64_t rotate_bytes; /* begin a new file (data.1.dat, data.2.dat ...) before this size is exceeded; 0: never */
} sluice_file_options;

/* Packets verbatim: the bytes that were put, nothing else (framed: the payloads). */
SLUICE_CHECKED int32_t sluice_buffer_add_file_sink(sluice_buffer *buffer, const sluice_file_options *options,
                                                   sluice_sink **sink);

/* Formats packets of a batch as text, line ends included, from the first one on as many as fit: writes at most capacity
 * bytes, sets *packets (at least 1) and *written to what it did and returns 0; it is called again for the rest. When the
 * first one does not fit, it leaves *packets 0, sets *written to the room needed and returns SLUICE_WOULD_BLOCK, and is
 * called with more. Negative: a fault of the packet behind the *packets it formatted, whose *written bytes of text are
 * kept as the others are. The text of a packet must not depend on the batch it comes in: it may be made again, in another
 * one, after a fault. Step through the packets with sluice_batch_next of sluice/ring.h. */
typedef int32_t (*sluice_format_fn)(void *user, const struct sluice_batch *batch, char *text, size_t capacity,
                                    uint64_t *packets, size_t *written);

/* How packets become lines of text; docs/text.md. */
enum sluice_text_style {
    SLUICE_TEXT_PLAIN = 0,      /* the fields as their layout formats them, strings as they are */
    SLUICE_TEXT_CSV = 1,        /* the same, strings quoted where RFC 4180 needs it; separator "," by default */
    SLUICE_TEXT_JSON_LINES = 2, /* a JSON object per packet */
    SLUICE_TEXT_HEX = 3,        /* the bytes in hexadecimal, one line per packet; for sinks, which need no layout for it, nor for
                                   the next two */
    SLUICE_TEXT_HEX_SPACED = 4, /* the same, separator " " by default: one character between two bytes */
    SLUICE_TEXT_HEX_DUMP = 5,   /* as xxd: each packet begins a line, offsets are those of a verbatim file */
};

typedef struct sluice_text_options {
    uint32_t struct_size;
    uint32_t durability;
    const char *path;
    const char *separator;       /* default ", ", or that of the style */
    const char *line_end;        /* any bytes; default "\n" */
    const char *header;          /* any bytes to begin with, as they are; NULL: none */
    uint32_t layout_header;      /* 1: a line of field names and units, after `comment` */
    uint32_t style;              /* sluice_text_style */
    const char *comment;         /* default "# " */
    const sluice_layout *layout; /* default: the buffer's */
    sluice_format_fn format;     /* NULL: the layout formats */
    void *format_user;
    uint64_t rotate_bytes;
    uint64_t header_bytes;       /* of the header, at most 1 GiB; 0: up to its zero byte. Since 0.2 */
    uint64_t line_end_bytes;     /* of the line end; 0: up to its zero byte. Since 0.2 */
} sluice_text_options;

/* One line per packet (a dump: lines of 16 bytes). Needs a layout, a format function or a hex style. */
SLUICE_CHECKED int32_t sluice_buffer_add_text_sink(sluice_buffer *buffer, const sluice_text_options *options,
                                                   sluice_sink **sink);

/* Shows every released batch to `accept`. */
SLUICE_CHECKED int32_t sluice_buffer_add_callback_sink(sluice_buffer *buffer, sluice_batch_fn accept, void *user,
                                                       sluice_sink **sink);

/* Keeps released bytes in native memory, up to limit bytes (then it answers "not now"), until they are taken. */
SLUICE_CHECKED int32_t sluice_buffer_add_memory_sink(sluice_buffer *buffer, uint64_t limit, sluice_sink **sink);

/* Takes up to capacity bytes out of a memory sink; *bytes tells how many. E_HANDLE: another kind of sink. */
SLUICE_CHECKED int32_t sluice_sink_take(sluice_sink *sink, void *memory, size_t capacity, size_t *bytes);

typedef struct sluice_sink_info {
    uint32_t struct_size;
    int32_t last_status; /* of its last write or flush */
    uint64_t packets;    /* accepted */
    uint64_t bytes;      /* written */
    uint64_t errors;     /* faults */
    char last_error[256]; /* of its last fault, cut if longer: sluice_sink_last_error has all of it */
} sluice_sink_info;
SLUICE_CHECKED int32_t sluice_sink_get_info(sluice_sink *sink, sluice_sink_info *info);

/* Closes and removes one sink, without a flush: it gets nothing more, what is stored stays for the others, and a function of the
 * host is not called any more once this returns. E_HANDLE: it is no sink of this buffer. Since 0.2. */
SLUICE_CHECKED int32_t sluice_buffer_remove_sink(sluice_buffer *buffer, sluice_sink *sink);

/* A file that is deleted under its sink, or whose name another file takes, is noticed at the next flush, which costs one look:
 * E_NOT_FOUND, the packets are kept, and nothing more is written where nobody finds it. This makes such files anew, with all
 * that was in them, and the next flush goes on. *restored (may be NULL) receives how many were made. E_EXISTS: the name is
 * another file's now; move that away. A file that only moved within its file system is written on. Since 0.2. */
SLUICE_CHECKED int32_t sluice_buffer_restore_files(sluice_buffer *buffer, uint64_t *restored);

/* The whole text of the sink's last fault; empty: none so far. Text as in sluice_last_error. Since 0.2. */
SLUICE_CHECKED int32_t sluice_sink_last_error(sluice_sink *sink, char *text, size_t capacity, size_t *length);

/* Flushes what is stored, then closes and removes all sinks. A fault keeps them. */
SLUICE_CHECKED int32_t sluice_buffer_disconnect(sluice_buffer *buffer);

/* ---- 6 Release ----------------------------------------------------------------- any thread --------------- */

/* What a controller decides on. */
typedef struct sluice_snapshot {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t packets; /* stored */
    uint64_t bytes;
    int64_t age_ns;                    /* by the buffer's release_clock */
    const struct sluice_batch *batch;  /* the oldest stored packets, as many as lie in one run */
} sluice_snapshot;

/* 1 to release, 0 to store on; negative: it failed, is counted and skipped this time. */
typedef int32_t (*sluice_controller_fn)(void *user, const sluice_snapshot *snapshot);

/* Controllers are asked in the order they were added, then packets, bytes, time; the first answer that settles the
 * matter (any: a 1, all: a 0) ends the round. */
SLUICE_CHECKED int32_t sluice_buffer_add_controller(sluice_buffer *buffer, sluice_controller_fn decide, void *user);

/* Called after each release. */
SLUICE_CHECKED int32_t sluice_buffer_on_reset(sluice_buffer *buffer, void (*hook)(void *user), void *user);

/* Changes the thresholds (0: no such rule). */
SLUICE_CHECKED int32_t sluice_buffer_configure(sluice_buffer *buffer, uint64_t release_packets, uint64_t release_bytes,
                                               int64_t release_after_ns);

/* The next evaluation releases, controllers unasked. */
SLUICE_CHECKED int32_t sluice_buffer_force_release(sluice_buffer *buffer);

/* *needed: 1 when the policy would release now. A full buffer is always to be released. */
SLUICE_CHECKED int32_t sluice_buffer_flush_needed(sluice_buffer *buffer, int32_t *needed);

/* *almost: 1 when release_packets are stored. */
SLUICE_CHECKED int32_t sluice_buffer_almost_full(sluice_buffer *buffer, int32_t *almost);

/* Since the last release, or the creation. */
SLUICE_CHECKED int32_t sluice_buffer_since_flush(sluice_buffer *buffer, int64_t *ns);

/* Until release_after_ns is exceeded, for hosts that wait by themselves: *ns is 0 when it is, -1 without such a rule or while
 * its clock does not run (SLUICE_SINCE_FIRST, SLUICE_SINCE_ASKED: an evaluation starts it). */
SLUICE_CHECKED int32_t sluice_buffer_due_in(sluice_buffer *buffer, int64_t *ns);

/* Writes what is stored now to the sinks, whatever the policy says. *packets released, *bytes written over all sinks
 * (may be NULL). On a fault the rest stays stored and the fault is returned. E_STATE: there is no sink. */
SLUICE_CHECKED int32_t sluice_buffer_flush(sluice_buffer *buffer, uint64_t *packets, uint64_t *bytes);

/* ---- 7 Running ----------------------------------------------------------------- any thread --------------- */

/* Starts a thread that evaluates and releases. Without a release rule (packets, bytes, time, a controller) it releases packets as
 * they come; a buffer that drops the oldest holds the latest then, until sluice_buffer_force_release, a flush or its end. Faults
 * of sinks are retried, at longer and longer intervals up to 1 s.
 * E_STATE: it runs, or there is no sink yet; further ones may come while it runs. */
SLUICE_CHECKED int32_t sluice_buffer_start(sluice_buffer *buffer);

/* A time-out of sluice_buffer_stop and sluice_shutdown for what takes long and gets on: over when no sink took anything for
 * 5 s. The limit of sluice_buffer_destroy, and of exit(). Since 0.2. */
#define SLUICE_UNTIL_STUCK INT64_MIN

/* Stops the thread and releases what is stored, trying for timeout_ns. Else the sink's fault, or WOULD_BLOCK when it only was
 * not ready; what it did not take stays stored. TIMEOUT: a write or a function of the host that is under way did not come
 * back within timeout_ns and 0.1 s; the error text says which. The buffer stays usable: the thread ends when that comes back,
 * and another call waits for it. Without a running thread it only releases: on a thread of the engine, where one ran before
 * or no function of the host takes part, else on the caller's, where a function that hangs hangs the call. */
SLUICE_CHECKED int32_t sluice_buffer_stop(sluice_buffer *buffer, int64_t timeout_ns);

/* For hosts that forbid threads: one round of what the thread does, on the caller's. OK: something was released.
 * WOULD_BLOCK: it was not time, within timeout_ns. A sink's fault is returned. */
SLUICE_CHECKED int32_t sluice_buffer_poll(sluice_buffer *buffer, int64_t timeout_ns);

/* A file descriptor that is readable once at least one packet is stored (release_packets, where set). Read 8 bytes from
 * it, poll the buffer, then call this again to arm it anew. It belongs to the buffer. A buffer with a name or file needs a timer
 * beside it, of 100 ms or so, which calls this again: a producer of another process that is killed in the middle of its wake leaves
 * it to the next one that puts, which may never come. */
SLUICE_CHECKED int32_t sluice_buffer_event(sluice_buffer *buffer, int32_t *fd);

/* What a fault is of. */
enum sluice_fault_source {
    SLUICE_FAULT_SINK = 0,      /* a sink that the thread writes to */
    SLUICE_FAULT_GROWTH = 1,    /* puts find no room: the FIFO can neither grow nor spill */
    SLUICE_FAULT_CONTROLLER = 2, /* a release controller, or the reset hook */
    SLUICE_FAULT_MEMORY = 3      /* the memory under the buffer contradicts itself, or was cut: told once, never over; or packets
                                    in it are damaged and not delivered: over when there was none for a second */
};

/* A fault that no call answers with, when it begins and when it is over. Valid until the hook returns. */
typedef struct sluice_fault {
    uint32_t struct_size;
    int32_t status;          /* the fault; OK: it is over */
    uint32_t source;         /* sluice_fault_source */
    uint32_t reserved;
    uint64_t count;          /* faults since it began */
    uint64_t stored_packets; /* in the buffer */
    const char *where;       /* the sink, or the buffer in words */
    const char *text;        /* a sentence: what, where, how many, and what to do */
} sluice_fault;

typedef void (*sluice_fault_fn)(void *user, const sluice_fault *fault);

/* Told of the first fault of each sink that the thread meets, of another fault of it, and of its end; of puts that found no room
 * to grow; of packets whose checksum does not hold, with or without the thread; of controllers that fail. What a call answers -
 * of a flush, a poll, a stop - is not told. The hook is called outside of the locks of the buffer, once at a time and in
 * order: on the thread that notices, or on one that comes out of a call of this buffer. It may put into the buffer; any other
 * call of it answers E_STATE. Once the buffer has ended it is not called any more. NULL: nobody is told. Since 0.2. */
SLUICE_CHECKED int32_t sluice_buffer_on_fault(sluice_buffer *buffer, sluice_fault_fn hook, void *user);

/* ---- 8 Text -------------------------------------------------------------------- any thread --------------- */

typedef struct sluice_formatter_options {
    uint32_t struct_size;
    uint32_t style;        /* sluice_text_style */
    const char *separator; /* default ", ", or that of the style */
    const char *line_end;  /* any bytes; default "\n" */
    const char *comment;   /* before the lines of the header; default "# ", or that of the style */
    uint64_t line_end_bytes; /* of the line end; 0: up to its zero byte. Since 0.2 */
} sluice_formatter_options;

/* Compiles a layout into a formatter, which any number of threads may use at a time. `options` may be NULL. The layout
 * may be destroyed. Destroy with sluice_formatter_destroy. */
SLUICE_CHECKED int32_t sluice_formatter_create(const sluice_layout *layout, const sluice_formatter_options *options,
                                               sluice_formatter **formatter);

/* NULL is fine. */
int32_t sluice_formatter_destroy(sluice_formatter *formatter);

/* Writes the lines of as many packets as fit: whole lines, no zero byte behind them. *consumed (may be NULL) receives the
 * bytes of the packets that were formatted, *written those of the text; an incomplete packet at the end is left. E_SIZE:
 * not even one line fits; the text names the room that always does. */
SLUICE_CHECKED int32_t sluice_formatter_format(const sluice_formatter *formatter, const void *packets, size_t bytes,
                                               char *text, size_t capacity, size_t *consumed, size_t *written);

/* The line of field names and units. Text as in sluice_last_error. */
SLUICE_CHECKED int32_t sluice_formatter_header(const sluice_formatter *formatter, char *text, size_t capacity,
                                               size_t *length);

/* How bytes are written in hexadecimal. */
enum sluice_hex_style {
    SLUICE_HEX_PLAIN = 0,  /* two digits a byte and nothing between: 48656c6c6f */
    SLUICE_HEX_SPACED = 1, /* one separator between two bytes: 48 65 6c 6c 6f */
    SLUICE_HEX_DUMP = 2    /* lines of 16 bytes as xxd writes them: 00000000: 4865 6c6c 6f <blanks> Hello */
};

typedef struct sluice_hex_options {
    uint32_t struct_size;
    uint32_t style;        /* sluice_hex_style */
    uint32_t upper;        /* 1: digits A to F; the offsets of a dump stay in lower case */
    uint32_t separator;    /* spaced: the character between two bytes; 0: a blank */
    uint64_t first_offset; /* dump: the offset of the first byte */
} sluice_hex_options;

/* Bytes as hexadecimal text, no zero byte behind it. `options` may be NULL: plain, in lower case. *length (may be NULL)
 * receives the length of the text. `text` NULL: only that. E_SIZE: it is longer than capacity; nothing is written, and
 * *length tells the room it takes. `text` must not overlap `data`. */
SLUICE_CHECKED int32_t sluice_hex_encode(const void *data, size_t bytes, const sluice_hex_options *options, char *text,
                                         size_t capacity, size_t *length);

/* ---- 9 Reading back ------------------------------------------------------------ any thread --------------- */

/* A file of packets of one size, back to back, as a file sink writes it; docs/files.md. */
typedef struct sluice_reading_options {
    uint32_t struct_size;
    uint32_t stride;             /* bytes of a packet; 0: that of the layout. Both given: they must agree */
    const char *path;
    const sluice_layout *layout; /* may be NULL */
    uint64_t header_bytes;       /* before the first packet: the header of the sink; skipped, not looked at */
    uint32_t check_constants;    /* 1: packets that break a constant of the layout are E_CONSTANT when read or mapped */
    uint32_t reserved;
} sluice_reading_options;

/* Opens a file; it may be one that is still written. E_NOT_FOUND, E_PERMISSION, E_IO name the path; E_INVALID: an option, or
 * a directory or device; E_SIZE: shorter than the header. A tail that is no whole packet is no fault: sluice_file_get_info
 * tells where it begins, and what is whole is readable. The layout may be destroyed. Close with sluice_file_close. */
SLUICE_CHECKED int32_t sluice_file_open(const sluice_reading_options *options, sluice_file **file);

/* Closes the file; its views are gone. NULL is fine. */
int32_t sluice_file_close(sluice_file *file);

typedef struct sluice_file_info {
    uint32_t struct_size;
    uint32_t stride;       /* bytes of a packet */
    uint64_t packets;      /* whole ones */
    uint64_t bytes;        /* of the file, header and torn tail included */
    uint64_t header_bytes;
    uint64_t torn_offset;  /* where the last whole packet ends */
    uint64_t torn_bytes;   /* what follows it; 0: the file ends with a whole packet */
} sluice_file_info;

/* What was in the file when it was opened or refreshed. */
SLUICE_CHECKED int32_t sluice_file_get_info(const sluice_file *file, sluice_file_info *info);

/* Looks how long the file is now. *came (may be NULL) receives the whole packets since the last look; views stay valid. E_IO:
 * the file became shorter. */
SLUICE_CHECKED int32_t sluice_file_refresh(sluice_file *file, uint64_t *came);

/* Shows at most `packets` packets (0: all) from `first` on in place, until the file is closed. END: `first` is how many
 * there are; E_INVALID: more. A view of bytes that another process cuts off the file afterwards raises SIGBUS, as any mapped
 * file does; file sinks never cut whole packets off. E_IO: the file is shorter than it was. */
SLUICE_CHECKED int32_t sluice_file_map(const sluice_file *file, uint64_t first, uint64_t packets,
                                       struct sluice_batch *batch);

/* Copies as many packets from `first` on as fit; *done receives how many. END: `first` is how many there are; E_INVALID:
 * more. E_IO: the device failed, or the file is shorter than it was. E_SIZE: capacity is less than a packet. */
SLUICE_CHECKED int32_t sluice_file_read(const sluice_file *file, uint64_t first, void *packets, size_t capacity,
                                        uint64_t *done);

/* Whether the constants of at most `packets` packets (0: all) from `first` on hold, as sluice_layout_check. */
SLUICE_CHECKED int32_t sluice_file_check(const sluice_file *file, uint64_t first, uint64_t packets, uint64_t *bad);

/* ---- 10 Statistics ------------------------------------------------------------- any thread --------------- */

typedef struct sluice_buffer_stats {
    uint32_t struct_size;
    int32_t last_fault;        /* of a sink or controller; 0: none since the start */
    uint64_t stored_packets;
    uint64_t stored_bytes;
    uint64_t capacity;         /* bytes, all segments */
    uint64_t pushed;           /* packets put */
    uint64_t popped;           /* packets released to sinks or popped */
    uint64_t dropped_newest;
    uint64_t dropped_oldest;
    uint64_t cleared;
    uint64_t rejected;         /* wrong size or constant */
    uint64_t aborted;          /* claims given back */
    uint64_t unblocked;        /* claims of dead producers given up */
    uint64_t stalls;           /* puts that found no room */
    uint64_t high_water;       /* most bytes stored */
    uint64_t flushes;
    uint64_t written_bytes;    /* over all sinks */
    uint64_t sink_errors;
    uint64_t controller_errors;
    uint64_t segments;
    uint64_t spilled_bytes;    /* in files now */
    uint64_t growth_refused;   /* puts that could neither grow the FIFO nor spill; of stalls. Since 0.2, as what follows */
    uint64_t lost;             /* packets that were stored at the end and that nothing took */
    uint64_t corrupted;        /* packets whose checksum does not hold: not delivered */
} sluice_buffer_stats;
SLUICE_CHECKED int32_t sluice_buffer_get_stats(sluice_buffer *buffer, sluice_buffer_stats *stats);

/* ---- 11 Library ---------------------------------------------------------------- any thread --------------- */

/* The version of this interface. Grows when a program built against an older header would break. */
#define SLUICE_ABI_VERSION 1u
uint32_t sluice_abi_version(void);

/* What is running: "sluice 0.2.0 (abi 1; image x86-64-v3; net10.0; native-aot)". Text as in sluice_last_error. "; forked"
 * is added in a child of fork() that cannot use the engine. */
int32_t sluice_build_info(char *text, size_t capacity, size_t *length);

/* Stops every pump, flushes and closes every buffer, all of them at the same time, and invalidates all handles. TIMEOUT: some
 * data could not be written in time; the error text says how many packets of which buffer, and what kept them. Functions of
 * the host are called on threads of the engine meanwhile; one that hangs is given up as in sluice_buffer_discard. Packets under
 * a name or in a file are not lost, they stay there. LOST: nothing but that buffers without a sink held packets. sluice_on_loss is
 * told of each. E_STATE: called by a function that a buffer calls. Runs by itself at exit(), with SLUICE_UNTIL_STUCK: without a
 * hook, a line for each is then said on standard error. */
int32_t sluice_shutdown(int64_t timeout_ns);

/* The library as a guest in its host's process:
 *   - The first call starts the engine's runtime, which takes a thread and 1.2 GiB of address space, of which it keeps a
 *     gibibyte (memory only as it is used). Where the system does not give them (ulimit -v, -d, -u, a control group) that call and
 *     each later one answer E_MEMORY with the reason, and work once they are. Without /proc the engine works. A gibibyte is
 *     what layouts, handles and texts can take at once (packets do not count); beyond it calls answer E_MEMORY.
 *   - The runtime reads the DOTNET_ variables of the environment. A setting there that the system cannot meet
 *     (DOTNET_GCLargePages) ends the process at the first call, as in every program of .NET.
 *   - Signals are the host's. The settings of SIGSEGV and SIGFPE (faults in managed code) and of SIGRTMIN (by which the
 *     runtime stops its threads) become the runtime's, which hands faults that are not its own on to the handler that was
 *     there before; and SIGRTMIN is unblocked in every thread that calls. Every other setting and mask stays, that of SIGPIPE
 *     too: the runtime ignores it for the moment of the start only. A limit for the size of files (ulimit -f), which memory of
 *     buffers counts for, raises no SIGXFSZ here: a call that meets it answers E_IO, with a text, and nothing is lost.
 *   - The library's threads block every signal but faults, SIGRTMIN and SIGPROF: handlers run on threads of the host. Where
 *     main left by pthread_exit and no thread of the host is left, no signal but SIGKILL has an effect.
 *   - A thread that calls needs a stack of 128 KiB or more, with room for what its callbacks take.
 *   - It writes to files that it made, to eventfds, and lines about losses to standard error. No SIGPIPE comes of any of that.
 *   - Its descriptors close on exec and are never 0, 1 or 2, also when the host has closed those.
 *   - Texts are whole characters of UTF-8, numbers in them do not depend on the locale. */

/* After fork(), a child of a process that used the engine gets E_FORKED from every call but the ones that return text; the
 * inline rings of sluice/ring.h keep working there. exec() starts afresh, and the process can
 * open again what it held of a ring with a name or file. */

#ifdef __cplusplus
}
#endif

#endif
