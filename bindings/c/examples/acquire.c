/* SPDX-License-Identifier: Apache-2.0
 *
 * acquire - a data acquisition whose instrument every Linux machine has: how late a periodic thread wakes up.
 *
 *   acquire [--rate HZ] [--seconds S] [--out DIR] [--release-packets N] [--release-ms MS]
 *
 * One thread samples: it waits for each slot of the rate, reads the monotonic clock and puts a packet of the
 * layout "jitter" into the ring, inline and without a call into the engine. The engine's pump releases the
 * packets by count or by time and writes them at once, verbatim to DIR/data.dat and as text to DIR/data.csv.
 * The main thread reports. Ctrl-C ends the run early; everything sampled until then is in the files.
 */
#include "histogram.h"

#include <sluice/ring.h>
#include <sluice/sluice.h>

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)
#define SPIN_NS 80000 /* the sleep ends so long before a slot, and the clock is watched for the rest */
#define SAMPLES_AT_ONCE 1024

/* The layout "jitter", little-endian: < sequence:Q; time:q [ns]; jitter:i [ns]; period:I [ns] */
typedef struct sample {
    uint64_t sequence; /* number of the slot */
    int64_t time;      /* CLOCK_MONOTONIC when the thread saw that the slot had come */
    int32_t jitter;    /* how late that was */
    uint32_t period;   /* nominal distance of two slots */
} sample;
_Static_assert(sizeof(sample) == 24, "the packet has no padding");

typedef struct settings {
    double seconds;
    uint64_t rate;
    uint64_t release_packets;
    uint64_t release_ms;
    const char *out;
} settings;

typedef struct sampler {
    sluice_producer producer;
    uint64_t rate;
    uint64_t slots; /* to be sampled */
    uint64_t put;
    int32_t fault;
    histogram jitter;
    atomic_ullong lost; /* the buffer had no room */
    atomic_int stop;
    atomic_int done;
} sampler;

/* Says what went wrong, with the engine's text; always 1, the exit status. */
static int complain(const char *what)
{
    char text[512];
    size_t length = 0;
    (void)sluice_last_error(text, sizeof text, &length);
    fprintf(stderr, "acquire: %s: %s\n", what, length != 0 ? text : "no further details");
    return 1;
}

/* Begin of slot n, exact for every rate. */
static int64_t slot_time(const sampler *self, int64_t start, uint64_t n)
{
    return start + (int64_t)(n / self->rate) * NS_PER_S +
           (int64_t)(n % self->rate * (uint64_t)NS_PER_S / self->rate);
}

static int64_t wait_until(int64_t due)
{
    int64_t now = sluice_monotonic_ns();
    if (due - now > 2 * SPIN_NS) {
        int64_t until = due - SPIN_NS;
        struct timespec wake = {.tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S};
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
    }
    while ((now = sluice_monotonic_ns()) < due) {
        sluice_cpu_relax();
    }
    return now;
}

/* The sampling thread. Every slot gives a packet; those that came due together carry the same time. */
static void *sample_slots(void *argument)
{
    sampler *self = argument;
    uint32_t period = (uint32_t)((uint64_t)NS_PER_S / self->rate);
    int64_t start = sluice_monotonic_ns() + SPIN_NS;
    for (uint64_t next = 0; next < self->slots && !atomic_load_explicit(&self->stop, memory_order_relaxed);) {
        int64_t now = wait_until(slot_time(self, start, next));
        uint64_t due = 1;
        while (due < SAMPLES_AT_ONCE && next + due < self->slots &&
               slot_time(self, start, next + due) <= now) {
            due++;
        }
        void *memory;
        int32_t status = sluice_producer_claim(&self->producer, due, &memory);
        if (status != SLUICE_OK) {
            if (status < 0) {
                self->fault = status;
                break;
            }
            (void)atomic_fetch_add_explicit(&self->lost, due, memory_order_relaxed);
            next += due;
            continue;
        }
        sample *samples = memory;
        for (uint64_t i = 0; i < due; i++) {
            int64_t late = now - slot_time(self, start, next + i);
            histogram_record(&self->jitter, late);
            samples[i] = (sample){next + i, now, late < INT32_MAX ? (int32_t)late : INT32_MAX, period};
        }
        self->fault = sluice_producer_commit(&self->producer, due);
        if (self->fault < 0) {
            break;
        }
        self->put += due;
        next += due;
    }
    atomic_store(&self->done, 1);
    return NULL;
}

static int parse_number(const char *name, const char *text, double least, double most, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || !(*value >= least && *value <= most)) {
        fprintf(stderr, "acquire: %s is '%s', it must be a number from %.15g to %.15g\n", name, text, least,
                most);
        return 0;
    }
    return 1;
}

