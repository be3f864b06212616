// A callable that hangs: close and stop throw after their time and keep the buffer; a discard, an assignment and a destructor end
// it, tell the loss, and leave the callable where it is, which it still needs.
#include "cpp.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace
{

std::atomic<std::uint64_t> told{0};
std::string told_text;

void tell(const char *fault, std::uint64_t packets) noexcept
{
    told_text = fault;
    told += packets;
}

// What the callable uses, and whether it is still there.
struct guest {
    std::atomic<bool> inside{false}, hangs{true};
    std::atomic<int> alive{0};
};

// Lives in the callable: while it is inside, nobody may destroy it.
class resident
{
public:
    explicit resident(guest &of) : guest_(&of), memory_(std::make_unique<int>(7)) { ++guest_->alive; }
    resident(resident &&other) noexcept : guest_(other.guest_), memory_(std::move(other.memory_)) { ++guest_->alive; }
    ~resident()
    {
        CHECK(memory_ == nullptr || !guest_->inside);
        --guest_->alive;
    }

    void operator()(const sluice::batch &)
    {
        guest_->inside = true;
        while (guest_->hangs) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        CHECK(*memory_ == 7);
        guest_->inside = false;
    }

private:
    guest *guest_;
    std::unique_ptr<int> memory_;
};

sluice::buffer hung(guest &of)
{
    sluice::buffer_options options = packet_options();
    options.release_packets = 1;
    sluice::buffer buffer(options);
    buffer.add_callback_sink(resident(of));
    for (std::uint32_t i = 0; i < 5; i++) {
        buffer.put(packet{i, 0});
    }
    buffer.start();
    while (!of.inside) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return buffer;
}

void let_go(guest &of)
{
    of.hangs = false;
    while (of.inside) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void stop_and_close_keep_the_buffer()
{
    guest host;
    {
        sluice::buffer buffer = hung(host);
        CHECK_THROWS(buffer.stop(std::chrono::milliseconds(50)), SLUICE_TIMEOUT, "callback");
        CHECK_THROWS(buffer.close(), SLUICE_TIMEOUT, "has not come back");
        CHECK(buffer);
        buffer.put(packet{5, 0});
        let_go(host);
        buffer.close();
        CHECK(!buffer);
    }
    CHECK(host.alive == 0);
}

template <class End> void an_end_leaves_the_callable(End end)
{
    guest host;
    const std::uint64_t before = told;
    end(hung(host), before);
    CHECK(host.inside && host.alive == 1);
    let_go(host);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(host.alive == 1); // for good: nobody knows when it came back
}

} // namespace

int main()
{
    sluice::on_loss(tell);
    std::vector<std::thread> threads; // side by side: they mostly wait
    threads.emplace_back(stop_and_close_keep_the_buffer);
    threads.emplace_back([] {
        an_end_leaves_the_callable([](sluice::buffer buffer, std::uint64_t) { CHECK(buffer.discard() == 5); });
    });
    for (std::thread &thread : threads) {
        thread.join();
    }
    CHECK(told == 0);
    an_end_leaves_the_callable([](sluice::buffer buffer, std::uint64_t before) {
        buffer = sluice::buffer();
        CHECK(told == before + 5 && has(told_text, "has not come back"));
    });
    {
        guest host;
        { const sluice::buffer buffer = hung(host); }
        CHECK(told == 10);
        let_go(host);
    }
    return 0;
}
