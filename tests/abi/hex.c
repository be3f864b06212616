/* Bytes as hexadecimal text: exact lengths, exact room, and not a byte more. */
#include "abi.h"

static const uint8_t hello[] = {0x48, 0x65, 0x6C, 0x6C, 0x6F, 0xFF};

static void check(const void *data, size_t bytes, const sluice_hex_options *options, const char *text)
{
    size_t length = 99;
    CHECK_OK(sluice_hex_encode(data, bytes, options, NULL, 0, &length));
    CHECK(length == strlen(text));
    char *found = malloc(length + 1);
    CHECK(found != NULL);
    found[length] = '~';
    CHECK_OK(sluice_hex_encode(data, bytes, options, found, length, NULL));
    CHECK(memcmp(found, text, length) == 0 && found[length] == '~');
    if (length > 0) {
        memset(found, '~', length);
        CHECK_FAULT(sluice_hex_encode(data, bytes, options, found, length - 1, &length), SLUICE_E_SIZE,
                    "capacity");
        CHECK(length == strlen(text));
        for (size_t i = 0; i < length; i++) {
            CHECK(found[i] == '~');
        }
    }
    free(found);
}

static void the_three_styles(void)
{
    sluice_hex_options options = {.struct_size = sizeof options};
    check(hello, 6, NULL, "48656c6c6fff");
    check(hello, 6, &options, "48656c6c6fff");
    check(NULL, 0, NULL, "");
    options.upper = 1;
    check(hello, 6, &options, "48656C6C6FFF");
    options.style = SLUICE_HEX_SPACED;
    check(hello, 6, &options, "48 65 6C 6C 6F FF");
    check(hello, 1, &options, "48");
    check(hello, 0, &options, "");
    options.separator = ':';
    options.upper = 0;
    check(hello, 3, &options, "48:65:6c");
    options.style = SLUICE_HEX_DUMP;
    options.first_offset = UINT64_C(0xFFFFFFFE);
    check(hello, 6, &options, "fffffffe: 4865 6c6c 6fff                           Hello.\n");
    options.first_offset = UINT64_C(0x100000001);
    check(hello, 2, &options, "100000001: 4865                                     He\n");
}

/* Against a loop, at every length to 300 and from every alignment to 3. */
static void long_texts(void)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t data[304];
    char text[1000], expected[1000];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 151 + i / 7);
    }
    for (size_t bytes = 0; bytes <= 300; bytes++) {
        for (size_t from = 0; from < 4; from++) {
            sluice_hex_options options = {.struct_size = sizeof options};
            for (options.style = SLUICE_HEX_PLAIN; options.style <= SLUICE_HEX_SPACED; options.style++) {
                size_t at = 0, length = 0;
                for (size_t i = 0; i < bytes; i++) {
                    if (options.style == SLUICE_HEX_SPACED && i > 0) {
                        expected[at++] = ' ';
                    }
                    expected[at++] = digits[data[from + i] >> 4];
                    expected[at++] = digits[data[from + i] & 15];
                }
                memset(text, '~', sizeof text);
                CHECK_OK(sluice_hex_encode(data + from, bytes, &options, text, sizeof text, &length));
                CHECK(length == at && memcmp(text, expected, at) == 0 && text[at] == '~');
            }
        }
    }
}

static void what_is_wrong_is_said(void)
{
    char text[64];
    size_t length = 7;
    sluice_hex_options options = {.struct_size = sizeof options, .style = 3};
    CHECK_FAULT(sluice_hex_encode(hello, 6, &options, text, sizeof text, NULL), SLUICE_E_INVALID,
                "style is 3");
    options.style = 0;
    options.upper = 2;
    CHECK_FAULT(sluice_hex_encode(hello, 6, &options, text, sizeof text, NULL), SLUICE_E_INVALID,
                "upper is 2");
    options.upper = 0;
    options.separator = 256;
    CHECK_FAULT(sluice_hex_encode(hello, 6, &options, text, sizeof text, NULL), SLUICE_E_INVALID, "256");
    CHECK_FAULT(sluice_hex_encode(NULL, 1, NULL, text, sizeof text, NULL), SLUICE_E_INVALID, "data");
    CHECK_FAULT(sluice_hex_encode(hello, 6, NULL, text, 11, &length), SLUICE_E_SIZE, "12", "11");
    CHECK(length == 12);
    CHECK_STATUS(sluice_hex_encode(hello, SIZE_MAX, NULL, text, 11, NULL), SLUICE_E_SIZE);
    sluice_hex_options last = {
        .struct_size = sizeof last, .style = SLUICE_HEX_DUMP, .first_offset = UINT64_MAX - 2};
    CHECK_STATUS(sluice_hex_encode(hello, 6, &last, text, sizeof text, NULL), SLUICE_E_INVALID);
    options = (sluice_hex_options){.struct_size = 1};
    CHECK_STATUS(sluice_hex_encode(hello, 6, &options, text, sizeof text, NULL), SLUICE_E_ABI);
}

int main(void)
{
    the_three_styles();
    long_texts();
    what_is_wrong_is_said();
    return 0;
}
