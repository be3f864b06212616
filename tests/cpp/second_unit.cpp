#include "cpp.hpp"

sluice::buffer make_buffer(const sluice::layout &layout)
{
    sluice::buffer_options options;
    options.layout = &layout;
    return sluice::buffer(options);
}

std::uint64_t count(sluice::buffer buffer)
{
    return buffer.size();
}
