#include <sluice/sluice.hpp>

#include <iostream>

struct event {
    std::uint32_t sequence;
    float value;
};

int main()
{
    const auto layout = sluice::layout_of<event>(sluice::field("sequence", &event::sequence), sluice::field("value", &event::value));
    sluice::buffer_options options;
    options.layout = &layout;
    sluice::buffer buffer(options);
    const auto memory = buffer.add_memory_sink(100);
    buffer.put(event{1, 0.5f});
    buffer.flush();
    if (memory.take().size() != sizeof(event) || sluice::formatter(layout).format(event{1, 0.5f}) != "1, 0.5\n") {
        return 1;
    }
    std::cout << sluice::build_info() << '\n';
}
