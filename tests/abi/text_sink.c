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
    unsigned calls;
    unsigned asked_again;
    uint64_t refuse; /* this packet, once */
} writer;

/* As many packets of the batch as fit, by what ring.h offers for fixed and framed ones alike. */
static int32_t write_lines(void *user, const struct sluice_batch *batch, char *text, size_t capacity,
                           uint64_t *packets, size_t *written)
{
    writer *self = user;
    const void *bytes;
    uint32_t size;
    uint16_t type;
    self->calls++;
    for (uint64_t at = 0; sluice_batch_next(batch, &at, &bytes, &size, &type);) {
        packet one;
        CHECK(size == sizeof one);
        memcpy(&one, bytes, sizeof one);
        if (one.sequence == self->refuse) {
            self->refuse = UINT64_MAX;
            return SLUICE_E_CALLBACK;
        }
        int zeros = one.sequence == 3 ? 100000 : 0; /* one line that is larger than any first guess */
        size_t room = capacity - *written;
        size_t length = (size_t)snprintf(text + *written, room, "%0*" PRIu64 "=%" PRIu64 "\n", zeros,
                                         one.sequence, one.value);
        if (length >= room) { /* snprintf wants a byte for its zero */
            if (*packets > 0) {
                return SLUICE_OK;
            }
            self->asked_again++;
            *written = length + 1;
            return SLUICE_WOULD_BLOCK;
        }
        *written += length;
        ++*packets;
    }
    return SLUICE_OK;
}

static void the_host_formats(void)
{
    writer self = {0, 0, 1};
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    sluice_sink *sink;
    sluice_text_options text = {.struct_size = sizeof text,
                                .path = in_folder("host.txt"),
                                .format = write_lines,
                                .format_user = &self};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, &sink));
    put_packets(buffer, 0, 5);
    CHECK_STATUS(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK);
    CHECK(stats_of(buffer).sink_errors == 1);
    sluice_sink_info info = {.struct_size = sizeof info};
    CHECK_OK(sluice_sink_get_info(sink, &info));
    CHECK(info.errors == 1 && info.last_status == SLUICE_E_CALLBACK && info.last_error[0] != '\0');
    CHECK(info.packets == 1); /* what it formatted before it failed is kept */
    CHECK_TEXT_FILE(in_folder("host.txt"), "0=0\n");
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

static void the_host_formats_framed_packets_in_batches(void)
{
    writer self = {0, 0, UINT64_MAX};
    sluice_buffer_options options = {.struct_size = sizeof options, .shape = SLUICE_FRAMED};
    sluice_buffer *buffer = new_buffer(&options);
    sluice_text_options text = {.struct_size = sizeof text,
                                .path = in_folder("framed.txt"),
                                .format = write_lines,
                                .format_user = &self};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    for (uint64_t i = 10; i < 2010; i++) {
        packet one = {i, i + 1};
        CHECK_OK(sluice_buffer_put_record(buffer, &one, sizeof one, 7));
    }
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK(self.calls < 20);
    size_t bytes;
    char *content = read_file(in_folder("framed.txt"), &bytes), *at = content;
    CHECK(content != NULL);
    for (uint64_t i = 10; i < 2010; i++) {
        char line[32];
        int length = snprintf(line, sizeof line, "%" PRIu64 "=%" PRIu64 "\n", i, i + 1);
        CHECK(strncmp(at, line, (size_t)length) == 0);
        at += length;
    }
    CHECK(at == content + bytes);
    free(content);
}

typedef struct answer {
    int32_t status;
    uint64_t packets;
    size_t more; /* than the capacity */
} answer;

static int32_t answer_so(void *user, const struct sluice_batch *batch, char *text, size_t capacity,
                         uint64_t *packets, size_t *written)
{
    const answer *self = user;
    (void)batch;
    (void)text;
    *packets = self->packets;
    *written = capacity + self->more;
    return self->status;
}

