// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_BENCHMARKS_SCRATCH_FILE_HPP
#define SLUICE_BENCHMARKS_SCRATCH_FILE_HPP

#include <string>
#include <unistd.h>

namespace bench
{

// A new file, gone when the benchmark is done with it.
class scratch_file
{
  public:
    explicit scratch_file(const std::string &folder)
        : path_(folder + "/scratch-" + std::to_string(getpid()) + "-" + std::to_string(made_++) + ".dat")
    {
    }

    scratch_file(const scratch_file &) = delete;
    scratch_file &operator=(const scratch_file &) = delete;

    ~scratch_file()
    {
        (void)unlink(path_.c_str());
    }

    const char *path() const
    {
        return path_.c_str();
    }

  private:
    static inline int made_ = 0;
    std::string path_;
};

} // namespace bench

#endif
