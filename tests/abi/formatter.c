/* Formatters: packets as text in memory of the host, as many whole lines as fit. */
#include "abi.h"

static sluice_formatter *make(const char *layout_text, const sluice_formatter_options *options)
{
    sluice_layout *layout = NULL;
    sluice_formatter *formatter = NULL;
    CHECK_OK(sluice_layout_create(layout_text, &layout));
    CHECK_OK(sluice_formatter_create(layout, options, &formatter));
    CHECK_OK(sluice_layout_destroy(layout));
    return formatter;
}

static void check_format(const sluice_formatter *formatter, const void *packets, size_t bytes, const char *text,
                         size_t consumed)
{
    char found[4096];
    size_t taken = 99, written = 99;
    memset(found, '~', sizeof found);
    CHECK_OK(sluice_formatter_format(formatter, packets, bytes, found, sizeof found, &taken, &written));
    CHECK(taken == consumed && written == strlen(text) && memcmp(found, text, written) == 0);
}

static void packets_become_lines(void)
{
    static const uint8_t packets[] = {0xA1, 0x82, 0, 0x0C, 0x03, 0x54, 0xA1, 0x02, 0, 0, 0, 1, 0xA1};
    char header[64];
    sluice_formatter *formatter = make("plasduino-digital", NULL);
    check_format(formatter, packets, 12, "2, 1, 0.787284\n2, 0, 0.000001\n", 12);
    check_format(formatter, packets, 13, "2, 1, 0.787284\n2, 0, 0.000001\n", 12);
    check_format(formatter, packets, 5, "", 0);
    check_format(formatter, NULL, 0, "", 0);
    CHECK_OK(sluice_formatter_header(formatter, header, sizeof header, NULL));
    CHECK(strcmp(header, "# pin, edge, time [s]\n") == 0);
    CHECK_OK(sluice_formatter_destroy(formatter));
}

static void options_say_what_stands_between(void)
{
    static const uint8_t packets[] = {1, 2, 3, 4};
    sluice_formatter_options options = {
        .struct_size = sizeof options, .separator = " | ", .line_end = "\r\n", .comment = "; "};
    char header[64];
    sluice_formatter *formatter = make("<a:B; b:B", &options);
    check_format(formatter, packets, 4, "1 | 2\r\n3 | 4\r\n", 4);
    CHECK_OK(sluice_formatter_header(formatter, header, sizeof header, NULL));
    CHECK(strcmp(header, "; a | b\r\n") == 0);
    CHECK_OK(sluice_formatter_destroy(formatter));
}

static void what_does_not_fit_is_left(void)
{
    static const uint8_t packets[] = {1, 22, 133};
    char text[16] = "~~~~~~~~~~~~~~~";
    size_t consumed, written;
    sluice_formatter *formatter = make("<a:B", NULL);
    CHECK_OK(sluice_formatter_format(formatter, packets, 3, text, 5, &consumed, &written));
    CHECK(consumed == 2 && written == 5 && memcmp(text, "1\n22\n~", 6) == 0);
    CHECK_FAULT(sluice_formatter_format(formatter, packets + 2, 1, text, 3, &consumed, &written), SLUICE_E_SIZE,
                "3 bytes");
    CHECK(text[3] == '2' && text[5] == '~');
    CHECK_OK(sluice_formatter_format(formatter, packets + 2, 1, text, 4, NULL, &written));
    CHECK(written == 4 && memcmp(text, "133\n", 4) == 0);
    CHECK_OK(sluice_formatter_destroy(formatter));
}

static void what_is_wrong_is_said(void)
{
    sluice_layout *layout = NULL;
    sluice_formatter *formatter = NULL;
    sluice_formatter_options options = {.struct_size = sizeof options, .style = 77};
    char text[16];
    size_t written;
    CHECK_OK(sluice_layout_create("<a:B", &layout));
    CHECK_FAULT(sluice_formatter_create(layout, &options, &formatter), SLUICE_E_INVALID, "77");
    CHECK_STATUS(sluice_formatter_create(layout, NULL, NULL), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_formatter_create(NULL, NULL, &formatter), SLUICE_E_HANDLE);
    CHECK_OK(sluice_formatter_create(layout, NULL, &formatter));
    CHECK_STATUS(sluice_formatter_format(formatter, NULL, 3, text, 16, NULL, &written), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_formatter_format(formatter, text, 3, NULL, 16, NULL, &written), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_formatter_format(formatter, text, 3, text, 16, NULL, NULL), SLUICE_E_INVALID);
    CHECK_OK(sluice_formatter_destroy(formatter));
    CHECK_STATUS(sluice_formatter_destroy(formatter), SLUICE_E_HANDLE);
    CHECK_OK(sluice_formatter_destroy(NULL));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_OK(sluice_layout_create("<a:B-", &layout));
    CHECK_FAULT(sluice_formatter_create(layout, NULL, &formatter), SLUICE_E_INVALID, "no field");
    CHECK_OK(sluice_layout_destroy(layout));
}

int main(void)
{
    packets_become_lines();
    options_say_what_stands_between();
    what_does_not_fit_is_left();
    what_is_wrong_is_said();
    return 0;
}
