/* A host that asks for more than the engine's heap holds: E_MEMORY up to the very last of it, never the end of the process, and
 * all is well once there is room again. On a thread with a small stack, however long a layout is. */
#include "abi.h"

#include <pthread.h>

#define FIELDS 1000000u
#define SMALL 40000u
#define MOST 1000

static int is_answer(int32_t status)
{
    return status == SLUICE_OK || (status == SLUICE_E_MEMORY && strlen(last_error()) > 10);
}

static char *fields_text(uint32_t fields)
{
    char *text = malloc(fields * 12u + 8), *end = text;
    CHECK(text != NULL);
    end += sprintf(end, "< ");
    for (uint32_t i = 0; i < fields; i++) {
        end += sprintf(end, "f%u:B;", i);
    }
    return text;
}

/* Every call that goes over all fields. */
static void a_million_fields(void)
{
    char *text = fields_text(FIELDS), *out = malloc(64u * FIELDS);
    uint8_t *packets = calloc(2, FIELDS);
    sluice_layout *layout, *other;
    uint32_t fields;
    size_t length;
    CHECK(out != NULL && packets != NULL);
    CHECK_OK(sluice_layout_create(text, &layout));
    CHECK_OK(sluice_layout_fields(layout, &fields));
    CHECK(fields == FIELDS);
    CHECK(is_answer(sluice_layout_describe(layout, out, 64u * FIELDS, &length)));
    if (is_answer(sluice_layout_create(text, &other)) && strcmp(last_error(), "") == 0) {
        CHECK_OK(sluice_layout_destroy(other));
    }
    CHECK(is_answer(sluice_layout_numpy(layout, out, 64u * FIELDS, &length)));
    CHECK_OK(sluice_layout_check(layout, packets, 2u * FIELDS, NULL));
    CHECK_OK(sluice_layout_fill(layout, packets, FIELDS));
    for (uint32_t style = SLUICE_TEXT_PLAIN; style <= SLUICE_TEXT_JSON_LINES; style++) {
        sluice_formatter_options options = {.struct_size = sizeof options, .style = style};
        sluice_formatter *formatter;
        int32_t status = sluice_formatter_create(layout, &options, &formatter);
        CHECK(is_answer(status));
        if (status == SLUICE_OK) {
            size_t consumed = 0;
            status = sluice_formatter_format(formatter, packets, 2u * FIELDS, out, 64u * FIELDS, &consumed, &length);
            CHECK(is_answer(status) && (status != SLUICE_OK || consumed == 2u * FIELDS));
            CHECK(is_answer(sluice_formatter_header(formatter, out, 64u * FIELDS, &length)));
            CHECK_OK(sluice_formatter_destroy(formatter));
        }
    }
    CHECK_OK(sluice_layout_destroy(layout));
    memset(out, '[', FIELDS); /* as deep as long */
    out[FIELDS] = '\0';
    CHECK_FAULT(sluice_layout_from_numpy(out, &layout), SLUICE_E_LAYOUT, "JSON");
    memset(out, '(', FIELDS);
    CHECK_FAULT(sluice_layout_create(out, &layout), SLUICE_E_LAYOUT, "field");
    free(packets);
    free(out);
    free(text);
}

static void until_it_is_full(void)
{
    static sluice_layout *kept[MOST];
    char *text = fields_text(SMALL);
    int made = 0, refused = 0;
    while (refused < 2 && made < MOST) {
        int32_t status = sluice_layout_create(text, &kept[made]);
        CHECK(is_answer(status));
        made += status == SLUICE_OK;
        refused += status != SLUICE_OK;
    }
    CHECK(refused == 2);
    while (made > 0) {
        CHECK_OK(sluice_layout_destroy(kept[--made]));
    }
    sluice_buffer_options options = packet_options();
    sluice_buffer *buffer = new_buffer(&options);
    put_packets(buffer, 0, 100);
    CHECK_OK(sluice_buffer_discard(buffer, NULL));
    free(text);
}

static void *all(void *unused)
{
    (void)unused;
    a_million_fields();
    until_it_is_full();
    return NULL;
}

int main(void)
{
    pthread_attr_t small;
    pthread_t thread;
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256u << 10) == 0);
    CHECK(pthread_create(&thread, &small, all, NULL) == 0 && pthread_join(thread, NULL) == 0);
    return 0;
}
