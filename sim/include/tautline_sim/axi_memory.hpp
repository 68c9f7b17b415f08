#pragma once
/// \file
/// The far side of the device's AXI4 master: a memory with latency, bandwidth and reordering, which
/// checks everything the device does against the AMBA AXI protocol (IHI 0022, section numbers
/// below).
///
/// It knows nothing of the Verilated model. The cycle loop tells it what it samples on the channels
/// and asks what to drive; each call is made only in cycles in which something happens there.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tautline_sim/host_memory.hpp"
#include "tautline_sim/random.hpp"
#include "tautline_sim/time.hpp"

namespace tautline::sim {

struct AxiMemoryConfig {
  std::size_t beat_bytes = 8;
  Cycle read_latency =
      80;  ///< cycles from an accepted address to its first beat (80: 512 ns, PCIe)
  Cycle write_latency = 40;          ///< cycles from the last write beat to its response
  double read_bytes_per_cycle = 0;   ///< 0: one beat a cycle
  double write_bytes_per_cycle = 0;  ///< 0: one beat a cycle
  /// 0: read bursts are answered in the order of their addresses. 1: bursts of different ids in any
  /// order. 2: also their beats interleaved (AXI A5.3: the order holds only within an id).
  unsigned reorder_reads = 0;
  /// Probability that ready, or the next response, is held back for a cycle.
  double stall = 0;
  std::size_t max_reads = 64;  ///< bursts taken and not answered
  std::size_t max_writes = 32;
  std::uint64_t seed = 1;
};

/// One address beat on AR or AW.
struct AxiAddress {
  std::uint64_t address = 0;
  std::uint8_t id = 0;
  std::uint8_t len = 0;   // beats - 1
  std::uint8_t size = 0;  // log2 of the bytes of a beat
  std::uint8_t burst = 0;
  bool operator==(const AxiAddress&) const = default;
};

struct AxiReadBeat {
  std::uint8_t id = 0;
  AxiResp resp = AxiResp::okay;
  bool last = false;
  const std::byte* data = nullptr;  // beat_bytes, valid until the next call
};

struct AxiWriteResponse {
  std::uint8_t id = 0;
  AxiResp resp = AxiResp::okay;
};

/// An access that was answered with an error.
struct DmaFault {
  Cycle cycle = 0;
  std::uint64_t address = 0;
  std::size_t bytes = 0;
  bool write = false;
  bool injected = false;
  AxiResp resp = AxiResp::decerr;
};

class AxiMemory {
 public:
  AxiMemory(AxiMemoryConfig config, MemoryTarget& target);

  // ------------------------------------------------------------------ what the cycle loop samples
  /// AR is valid in this cycle; `ready` as driven.
  void ar(Cycle cycle, const AxiAddress& beat, bool ready) {
    address_channel(cycle, beat, ready, held_ar_, "AR");
    if (ready) accept_read(cycle, beat);
  }
  /// AW likewise.
  void aw(Cycle cycle, const AxiAddress& beat, bool ready) {
    address_channel(cycle, beat, ready, held_aw_, "AW");
    if (ready) accept_write(cycle, beat);
  }
  void w(Cycle cycle, const std::byte* data, std::uint64_t strobes, bool last, bool ready);
  /// The channel is not valid in this cycle; only needed while `holds_*` is true.
  void ar_idle(Cycle cycle) { idle(cycle, held_ar_.has_value(), "AR"); }
  void aw_idle(Cycle cycle) { idle(cycle, held_aw_.has_value(), "AW"); }
  void w_idle(Cycle cycle) { idle(cycle, held_w_, "W"); }
  [[nodiscard]] bool holds_ar() const { return held_ar_.has_value(); }
  [[nodiscard]] bool holds_aw() const { return held_aw_.has_value(); }
  [[nodiscard]] bool holds_w() const { return held_w_; }

  // ------------------------------------------------------------------ what it drives next cycle
  [[nodiscard]] bool ar_ready() { return reads_.size() < config_.max_reads && !stalled(); }
  [[nodiscard]] bool aw_ready() { return writes_.size() < config_.max_writes && !stalled(); }
  [[nodiscard]] bool w_ready(Cycle cycle) { return w_free_ <= cycle && !stalled(); }
  /// Earliest cycle at which a read beat may be there; kNever when none is on its way.
  [[nodiscard]] Cycle r_due() const { return r_due_; }
  [[nodiscard]] Cycle b_due() const { return b_due_; }
  /// The next beat to drive, if it is time. The beat counts as handed over.
  bool next_r(Cycle cycle, AxiReadBeat& beat);
  bool next_b(Cycle cycle, AxiWriteResponse& response);

