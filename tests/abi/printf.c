/* Every printf conversion against the C library: random, exhaustive and awkward values of each type are
 * formatted by the library and by snprintf, and the texts compared byte for byte.
 *
 *   printf GROUP [VALUES]
 *
 * GROUP is one of those in main(), or all; VALUES is the number of random values per type and format, ten
 * million by default, and a twentieth of it for formats that are used rarely, which SLUICE_LONG=1 gives as
 * many. Types of up to two bytes take all their values. */
#include "abi.h"

#include <inttypes.h>
#include <math.h>

enum { BATCH = 2048, LONGEST = 1600 };

/* One column: a type, a range of its bits or all of them (high 0), a calibration, and a format. */
typedef struct column {
    char type;
    int low, high;
    double scale, offset;
    const char *format;
} column;

static uint64_t random_state = 1;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random_bits(void)
{
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static double random_unit(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53;
}

static unsigned size_of(char type)
{
    return strchr("bBc?", type) != NULL  ? 1
           : strchr("hHe", type) != NULL ? 2
           : strchr("iIf", type) != NULL ? 4
                                         : 8;
}

/* ---- values
 * ------------------------------------------------------------------------------------------------------- */

static double awkward_double(void)
{
    static const double values[] = {0,
                                    0x1p-1074,
                                    0x1p-1022,
                                    0x1.fffffffffffffp-1023,
                                    0x1.fffffffffffffp+1023,
                                    INFINITY,
                                    NAN,
                                    0x1p52,
                                    0x1p53,
                                    0x1p63,
                                    0x1p64,
                                    1e15,
                                    1e16,
                                    1e22,
                                    1e23,
                                    0.5,
                                    1.5,
                                    2.5,
                                    0.05,
                                    9.5,
                                    99.5,
                                    999999.5,
                                    9999995,
                                    0.000099999995,
                                    1e-5,
                                    0.0001};
    double value = values[random_bits() % (sizeof values / sizeof *values)];
    return random_bits() & 1 ? -value : random_bits() & 1 ? nextafter(value, 0) : value;
}

/* All bit patterns, what instruments give, true ties at some decimal, decimals that end in a five, whole
 * numbers. */
static double random_double(void)
{
    uint64_t choice = random_bits();
    double sign = choice >> 63 ? -1 : 1;
    switch (choice % 8) {
    case 0: {
        uint64_t bits = random_bits();
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    case 1:
        return awkward_double();
    case 2:
        return sign * ldexp((double)(random_bits() >> (24 + random_bits() % 40)), -(int)(random_bits() % 30));
    case 3:
        return sign * (double)(random_bits() % 1000000 * 10 + 5) / pow(10, (double)(random_bits() % 12));
    case 4:
        return sign * (double)(random_bits() >> (random_bits() % 64));
    case 5:
        return sign * random_unit() * pow(10, (double)(random_bits() % 40) - 20);
    default:
        return (random_unit() - 0.5) * pow(10, (double)(random_bits() % 9) - 3);
    }
}

/* Random bits with a random number of them: small numbers are as likely as large ones. */
static uint64_t random_integer(void)
{
    uint64_t value = random_bits() >> (random_bits() % 64);
    return random_bits() & 1 ? value : 0 - value;
}

/* The index-th value of a type as the bytes of a packet; types of up to two bytes take all their values in
 * turn. */
static void make_value(char type, uint64_t index, void *to)
{
    if (size_of(type) <= 2) {
        uint16_t value = (uint16_t)(type == '?' ? index & 1 : index);
        memcpy(to, &value, size_of(type));
    } else if (type == 'd') {
        double value = random_double();
        memcpy(to, &value, sizeof value);
    } else if (type == 'f') {
        uint32_t bits = (uint32_t)random_bits();
        float value = (float)random_double();
        memcpy(to, index % 4 == 0 ? (void *)&bits : (void *)&value, sizeof value);
    } else {
        uint64_t value = random_integer();
        memcpy(to, &value, size_of(type));
    }
}

/* ---- what snprintf writes
 * ----------------------------------------------------------------------------------------- */

static uint64_t integer_of(const column *self, const void *bytes)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size_of(self->type));
    if (self->high > 0) {
        return value >> self->low & (UINT64_MAX >> (63 - (self->high - self->low)));
    }
    unsigned unused = 64 - 8 * size_of(self->type);
    return strchr("bhiq", self->type) != NULL ? (uint64_t)((int64_t)(value << unused) >> unused) : value;
}

