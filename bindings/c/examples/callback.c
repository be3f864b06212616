/* SPDX-License-Identifier: Apache-2.0
 *
 * callback - messages of any size, released when an alarm is among them, seen in place by the host.
 *
 *   callback
 *
 * The buffer is framed: each record has its own size and a type of the host's choice. A controller decides
 * when records are released; the callback sink gets them as a batch that is a view into the ring.
 */
#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <stdio.h>
#include <string.h>

enum message_type { MESSAGE_INFO = 1, MESSAGE_ALARM = 2 };

typedef struct display {
    unsigned batches;
    unsigned messages;
    unsigned alarms;
} display;

static int complain(const char *what)
{
    char text[512] = "";
    (void)sluice_last_error(text, sizeof text, NULL);
    fprintf(stderr, "callback: %s: %s\n", what, text);
    return 1;
}

/* Controller: release as soon as an alarm is stored. */
static int32_t on_alarm(void *user, const sluice_snapshot *snapshot)
{
    const void *text;
    uint64_t at = 0;
    uint32_t bytes;
    uint16_t type;
    (void)user;
    while (sluice_batch_next(snapshot->batch, &at, &text, &bytes, &type)) {
        if (type == MESSAGE_ALARM) {
            return 1;
        }
    }
    return 0;
}

/* Sink: prints every record of a released batch. The texts must not be kept: their room is given back
 * afterwards. */
static int32_t show(void *user, const struct sluice_batch *batch)
{
    display *seen = user;
    const void *text;
    uint64_t at = 0;
    uint32_t bytes;
    uint16_t type;
    printf("batch %u, %llu messages\n", seen->batches++, (unsigned long long)batch->packets);
    while (sluice_batch_next(batch, &at, &text, &bytes, &type)) {
        printf("  %s %.*s\n", type == MESSAGE_ALARM ? "ALARM" : "info ", (int)bytes, (const char *)text);
        seen->messages++;
        seen->alarms += type == MESSAGE_ALARM;
    }
    return SLUICE_OK;
}

int main(void)
{
    display seen = {0, 0, 0};
    sluice_buffer *buffer;
    sluice_buffer_options options = {
        .struct_size = sizeof options, .kind = SLUICE_CIRCULAR, .shape = SLUICE_FRAMED};
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK ||
        sluice_buffer_add_controller(buffer, on_alarm, NULL) != SLUICE_OK ||
        sluice_buffer_add_callback_sink(buffer, show, &seen, NULL) != SLUICE_OK) {
        return complain("buffer");
    }
    for (int i = 0; i < 20; i++) {
        char text[64];
        int alarm = i % 7 == 6;
        int length = snprintf(text, sizeof text, "temperature %d K%s", 290 + i, alarm ? ", fan stopped" : "");
        if (sluice_buffer_put_record(buffer, text, (size_t)length, alarm ? MESSAGE_ALARM : MESSAGE_INFO) !=
            SLUICE_OK) {
            return complain("put");
        }
        if (sluice_buffer_poll(buffer, 0) < 0) { /* releases when the controller says so, else WOULD_BLOCK */
            return complain("poll");
        }
    }
    if (sluice_buffer_destroy(buffer) != SLUICE_OK) { /* shows the rest */
        return complain("destroy");
    }
    return seen.messages == 20 && seen.alarms == 2 && seen.batches == 3 ? 0 : 1;
}
