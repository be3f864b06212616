/*
 * entry.c - every call into the engine, as hosts see it: starts the runtime if it does not run yet, then goes on in the
 * managed half (Exports/), where the function is called managed_sluice_NAME. Once the runtime runs, a call costs a load and two
 * jumps here.
 */
#pragma GCC visibility push(default)
#include <sluice/sluice.h>
#pragma GCC visibility pop

#include "host.h"

#include <sluice/ring/platform.h>

#include <stdio.h>
#include <string.h>

#define ENTRY(name, parameters, arguments)                                                                   \
    extern int32_t managed_sluice_##name parameters;                                                         \
    __attribute__((noinline, cold)) static int32_t first_##name parameters                                   \
    {                                                                                                        \
        int32_t status = sluice_host_start();                                                                \
        return status == SLUICE_OK ? managed_sluice_##name arguments : status;                               \
    }                                                                                                        \
    int32_t sluice_##name parameters                                                                         \
    {                                                                                                        \
        return sluice_host_runs() ? managed_sluice_##name arguments : first_##name arguments;                \
    }

#define ENTRY1(name, A) ENTRY(name, (A a), (a))
#define ENTRY2(name, A, B) ENTRY(name, (A a, B b), (a, b))
#define ENTRY3(name, A, B, C) ENTRY(name, (A a, B b, C c), (a, b, c))
#define ENTRY4(name, A, B, C, D) ENTRY(name, (A a, B b, C c, D d), (a, b, c, d))
#define ENTRY5(name, A, B, C, D, E) ENTRY(name, (A a, B b, C c, D d, E e), (a, b, c, d, e))
#define ENTRY6(name, A, B, C, D, E, F) ENTRY(name, (A a, B b, C c, D d, E e, F f), (a, b, c, d, e, f))
#define ENTRY7(name, A, B, C, D, E, F, G)                                                                    \
    ENTRY(name, (A a, B b, C c, D d, E e, F f, G g), (a, b, c, d, e, f, g))

/* Of NULL there is nothing to end, whether or not the engine can start. */
#define ENDING(name, parameters, arguments)                                                                  \
    extern int32_t managed_sluice_##name parameters;                                                         \
    int32_t sluice_##name parameters                                                                         \
    {                                                                                                        \
        int32_t status = a == NULL || sluice_host_runs() ? SLUICE_OK : sluice_host_start();                  \
        return a != NULL && status == SLUICE_OK ? managed_sluice_##name arguments : status;                  \
    }

#define ENDING1(name, A) ENDING(name, (A a), (a))
#define ENDING2(name, A, B) ENDING(name, (A a, B b), (a, b))

typedef const sluice_layout *layout_in;
typedef const sluice_formatter *formatter_in;
typedef const sluice_file *file_in;
typedef void (*reset_fn)(void *user);

/* 2 Packet layouts */
ENTRY2(layout_create, const char *, sluice_layout **)
ENTRY2(layout_from_numpy, const char *, sluice_layout **)
ENDING1(layout_destroy, sluice_layout *)
ENTRY2(layout_size, layout_in, uint32_t *)
ENTRY4(layout_describe, layout_in, char *, size_t, size_t *)
ENTRY4(layout_numpy, layout_in, char *, size_t, size_t *)
ENTRY2(layout_fields, layout_in, uint32_t *)
ENTRY3(layout_field, layout_in, uint32_t, sluice_field *)
ENTRY6(layout_field_text, layout_in, uint32_t, uint32_t, char *, size_t, size_t *)
ENTRY4(layout_check, layout_in, const void *, size_t, uint64_t *)
ENTRY3(layout_fill, layout_in, void *, size_t)

/* 3 Buffers */
ENTRY2(buffer_create, const sluice_buffer_options *, sluice_buffer **)
ENDING1(buffer_destroy, sluice_buffer *)
ENDING2(buffer_abandon, sluice_buffer *, uint64_t *)
ENDING2(buffer_discard, sluice_buffer *, uint64_t *)
ENTRY3(buffer_on_end, sluice_buffer *, sluice_end_fn, void *)

/* 4 Putting and taking */
ENTRY3(buffer_put, sluice_buffer *, const void *, size_t)
ENTRY4(buffer_put_many, sluice_buffer *, const void *, size_t, uint64_t *)
ENTRY4(buffer_put_record, sluice_buffer *, const void *, size_t, uint16_t)
ENTRY3(buffer_open_producer, sluice_buffer *, struct sluice_producer *, size_t)
ENTRY2(buffer_close_producer, sluice_buffer *, struct sluice_producer *)
ENTRY4(buffer_pop, sluice_buffer *, void *, size_t, size_t *)
ENTRY4(buffer_pop_many, sluice_buffer *, void *, size_t, uint64_t *)
ENTRY4(buffer_peek, sluice_buffer *, size_t, sluice_batch_fn, void *)
ENTRY5(buffer_take, sluice_buffer *, uint64_t, sluice_batch_fn, void *, uint64_t *)
ENTRY2(buffer_size, sluice_buffer *, uint64_t *)
ENTRY2(buffer_stride, sluice_buffer *, uint32_t *)
ENTRY4(buffer_layout, sluice_buffer *, char *, size_t, size_t *)
ENTRY1(buffer_clear, sluice_buffer *)