static double half_of(const void *bytes)
{
    uint16_t bits;
    memcpy(&bits, bytes, sizeof bits);
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double magnitude = exponent == 31 ? (fraction != 0 ? (double)NAN : (double)INFINITY)
                                      : ldexp(exponent == 0 ? fraction : fraction + 1024,
                                              (exponent == 0 ? 1 : exponent) - 25);
    return copysign(magnitude, bits >> 15 ? -1.0 : 1.0);
}

static double real_of(const column *self, const void *bytes)
{
    double value;
    float single;
    if (self->type == 'd') {
        memcpy(&value, bytes, sizeof value);
    } else if (self->type == 'f') {
        memcpy(&single, bytes, sizeof single);
        value = single;
    } else if (self->type == 'e') {
        value = half_of(bytes);
    } else {
        uint64_t raw = integer_of(self, bytes);
        value = strchr("bhiq", self->type) != NULL && self->high == 0 ? (double)(int64_t)raw : (double)raw;
    }
    /* Two roundings, never one of a fused operation. */
    volatile double scaled = self->scale == 1 ? value : value * self->scale;
    return self->offset == 0 ? scaled : scaled + self->offset;
}

/* The format as C has it for arguments of 64 bits: %08x as %08llx; %d of a type without a sign as %llu. */
static void c_format(const column *self, char *to)
{
    size_t length = strlen(self->format);
    char conversion = self->format[length - 1];
    int is_signed = strchr("bhiq", self->type) != NULL && self->high == 0;
    if (strchr("diuxXo", conversion) == NULL) {
        strcpy(to, self->format);
        return;
    }
    memcpy(to, self->format, length - 1);
    sprintf(to + length - 1, "ll%c", conversion == 'd' && !is_signed ? 'u' : conversion);
    /* Signs mean nothing to %u, but to the %d that it stands for. */
    if (conversion == 'd' && !is_signed && size_of(self->type) < 8) {
        to[strlen(to) - 1] = 'd';
    }
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* %#g as the C standard defines it by %#e and %#f: glibc 2.36 drops the zeros of a number that was rounded up
 * to a power of ten. */
static int alternate_general(const char *format, double value, char *to)
{
    char other[64], exponent[LONGEST];
    const char *point = strchr(format, '.');
    size_t head = point != NULL ? (size_t)(point - format) : strlen(format) - 1;
    int digits = point != NULL ? atoi(point + 1) : 6, is_capital = format[strlen(format) - 1] == 'G';
    digits = digits == 0 ? 1 : digits;
    if (!isfinite(value)) {
        return snprintf(to, LONGEST, format, value);
    }
    (void)snprintf(exponent, sizeof exponent, "%.*e", digits - 1, value);
    int power = atoi(strchr(exponent, 'e') + 1);
    int is_positional = power >= -4 && power < digits;
    (void)snprintf(other, sizeof other, "%.*s.%d%c", (int)head, format,
                   is_positional ? digits - 1 - power : digits - 1,
                   is_positional ? 'f'
                   : is_capital  ? 'E'
                                 : 'e');
    return snprintf(to, LONGEST, other, value);
}

static int expected_text(const column *self, const char *format, const void *bytes, char *to)
{
    char conversion = format[strlen(format) - 1];
    if ((conversion | 32) == 'g' && strchr(format, '#') != NULL) {
        return alternate_general(format, real_of(self, bytes), to);
    }
    if (strchr("fFeEgG", conversion) != NULL) {
        return snprintf(to, LONGEST, format, real_of(self, bytes));
    }
    uint64_t value = integer_of(self, bytes);
    if (conversion == 'c') {
        return snprintf(to, LONGEST, format, (int)(value & 255));
    }
    if (conversion != 'd' && self->high == 0 && size_of(self->type) < 8) {
        value &= (UINT64_C(1) << (8 * size_of(self->type))) - 1;
    }
    return snprintf(to, LONGEST, format, (unsigned long long)value);
}

/* ---- comparison
 * --------------------------------------------------------------------------------------------------- */

static sluice_formatter *make_formatter(const column *self)
{
    char text[256], calibration[64] = "";
    if (self->scale != 1 || self->offset != 0) {
        snprintf(calibration, sizeof calibration, "*%.17g%+.17g ", self->scale, self->offset);
    }
    if (self->high > 0) {
        snprintf(text, sizeof text, "<w:%c{v:%d-%d%s%s}", self->type, self->low, self->high, calibration,
                 self->format);
    } else {
        snprintf(text, sizeof text, "<v:%c%s%s", self->type, calibration, self->format);
    }
    sluice_layout *layout = NULL;
    sluice_formatter *formatter = NULL;
    CHECK_OK(sluice_layout_create(text, &layout));
    CHECK_OK(sluice_formatter_create(layout, NULL, &formatter));
    CHECK_OK(sluice_layout_destroy(layout));
    return formatter;
}

static void report(const column *self, const uint8_t *bytes, const char *found, const char *expected)
{
    uint64_t bits = 0;
    memcpy(&bits, bytes, size_of(self->type));
    fprintf(stderr,
            "%c %s of 0x%" PRIx64
            " (bits %d to %d, scale %.17g, offset %.17g)\n  written:  %.*s\n  snprintf: %.*s\n",
            self->type, self->format, bits, self->low, self->high, self->scale, self->offset,
            (int)strcspn(found, "\n"), found, (int)strcspn(expected, "\n"), expected);
    exit(1);
}

static void compare(const column *self, uint64_t values)
{
    static uint8_t packets[BATCH * 8];
    static char found[BATCH * LONGEST], expected[BATCH * LONGEST];
    char format[64];
    unsigned size = size_of(self->type);
    uint64_t all = size <= 2 ? UINT64_C(1) << (8 * size) : values;
    sluice_formatter *formatter = make_formatter(self);
    c_format(self, format);
    for (uint64_t done = 0; done < all;) {
        unsigned count = (unsigned)(all - done < BATCH ? all - done : BATCH);
        for (unsigned i = 0; i < count; i++) {
            make_value(self->type, done + i, packets + i * size);
        }
        size_t written, consumed, length = 0;
        CHECK_OK(sluice_formatter_format(formatter, packets, count * size, found, sizeof found, &consumed,
                                         &written));
        CHECK(consumed == count * size);
        for (unsigned i = 0; i < count; i++) {
            char *line = expected + length;
            int bytes = expected_text(self, format, packets + i * size, line);
            line[bytes] = '\n';
            length += (size_t)bytes + 1;
            if (length > written || memcmp(line, found + (line - expected), (size_t)bytes + 1) != 0) {
                report(self, packets + i * size, found + (line - expected), line);
            }
        }
        CHECK(length == written);
        done += count;
    }
    CHECK_OK(sluice_formatter_destroy(formatter));
}

static uint64_t wanted_values;
static int is_long;

/* A column with as many values as were asked for; one that `rarely` matters gets them in the long form only.
 */
static void compare_many(const char *types, const char *formats, int rarely)
{
    char list[256];
    strcpy(list, formats);
    for (char *format = strtok(list, ","); format != NULL; format = strtok(NULL, ",")) {
        for (const char *type = types; *type != '\0'; type++) {
            column self = {.type = *type, .scale = 1, .format = format};
            compare(&self, rarely && !is_long ? wanted_values / 20 : wanted_values);
        }
    }
}

/* ---- groups
 * ------------------------------------------------------------------------------------------------------- */

/* Every combination of flags, width and precision, with a few values of each type. */
static void grid(const char *conversions, const char *types, const char *const *precisions)
{
    static const char *const widths[] = {"", "1", "5", "8", "10", "16", "17", "20", "33", NULL};
    uint64_t values = wanted_values / 10000 / (is_long ? 1 : 4);
    for (const char *conversion = conversions; *conversion != '\0'; conversion++) {
        int takes_alternate = strchr("duc", *conversion) == NULL;
        for (unsigned flags = 0; flags < 32; flags++) {
            if (((flags & 8) && !takes_alternate) || ((flags & 16) && *conversion == 'c')) {
                continue;
            }
            for (const char *const *width = widths; *width != NULL; width++) {
                for (const char *const *precision = precisions; *precision != NULL; precision++) {
                    char format[64];
                    snprintf(format, sizeof format, "%%%s%s%s%s%s%s%s%c", flags & 1 ? "-" : "",
                             flags & 2 ? "+" : "", flags & 4 ? " " : "", flags & 8 ? "#" : "",
                             flags & 16 ? "0" : "", *width, *precision, *conversion);
                    for (const char *type = types; *type != '\0'; type++) {
                        /* C has no signs for unsigned numbers of 64 bits. */
                        if (*type != 'Q' || *conversion != 'd' || (flags & 6) == 0) {
                            column self = {.type = *type, .scale = 1, .format = format};
                            compare(&self, values);
                        }
                    }
                }
            }
        }
    }
}

static void grids(void)
{
    static const char *const of_integers[] = {"", ".0", ".1", ".4", ".12", ".16", ".17", ".30", NULL};
    static const char *const of_reals[] = {"",    ".0",  ".1",  ".3",  ".9", ".15",
                                           ".16", ".17", ".18", ".40", NULL};
    static const char *const none[] = {"", NULL};
    grid("duxXo", "iIqQ", of_integers);
    grid("fFeEgG", "d", of_reals);
    grid("c", "B", none);
}

/* Types that are small enough for all their values. */
static void small(void)
{
    compare_many("bBhH", "%d,%u,%x,%X,%o,%5d,%05d,%-6d,%+d,% d,%.3d,%04x,%#x,%#06X,%#o,%8x", 0);
    compare_many("hH", "%f,%.2f,%e,%g", 0);
    compare_many("?", "%d,%2d,%x", 0);
    compare_many("c", "%c,%3c,%-3c", 0);
    compare_many(
        "e", "%.0f,%.1f,%.3f,%f,%.9f,%.12f,%.24f,%e,%.3e,%.9e,%.0e,%.16e,%g,%.3g,%.10g,%.17g,%12.4f,%+e,%#g",
        0);
    static const column bits[] = {{'H', 3, 14, 1, 0, "%d"},        {'H', 0, 8, 1, 0, "%03x"},
                                  {'h', 15, 15, 1, 0, "%u"},       {'H', 4, 15, 0.1, -40, "%.1f"},
                                  {'H', 0, 11, 0.0049, 0, "%.4f"}, {'B', 1, 6, 1, 0, "%o"}};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        compare(&bits[i], 0);
    }
}