static int parse(int argc, char **argv, settings *run)
{
    *run =
        (settings){.rate = 200000, .seconds = 5, .out = "./out", .release_packets = 8192, .release_ms = 100};
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *text = argv[i + 1];
        double number = 0;
        int good = text != NULL;
        if (!good) {
            fprintf(stderr, "acquire: '%s' needs a value\n", name);
        } else if (strcmp(name, "--rate") == 0) {
            good = parse_number(name, text, 1, 1e7, &number);
            run->rate = (uint64_t)number;
        } else if (strcmp(name, "--seconds") == 0) {
            good = parse_number(name, text, 0.001, 1e7, &run->seconds);
        } else if (strcmp(name, "--release-packets") == 0) {
            good = parse_number(name, text, 1, 1e9, &number);
            run->release_packets = (uint64_t)number;
        } else if (strcmp(name, "--release-ms") == 0) {
            good = parse_number(name, text, 1, 1e6, &number);
            run->release_ms = (uint64_t)number;
        } else if (strcmp(name, "--out") == 0) {
            run->out = text;
        } else {
            fprintf(stderr, "acquire: '%s' is not known\n", name);
            good = 0;
        }
        if (!good) {
            fprintf(stderr, "usage: acquire [--rate HZ] [--seconds S] [--out DIR] [--release-packets N] "
                            "[--release-ms MS]\n");
            return 0;
        }
    }
    return 1;
}

/* Makes the directory and those above it; one that is there is fine. */
static int make_directory(const char *path)
{
    char part[4096];
    size_t length = strlen(path);
    if (length == 0 || length + sizeof "/data.dat" > sizeof part) {
        fprintf(stderr, "acquire: --out has %zu characters, it must have 1 to %zu\n", length,
                sizeof part - sizeof "/data.dat");
        return 0;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            memcpy(part, path, i);
            part[i] = '\0';
            if (mkdir(part, 0777) != 0 && errno != EEXIST) {
                fprintf(stderr, "acquire: cannot make directory '%s': %s\n", part, strerror(errno));
                return 0;
            }
        }
    }
    return 1;
}

/* A path in the output directory where nothing is yet. */
static int new_path(char *path, size_t capacity, const char *out, const char *name)
{
    struct stat there;
    (void)snprintf(path, capacity, "%s/%s", out, name);
    if (lstat(path, &there) == 0) {
        fprintf(stderr, "acquire: '%s' exists, and nothing is overwritten: choose another --out\n", path);
        return 0;
    }
    return 1;
}

/* One line about how it goes. */
static void report(sluice_buffer *buffer, uint64_t lost, double seconds, double interval, uint64_t *before)
{
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    if (sluice_buffer_get_stats(buffer, &stats) != SLUICE_OK) {
        (void)complain("no statistics");
        return;
    }
    double rate = (double)(stats.pushed - *before) / interval;
    *before = stats.pushed;
    fprintf(stderr, "%s%6.1f s  %9.0f packets/s  %7.2f MB/s  ring %3.0f %%  dropped %llu%s%s",
            isatty(2) ? "\r" : "", seconds, rate, rate * sizeof(sample) * 1e-6,
            100.0 * (double)stats.stored_bytes / (double)stats.capacity,
            (unsigned long long)(lost + stats.dropped_newest + stats.dropped_oldest),
            stats.sink_errors != 0 ? "  sinks fail: " : "",
            stats.sink_errors != 0 ? sluice_status_text(stats.last_fault) : "");
    fputs(isatty(2) ? "\033[K" : "\n", stderr);
}

/* Waits for the sampler or a signal and reports every half second; 1 when a signal ended it. */
static int watch(sluice_buffer *buffer, sampler *self, const sigset_t *signals)
{
    const int64_t step = NS_PER_S / 2;
    int64_t start = sluice_monotonic_ns(), last = start;
    uint64_t before = 0;
    while (!atomic_load(&self->done)) {
        int64_t left = last + step - sluice_monotonic_ns();
        left = left < 0               ? 0
               : left < NS_PER_S / 50 ? left
                                      : NS_PER_S / 50; /* short waits: the sampler may be done */
        struct timespec wait = {.tv_nsec = left};
        if (sigtimedwait(signals, NULL, &wait) > 0) {
            atomic_store(&self->stop, 1);
            return 1;
        }
        int64_t now = sluice_monotonic_ns();
        if (now - last >= step) {
            uint64_t lost = atomic_load_explicit(&self->lost, memory_order_relaxed);
            report(buffer, lost, (double)(now - start) * 1e-9, (double)(now - last) * 1e-9, &before);
            last = now;
        }
    }
    return 0;
}

