// Prints the engine's figures in cycles, measured on the simulated board in virtual time.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace {

using namespace tautline::bench;

struct Row {
  std::string what;
  double value;
  std::string unit;
  std::optional<double> goal = {};
  bool at_least = false;
  int digits = 0;
  [[nodiscard]] bool missed() const { return goal && (at_least ? value < *goal : value > *goal); }
};

constexpr std::string_view kHelp =
    "usage: engine_bench [--flows N] [--variant NAME] [--json FILE]\n"
    "\n"
    "Measures the engine on the simulated board: 64 bit at 156.25 MHz (a cycle is 6.4 ns),\n"
    "10GbE line, host memory that answers a read after 80 cycles.\n"
    "\n"
    "  --flows N       flows of the model (256)\n"
    "  --variant NAME  fast or assert (fast)\n"
    "  --json FILE     also write the figures to FILE\n";

class Table {
 public:
  void Add(Row row) {
    fmt::print("{:<66} {:>8.{}f} {:<7} {}\n", row.what, row.value, row.digits, row.unit, Goal(row));
    Keep(std::move(row));
  }
  // One line for one load: shares of the line's time, frames dropped, bytes missing.
  void AddLoad(const std::string& name, const Load& load) {
    const LoadResult r = MeasureLoad(load);
    const auto share = [](double line, std::size_t bytes) {
      return bytes != 0 ? fmt::format("{:.1f} %", 100 * line) : std::string("acks");
    };
    const double lost = r.complete ? 0 : double(std::max<std::uint64_t>(r.gaps, 1));
    fmt::print("{:<45} {:>8} {:>8} {:>9} {:>7} {:>10} cycles\n", name, share(r.line_in, load.in),
               share(r.line_out, load.quickack ? 1 : load.out), r.no_room, lost,
               r.least_issue_spacing);
    const auto line = [&](const char* end, double value, bool counts) {
      if (counts) Keep({name + end, 100 * value, "%", 99.0, true, 1});
    };
    line(": line towards the engine", r.line_in, load.in != 0);
    line(": line from the engine", r.line_out, load.quickack || load.out != 0);
    Keep({name + ": frames dropped", double(r.no_room), "", 0.0});
    Keep({name + ": segments missing or out of order", lost, "", 0.0});
    Keep({name + ": least distance of two events", double(r.least_issue_spacing), "cycles"});
    cycles_ += r.cycles;
    seconds_ += r.wall_seconds;
  }
  [[nodiscard]] double speed() const { return double(cycles_) / seconds_; }
  [[nodiscard]] unsigned missed() const { return missed_; }
  [[nodiscard]] bool WriteJson(const std::string& path) const {
    std::ofstream file(path);
    file << "[\n";
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Row& r = rows_[i];
      file << fmt::format(R"(  {{"figure": "{}", "value": {:.6g}, "unit": "{}", "goal": {}}}{})",
                          r.what, r.value, r.unit, r.goal ? fmt::format("{:g}", *r.goal) : "null",
                          i + 1 < rows_.size() ? ",\n" : "\n");
    }
    file << "]\n";
    return file.good();
  }

 private:
  static std::string Goal(const Row& row) {
    if (!row.goal) return "";
    return fmt::format("{} {:g}{}", row.at_least ? ">=" : "<=", *row.goal,
                       row.missed() ? "  missed" : "");
  }
  void Keep(Row row) {
    std::fflush(stdout);
    missed_ += row.missed();
    rows_.push_back(std::move(row));
  }
  std::vector<Row> rows_;
  unsigned missed_ = 0;
  tautline::sim::Cycle cycles_ = 0;
  double seconds_ = 0;
};