  /// Nothing taken that was not answered.
  [[nodiscard]] bool idle() const {
    return reads_.empty() && writes_.empty() && w_beats_now_.strobes.empty() && complete_.empty() &&
           responses_.empty();
  }
  /// Forgets what is in flight, as a reset of the link does.
  void reset();

  // ------------------------------------------------------------------ faults
  /// Every access that touches [begin, end) is answered with `resp`, from now on.
  void inject_range(std::uint64_t begin, std::uint64_t end, AxiResp resp, bool reads, bool writes);
  /// The n-th read (write) burst from now, counted from 1, is answered with `resp`.
  void inject_nth_read(std::uint64_t n, AxiResp resp) { nth_read_ = {reads_seen_ + n, resp}; }
  void inject_nth_write(std::uint64_t n, AxiResp resp) { nth_write_ = {writes_seen_ + n, resp}; }
  void clear_injections();

  /// Accesses answered with an error.
  [[nodiscard]] const std::vector<DmaFault>& faults() const { return faults_; }
  /// Protocol errors of the device, each a sentence. Empty on a correct device.
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  /// Called at each violation.
  std::function<void(const std::string&)> on_violation;

  struct Counts {
    std::uint64_t reads = 0, writes = 0, read_bytes = 0, written_bytes = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const AxiMemoryConfig& config() const { return config_; }

 private:
  struct Read {
    AxiAddress address;
    Cycle due = 0;
    std::uint16_t beat = 0;
    bool sampled = false;
    AxiResp resp = AxiResp::okay;
    std::unique_ptr<std::array<std::byte, 4096>> data;
  };
  struct WriteData {
    std::vector<std::byte> data;
    std::vector<std::uint64_t> strobes;
  };
  struct Response {
    AxiWriteResponse response;
    Cycle due = 0;
    AxiAddress address;
    WriteData data;
  };
  struct Injection {
    std::uint64_t begin, end;
    AxiResp resp;
    bool reads, writes;
  };
  struct Nth {
    std::uint64_t n = 0;
    AxiResp resp = AxiResp::okay;
  };

  bool stalled() { return config_.stall > 0 && random_.chance(config_.stall); }
  void address_channel(Cycle cycle, const AxiAddress& beat, bool ready,
                       std::optional<AxiAddress>& held, const char* name);
  void idle(Cycle cycle, bool held, const char* name);
  void check_address(Cycle cycle, const AxiAddress& beat, const char* name);
  void accept_read(Cycle cycle, const AxiAddress& beat);
  void accept_write(Cycle cycle, const AxiAddress& beat);
  void join_writes(Cycle cycle);
  void commit(Cycle cycle, Response& entry);
  void sample(Cycle cycle, Read& read);
  std::optional<AxiResp> injected(std::uint64_t address, std::size_t bytes, bool write);
  void schedule_r(Cycle cycle);
  void violation(Cycle cycle, const std::string& what);
  [[nodiscard]] std::size_t burst_bytes(const AxiAddress& a) const;

  AxiMemoryConfig config_;
  MemoryTarget& target_;
  Random random_;

  std::deque<Read> reads_;  // in the order of their addresses
  std::vector<std::unique_ptr<std::array<std::byte, 4096>>> pool_;
  std::optional<std::uint8_t> current_id_;  // burst under way when beats do not interleave
  Cycle r_due_ = kNever;
  Cycle r_free_ = 0;  // bandwidth: no beat before
  double r_debt_ = 0;
  std::array<std::byte, 64> r_beat_{};

  std::deque<AxiAddress> writes_;   // addresses without their data
  WriteData w_beats_now_;           // the burst that is arriving
  std::deque<WriteData> complete_;  // data without its address
  std::deque<Response> responses_;
  Cycle b_due_ = kNever;
  Cycle w_free_ = 0;
  double w_debt_ = 0;

  std::optional<AxiAddress> held_ar_, held_aw_;
  bool held_w_ = false;
  std::array<std::byte, 64> held_w_data_{};
  std::uint64_t held_w_strobes_ = 0;
  bool held_w_last_ = false;

  std::vector<Injection> injections_;
  Nth nth_read_, nth_write_;
  std::uint64_t reads_seen_ = 0, writes_seen_ = 0;
  std::vector<DmaFault> faults_;
  std::vector<std::string> violations_;
  Counts counts_;
};

}  // namespace tautline::sim
