/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/ring/checksum.h - packets that prove themselves, in rings made with SLUICE_RING_WANT_CHECKSUMS.
 *
 * A file that a power cut tore, or that was copied while it was written, may pair a header of now with pages of then.
 * Each packet therefore carries a CRC-32C (Castagnoli) over its position, its record header and its bytes: one of
 * another lap does not pass at its place. The producer computes it before it publishes, the consumer before it shows.
 *
 *   fixed stride   an array of 32-bit checksums before the data area, indexed as cells are
 *   framed         the 4 bytes behind the payload; the record's length does not count them
 *
 * A packet that does not pass is not delivered. It is given up, and counted in `corrupted`. A packet that passes is
 * delivered, whatever became of its cell, or of the bit of its record header that says that it was given up. Headers of records
 * that were given up, which have no room for 4 bytes, prove themselves with 16 bits in their `type`.
 *
 * Framed records are looked at whenever the consumer looks for packets, those of fixed stride when it opens: what comes later
 * comes from a producer that lives.
 */
#ifndef SLUICE_RING_CHECKSUM_H
#define SLUICE_RING_CHECKSUM_H

#include "view.h"

/* Without an instruction for it: half a byte at a time. */
static inline uint32_t sluice_crc_plain(uint32_t crc, const uint8_t *bytes, size_t count)
{
    static const uint32_t half[16] = {
        0x00000000u, 0x105ec76fu, 0x20bd8edeu, 0x30e349b1u, 0x417b1dbcu, 0x5125dad3u, 0x61c69362u, 0x7198540du,
        0x82f63b78u, 0x92a8fc17u, 0xa24bb5a6u, 0xb21572c9u, 0xc38d26c4u, 0xd3d3e1abu, 0xe330a81au, 0xf36e6f75u};
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = half[crc & 15] ^ (crc >> 4);
        crc = half[crc & 15] ^ (crc >> 4);
    }
    return crc;
}

#if defined(__x86_64__)
static inline __attribute__((target("sse4.2"))) uint32_t sluice_crc_sse42(uint32_t crc, const uint8_t *bytes, size_t count)
{
    uint64_t wide = crc, word;
    for (; count >= 8; bytes += 8, count -= 8) {
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; bytes++, count--) {
        crc = __builtin_ia32_crc32qi(crc, *bytes);
    }
    return crc;
}
#endif

/* Goes on with a checksum, which begins with ~0 and ends by being inverted. */
static inline uint32_t sluice_crc(uint32_t crc, const void *bytes, size_t count)
{
#if defined(__x86_64__)
    if (SLUICE_LIKELY(__builtin_cpu_supports("sse4.2"))) {
        return sluice_crc_sse42(crc, (const uint8_t *)bytes, count);
    }
#endif
    return sluice_crc_plain(crc, (const uint8_t *)bytes, count);
}

/* Where the checksum of the fixed-stride packet at `position` lies: behind cells and records, as sluice_ring_lay_out puts it. */
static inline uint32_t *sluice_checksum_at(const sluice_ring_view *view, uint64_t position)
{
    uint64_t *records = sluice_slot_records(view);
    uint8_t *begin = records != NULL ? (uint8_t *)(records + SLUICE_RING_PRODUCERS)
                                     : (uint8_t *)view->header + SLUICE_RING_HEADER_BYTES;
    return (uint32_t *)(void *)begin + (sluice_sequence(view, position) & view->cell_mask);
}

static inline uint32_t sluice_checksum_of_packet(const sluice_ring_view *view, uint64_t position)
{
    uint32_t crc = sluice_crc(~0u, &position, sizeof position);
    return ~sluice_crc(crc, view->data + (position & view->mask), view->stride);
}

/* `word` is the header that the record gets, or has. */
static inline uint32_t sluice_checksum_of_record(const sluice_ring_view *view, uint64_t position, uint64_t word)
{
    uint64_t payload = (uint32_t)word - sizeof(sluice_ring_record);
    uint32_t crc = sluice_crc(~0u, &position, sizeof position);
    crc = sluice_crc(crc, &word, sizeof word);
    return ~sluice_crc(crc, view->data + (position & view->mask) + sizeof word, payload);
}

/* The header of a framed record of `length` bytes at `position` that is given up. */
static inline uint64_t sluice_given_up_word(const sluice_ring_view *view, uint64_t position, uint64_t length)
{
    uint32_t proof = 0;
    if (SLUICE_UNLIKELY(view->flags & SLUICE_RING_CHECKSUMS)) {
        proof = sluice_crc(sluice_crc(~0u, &position, sizeof position), &length, sizeof length);
        proof ^= proof >> 16;
    }
    return sluice_record_word((int32_t)length, (uint16_t)proof, SLUICE_RECORD_ABORTED);
}

/* Fixed stride: seals the packets of [position, end), which are complete. */
SLUICE_COLD void sluice_sign_packets(const sluice_ring_view *view, uint64_t position, uint64_t end)
{
    for (; position < end; position += view->stride) {
        *sluice_checksum_at(view, position) = sluice_checksum_of_packet(view, position);
    }
}

/* Framed: seals the record at `position`, which is about to get the header `word`. */
SLUICE_COLD void sluice_sign_record(const sluice_ring_view *view, uint64_t position, uint64_t word)
{
    uint32_t sum = sluice_checksum_of_record(view, position, word);
    memcpy(view->data + (position & view->mask) + (uint32_t)word, &sum, sizeof sum);
}

/* Whether the record at `position` is what was put, if its header is `word`. */
static inline int sluice_record_proves(const sluice_ring_view *view, uint64_t position, uint64_t word)
{
    uint32_t sum;
    memcpy(&sum, view->data + (position & view->mask) + (uint32_t)word, sizeof sum);
    return sum == sluice_checksum_of_record(view, position, word);
}

/* Whether the packet at `position`, or the record there, whose length fits, is what was put; or, framed, what was given up. */
static inline int sluice_is_genuine(const sluice_ring_view *view, uint64_t position)
{
    if (!view->framed) {
        return *sluice_checksum_at(view, position) == sluice_checksum_of_packet(view, position);
    }
    uint64_t word = sluice_load_acquire(sluice_word_at(view, position));
    return (word >> 48) & SLUICE_RECORD_ABORTED ? word == sluice_given_up_word(view, position, (uint32_t)word)
                                                : sluice_record_proves(view, position, word);
}

/* Framed: takes back that the record at `position` was given up, where nothing but the bit that says so is damaged. */
SLUICE_COLD int sluice_restore_record(const sluice_ring_view *view, uint64_t position, uint64_t limit)
{
    uint64_t word = sluice_load_acquire(sluice_word_at(view, position)), put = word ^ ((uint64_t)SLUICE_RECORD_ABORTED << 48);
    if ((put >> 48) & SLUICE_RECORD_ABORTED || (int32_t)(uint32_t)put < (int32_t)sizeof(sluice_ring_record) ||
        sluice_record_span(put, sluice_trailer(view)) > limit - position || !sluice_record_proves(view, position, put)) {
        return 0;
    }
    sluice_store_release(sluice_word_at(view, position), put);
    return 1;
}

#endif
