/* Layouts: size, fields, canonical text, NumPy dtype and constants; what is wrong is named with its place. */
#include "abi.h"

#include <stddef.h>

static sluice_layout *make(const char *text)
{
    sluice_layout *layout = NULL;
    CHECK_OK(sluice_layout_create(text, &layout));
    return layout;
}

static void fields_say_where_and_what_they_are(void)
{
    sluice_layout *layout = make("plasduino-digital");
    uint32_t size = 0, fields = 0;
    sluice_field field = {.struct_size = sizeof field};
    CHECK_OK(sluice_layout_size(layout, &size));
    CHECK(size == 6);
    CHECK_OK(sluice_layout_fields(layout, &fields));
    CHECK(fields == 5); /* header, info, pin, edge, time */
    CHECK_OK(sluice_layout_field(layout, 0, &field));
    CHECK(strcmp(field.name, "header") == 0 && field.type == 'B' && field.offset == 0 && field.size == 1);
    CHECK(field.count == 1 && field.bits == 0);
    CHECK_OK(sluice_layout_field(layout, 2, &field));
    CHECK(strcmp(field.name, "pin") == 0 && field.offset == 1 && field.bit == 0 && field.bits == 7);
    CHECK_OK(sluice_layout_field(layout, 3, &field));
    CHECK(strcmp(field.name, "edge") == 0 && field.bit == 7 && field.bits == 1);
    CHECK_OK(sluice_layout_field(layout, 4, &field));
    CHECK(strcmp(field.name, "time") == 0 && field.type == 'I' && field.offset == 2 && field.size == 4);
    CHECK_FAULT(sluice_layout_field(layout, 5, &field), SLUICE_E_INVALID, "5");
    CHECK_OK(sluice_layout_destroy(layout));
}

static void fields_say_what_their_values_are(void)
{
    static const uint8_t filled[] = {0xA1, 0xFF, 'R', 'U', 'N', 0, 0xFF, 0xFF};
    uint8_t packet[8];
    sluice_layout *layout = make("> mark:B=0xA1; level:B*0.25-40 [°C] %.2f; label:4s='RUN'; rest:h-");
    sluice_field field = {.struct_size = sizeof field};
    CHECK_OK(sluice_layout_field(layout, 0, &field));
    CHECK(field.constant == 1 && field.scale == 1 && field.shift == 0 && field.unit[0] == 0 && field.format[0] == 0);
    CHECK_OK(sluice_layout_field(layout, 1, &field));
    CHECK(field.constant == 0 && field.scale == 0.25 && field.shift == -40);
    CHECK(strcmp(field.unit, "°C") == 0 && strcmp(field.format, "%.2f") == 0);
    CHECK_OK(sluice_layout_field(layout, 3, &field));
    CHECK(strcmp(field.format, "-") == 0);
    memset(packet, 0xFF, sizeof packet);
    CHECK_OK(sluice_layout_fill(layout, packet, sizeof packet));
    CHECK(memcmp(packet, filled, sizeof packet) == 0);
    CHECK_FAULT(sluice_layout_fill(layout, packet, 7), SLUICE_E_SIZE, "7 bytes", "8");
    CHECK_STATUS(sluice_layout_fill(layout, NULL, 8), SLUICE_E_INVALID);
    CHECK_OK(sluice_layout_destroy(layout));
}

static void native_layouts_are_c_structs(void)
{
    struct native {
        char tag;
        double value;
        short count;
        int rest[3];
    };
    sluice_layout *layout = make("@ tag:c; value:d; count:h; rest:3i");
    sluice_field field = {.struct_size = sizeof field};
    uint32_t size;
    CHECK_OK(sluice_layout_size(layout, &size));
    CHECK(size == sizeof(struct native));
    CHECK_OK(sluice_layout_field(layout, 1, &field));
    CHECK(field.offset == offsetof(struct native, value) && field.type == 'd');
    CHECK_OK(sluice_layout_field(layout, 3, &field));
    CHECK(field.offset == offsetof(struct native, rest) && field.count == 3 && field.size == 12);
    CHECK_OK(sluice_layout_destroy(layout));
}

static void the_canonical_text_makes_an_equal_layout(void)
{
    char text[512], again[512];
    size_t length = 0;
    sluice_layout *layout = make(">header:B = 0xA2;pin :B; time:I * 0.001 [s] %.3f;  adc:H");
    CHECK_OK(sluice_layout_describe(layout, text, sizeof text, &length));
    CHECK(length == strlen(text) && length > 20);
    sluice_layout *twin = make(text);
    CHECK_OK(sluice_layout_describe(twin, again, sizeof again, NULL));
    CHECK(strcmp(text, again) == 0);
    CHECK_OK(sluice_layout_describe(layout, again, 9, &length)); /* cut, and the whole length told */
    CHECK(strlen(again) == 8 && strncmp(again, text, 8) == 0 && length == strlen(text));
    CHECK_OK(sluice_layout_destroy(twin));
    CHECK_OK(sluice_layout_destroy(layout));
}

