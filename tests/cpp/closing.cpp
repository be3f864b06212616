// Two threads that end one buffer at the same moment: one ends it, the callables of the buffer go once, and close() throws in
// neither; of two try_close one answers E_HANDLE, or OK when the other one was done.
#include "cpp.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace
{

constexpr int rounds = 250;

// Both begin at the same moment.
template <class First, class Second> void at_once(First first, Second second)
{
    std::atomic<int> there{0};
    const auto meet = [&] {
        ++there;
        while (there < 2) {
            std::this_thread::yield();
        }
    };
    std::thread other([&] {
        meet();
        second();
    });
    meet();
    first();
    other.join();
}

sluice::buffer buffer_of(int round, const std::shared_ptr<int> &used)
{
    sluice::buffer_options options = packet_options();
    options.kind = round % 2 ? sluice::buffer_kind::fifo : sluice::buffer_kind::circular;
    options.release_packets = 1000;
    sluice::buffer buffer(options);
    buffer.add_callback_sink([used](const sluice::batch &batch) { *used += static_cast<int>(batch.packets()); });
    if (round % 3 == 0) {
        buffer.start();
    }
    buffer.put(packet{1, 0});
    return buffer;
}

void ends(int pair)
{
    for (int round = 0; round < rounds; round++) {
        const auto used = std::make_shared<int>(0);
        sluice::buffer buffer = buffer_of(round, used);
        const auto close = [&] { buffer.close(); };
        const auto discard = [&] { buffer.discard(); };
        std::atomic<int> ended{0};
        const auto try_close = [&] {
            const sluice::status code = buffer.try_close();
            CHECK(code.ok() || code == SLUICE_E_HANDLE);
            ended += code.ok();
        };
        switch (pair) {
        case 0:
            at_once(close, close);
            break;
        case 1:
            at_once(try_close, try_close);
            CHECK(ended >= 1);
            break;
        case 2:
            at_once(close, discard);
            break;
        default:
            at_once(discard, discard);
            break;
        }
        CHECK(!buffer && used.use_count() == 1 && (pair >= 2 || *used == 1));
        CHECK(buffer.stats().pushed == 1);
        buffer.close();
    }
}

} // namespace

int main()
{
    for (int pair = 0; pair < 4; pair++) {
        ends(pair);
    }
    return 0;
}
