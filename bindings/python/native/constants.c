/* SPDX-License-Identifier: Apache-2.0
 *
 * constants.c - the bits of a packet that must have one value.
 */
#include "binding.h"

int constants_new(const uint8_t *mask, const uint8_t *value, uint32_t size, uint32_t from, Constants **made)
{
    uint32_t most = size / 8 + 1;
    Constants *constants = PyMem_Malloc(sizeof *constants + most * sizeof *constants->words);
    if (constants == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    constants->count = 0;
    for (uint32_t at = from; at < size; at += 8) {
        uint32_t width = size < 8 ? size : 8, first = at + width <= size ? at : size - width;
        ConstantWord word = {.offset = first, .width = width};
        /* The bytes before `at` are those of the word before: not looked at again. */
        memcpy((uint8_t *)&word.mask + (at - first), mask + at, width - (at - first));
        memcpy(&word.value, value + first, width);
        word.value &= word.mask;
        if (word.mask != 0) {
            constants->words[constants->count++] = word;
        }
    }
    if (constants->count == 0) {
        PyMem_Free(constants);
        constants = NULL;
    }
    *made = constants;
    return 0;
}

int constants_of_layout(const sluice_layout *layout, uint32_t size, uint32_t from, Constants **made)
{
    *made = NULL;
    if (size <= from) {
        return 0;
    }
    /* What a fill leaves alike, whatever was there before, is constant. */
    uint8_t *zeros = PyMem_Malloc((size_t)size * 2), *ones = zeros + size;
    if (zeros == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(zeros, 0, size);
    memset(ones, 0xFF, size);
    int32_t status = library.layout_fill(layout, zeros, size);
    status = status == SLUICE_OK ? library.layout_fill(layout, ones, size) : status;
    for (uint32_t i = 0; i < size; i++) {
        ones[i] = (uint8_t) ~(zeros[i] ^ ones[i]);
    }
    int done = status == SLUICE_OK ? constants_new(ones, zeros, size, from, made) : -1;
    if (status != SLUICE_OK) {
        (void)raise_engine(status, NULL);
    }
    PyMem_Free(zeros);
    return done;
}