static void numpy_gets_its_dtype(void)
{
    char text[512];
    sluice_layout *layout = make("jitter");
    CHECK_OK(sluice_layout_numpy(layout, text, sizeof text, NULL));
    CHECK(strstr(text, "\"sequence\"") != NULL && strstr(text, "\"<u8\"") != NULL &&
          strstr(text, "\"<i4\"") != NULL);
    CHECK(strstr(text, "\"itemsize\":24") != NULL || strstr(text, "\"itemsize\": 24") != NULL);
    CHECK_OK(sluice_layout_destroy(layout));
}

static void a_dtype_becomes_a_layout(void)
{
    char json[512], again[512], text[512];
    sluice_layout *layout = make("> header:B; 2x; value:3H; label:8s; 4x"), *back = NULL;
    CHECK_OK(sluice_layout_numpy(layout, json, sizeof json, NULL));
    CHECK_OK(sluice_layout_from_numpy(json, &back));
    CHECK_OK(sluice_layout_numpy(back, again, sizeof again, NULL));
    CHECK(strcmp(json, again) == 0);
    CHECK_OK(sluice_layout_describe(back, text, sizeof text, NULL));
    CHECK(strcmp(text, ">header:B; 2x; value:3H; label:8s; 4x") == 0);
    CHECK_OK(sluice_layout_destroy(back));
    CHECK_OK(sluice_layout_destroy(layout));
    CHECK_FAULT(sluice_layout_from_numpy("{\"names\":[\"a\",\"b\"],\"formats\":[\"<u2\",\">u4\"]}", &back),
                SLUICE_E_LAYOUT, "'b'", "big-endian", "'a'", "little-endian");
    CHECK_FAULT(sluice_layout_from_numpy("\"|O\"", &back), SLUICE_E_LAYOUT, "Python object");
    CHECK_FAULT(sluice_layout_from_numpy("{\"names\"", &back), SLUICE_E_LAYOUT, "JSON");
    CHECK_STATUS(sluice_layout_from_numpy(NULL, &back), SLUICE_E_INVALID);
    CHECK_STATUS(sluice_layout_from_numpy("{}", NULL), SLUICE_E_INVALID);
}

static void a_wrong_constant_is_named(void)
{
    sluice_layout *layout = make("> header:B=0xA1; value:H");
    uint8_t packets[] = {0xA1, 0, 1, 0xA1, 0, 2, 0xA7, 0, 3};
    uint64_t bad = 99;
    CHECK_OK(sluice_layout_check(layout, packets, 6, &bad));
    CHECK_OK(sluice_layout_check(layout, packets, 0, NULL));
    CHECK_FAULT(sluice_layout_check(layout, packets, 9, &bad), SLUICE_E_CONSTANT, "packet 2", "'header'",
                "0xA7", "0xA1");
    CHECK(bad == 2);
    CHECK_FAULT(sluice_layout_check(layout, packets, 8, &bad), SLUICE_E_SIZE, "8", "3");
    CHECK_OK(sluice_layout_destroy(layout));
}

static void a_wrong_description_is_pointed_at(void)
{
    sluice_layout *layout = (sluice_layout *)&layout;
    CHECK_FAULT(sluice_layout_create("> pin:B; time:Z", &layout), SLUICE_E_LAYOUT, "character 14", "^");
    CHECK_FAULT(sluice_layout_create("plasduino-analogue", &layout), SLUICE_E_LAYOUT, "plasduino-analog",
                "jitter");
    CHECK_FAULT(sluice_layout_create("> a:B; a:H", &layout), SLUICE_E_LAYOUT, "a");
    CHECK_FAULT(sluice_layout_create("> a:B=300", &layout), SLUICE_E_LAYOUT, "300", "255");
    CHECK_FAULT(sluice_layout_create("> a:0B", &layout), SLUICE_E_LAYOUT, "0");
    CHECK_STATUS(sluice_layout_create("", &layout), SLUICE_E_LAYOUT);
    CHECK_FAULT(sluice_layout_create("> a:B \xff\xfe", &layout), SLUICE_E_INVALID, "UTF-8");
}

int main(void)
{
    fields_say_where_and_what_they_are();
    fields_say_what_their_values_are();
    native_layouts_are_c_structs();
    the_canonical_text_makes_an_equal_layout();
    numpy_gets_its_dtype();
    a_dtype_becomes_a_layout();
    a_wrong_constant_is_named();
    a_wrong_description_is_pointed_at();
    return 0;
}