/* What was acquired; 0 when nothing is missing. */
static int summarize(sluice_buffer *buffer, const sampler *self, double seconds, sluice_sink *const sinks[2],
                     char paths[2][4096])
{
    sluice_buffer_stats stats = {.struct_size = sizeof stats};
    sluice_sink_info files[2] = {{.struct_size = sizeof files[0]}, {.struct_size = sizeof files[1]}};
    if (sluice_buffer_get_stats(buffer, &stats) != SLUICE_OK ||
        sluice_sink_get_info(sinks[0], &files[0]) != SLUICE_OK ||
        sluice_sink_get_info(sinks[1], &files[1]) != SLUICE_OK) {
        return complain("no statistics");
    }
    uint64_t written = files[0].packets < files[1].packets ? files[0].packets : files[1].packets;
    uint64_t lost = atomic_load(&self->lost) + (self->put - written);
    printf("acquired %llu packets in %.2f s, released in %llu flushes, lost %llu\n",
           (unsigned long long)self->put, seconds, (unsigned long long)stats.flushes,
           (unsigned long long)lost);
    for (int i = 0; i < 2; i++) {
        printf("  %s  %llu packets, %llu bytes\n", paths[i], (unsigned long long)files[i].packets,
               (unsigned long long)files[i].bytes);
    }
    printf("jitter  p50 %.2f us  p99 %.2f us  max %.2f us\n", histogram_percentile(&self->jitter, 0.5) * 1e-3,
           histogram_percentile(&self->jitter, 0.99) * 1e-3, (double)self->jitter.most * 1e-3);
    return lost != 0;
}

/* Samples into the buffer until the end or a signal, then brings everything into the files. */
static int acquire(sluice_buffer *buffer, sampler *self, const sigset_t *signals, double *seconds)
{
    pthread_t thread;
    int64_t start = sluice_monotonic_ns();
    int failed = 0;
    if (sluice_buffer_start(buffer) != SLUICE_OK) {
        return complain("cannot start the pump");
    }
    if (sluice_buffer_open_producer(buffer, &self->producer, sizeof self->producer) != SLUICE_OK) {
        return complain("cannot open a producer");
    }
    int code = pthread_create(&thread, NULL, sample_slots, self);
    if (code != 0) {
        fprintf(stderr, "acquire: cannot start the sampling thread: %s\n", strerror(code));
        return 1;
    }
    int stopped = watch(buffer, self, signals);
    (void)pthread_join(thread, NULL);
    *seconds = (double)(sluice_monotonic_ns() - start) * 1e-9;
    if (isatty(2)) {
        fputc('\n', stderr);
    }
    if (stopped) {
        fprintf(stderr, "acquire: stopped by a signal, writing what was sampled\n");
    }
    if (self->fault < 0) {
        fprintf(stderr, "acquire: putting packet %llu failed: %s\n", (unsigned long long)self->put,
                sluice_status_text(self->fault));
        failed = 1;
    }
    if (sluice_buffer_close_producer(buffer, &self->producer) != SLUICE_OK) {
        failed = complain("cannot close the producer");
    }
    if (sluice_buffer_stop(buffer, 30 * NS_PER_S) != SLUICE_OK) {
        failed = complain("not everything could be written");
    }
    return failed;
}

int main(int argc, char **argv)
{
    static sampler self;
    static char paths[2][4096];
    settings run;
    sluice_layout *layout = NULL;
    sluice_buffer *buffer = NULL;
    sluice_sink *sinks[2] = {NULL, NULL};
    if (!parse(argc, argv, &run)) {
        return 2;
    }
    if (!make_directory(run.out) || !new_path(paths[0], sizeof paths[0], run.out, "data.dat") ||
        !new_path(paths[1], sizeof paths[1], run.out, "data.csv")) {
        return 1;
    }

    /* Blocked here, before any thread starts, the signals reach the main thread only, where it waits for
     * them. */
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);

    if (sluice_layout_create("jitter", &layout) != SLUICE_OK) {
        return complain("no layout");
    }
    sluice_buffer_options options = {
        .struct_size = sizeof options,
        .kind = SLUICE_FIFO, /* grows when a disk is slow: a sample cannot be taken again */
        .layout = layout,
        .release_packets = run.release_packets,
        .release_after_ns = (int64_t)run.release_ms * 1000000,
    };
    if (sluice_buffer_create(&options, &buffer) != SLUICE_OK) {
        return complain("cannot make the buffer");
    }
    sluice_file_options binary = {.struct_size = sizeof binary, .path = paths[0]};
    sluice_text_options text = {
        .struct_size = sizeof text, .path = paths[1], .separator = ",", .layout_header = 1, .comment = ""};
    if (sluice_buffer_add_file_sink(buffer, &binary, &sinks[0]) != SLUICE_OK ||
        sluice_buffer_add_text_sink(buffer, &text, &sinks[1]) != SLUICE_OK) {
        return complain("cannot make the files");
    }

    self.rate = run.rate;
    self.slots = (uint64_t)llround(run.seconds * (double)run.rate);
    self.slots = self.slots == 0 ? 1 : self.slots;
    double seconds = 0;
    int failed = acquire(buffer, &self, &signals, &seconds);
    failed |= summarize(buffer, &self, seconds, sinks, paths);
    if (sluice_buffer_destroy(buffer) != SLUICE_OK) {
        uint64_t lost = 0;
        failed = complain("cannot close the files");
        (void)sluice_buffer_discard(buffer, &lost);
        fprintf(stderr, "acquire: %llu packets are lost\n", (unsigned long long)lost);
    }
    (void)sluice_layout_destroy(layout);
    return failed;
}
