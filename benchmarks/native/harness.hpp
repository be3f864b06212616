// SPDX-License-Identifier: Apache-2.0
//
// Comparing contenders in one run: every round runs each of them once, in an order that turns around from round to
// round, so that what disturbs the machine disturbs all of them. The figure of a contender is its median.
#ifndef SLUICE_BENCHMARKS_HARNESS_HPP
#define SLUICE_BENCHMARKS_HARNESS_HPP

#include <functional>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench
{

// One side of a comparison. `run` does the whole work once, checks what came out, and returns a rate (more is better).
// It throws when the work was not done right: a benchmark that lost something has no figure.
struct contender {
    std::string name;
    std::function<double()> run;
};

// The benchmarks of one program: [FILTER] [--json DIR] [--rounds N].
class suite
{
  public:
    suite(const char *name, int argc, char **argv);

    // Measures `ours` against `peers` and records `name`, ours against the best of them, with the target; and, if there
    // are several, `name vs PEER` for each without one. The filter is a regular expression found in `name`.
    void compare(const std::string &name, const std::string &unit, std::optional<double> target,
                 const contender &ours, const std::vector<contender> &peers);

    // Writes DIR/NAME.json. The exit status of the program: 0, or 1 when a benchmark could not be run.
    int finish();

    // The folder for files that a benchmark writes: where the results go, else the current one.
    const std::string &folder() const
    {
        return folder_;
    }

  private:
    void record(const std::string &name, double ours, double theirs, const std::string &unit,
                std::optional<double> target);

    std::string name_;
    std::string folder_ = ".";
    bool writes_ = false;
    bool failed_ = false;
    int rounds_ = 9;
    std::optional<std::regex> filter_;
    std::string json_;
};

} // namespace bench

#endif