/* 5 Sinks */
ENTRY3(buffer_add_file_sink, sluice_buffer *, const sluice_file_options *, sluice_sink **)
ENTRY3(buffer_add_text_sink, sluice_buffer *, const sluice_text_options *, sluice_sink **)
ENTRY4(buffer_add_callback_sink, sluice_buffer *, sluice_batch_fn, void *, sluice_sink **)
ENTRY3(buffer_add_memory_sink, sluice_buffer *, uint64_t, sluice_sink **)
ENTRY4(sink_take, sluice_sink *, void *, size_t, size_t *)
ENTRY2(sink_get_info, sluice_sink *, sluice_sink_info *)
ENTRY2(buffer_remove_sink, sluice_buffer *, sluice_sink *)
ENTRY2(buffer_restore_files, sluice_buffer *, uint64_t *)
ENTRY4(sink_last_error, sluice_sink *, char *, size_t, size_t *)
ENTRY1(buffer_disconnect, sluice_buffer *)

/* 6 Release */
ENTRY3(buffer_add_controller, sluice_buffer *, sluice_controller_fn, void *)
ENTRY3(buffer_on_reset, sluice_buffer *, reset_fn, void *)
ENTRY4(buffer_configure, sluice_buffer *, uint64_t, uint64_t, int64_t)
ENTRY1(buffer_force_release, sluice_buffer *)
ENTRY2(buffer_flush_needed, sluice_buffer *, int32_t *)
ENTRY2(buffer_almost_full, sluice_buffer *, int32_t *)
ENTRY2(buffer_since_flush, sluice_buffer *, int64_t *)
ENTRY2(buffer_due_in, sluice_buffer *, int64_t *)
ENTRY3(buffer_flush, sluice_buffer *, uint64_t *, uint64_t *)

/* 7 Running */
ENTRY1(buffer_start, sluice_buffer *)
ENTRY2(buffer_stop, sluice_buffer *, int64_t)
ENTRY2(buffer_poll, sluice_buffer *, int64_t)
ENTRY2(buffer_event, sluice_buffer *, int32_t *)
ENTRY3(buffer_on_fault, sluice_buffer *, sluice_fault_fn, void *)

/* 8 Text */
ENTRY3(formatter_create, layout_in, const sluice_formatter_options *, sluice_formatter **)
ENDING1(formatter_destroy, sluice_formatter *)
ENTRY7(formatter_format, formatter_in, const void *, size_t, char *, size_t, size_t *, size_t *)
ENTRY4(formatter_header, formatter_in, char *, size_t, size_t *)
ENTRY6(hex_encode, const void *, size_t, const sluice_hex_options *, char *, size_t, size_t *)

/* 9 Reading back */
ENTRY2(file_open, const sluice_reading_options *, sluice_file **)
ENDING1(file_close, sluice_file *)
ENTRY2(file_get_info, file_in, sluice_file_info *)
ENTRY2(file_refresh, sluice_file *, uint64_t *)
ENTRY4(file_map, file_in, uint64_t, uint64_t, struct sluice_batch *)
ENTRY5(file_read, file_in, uint64_t, void *, size_t, uint64_t *)
ENTRY4(file_check, file_in, uint64_t, uint64_t, uint64_t *)

/* 10 Statistics */
ENTRY2(buffer_get_stats, sluice_buffer *, sluice_buffer_stats *)

/* 11 Library */
uint32_t sluice_abi_version(void)
{
    return SLUICE_ABI_VERSION;
}

extern int32_t managed_sluice_shutdown(int64_t timeout_ns);

int32_t sluice_shutdown(int64_t timeout_ns)
{
    if (sluice_host_end_unstarted()) {
        return SLUICE_OK; /* nothing was ever stored */
    }
    int32_t status = sluice_host_start();
    return status == SLUICE_OK ? managed_sluice_shutdown(timeout_ns) : status;
}

static int32_t copy(const char *whole, char *text, size_t capacity, size_t *length)
{
    size_t bytes = strlen(whole), copied = bytes < capacity ? bytes : capacity - (capacity != 0);
    if (text != NULL && capacity != 0) {
        memcpy(text, whole, copied);
        text[copied] = '\0';
        sluice_end_text(text);
    }
    if (length != NULL) {
        *length = bytes;
    }
    return SLUICE_OK;
}

/* 1 Results. The text of a call that did not get to the engine is here. */
ENTRY1(callback_fault, const char *)

extern int32_t managed_sluice_last_error(char *text, size_t capacity, size_t *length);

int32_t sluice_last_error(char *text, size_t capacity, size_t *length)
{
    if (sluice_host_runs()) {
        return managed_sluice_last_error(text, capacity, length);
    }
    return copy(sluice_host_error(), text, capacity, length);
}

extern int32_t managed_sluice_build_info(char *text, size_t capacity, size_t *length);

int32_t sluice_build_info(char *text, size_t capacity, size_t *length)
{
    int32_t status = sluice_host_runs() ? SLUICE_OK : sluice_host_start();
    if (status != SLUICE_E_FORKED) {
        return status == SLUICE_OK ? managed_sluice_build_info(text, capacity, length) : status;
    }
    char whole[320];
    const char *build = sluice_host_build(); /* ends with ')' */
    size_t bytes = strlen(build);
    (void)snprintf(whole, sizeof whole, "%.*s; forked)", (int)(bytes - (bytes != 0)), build);
    return copy(whole, text, capacity, length);
}
