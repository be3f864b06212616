/* damage.h - random and guided damage to the header, the cells and the records of a ring. */
#ifndef SLUICE_TESTS_SUPPORT_DAMAGE_H
#define SLUICE_TESTS_SUPPORT_DAMAGE_H

#include <sluice/ring.h>

static uint64_t draw_state;

/* Every case of a seed has numbers of its own, so that it can be run alone. */
static inline void draw_from(uint64_t seed, uint64_t number)
{
    draw_state = seed + number * UINT64_C(0xD1342543DE82EF95);
}

/* splitmix64 (Steele, Lea, Flood) */
static inline uint64_t draw(void)
{
    uint64_t value = (draw_state += UINT64_C(0x9E3779B97F4A7C15));
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static inline uint64_t below(uint64_t limit)
{
    return draw() % limit;
}

/* Values that are near something: limits, powers, what stands there, positions of the ring. */
static inline uint64_t interesting(const sluice_ring *ring, uint64_t old)
{
    uint64_t capacity = (ring->mapped_bytes - (uint64_t)(ring->data - (uint8_t *)ring->header)) / 2;
    switch (below(12)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX - below(9);
    case 2:
        return UINT64_C(1) << below(64);
    case 3:
        return (UINT64_C(1) << below(64)) - 1;
    case 4:
        return old + capacity * (1 + below(4));
    case 5:
        return old - capacity * (1 + below(4));
    case 6:
        return old ^ (UINT64_C(1) << below(64));
    case 7:
        return old + below(64) - 32;
    case 8:
        return sluice_record_word((int32_t)draw(), (uint16_t)draw(), (uint16_t)below(4));
    case 9:
        return sluice_record_word((int32_t)below(2 * capacity) - (int32_t)capacity, 0, 0);
    case 10:
        return ring->header->head + below(3) * capacity;
    default:
        return draw();
    }
}

/* Where a word may be damaged: mostly the header's fields, cells and lanes, records near the cursors. */
static inline uint64_t *somewhere(const sluice_ring *ring)
{
    uint8_t *base = (uint8_t *)ring->header;
    uint64_t before = (uint64_t)(ring->data - base), capacity = (ring->mapped_bytes - before) / 2, at;
    switch (below(6)) {
    case 0:
        at = below(128);
        break;
    case 1:
        at = 128 + below(640);
        break;
    case 2:
        at = before > SLUICE_RING_HEADER_BYTES ? SLUICE_RING_HEADER_BYTES + below(before - SLUICE_RING_HEADER_BYTES) : below(before);
        break;
    case 3:
        at = before + ((ring->header->tail + below(64)) & (capacity - 1));
        break;
    case 4:
        at = before + below(capacity);
        break;
    default:
        at = below(before);
        break;
    }
    return (uint64_t *)(void *)(base + (at & ~UINT64_C(7)));
}

/* The futexes and the heartbeat are no input; what the caller waits for is bounded by its own time-out. */
static inline void damage(const sluice_ring *ring)
{
    uint64_t *word = somewhere(ring), value = interesting(ring, sluice_load_relaxed(word));
    if (below(4) == 0) {
        uint32_t *half = (uint32_t *)(void *)word + below(2);
        sluice_store_relaxed(half, (uint32_t)value);
    } else {
        sluice_store_relaxed(word, value);
    }
}

#endif
