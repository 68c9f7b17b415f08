// Runs a record of a simulated board again and compares every output by its cycle.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tautline_sim/harness.hpp"

int main(int argc, char** argv) {
  std::string record, variant, trace;
  double from = 0, to = -1;
  constexpr const char* kUsage =
      "usage: tautline-replay RECORD [--variant NAME] [--trace FILE.fst] [--from US] [--to US]\n"
      "Exit status: 0 reproduced exactly, 1 different, 2 not run.\n";
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const bool more = i + 1 < argc;
    if (arg == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (arg == "--variant" && more) {
      variant = argv[++i];
    } else if (arg == "--trace" && more) {
      trace = argv[++i];
    } else if (arg == "--from" && more) {
      from = std::atof(argv[++i]);
    } else if (arg == "--to" && more) {
      to = std::atof(argv[++i]);
    } else if (!arg.starts_with("-") && record.empty()) {
      record = arg;
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  if (record.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const auto report = tautline::sim::replay(record, variant, trace, from, to);
  if (!report) {
    std::fprintf(stderr, "tautline-replay: %s\n", report.error().message().c_str());
    return 2;
  }
  std::printf("%llu cycles, %llu inputs, %llu outputs equal\n",
              static_cast<unsigned long long>(report->executed),
              static_cast<unsigned long long>(report->inputs),
              static_cast<unsigned long long>(report->outputs));
  if (!report->first_difference.empty()) {
    std::printf("different: %s\n", report->first_difference.c_str());
    return 1;
  }
  return 0;
}
