#pragma once
// Formatted text; GCC 12 has no <format>.

#include <cstdarg>
#include <cstdio>
#include <string>

namespace tautline::sim {

[[gnu::format(printf, 1, 2)]] inline std::string text(const char* format, ...) {
  char buffer[512];
  va_list args;
  va_start(args, format);
  std::vsnprintf(buffer, sizeof buffer, format, args);
  va_end(args);
  return buffer;
}

}  // namespace tautline::sim
