/* ending.c - one end of one buffer in C: `ending ENDING KIND SINKS NAME FOLDER`, see endings.py. */
#include <sluice/sluice.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void need(int32_t status)
{
    if (status != SLUICE_OK) {
        char text[512] = "";
        (void)sluice_last_error(text, sizeof text, NULL);
        (void)printf("failed: %s: %s\n", sluice_status_text(status), text);
        exit(99);
    }
}

/* The name of a status, as E_STATE. */
static void say(const char *what, int32_t status)
{
    const char *text = sluice_status_text(status);
    (void)printf("%s %.*s\n", what, (int)strcspn(text, ":"), text);
    (void)fflush(stdout);
}

static void ended(void *user, sluice_sink *sink, const sluice_buffer_stats *stats)
{
    (void)user;
    if (sink == NULL) {
        (void)printf("counted %llu\n", (unsigned long long)stats->lost);
    }
}

static volatile sig_atomic_t stops;

static void note_signal(int number)
{
    (void)number;
    stops = 1;
}

int main(int count, char **arguments)
{
    if (count != 6) {
        return 2;
    }
    const char *ending = arguments[1], *kind = arguments[2], *sinks = arguments[3];
    char ring[600], out[600];
    (void)snprintf(ring, sizeof ring, "%s/ring", arguments[5]);
    (void)snprintf(out, sizeof out, "%s/out.dat", arguments[5]);
    sluice_buffer_options options = {.struct_size = sizeof options, .kind = SLUICE_CIRCULAR, .stride = 4};
    options.kind = strcmp(kind, "fifo") == 0 ? SLUICE_FIFO : SLUICE_CIRCULAR;
    options.name = strcmp(kind, "named") == 0 ? arguments[4] : NULL;
    options.file = strcmp(kind, "file") == 0 ? ring : NULL;
    sluice_buffer *buffer;
    need(sluice_buffer_create(&options, &buffer));
    need(sluice_buffer_on_end(buffer, ended, NULL));
    if (strcmp(sinks, "none") != 0) {
        sluice_file_options file = {.struct_size = sizeof file, .path = out};
        need(sluice_buffer_add_file_sink(buffer, &file, NULL));
    }
    if (strcmp(sinks, "refusing") == 0) {
        (void)unlink(out);
    }
    need(sluice_buffer_put_many(buffer, "onlytwofour", 12, NULL));
    if (strcmp(ending, "close") == 0) {
        say("close", sluice_buffer_destroy(buffer));
        uint64_t stored;
        if (sluice_buffer_size(buffer, &stored) == SLUICE_OK) {
            (void)printf("stored %llu\n", (unsigned long long)stored);
        }
        (void)fflush(stdout);
        _exit(0);
    }
    if (strcmp(ending, "exit") == 0) {
        return 0;
    }
    if (strcmp(ending, "kill") == 0) {
        (void)raise(SIGKILL);
    }
    if (strcmp(ending, "interrupt") == 0 || strcmp(ending, "terminate") == 0) {
        (void)raise(strcmp(ending, "interrupt") == 0 ? SIGINT : SIGTERM);
    }
    if (strcmp(ending, "handled") == 0) {
        (void)signal(SIGTERM, note_signal);
        (void)raise(SIGTERM);
        return stops ? 0 : 2;
    }
    return 2; /* C has no other end */
}
