// ending.cpp - one end of one buffer in C++: `ending ENDING KIND SINKS NAME FOLDER`, see endings.py.
#include <sluice/sluice.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include <unistd.h>

static std::unique_ptr<sluice::buffer> made(const std::string &kind, const std::string &sinks, const std::string &name,
                                            const std::string &folder)
{
    sluice::buffer_options options;
    options.kind = kind == "fifo" ? sluice::buffer_kind::fifo : sluice::buffer_kind::circular;
    options.stride = 4;
    options.name = kind == "named" ? name : "";
    options.file = kind == "file" ? folder + "/ring" : "";
    auto buffer = std::make_unique<sluice::buffer>(options);
    if (sinks != "none") {
        buffer->add_file_sink({folder + "/out.dat"});
    }
    if (sinks == "refusing") {
        (void)unlink((folder + "/out.dat").c_str());
    }
    buffer->put_many("onlytwofour", 12);
    return buffer;
}

static volatile std::sig_atomic_t stops;

int main(int count, char **arguments)
{
    if (count != 6) {
        return 2;
    }
    const std::string ending = arguments[1];
    auto buffer = made(arguments[2], arguments[3], arguments[4], arguments[5]);
    if (ending == "close") {
        const sluice::status answer = buffer->try_close();
        std::cout << "close " << std::string(answer.text(), std::string(answer.text()).find(':')) << std::endl;
        if (*buffer) {
            std::cout << "stored " << buffer->size() << std::endl;
        } else {
            std::cout << "counted " << buffer->stats().lost << std::endl;
        }
        _exit(0);
    }
    if (ending == "scope") {
        const sluice::buffer leaves(std::move(*buffer));
        buffer.reset();
    } else if (ending == "collect") {
        buffer.reset(); // the destructor
    } else if (ending == "exit") {
        static_cast<void>(buffer.release()); // nobody ends it but exit()
        return 0;
    } else if (ending == "kill") {
        (void)std::raise(SIGKILL);
    } else if (ending == "interrupt") {
        (void)std::raise(SIGINT);
    } else if (ending == "terminate") {
        (void)std::raise(SIGTERM);
    } else if (ending == "handled") {
        (void)std::signal(SIGTERM, [](int) { stops = 1; });
        (void)std::raise(SIGTERM);
        static_cast<void>(buffer.release());
        return stops ? 0 : 2;
    } else {
        return 2;
    }
    std::cout.flush();
    _exit(0);
}
