/* SPDX-License-Identifier: Apache-2.0
 *
 * constants.h - the bits of a packet that must have one value, eight bytes at a time. A part of binding.h.
 */
#ifndef SLUICE_PYTHON_CONSTANTS_H
#define SLUICE_PYTHON_CONSTANTS_H

typedef struct ConstantWord {
    uint32_t offset;
    uint32_t width; /* 8, or the size of a smaller packet */
    uint64_t mask;
    uint64_t value;
} ConstantWord;

typedef struct Constants {
    uint32_t count;
    ConstantWord words[];
} Constants;

/* The constants from byte `from` on of packets of `size` bytes, where `mask` is set; *made is NULL if there
 * are none. 0, or -1 with an exception. Freed with PyMem_Free. */
int constants_new(const uint8_t *mask, const uint8_t *value, uint32_t size, uint32_t from, Constants **made);

/* The same, of a layout of the engine. */
int constants_of_layout(const sluice_layout *layout, uint32_t size, uint32_t from, Constants **made);

static inline int constants_hold(const Constants *constants, const uint8_t *packet)
{
    for (uint32_t i = 0; i < constants->count; i++) {
        const ConstantWord *word = &constants->words[i];
        uint64_t bits = 0;
        if (LIKELY(word->width == sizeof bits)) {
            memcpy(&bits, packet + word->offset, sizeof bits);
        } else {
            memcpy(&bits, packet + word->offset, word->width);
        }
        if ((bits & word->mask) != word->value) {
            return 0;
        }
    }
    return 1;
}

#endif
