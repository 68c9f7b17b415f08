#include "board_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#ifdef TAUTLINE_EXAMPLES_SIM
#include "tautline_sim/harness.hpp"
#endif

namespace examples {
namespace {

std::expected<std::unique_ptr<tautline::PciFunction>, std::error_code> open_device(
    std::string_view url, std::string& explanation) {
  auto function = tautline::open_pci_function(url);
  if (!function) explanation = tautline::last_open_explanation();
  return function;
}

}  // namespace

#ifdef TAUTLINE_EXAMPLES_SIM

namespace {

namespace sim = tautline::sim;
using sim::Cycle;

/// Counts by cycles up to a bound; what is above goes into the last place.
class Latency {
 public:
  void add(Cycle cycles) {
    ++count_;
    least_ = std::min(least_, cycles);
    ++counts_[std::min<std::size_t>(cycles, counts_.size() - 1)];
  }
  void print(std::string_view name) const {
    if (count_ == 0) return;
    std::uint64_t seen = 0;
    std::size_t median = 0;
    while (median + 1 < counts_.size() && (seen += counts_[median]) * 2 < count_) ++median;
    fmt::print("cycles.{}.count {}\ncycles.{}.least {}\ncycles.{}.median {}\n", name, count_, name,
               least_, name, median);
  }

 private:
  std::array<std::uint64_t, 1U << 16U> counts_{};
  std::uint64_t count_ = 0;
  Cycle least_ = ~Cycle{0};
};

std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value << 8U | static_cast<std::uint32_t>(bytes[at + i]);
  }
  return value;
}

struct Parsed {
  bool icmp_request = false;
  bool icmp_reply = false;
  std::uint32_t icmp_id = 0;  // identifier and sequence number

  bool tcp = false;
  std::uint32_t raddr = 0;
  std::uint32_t rport = 0, lport = 0;
  std::uint32_t seq = 0, ack = 0, flags = 0, window = 0, length = 0;

  [[nodiscard]] bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
};
constexpr std::uint32_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

/// A frame that the engine accepted or built, so only the shape needs a look.
std::optional<Parsed> parse(std::span<const std::byte> frame, bool from_board) {
  std::size_t ip = 14;
  if (frame.size() < 34) return std::nullopt;
  if (big_endian(frame, 12, 2) == 0x8100) ip = 18;
  if (big_endian(frame, ip - 2, 2) != 0x0800 || frame.size() < ip + 28) return std::nullopt;
  const auto header = (big_endian(frame, ip, 1) & 15U) * 4;
  const auto total = big_endian(frame, ip + 2, 2);
  const auto at = ip + header;
  Parsed p;
  p.raddr = big_endian(frame, ip + (from_board ? 16 : 12), 4);
  switch (big_endian(frame, ip + 9, 1)) {
    case 1:
      p.icmp_request = big_endian(frame, at, 1) == 8;
      p.icmp_reply = big_endian(frame, at, 1) == 0;
      p.icmp_id = big_endian(frame, at + 4, 4);
      return p;
    case 6: {
      if (frame.size() < at + 20) return std::nullopt;
      p.tcp = true;
      p.rport = big_endian(frame, at + (from_board ? 2 : 0), 2);
      p.lport = big_endian(frame, at + (from_board ? 0 : 2), 2);
      p.seq = big_endian(frame, at + 4, 4);
      p.ack = big_endian(frame, at + 8, 4);
      const auto options = (big_endian(frame, at + 12, 1) >> 4U) * 4;
      p.flags = big_endian(frame, at + 13, 1);
      p.window = big_endian(frame, at + 14, 2);
      if (total < header + options) return std::nullopt;
      p.length = total - header - options;
      return p;
    }
    default:
      return std::nullopt;
  }
}

bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

/// Times between frames at the board's edge. A cause is taken at its last word, an effect at its
/// first.
class Watch {
 public:
  void frame(const sim::Frame& frame, bool from_board) {
    const auto p = parse(frame.bytes, from_board);
    if (!p) return;
    const std::scoped_lock lock{mutex_};
    // Frames are told in slices of time, first those in, then those out: put them in order.
    if (from_board) {
      take_until(frame.first_cycle);
      out(*p, frame.first_cycle);
    } else if (!frame.bad) {
      in_.emplace_back(*p, frame.last_cycle);
      if (in_.size() > 4096) take_until(in_[in_.size() / 2].second);
    }
  }

  void print() const {
    const std::scoped_lock lock{mutex_};
    ping_latency_.print("ping");
    syn_latency_.print("syn_to_synack");
    ack_latency_.print("data_to_ack");
    retransmit_latency_.print("third_dupack_to_retransmission");
    fmt::print("edge.data_segments_out {}\nedge.retransmissions_out {}\n", data_out_, again_out_);
    fmt::print("edge.data_segments_in {}\n", data_in_);
  }

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
  struct Flow {
    Cycle syn = 0;
    Cycle data = 0;             // last word of the newest segment with data
    std::uint32_t owed = 0;     // its end
    std::uint32_t highest = 0;  // end of what the board has sent
    bool sent_any = false;
    std::uint32_t last_ack = 0, last_window = 0;
    unsigned duplicates = 0;
    Cycle third_duplicate = 0;
  };

  static Key key(const Parsed& p) { return {p.raddr, p.rport, p.lport}; }

