// cpp.hpp - what tests over sluice.hpp share: calls that must throw, a folder of their own, whole files.
#ifndef SLUICE_TESTS_CPP_CPP_HPP
#define SLUICE_TESTS_CPP_CPP_HPP

#include <sluice/sluice.hpp>

#include "check.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

inline bool has(std::string_view text, std::string_view part)
{
    if (text.find(part) != std::string_view::npos) {
        return true;
    }
    std::fprintf(stderr, "'%.*s' is not in '%.*s'\n", static_cast<int>(part.size()), part.data(),
                 static_cast<int>(text.size()), text.data());
    return false;
}

// The expression throws a sluice::error with this code, whose text has the part.
#define CHECK_THROWS(expression, wanted, part)                                                               \
    do {                                                                                                     \
        bool thrown_ = false;                                                                                \
        try {                                                                                                \
            (void)(expression);                                                                              \
        } catch (const sluice::error &error_) {                                                              \
            thrown_ = true;                                                                                  \
            if (error_.code() != (wanted)) {                                                                 \
                std::fprintf(stderr, "%s\n", error_.what());                                                 \
            }                                                                                                \
            CHECK(error_.code() == (wanted));                                                                \
            CHECK(has(error_.what(), part));                                                                 \
        }                                                                                                    \
        CHECK(thrown_ && #expression);                                                                       \
    } while (0)

struct packet {
    std::uint32_t sequence;
    float value;
};

inline sluice::buffer_options packet_options()
{
    sluice::buffer_options options;
    options.stride = sizeof(packet);
    return options;
}

// A folder that ends with the program's main.
class folder
{
public:
    folder()
    {
        std::string made = (std::filesystem::temp_directory_path() / "sluice-cpp-XXXXXX").string();
        CHECK(mkdtemp(made.data()) != nullptr);
        path_ = made;
    }
    folder(const folder &) = delete;
    folder &operator=(const folder &) = delete;
    ~folder() { std::filesystem::remove_all(path_); }

    std::string operator/(const std::string &name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

inline std::string content(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    CHECK(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

#endif