static void int32(void)
{
    compare_many("i", "%d,%10d", 0);
    compare_many("I", "%u,%x,%08x", 0);
    compare_many("iI", "%08d,%-12d,%+d,%#x,%o,%.5d,%X", 1);
}

static void int64(void)
{
    compare_many("q", "%d", 0);
    compare_many("Q", "%u,%016x", 0);
    compare_many("q", "%+d,% 24d", 1);
    compare_many("qQ", "%20d,%020d,%-22d,%x,%#X,%o,%#o", 1);
    static const column bits[] = {
        {'I', 5, 30, 1, 0, "%d"}, {'Q', 0, 62, 1, 0, "%u"}, {'Q', 7, 59, 1, 0, "%012x"}};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        compare(&bits[i], wanted_values / 10);
    }
}

static void single(void)
{
    compare_many("f", "%.3f,%.6e,%g", 0);
    compare_many("f", "%f,%.0f,%.9f,%.9g,%.8e,%10.2f", 1);
}

static void fixed(void)
{
    compare_many("d", "%.3f,%.6f,%.9f", 0);
}

static void more_fixed(void)
{
    compare_many("d", "%.0f,%.12f", 0);
    compare_many(
        "d", "%.1f,%.2f,%.4f,%.5f,%.7f,%.8f,%.10f,%.11f,%.13f,%.14f,%.15f,%.16f,%F,%12.6f,%+.3f,%-15.4f", 1);
}

