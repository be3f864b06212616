// SPDX-License-Identifier: Apache-2.0
//
// Two threads on two processors, started together and timed from that start to the end of the consumer.
#ifndef SLUICE_BENCHMARKS_THREADS_HPP
#define SLUICE_BENCHMARKS_THREADS_HPP

#include <atomic>
#include <chrono>
#include <exception>
#include <sched.h>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bench
{

constexpr int producer_processor = 0;
constexpr int consumer_processor = 1;

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point start)
{
    return std::chrono::duration<double>(clock::now() - start).count();
}

// Keeps the calling thread on one processor; a machine with fewer leaves it where it is, equally for every contender.
inline void pin(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

// Runs consume() on a thread of its own while produce() runs here; returns the seconds from the common start until
// consume() returned. What either throws is thrown here.
template <typename Produce, typename Consume> double run_pair(Produce &&produce, Consume &&consume)
{
    std::atomic<int> ready{0};
    std::exception_ptr fault;
    clock::time_point end;
    std::thread consumer([&] {
        pin(consumer_processor);
        ready.store(1, std::memory_order_release);
        try {
            consume();
        } catch (...) {
            fault = std::current_exception();
        }
        end = clock::now();
    });
    pin(producer_processor);
    while (ready.load(std::memory_order_acquire) == 0) {
        std::this_thread::yield();
    }
    clock::time_point start = clock::now();
    std::exception_ptr mine;
    try {
        produce();
    } catch (...) {
        mine = std::current_exception();
    }
    consumer.join();
    if (mine) {
        std::rethrow_exception(mine);
    }
    if (fault) {
        std::rethrow_exception(fault);
    }
    return std::chrono::duration<double>(end - start).count();
}

} // namespace bench

#endif