static void answers_that_cannot_be_are_faults(void)
{
    static const answer wrong[] = {
        {SLUICE_OK, 4, 0},          /* more packets than the batch has */
        {SLUICE_OK, 3, 1},          /* more text than capacity */
        {SLUICE_OK, 0, 0},          /* nothing, and no word of why */
        {SLUICE_WOULD_BLOCK, 0, 0}, /* asks for what it had */
        {SLUICE_WOULD_BLOCK, 1, 1}, /* has formatted, and asks for more */
        {SLUICE_E_IO, 4, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        answer self = wrong[i];
        char path[32];
        (void)snprintf(path, sizeof path, "wrong%zu.txt", i);
        sluice_buffer_options options = packet_options();
        sluice_buffer *buffer = new_buffer(&options);
        uint64_t lost = 0;
        sluice_text_options text = {
            .struct_size = sizeof text, .path = in_folder(path), .format = answer_so, .format_user = &self};
        CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
        put_packets(buffer, 0, 3);
        CHECK_FAULT(sluice_buffer_flush(buffer, NULL, NULL), SLUICE_E_CALLBACK, "formatter");
        CHECK(stats_of(buffer).stored_packets == 3);
        CHECK_TEXT_FILE(in_folder(path), "");
        CHECK_OK(sluice_buffer_discard(buffer, &lost));
        CHECK(lost == 3);
    }
}

static void hex_styles_need_no_layout(void)
{
    static const uint8_t bytes[] = {0x48, 0x65, 0x6C, 0x6C, 0x6F, 0xFF};
    sluice_buffer_options options = {.struct_size = sizeof options, .shape = SLUICE_FRAMED};
    sluice_buffer *buffer = new_buffer(&options);
    sluice_text_options text = {
        .struct_size = sizeof text, .path = in_folder("plain.hex"), .style = SLUICE_TEXT_HEX};
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    text.path = in_folder("spaced.hex");
    text.style = SLUICE_TEXT_HEX_SPACED;
    text.line_end = "\r\n";
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    text.path = in_folder("colons.hex");
    text.separator = ":";
    text.line_end = NULL;
    text.header = "# bytes\n";
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));
    text.path = in_folder("dump.hex");
    text.style = SLUICE_TEXT_HEX_DUMP;
    text.separator = text.header = NULL;
    CHECK_OK(sluice_buffer_add_text_sink(buffer, &text, NULL));

    text.path = in_folder("never.hex");
    text.separator = ":";
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "separator");
    text.style = SLUICE_TEXT_HEX_SPACED;
    text.separator = ", ";
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "', '");
    text.separator = NULL;
    text.layout_header = 1;
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "layout_header");
    text.layout_header = 0;
    text.format = write_lines;
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "format");
    text.format = NULL;
    text.line_end = "\n";
    text.style = SLUICE_TEXT_HEX_DUMP;
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "line_end");
    text.style = 6;
    CHECK_FAULT(sluice_buffer_add_text_sink(buffer, &text, NULL), SLUICE_E_INVALID, "6");
    CHECK(access(in_folder("never.hex"), F_OK) != 0);

    CHECK_OK(sluice_buffer_put_record(buffer, bytes, 6, 0));
    CHECK_OK(sluice_buffer_put_record(buffer, bytes, 0, 0));
    CHECK_OK(sluice_buffer_put_record(buffer, bytes + 1, 3, 0));
    CHECK_OK(sluice_buffer_destroy(buffer));
    CHECK_TEXT_FILE(in_folder("plain.hex"), "48656c6c6fff\n\n656c6c\n");
    CHECK_TEXT_FILE(in_folder("spaced.hex"), "48 65 6c 6c 6f ff\r\n\r\n65 6c 6c\r\n");
    CHECK_TEXT_FILE(in_folder("colons.hex"), "# bytes\n48:65:6c:6c:6f:ff\n\n65:6c:6c\n");
    CHECK_TEXT_FILE(in_folder("dump.hex"), "00000000: 4865 6c6c 6fff                           Hello.\n"
                                           "00000006: 656c 6c                                  ell\n");
}

int main(void)
{
    the_text_of_a_known_instrument();
    another_layout_than_the_buffers();
    the_host_formats();
    the_host_formats_framed_packets_in_batches();
    answers_that_cannot_be_are_faults();
    hex_styles_need_no_layout();
    return 0;
}
