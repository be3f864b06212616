// SPDX-License-Identifier: Apache-2.0
//
// A buffer of the engine: the host puts through the inline ring, the engine's pump releases to its sinks.
#ifndef SLUICE_BENCHMARKS_ENGINE_ENDS_HPP
#define SLUICE_BENCHMARKS_ENGINE_ENDS_HPP

#include "ring_ends.hpp"
#include "threads.hpp"

#include <sluice/sluice.h>

namespace bench
{

[[noreturn, gnu::noinline, gnu::cold]] inline void engine_refused(const char *what)
{
    char text[512];
    (void)sluice_last_error(text, sizeof text, nullptr);
    throw std::runtime_error(std::string(what) + ": " + text);
}

inline void engine_must(std::int32_t status, const char *what)
{
    if (status != SLUICE_OK) {
        engine_refused(what);
    }
}

// A circular buffer whose producers wait when it is full. The pump releases `release` bytes at a time.
class engine_buffer
{
  public:
    engine_buffer(std::uint64_t capacity, std::uint32_t stride, std::uint64_t release)
    {
        sluice_buffer_options options{};
        options.struct_size = sizeof options;
        options.kind = SLUICE_CIRCULAR;
        options.shape = stride == 0 ? SLUICE_FRAMED : SLUICE_FIXED;
        options.stride = stride;
        options.full_policy = SLUICE_BLOCK;
        options.capacity = capacity;
        options.block_timeout_ns = wait_ns;
        options.release_bytes = release;
        options.wait = SLUICE_SPIN;
        engine_must(sluice_buffer_create(&options, &buffer_), "sluice_buffer_create");
    }

    engine_buffer(const engine_buffer &) = delete;
    engine_buffer &operator=(const engine_buffer &) = delete;

    ~engine_buffer()
    {
        (void)sluice_buffer_discard(buffer_, nullptr);
    }

    sluice_buffer *get()
    {
        return buffer_;
    }

    // Starts the pump, gives `produce` a producer that publishes `group` bytes at a time, and stops the pump, which releases
    // the rest. Returns the seconds from the first put until everything is released.
    template <typename Produce> double run(std::uint64_t group, Produce &&produce)
    {
        pin(consumer_processor); // the pump's thread begins where its maker is
        engine_must(sluice_buffer_start(buffer_), "sluice_buffer_start");
        pin(producer_processor);
        sluice_producer producer;
        engine_must(sluice_buffer_open_producer(buffer_, &producer, sizeof producer), "sluice_buffer_open_producer");
        producer.publish_bytes = group;
        clock::time_point start = clock::now();
        produce(producer);
        sluice_producer_publish(&producer);
        engine_must(sluice_buffer_stop(buffer_, wait_ns), "sluice_buffer_stop");
        double seconds = seconds_since(start);
        engine_must(sluice_buffer_close_producer(buffer_, &producer), "sluice_buffer_close_producer");
        return seconds;
    }

  private:
    static constexpr std::int64_t wait_ns = INT64_C(10000000000);
    sluice_buffer *buffer_ = nullptr;
};

// A callback sink that shows each batch to a C++ callable, which must outlive the buffer.
template <typename Look> void add_callback(engine_buffer &buffer, Look &look)
{
    sluice_batch_fn accept = [](void *user, const sluice_batch *batch) -> std::int32_t {
        (*static_cast<Look *>(user))(*batch);
        return SLUICE_OK;
    };
    engine_must(sluice_buffer_add_callback_sink(buffer.get(), accept, &look, nullptr), "sluice_buffer_add_callback_sink");
}

} // namespace bench

#endif
