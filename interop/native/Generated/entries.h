/* Generated from the headers by interop/generator: change those, not this. */

/* 1 Results */
ENTRY(callback_fault, (const char *text), (text))

/* 2 Packet layouts */
ENTRY(layout_create, (const char *text, sluice_layout **layout), (text, layout))
ENTRY(layout_from_numpy, (const char *json, sluice_layout **layout), (json, layout))
ENDING(layout_destroy, (sluice_layout *layout), (layout))
ENTRY(layout_size, (const sluice_layout *layout, uint32_t *bytes), (layout, bytes))
ENTRY(layout_describe, (const sluice_layout *layout, char *text, size_t capacity, size_t *length), (layout, text, capacity, length))
ENTRY(layout_numpy, (const sluice_layout *layout, char *text, size_t capacity, size_t *length), (layout, text, capacity, length))
ENTRY(layout_fields, (const sluice_layout *layout, uint32_t *fields), (layout, fields))
ENTRY(layout_field, (const sluice_layout *layout, uint32_t index, sluice_field *field), (layout, index, field))
ENTRY(layout_field_text, (const sluice_layout *layout, uint32_t index, uint32_t what, char *text, size_t capacity, size_t *length), (layout, index, what, text, capacity, length))
ENTRY(layout_check, (const sluice_layout *layout, const void *packets, size_t bytes, uint64_t *bad), (layout, packets, bytes, bad))
ENTRY(layout_fill, (const sluice_layout *layout, void *packet, size_t bytes), (layout, packet, bytes))

/* 3 Buffers */
ENTRY(buffer_create, (const sluice_buffer_options *options, sluice_buffer **buffer), (options, buffer))
ENTRY(buffer_stride, (sluice_buffer *buffer, uint32_t *bytes), (buffer, bytes))
ENTRY(buffer_layout, (sluice_buffer *buffer, char *text, size_t capacity, size_t *length), (buffer, text, capacity, length))
ENDING(buffer_destroy, (sluice_buffer *buffer), (buffer))
ENDING(buffer_abandon, (sluice_buffer *buffer, uint64_t *lost), (buffer, lost))
ENDING(buffer_discard, (sluice_buffer *buffer, uint64_t *lost), (buffer, lost))
ENTRY(buffer_on_end, (sluice_buffer *buffer, sluice_end_fn hook, void *user), (buffer, hook, user))

/* 4 Putting and taking */
ENTRY(buffer_put, (sluice_buffer *buffer, const void *packet, size_t bytes), (buffer, packet, bytes))
ENTRY(buffer_put_many, (sluice_buffer *buffer, const void *packets, size_t bytes, uint64_t *done), (buffer, packets, bytes, done))
ENTRY(buffer_put_record, (sluice_buffer *buffer, const void *payload, size_t bytes, uint16_t type), (buffer, payload, bytes, type))
ENTRY(buffer_open_producer, (sluice_buffer *buffer, struct sluice_producer *producer, size_t producer_size), (buffer, producer, producer_size))
ENTRY(buffer_close_producer, (sluice_buffer *buffer, struct sluice_producer *producer), (buffer, producer))
ENTRY(buffer_pop, (sluice_buffer *buffer, void *packet, size_t capacity, size_t *bytes), (buffer, packet, capacity, bytes))
ENTRY(buffer_pop_many, (sluice_buffer *buffer, void *packets, size_t capacity, uint64_t *done), (buffer, packets, capacity, done))
ENTRY(buffer_peek, (sluice_buffer *buffer, size_t max_bytes, sluice_batch_fn look, void *user), (buffer, max_bytes, look, user))
ENTRY(buffer_take, (sluice_buffer *buffer, uint64_t most, sluice_batch_fn accept, void *user, uint64_t *taken), (buffer, most, accept, user, taken))
ENTRY(buffer_size, (sluice_buffer *buffer, uint64_t *packets), (buffer, packets))
ENTRY(buffer_clear, (sluice_buffer *buffer), (buffer))

