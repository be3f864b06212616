#include <sluice/sluice.h>

#include <stdio.h>

int main(void)
{
    char text[256], bytes[8];
    sluice_buffer *buffer;
    sluice_sink *sink;
    size_t taken;
    sluice_buffer_options options = {.struct_size = sizeof options, .stride = 8};
    if (sluice_buffer_create(&options, &buffer) || sluice_buffer_add_memory_sink(buffer, 100, &sink) ||
        sluice_buffer_put(buffer, "12345678", 8) || sluice_buffer_flush(buffer, NULL, NULL) ||
        sluice_sink_take(sink, bytes, sizeof bytes, &taken) || taken != 8 || bytes[7] != '8' ||
        sluice_buffer_destroy(buffer) || sluice_build_info(text, sizeof text, NULL)) {
        return 1;
    }
    return puts(text) < 0;
}