  /// Takes what came in before a cycle.
  void take_until(Cycle cycle) {
    while (!in_.empty() && in_.front().second < cycle) {
      const auto& [p, last] = in_.front();
      if (p.icmp_request) {
        ping_ = {p.icmp_id, last};
      } else if (p.tcp && p.has(kRst)) {
        flows_.erase(key(p));
      } else if (p.tcp) {
        received(flows_[key(p)], p, last);
      }
      in_.pop_front();
    }
  }

  void out(const Parsed& p, Cycle first) {
    if (p.icmp_reply && ping_.second != 0 && ping_.first == p.icmp_id) {
      ping_latency_.add(first - std::exchange(ping_.second, 0));
    } else if (p.tcp && p.has(kRst)) {
      flows_.erase(key(p));
    } else if (p.tcp) {
      sent(flows_[key(p)], p, first);
    }
  }

  void received(Flow& flow, const Parsed& p, Cycle last) {
    if (p.has(kSyn)) {
      flow = Flow{};
      flow.syn = last;
      return;
    }
    if (p.length > 0) {
      ++data_in_;
      flow.data = last;
      flow.owed = p.seq + p.length;
    }
    if (!p.has(kAck)) return;
    // RFC 5681 2: no data, no FIN, the same acknowledgement and window, and something is
    // outstanding.
    const bool duplicate = p.length == 0 && !p.has(kFin) && p.ack == flow.last_ack &&
                           p.window == flow.last_window && flow.sent_any &&
                           before(p.ack, flow.highest);
    flow.duplicates = duplicate ? flow.duplicates + 1 : 0;
    if (flow.duplicates == 3) flow.third_duplicate = last;
    if (!duplicate) flow.third_duplicate = 0;
    flow.last_ack = p.ack;
    flow.last_window = p.window;
  }

  void sent(Flow& flow, const Parsed& p, Cycle first) {
    if (p.has(kSyn)) {
      if (flow.syn != 0) syn_latency_.add(first - std::exchange(flow.syn, 0));
      return;
    }
    // Only an acknowledgement of exactly the newest bytes answers them; others were under way.
    if (flow.data != 0 && p.has(kAck) && p.ack == flow.owed && first > flow.data) {
      ack_latency_.add(first - std::exchange(flow.data, 0));
    }
    if (p.length == 0) return;
    ++data_out_;
    if (flow.sent_any && before(p.seq, flow.highest)) {
      ++again_out_;
      if (flow.third_duplicate != 0 && p.seq == flow.last_ack && first > flow.third_duplicate) {
        retransmit_latency_.add(first - std::exchange(flow.third_duplicate, 0));
      }
    }
    const auto end = p.seq + p.length;
    if (!flow.sent_any || before(flow.highest, end)) flow.highest = end;
    flow.sent_any = true;
  }

  mutable std::mutex mutex_;
  std::deque<std::pair<Parsed, Cycle>> in_;
  std::map<Key, Flow> flows_;
  std::pair<std::uint32_t, Cycle> ping_{};
  Latency ping_latency_, syn_latency_, ack_latency_, retransmit_latency_;
  std::uint64_t data_out_ = 0, again_out_ = 0, data_in_ = 0;
};

}  // namespace

struct BoardReport::State {
  std::shared_ptr<sim::Board> board;
  std::shared_ptr<Watch> watch = std::make_shared<Watch>();
};

std::expected<std::unique_ptr<tautline::PciFunction>, std::error_code> BoardReport::open(
    std::string_view url, std::string& explanation) {
  if (!url.starts_with("sim:")) return open_device(url, explanation);
  auto options = sim::parse_board_options(url.substr(4));
  if (!options) {
    explanation = options.error().message();
    return std::unexpected{options.error().code};
  }
  auto board = sim::Board::create(std::move(*options));
  if (!board) {
    explanation = board.error().message();
    return std::unexpected{board.error().code};
  }
  state_->board = std::move(*board);
  state_->board->on_frame([watch = state_->watch](const sim::Frame& frame, bool from_board) {
    watch->frame(frame, from_board);
  });
  return state_->board->function();
}

void BoardReport::print() const {
  if (!state_->board) return;
  state_->board->flush_files();
  const auto stats = state_->board->stats();
  fmt::print("board.executed_cycles {}\nboard.run_seconds {:.6f}\n", stats.executed,
             stats.run_seconds);
  fmt::print("board.frames_in {}\nboard.frames_out {}\n", stats.frames_in, stats.frames_out);
  fmt::print("board.bytes_in {}\nboard.bytes_out {}\n", stats.bytes_in, stats.bytes_out);
  fmt::print("board.interrupts {}\nboard.mmio_writes {}\nboard.mmio_lines {}\n", stats.interrupts,
             stats.mmio_writes, stats.mmio_lines);
  state_->watch->print();
  for (const auto& violation : state_->board->violations()) {
    fmt::print("board.violation {}\n", violation);
  }
}

#else

struct BoardReport::State {};

std::expected<std::unique_ptr<tautline::PciFunction>, std::error_code> BoardReport::open(
    std::string_view url, std::string& explanation) {
  return open_device(url, explanation);
}

void BoardReport::print() const {}

#endif

BoardReport::BoardReport() : state_{std::make_unique<State>()} {}
BoardReport::~BoardReport() = default;
BoardReport::BoardReport(BoardReport&&) noexcept = default;
BoardReport& BoardReport::operator=(BoardReport&&) noexcept = default;

}  // namespace examples
