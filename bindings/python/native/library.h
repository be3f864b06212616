/* SPDX-License-Identifier: Apache-2.0
 *
 * library.h - the functions of libsluice, in one table. A part of binding.h.
 */
#ifndef SLUICE_PYTHON_LIBRARY_H
#define SLUICE_PYTHON_LIBRARY_H

#define LIBRARY_FUNCTIONS(X)                                                                                 \
    X(last_error)                                                                                            \
    X(callback_fault)                                                                                        \
    X(status_text)                                                                                           \
    X(layout_create)                                                                                         \
    X(layout_destroy)                                                                                        \
    X(layout_size)                                                                                           \
    X(layout_describe)                                                                                       \
    X(layout_numpy)                                                                                          \
    X(layout_fields)                                                                                         \
    X(layout_field)                                                                                          \
    X(layout_field_text)                                                                                     \
    X(layout_fill)                                                                                           \
    X(layout_from_numpy)                                                                                     \
    X(layout_check)                                                                                          \
    X(formatter_create)                                                                                      \
    X(formatter_destroy)                                                                                     \
    X(formatter_format)                                                                                      \
    X(formatter_header)                                                                                      \
    X(file_open)                                                                                             \
    X(file_close)                                                                                            \
    X(file_get_info)                                                                                         \
    X(file_refresh)                                                                                          \
    X(file_map)                                                                                              \
    X(file_read)                                                                                             \
    X(file_check)                                                                                            \
    X(buffer_create)                                                                                         \
    X(buffer_destroy)                                                                                        \
    X(buffer_abandon)                                                                                        \
    X(buffer_on_end)                                                                                         \
    X(on_loss)                                                                                               \
    X(buffer_discard)                                                                                        \
    X(buffer_open_producer)                                                                                  \
    X(buffer_close_producer)                                                                                 \
    X(buffer_pop)                                                                                            \
    X(buffer_peek)                                                                                           \
    X(buffer_take)                                                                                           \
    X(buffer_stride)                                                                                         \
    X(buffer_layout)                                                                                         \
    X(buffer_size)                                                                                           \
    X(buffer_clear)                                                                                          \
    X(buffer_add_file_sink)                                                                                  \
    X(buffer_add_text_sink)                                                                                  \
    X(buffer_add_callback_sink)                                                                              \
    X(buffer_add_memory_sink)                                                                                \
    X(sink_take)                                                                                             \
    X(buffer_add_controller)                                                                                 \
    X(buffer_on_reset)                                                                                       \
    X(buffer_force_release)                                                                                  \
    X(buffer_event)                                                                                          \
    X(buffer_on_fault)                                                                                       \
    X(sink_get_info)                                                                                         \
    X(buffer_remove_sink)                                                                                    \
    X(buffer_restore_files)                                                                                  \
    X(sink_last_error)                                                                                       \
    X(buffer_disconnect)                                                                                     \
    X(buffer_configure)                                                                                      \
    X(buffer_flush_needed)                                                                                   \
    X(buffer_almost_full)                                                                                    \
    X(buffer_since_flush)                                                                                    \
    X(buffer_due_in)                                                                                         \
    X(buffer_flush)                                                                                          \
    X(buffer_start)                                                                                          \
    X(buffer_stop)                                                                                           \
    X(buffer_poll)                                                                                           \
    X(buffer_get_stats)                                                                                      \
    X(hex_encode)                                                                                            \
    X(abi_version)                                                                                           \
    X(build_info)                                                                                            \
    X(shutdown)

#define LIBRARY_MEMBER(name) __typeof__(&sluice_##name) name;
typedef struct Library {
    LIBRARY_FUNCTIONS(LIBRARY_MEMBER)
} Library;
#undef LIBRARY_MEMBER

extern Library library;

/* Fills the table. Enters no function of the library: a process that has only imported the package may fork.
 */
PyObject *library_load(PyObject *module, PyObject *path);

/* To be called before the first call into the library. 0, or -1 with an exception. */
int library_ready(void);

#endif
