/* Text sinks: one line per packet by the layout or by the host's function, with header, separator, comment
 * and line end. */
#include "abi.h"

#include <inttypes.h>

static sluice_layout *make(const char *text)
{
    sluice_layout *layout = NULL;
    CHECK_OK(sluice_layout_create(text, &layout));
    return layout;
}

static void the_text_of_a_known_instrument(void)
{
    static const uint8_t packets[] = {0xA1, 0x02, 0x00, 0x0C, 0x03, 0x54, 0xA1, 0x82, 0x00, 0x0C, 0x1C, 0x50};
    sluice_layout *layout = make("plasduino-digital");
    sluice_buffer_options options = {.struct_size = sizeof options, .layout = layout};
    sluice_buffer *buffer = new_buffer(&options);
    sluice_text_options text = {.struct_size = sizeof text, .path = in_folder("digital.txt")};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    text.path = in_folder("digital.csv");
    text.separator = ";";
    text.line_end = "\r\n";
    text.header = "# Pendulum\n";
    text.layout_header = 1;
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    CHECK_OK(sluice_buffer_put_many(buffer, packets, sizeof packets, NULL));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_TEXT_FILE(in_folder("digital.txt"), "2, 0, 0.787284\n2, 1, 0.793680\n");
    CHECK_TEXT_FILE(in_folder("digital.csv"),
                    "# Pendulum\n# pin;edge;time [s]\r\n2;0;0.787284\r\n2;1;0.793680\r\n");
}

static void another_layout_than_the_buffers(void)
{
    sluice_layout *halves = make("@ low:I; high:I; value:Q %x");
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_text_options text = {
        .struct_size = sizeof text, .path = in_folder("halves.txt"), .layout = halves};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    CHECK_OK(sluice_buffer_put(buffer, &(packet){(UINT64_C(7) << 32) | 5, 0xABCD}, sizeof(packet)));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_TEXT_FILE(in_folder("halves.txt"), "5, 7, abcd\n");

    buffer = new_buffer(&options);
    text.path = in_folder("never.txt");
    text.layout = make("jitter");
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_SIZE, "16", "24");
    text.layout = NULL;
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "layout", "format");
    CHECK(access(in_folder("never.txt"), F_OK) != 0);
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_OK(sluice_layout_destroy(halves));
}

typedef struct writer {
    unsigned asked_again;
    uint64_t refuse; /* this packet, once */
} writer;

static int32_t write_line(void *user, const void *bytes, size_t size, char *text, size_t capacity,
                          size_t *written)
{
    writer *self = user;
    packet one;
    CHECK(size == sizeof one);
    memcpy(&one, bytes, sizeof one);
    if (one.sequence == self->refuse) {
        self->refuse = UINT64_MAX;
        return SLUICE_E_CALLBACK;
    }
    int length = one.sequence == 3 ? 100000 : 0; /* one line that is larger than any first guess */
    length = snprintf(text, capacity, "%0*" PRIu64 "=%" PRIu64 "\n", length, one.sequence, one.value);
    *written = (size_t)length;
    if ((size_t)length >= capacity) { /* snprintf wants a byte for its zero */
        *written = (size_t)length + 1;
        self->asked_again++;
        return SLUICE_WOULD_BLOCK;
    }
    return SLUICE_OK;
}

static void the_host_formats(void)
{
    writer self = {0, 1};
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    sluice_text_options text = {.struct_size = sizeof text,
                                .path = in_folder("host.txt"),
                                .format = write_line,
                                .format_user = &self};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, &sink));
    put_packets(buffer, 0, 5);
    CHECK_STATUS(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK);
    CHECK(stats_of(buffer).sink_errors == 1);
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_sink_get_info(sink, &info));
    CHECK(info.errors == 1 && info.last_status == SLUICE_E_CALLBACK && info.last_error[0] != '\0');
    CHECK_OK(sluice_buffer_flush(buffer, NULL, NULL)); /* goes on where it stopped */
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(self.asked_again >= 1);
    size_t bytes;
    char *content = read_file(in_folder("host.txt"), &bytes);
    CHECK(content != NULL && bytes == 3 * 4 + 100000 + 3 + 5);
    CHECK(strncmp(content, "0=0\n1=1\n2=4\n000", 15) == 0 &&
          strcmp(content + bytes - 10, "003=9\n4=16\n" + 1) == 0);
    free(content);
}

int main(void)
{
    the_text_of_a_known_instrument();
    another_layout_than_the_buffers();
    the_host_formats();
    return 0;
}
