#include "tautline_sim/options.hpp"

#include <charconv>
#include <cmath>
#include <functional>
#include <map>

namespace tautline::sim {
namespace {

std::optional<std::string> percent_decoded(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    unsigned char c = 0;
    if (i + 2 >= s.size() ||
        std::from_chars(s.data() + i + 1, s.data() + i + 3, c, 16).ptr != s.data() + i + 3) {
      return std::nullopt;
    }
    out += static_cast<char>(c);
    i += 2;
  }
  return out;
}

template <class T>
bool number(const std::string& s, T& out) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc{} && end == s.data() + s.size() && !s.empty();
}

// A setter returns what a good value would be, or nothing when the value was taken.
using Setter = std::function<const char*(const std::string&)>;

Setter text(std::string& to) {
  return [&to](const std::string& s) -> const char* {
    to = s;
    return s.empty() ? "a name" : nullptr;
  };
}

template <class T>
Setter integer(T& to, std::uint64_t low, std::uint64_t high, const char* expected) {
  return [&to, low, high, expected](const std::string& s) -> const char* {
    std::uint64_t v = 0;
    if (!number(s, v) || v < low || v > high) return expected;
    to = static_cast<T>(v);
    return nullptr;
  };
}

Setter real(double& to, double low, double high, const char* expected) {
  return [&to, low, high, expected](const std::string& s) -> const char* {
    double v = 0;
    if (!number(s, v) || !(v >= low && v <= high)) return expected;
    to = v;
    return nullptr;
  };
}

Setter microseconds(Nanos& to) {
  return [&to](const std::string& s) -> const char* {
    double v = 0;
    if (!number(s, v) || !(v >= 0 && v <= 1e9)) return "microseconds, 0 to 1e9";
    to = static_cast<Nanos>(std::llround(v * 1000));
    return nullptr;
  };
}

Setter both(Setter a, Setter b) {
  return [a = std::move(a), b = std::move(b)](const std::string& s) -> const char* {
    const char* wrong = a(s);
    return wrong != nullptr ? wrong : b(s);
  };
}

std::map<std::string, Setter> setters(BoardOptions& o) {
  constexpr const char* kProbability = "a probability, 0 to 1";
  constexpr const char* kCycles = "cycles, 0 to 1000000";
  constexpr const char* kBandwidth = "bytes a cycle, 0 (no limit) to 64";
  constexpr const char* kMicros = "microseconds";
  std::map<std::string, Setter> m;
  m["variant"] = text(o.variant);
  m["flows"] = integer(o.flows, 1, 65536, "a number of flows");
  m["seed"] = integer(o.seed, 0, ~std::uint64_t{0}, "a number");
  m["tap"] = text(o.tap);
  m["netns"] = text(o.netns);
  m["cable"] = text(o.cable);
  m["cable_delay_us"] = microseconds(o.cable_delay);
  m["pcap"] = text(o.pcap);
  m["pcap_speed"] = real(o.pcap_speed, 0, 1e9, "a factor, 0 for line rate");
  m["line_gbps"] = real(o.line_gbps, 0.001, 1000, "Gb/s, 0.001 to 1000");
  const auto impairments = [&](const std::string& prefix, auto field) {
    m[prefix + "loss"] =
        field([](ImpairmentConfig& c) { return real(c.loss, 0, 1, kProbability); });
    m[prefix + "dup"] =
        field([](ImpairmentConfig& c) { return real(c.duplicate, 0, 1, kProbability); });
    m[prefix + "reorder"] =
        field([](ImpairmentConfig& c) { return real(c.reorder, 0, 1, kProbability); });
    m[prefix + "corrupt"] =
        field([](ImpairmentConfig& c) { return real(c.corrupt, 0, 1, kProbability); });
    m[prefix + "delay_us"] = field([](ImpairmentConfig& c) { return microseconds(c.delay); });
    m[prefix + "jitter_us"] = field([](ImpairmentConfig& c) { return microseconds(c.jitter); });
    m[prefix + "rate_mbps"] = field(
        [](ImpairmentConfig& c) { return real(c.rate_mbps, 0, 1e6, "Mb/s, 0 for no limit"); });
    m[prefix + "queue"] =
        field([](ImpairmentConfig& c) { return integer(c.queue, 1, 1'000'000, "frames"); });
  };
  impairments("", [&](auto f) { return both(f(o.to_board), f(o.from_board)); });
  impairments("rx_", [&](auto f) { return f(o.to_board); });
  impairments("tx_", [&](auto f) { return f(o.from_board); });
  m["read_latency"] = integer(o.memory.read_latency, 0, 1'000'000, kCycles);
  m["write_latency"] = integer(o.memory.write_latency, 0, 1'000'000, kCycles);
  m["read_bandwidth"] = real(o.memory.read_bytes_per_cycle, 0, 64, kBandwidth);
  m["write_bandwidth"] = real(o.memory.write_bytes_per_cycle, 0, 64, kBandwidth);
  m["reorder_reads"] = integer(o.memory.reorder_reads, 0, 2, "0, 1 (bursts) or 2 (beats)");
  m["stall"] = real(o.memory.stall, 0, 0.95, "a probability, 0 to 0.95");
  m["max_reads"] = integer(o.memory.max_reads, 1, 4096, "1 to 4096");
  m["max_writes"] = integer(o.memory.max_writes, 1, 4096, "1 to 4096");
  m["poll_cycles"] = integer(o.poll_cycles, 1, 1'000'000'000, "cycles, 1 to 1e9");
  m["epoch_us"] = integer(o.epoch_us, 0, std::uint64_t{1} << 62, kMicros);
  m["capture"] = text(o.capture);
  m["record"] = text(o.record);
  m["trace"] = text(o.trace);
  m["trace_from"] = real(o.trace_from_us, 0, 1e15, kMicros);
  m["trace_to"] = real(o.trace_to_us, 0, 1e15, kMicros);
  return m;
}

}  // namespace

Result<BoardOptions> parse_board_options(std::string_view query) {
  BoardOptions options;
  if (query.empty()) return options;
  if (query.front() != '?') {
    return fail(Errc::bad_value,
                "sim: is followed by '?option=value&...', not by '" + std::string(query) + "'");
  }
  query.remove_prefix(1);
  auto known = setters(options);
  while (!query.empty()) {
    const std::size_t amp = query.find('&');
    const std::string_view item = query.substr(0, amp);
    query = amp == std::string_view::npos ? std::string_view{} : query.substr(amp + 1);
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    const std::string name(item.substr(0, equals));
    const auto setter = known.find(name);
    if (setter == known.end()) {
      std::string message = "the simulated board has no option '" + name + "'; it has";
      for (const auto& [option, _] : known) message += " " + option;
      return fail(Errc::unknown_option, message);
    }
    const auto value = percent_decoded(equals == std::string_view::npos ? std::string_view{}
                                                                        : item.substr(equals + 1));
    const char* wrong = value ? setter->second(*value) : "valid percent encoding";
    if (wrong != nullptr) {
      return fail(Errc::bad_value, "option " + std::string(item) +
                                       " of the simulated board: " + "expected " + wrong);
    }
  }
  return options;
}

}  // namespace tautline::sim
