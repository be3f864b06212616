// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <unistd.h>

namespace bench
{
namespace
{

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    std::size_t middle = values.size() / 2;
    return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// One run; the process ends when it takes longer than a minute, which means that packets were lost.
double run_once(const contender &one)
{
    (void)alarm(60);
    double figure = one.run();
    (void)alarm(0);
    return figure;
}

std::string number(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

[[noreturn]] void usage(const char *name, const std::string &got)
{
    std::cerr << "usage: " << name << " [FILTER] [--json DIR] [--rounds N]; got '" << got << "'\n";
    std::exit(2);
}

} // namespace

suite::suite(const char *name, int argc, char **argv) : name_(name)
{
    for (int i = 1; i < argc; i++) {
        std::string argument = argv[i];
        if (argument == "--json" && i + 1 < argc) {
            folder_ = argv[++i];
            writes_ = true;
        } else if (argument == "--rounds" && i + 1 < argc) {
            rounds_ = std::atoi(argv[++i]);
            if (rounds_ < 1) {
                usage(name, argv[i]);
            }
        } else if (!filter_ && argument[0] != '-') {
            try {
                filter_ = std::regex(argument, std::regex::icase);
            } catch (const std::regex_error &) {
                usage(name, argument);
            }
        } else {
            usage(name, argument);
        }
    }
}

void suite::compare(const std::string &name, const std::string &unit, std::optional<double> target,
                    const contender &ours, const std::vector<contender> &peers)
{
    if (filter_ && !std::regex_search(name, *filter_)) {
        return;
    }
    std::vector<contender> all{ours};
    all.insert(all.end(), peers.begin(), peers.end());
    std::vector<std::vector<double>> figures(all.size());
    try {
        for (const contender &one : all) {
            (void)run_once(one); // touches the memory, fills the caches
        }
        for (int round = 0; round < rounds_; round++) {
            for (std::size_t i = 0; i < all.size(); i++) {
                std::size_t which = round % 2 == 0 ? i : all.size() - 1 - i;
                figures[which].push_back(run_once(all[which]));
            }
        }
    } catch (const std::exception &error) {
        std::cerr << name_ << ": " << name << ": " << error.what() << "\n";
        failed_ = true;
        return;
    }
    double mine = median(figures[0]), best = 0;
    for (std::size_t i = 1; i < all.size(); i++) {
        double theirs = median(figures[i]);
        best = std::max(best, theirs);
        if (peers.size() > 1) {
            record(name + " vs " + all[i].name, mine, theirs, unit, std::nullopt);
        }
    }
    record(name, mine, best, unit, target);
}

void suite::record(const std::string &name, double ours, double theirs, const std::string &unit,
                   std::optional<double> target)
{
    double ratio = ours / theirs;
    std::string wanted = target ? number(*target) : "null", met = !target ? "null" : ratio >= *target ? "true" : "false";
    std::printf("%s: %.4g to %.4g %s, %.2f x\n", name.c_str(), ours, theirs, unit.c_str(), ratio);
    std::fflush(stdout);
    json_ += json_.empty() ? "" : ",\n";
    json_ += "  {\"name\": \"" + name + "\", \"ours\": " + number(ours) + ", \"theirs\": " + number(theirs) +
             ", \"unit\": \"" + unit + "\", \"ratio\": " + number(ratio) + ", \"target\": " + wanted +
             ", \"met\": " + met + "}";
}

int suite::finish()
{
    if (writes_ && !json_.empty()) {
        std::ofstream out(folder_ + "/" + name_ + ".json");
        out << "[\n" << json_ << "\n]\n";
        out.close();
        if (!out) {
            std::cerr << name_ << ": cannot write " << folder_ << "/" << name_ << ".json\n";
            return 1;
        }
    }
    return failed_ ? 1 : 0;
}

} // namespace bench