static void exponent(void)
{
    compare_many("d", "%.9e,%.16e", 0);
    compare_many("d", "%.0e,%e,%.3E,%.14e,%.15e,%.18e,%+.12e,%24.16e", 1);
}

static void general(void)
{
    compare_many("d", "%g,%.10g,%.17g", 0);
    compare_many("d", "%.1g,%.3G,%.15g,%.16g,%.18g,%#g,%14.8g", 1);
}

static void scaled(void)
{
    static const column columns[] = {{'I', 0, 0, 1e-6, 0, "%.6f"},
                                     {'i', 0, 0, 1e-3, -40, "%.3f"},
                                     {'Q', 0, 0, 1e-9, 0, "%.9f"},
                                     {'i', 0, 0, -2.5e-5, 0, "%f"}};
    static const column rare[] = {
        {'I', 0, 0, 1e-6, 0, "%.3f"},      {'I', 0, 0, 1e-6, 0.5, "%.9f"}, {'q', 0, 0, 1e-3, 0.001, "%.3f"},
        {'i', 0, 0, 0.0049, -1.5, "%.4f"}, {'i', 0, 0, 0.1, -0.3, "%.1f"}, {'I', 3, 29, 0.25, -40, "%.2f"},
        {'i', 0, 0, 1.0 / 3, 0, "%.6f"},   {'I', 0, 0, 1e-6, 0, "%e"},     {'I', 0, 0, 1e-6, 0, "%g"},
        {'Q', 0, 0, 1e-9, 1e9, "%.9f"},    {'q', 0, 0, 1, 0, "%.2f"},      {'Q', 0, 0, 1, 0.5, "%.0f"},
        {'h', 0, 0, 0.25, -40, "%.1f"},    {'h', 0, 0, 0.1, 0, "%.1f"},    {'h', 0, 0, -0.7, 1.4, "%.12f"},
        {'b', 0, 0, 100, 0, "%.0f"},       {'i', 0, 0, 1e-6, 0, "%12.6f"},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        compare(&columns[i], wanted_values);
    }
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++) {
        compare(&rare[i], is_long ? wanted_values : wanted_values / 20);
    }
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } groups[] = {{"grids", grids},     {"small", small},  {"int32", int32},           {"int64", int64},
                  {"single", single},   {"fixed", fixed},  {"more-fixed", more_fixed}, {"exponent", exponent},
                  {"general", general}, {"scaled", scaled}};
    const char *text = getenv("SLUICE_LONG");
    is_long = text != NULL && strcmp(text, "1") == 0;
    wanted_values = count > 2 ? strtoull(arguments[2], NULL, 10) : 10000000;
    int runs = 0;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (count > 1 && (strcmp(arguments[1], "all") == 0 || strcmp(arguments[1], groups[i].name) == 0)) {
            groups[i].run();
            runs++;
        }
    }
    CHECK(runs > 0);
    return 0;
}