/* 5 Sinks */
ENTRY(buffer_add_file_sink, (sluice_buffer *buffer, const sluice_file_options *options, sluice_sink **sink), (buffer, options, sink))
ENTRY(buffer_add_text_sink, (sluice_buffer *buffer, const sluice_text_options *options, sluice_sink **sink), (buffer, options, sink))
ENTRY(buffer_add_callback_sink, (sluice_buffer *buffer, sluice_batch_fn accept, void *user, sluice_sink **sink), (buffer, accept, user, sink))
ENTRY(buffer_add_memory_sink, (sluice_buffer *buffer, uint64_t limit, sluice_sink **sink), (buffer, limit, sink))
ENTRY(sink_take, (sluice_sink *sink, void *memory, size_t capacity, size_t *bytes), (sink, memory, capacity, bytes))
ENTRY(sink_get_info, (sluice_sink *sink, sluice_sink_info *info), (sink, info))
ENTRY(buffer_remove_sink, (sluice_buffer *buffer, sluice_sink *sink), (buffer, sink))
ENTRY(buffer_restore_files, (sluice_buffer *buffer, uint64_t *restored), (buffer, restored))
ENTRY(sink_last_error, (sluice_sink *sink, char *text, size_t capacity, size_t *length), (sink, text, capacity, length))
ENTRY(buffer_disconnect, (sluice_buffer *buffer), (buffer))

/* 6 Release */
ENTRY(buffer_add_controller, (sluice_buffer *buffer, sluice_controller_fn decide, void *user), (buffer, decide, user))
ENTRY(buffer_on_reset, (sluice_buffer *buffer, void (*hook)(void *user), void *user), (buffer, hook, user))
ENTRY(buffer_configure, (sluice_buffer *buffer, uint64_t release_packets, uint64_t release_bytes, int64_t release_after_ns), (buffer, release_packets, release_bytes, release_after_ns))
ENTRY(buffer_force_release, (sluice_buffer *buffer), (buffer))
ENTRY(buffer_flush_needed, (sluice_buffer *buffer, int32_t *needed), (buffer, needed))
ENTRY(buffer_almost_full, (sluice_buffer *buffer, int32_t *almost), (buffer, almost))
ENTRY(buffer_since_flush, (sluice_buffer *buffer, int64_t *ns), (buffer, ns))
ENTRY(buffer_due_in, (sluice_buffer *buffer, int64_t *ns), (buffer, ns))
ENTRY(buffer_flush, (sluice_buffer *buffer, uint64_t *packets, uint64_t *bytes), (buffer, packets, bytes))

/* 7 Running */
ENTRY(buffer_start, (sluice_buffer *buffer), (buffer))
ENTRY(buffer_stop, (sluice_buffer *buffer, int64_t timeout_ns), (buffer, timeout_ns))
ENTRY(buffer_poll, (sluice_buffer *buffer, int64_t timeout_ns), (buffer, timeout_ns))
ENTRY(buffer_event, (sluice_buffer *buffer, int32_t *fd), (buffer, fd))
ENTRY(buffer_on_fault, (sluice_buffer *buffer, sluice_fault_fn hook, void *user), (buffer, hook, user))

/* 8 Text */
ENTRY(formatter_create, (const sluice_layout *layout, const sluice_formatter_options *options, sluice_formatter **formatter), (layout, options, formatter))
ENDING(formatter_destroy, (sluice_formatter *formatter), (formatter))
ENTRY(formatter_format, (const sluice_formatter *formatter, const void *packets, size_t bytes, char *text, size_t capacity, size_t *consumed, size_t *written), (formatter, packets, bytes, text, capacity, consumed, written))
ENTRY(formatter_header, (const sluice_formatter *formatter, char *text, size_t capacity, size_t *length), (formatter, text, capacity, length))
ENTRY(hex_encode, (const void *data, size_t bytes, const sluice_hex_options *options, char *text, size_t capacity, size_t *length), (data, bytes, options, text, capacity, length))

/* 9 Reading back */
ENTRY(file_open, (const sluice_reading_options *options, sluice_file **file), (options, file))
ENDING(file_close, (sluice_file *file), (file))
ENTRY(file_get_info, (const sluice_file *file, sluice_file_info *info), (file, info))
ENTRY(file_refresh, (sluice_file *file, uint64_t *came), (file, came))
ENTRY(file_map, (const sluice_file *file, uint64_t first, uint64_t packets, struct sluice_batch *batch), (file, first, packets, batch))
ENTRY(file_read, (const sluice_file *file, uint64_t first, void *packets, size_t capacity, uint64_t *done), (file, first, packets, capacity, done))
ENTRY(file_check, (const sluice_file *file, uint64_t first, uint64_t packets, uint64_t *bad), (file, first, packets, bad))

/* 10 Statistics */
ENTRY(buffer_get_stats, (sluice_buffer *buffer, sluice_buffer_stats *stats), (buffer, stats))
