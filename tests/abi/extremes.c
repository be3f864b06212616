/* Values that no call can mean are refused, with the value in the text. */
#include "abi.h"

int main(void)
{
    char packet[16] = {0};
    uint64_t done = 7;
    sluice_buffer *buffer;
    sluice_buffer_options options = {.struct_size = sizeof options, .stride = UINT32_MAX};
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_INVALID, "stride is 4294967295", "2147483647");
    options.stride = 16;
    options.reserved = 1;
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_INVALID, "reserved is 1");
    options.reserved = 0;
    options.block_timeout_ns = -5;
    CHECK_FAULT(sluice_buffer_create(&options, &buffer), SLUICE_E_INVALID, "block_timeout_ns is -5", "-1 (for ever)");
    options.block_timeout_ns = 0;
    CHECK_OK(sluice_buffer_create(&options, &buffer));
    CHECK_FAULT(sluice_buffer_put(buffer, packet, SIZE_MAX), SLUICE_E_SIZE, "18446744073709551615 bytes", "16");
    CHECK_FAULT(sluice_buffer_put(buffer, packet, ((size_t)1 << 32) | 16), SLUICE_E_SIZE, "4294967312 bytes");
    CHECK_FAULT(sluice_buffer_put_many(buffer, packet, (size_t)1 << 63, &done), SLUICE_E_SIZE, "bytes is 9223372036854775808");
    CHECK_FAULT(sluice_buffer_put_many(buffer, packet, (size_t)-16, &done), SLUICE_E_SIZE, "bytes is 18446744073709551600");
    CHECK(done == 7);
    CHECK_FAULT(sluice_buffer_poll(buffer, -2), SLUICE_E_INVALID, "timeout_ns is -2", "-1 (for ever)");
    CHECK_FAULT(sluice_buffer_stop(buffer, -2), SLUICE_E_INVALID, "timeout_ns is -2", "SLUICE_UNTIL_STUCK");
    CHECK_FAULT(sluice_shutdown(-7), SLUICE_E_INVALID, "timeout_ns is -7");
    CHECK_OK(sluice_buffer_destroy(buffer));

    options.stride = 0;
    options.shape = 1;
    CHECK_OK(sluice_buffer_create(&options, &buffer));
    CHECK_FAULT(sluice_buffer_put(buffer, packet, 3), SLUICE_E_SIZE, "records of any size", "sluice_buffer_put_record");
    return sluice_buffer_destroy(buffer) == SLUICE_OK ? 0 : 1;
}
