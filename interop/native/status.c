/*
 * status.c - statuses as text, from the one list of them.
 */
#pragma GCC visibility push(default)
#include "sluice/sluice.h"
#pragma GCC visibility pop

const char *sluice_status_text(int32_t status)
{
    switch (status) {
#define SLUICE_STATUS_CASE(name, number, text)                                                               \
    case number:                                                                                             \
        return #name ": " text;
        SLUICE_STATUS_LIST(SLUICE_STATUS_CASE)
    default:
        return "an unknown status";
    }
}