void Measure(const Model& model, Table& table) {
  fmt::print("{} model, {} flows\n\n{:<66} {:>8} {:<7} goal\n", model.variant, model.flows,
             "figure", "measured", "");
  const std::string unit = "cycles";

  const ReceiveLatency small = MeasureReceive(model, 6), large = MeasureReceive(model, 1460);
  table.Add({"64-byte frame: first word in -> event", double(small.first_word_to_event), unit});
  table.Add({"64-byte frame: last word in -> event", double(small.last_word_to_event), unit});
  table.Add({"1518-byte frame: last word in -> event", double(large.last_word_to_event), unit});
  table.Add({"64-byte frame: last word in -> first word of its ACK", double(small.last_word_to_ack),
             unit, 13.0});
  table.Add({"1518-byte frame: last word in -> first word of its ACK",
             double(large.last_word_to_ack), unit, 13.0});
  table.Add(
      {"send decision -> first word of an ACK", double(small.decision_to_ack_word), unit, 4.0});

  const SendLatency few = MeasureSend(model, 8), full = MeasureSend(model, 1460);
  table.Add(
      {"send decision -> first word of 1460 bytes", double(full.decision_to_word), unit, 4.0});
  table.Add({"send call, push window, 8 bytes -> first word", double(few.push_to_word), unit});
  table.Add({fmt::format("send call, doorbell and DMA read of {} cycles, 8 bytes -> first word",
                         few.memory_latency),
             double(few.doorbell_to_word), unit});
  table.Add({fmt::format("send call, doorbell and DMA read of {} cycles, 1460 bytes -> first word",
                         few.memory_latency),
             double(full.doorbell_to_word), unit});

  table.Add({"third duplicate ACK -> retransmission, line idle",
             double(MeasureFastRetransmit(model)), unit, 25.0});
  table.Add({"third duplicate ACK -> retransmission, line full of 1518-byte frames",
             double(MeasureFastRetransmitBusy(model, 8)), unit});
  table.Add(
      {"ping of 56 bytes: last word in -> first word out", double(MeasurePing(model, 56)), unit});
  table.Add({"SYN: last word in -> first word of the SYN-ACK", double(MeasureSyn(model)), unit});

  fmt::print("\n{:<45} {:>8} {:>8} {:>9} {:>7} {:>17}\n", "load at 10GbE line rate", "line in",
             "line out", "dropped", "missing", "events at least");
  std::vector<unsigned> counts = {1, 16};
  if (model.flows > 16) counts.push_back(model.flows);
  for (const unsigned flows : counts) {
    const std::string name = fmt::format("64-byte frames, {} flow{}", flows, flows == 1 ? "" : "s");
    table.AddLoad(name + ", each acknowledged",
                  {.model = model, .flows = flows, .in = 6, .quickack = true});
    table.AddLoad(name + ", data both ways", {.model = model, .flows = flows, .in = 6, .out = 6});
  }
  table.AddLoad("1518-byte frames in", {.model = model, .in = 1460});
  table.AddLoad("1518-byte frames in, 16 flows", {.model = model, .flows = 16, .in = 1460});
  table.AddLoad("1518-byte frames out", {.model = model, .out = 1460});
  table.AddLoad("1518-byte frames both ways", {.model = model, .in = 1460, .out = 1460});
  table.AddLoad("1518-byte frames both ways, 16 flows",
                {.model = model, .flows = 16, .in = 1460, .out = 1460});
  fmt::print("\n");
  table.Add({"simulated cycles per second of wall time, under load",
             table.speed() / 1e6,
             "million",
             {},
             false,
             2});
}

}  // namespace

int main(int argc, char** argv) try {
  Model model{.variant = "fast", .flows = 256};
  std::string json;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--help") {
      fmt::print("{}", kHelp);
      return 0;
    }
    if (i + 1 < argc && arg == "--flows") {
      model.flows = static_cast<unsigned>(std::stoul(argv[++i]));
    } else if (i + 1 < argc && arg == "--variant") {
      model.variant = argv[++i];
    } else if (i + 1 < argc && arg == "--json") {
      json = argv[++i];
    } else {
      fmt::print(stderr, "{}", kHelp);
      return 2;
    }
  }
  Table table;
  Measure(model, table);
  fmt::print("\n{} goal{} missed\n", table.missed(), table.missed() == 1 ? "" : "s");
  if (!json.empty() && !table.WriteJson(json)) {
    fmt::print(stderr, "cannot write {}\n", json);
    return 1;
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "engine_bench: {}\n", error.what());
  return 1;
}
