#pragma once
/// \file
/// Host memory behind an AXI4 port: latency, bubbles, reordering between ids and errors, all
/// seeded. It checks what AXI and this design promise of every burst.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

namespace tautline::test {

class AxiMemory {
 public:
  struct Options {
    unsigned read_latency = 4;
    unsigned write_latency = 4;
    double stall = 0;      ///< probability that a channel is not ready, or offers nothing
    bool reorder = false;  ///< answer reads of different ids in any order, interleaved
    unsigned max_burst = 512;
    unsigned max_reads = 64;  ///< in flight; more are not taken
  };
  struct Burst {
    bool write;
    unsigned id;
    std::uint64_t address;
    unsigned beats;
    std::uint64_t cycle;       ///< of the address handshake
    std::uint64_t done_cycle;  ///< of the last response
  };

  explicit AxiMemory(std::uint64_t seed) : random_(seed) {}

  Options options;
  std::vector<Burst> bursts;          ///< every burst accepted, in order
  std::set<std::uint64_t> bad_pages;  ///< pages (address / 4096) that answer with an error
  bool hold_writes = false;           ///< give no write response
  bool hold_reads = false;

  std::uint8_t load(std::uint64_t a) const {
    auto p = pages_.find(a / 4096);
    return p == pages_.end() ? 0 : p->second[a % 4096];
  }
  void store(std::uint64_t a, std::uint8_t v) {
    auto& p = pages_[a / 4096];
    if (p.empty()) p.resize(4096);
    p[a % 4096] = v;
  }
  std::uint32_t load32(std::uint64_t a) const {
    std::uint32_t v = 0;
    for (unsigned i = 0; i < 4; ++i) v |= std::uint32_t{load(a + i)} << (8 * i);
    return v;
  }
  bool idle() const { return reads_.empty() && writes_.empty() && responses_.empty(); }
  std::size_t reads_outstanding() const { return reads_.size(); }

  /// Drives the inputs of the port for the coming cycle.
  template <typename Dut>
  void drive(Dut& d) {
    d.m_axi_arready = !chance() && reads_.size() < options.max_reads;
    d.m_axi_awready = !chance();
    d.m_axi_wready = !chance();
    // Read data: one beat of a burst that is due; once offered it stays until taken (always at
    // once).
    d.m_axi_rvalid = 0;
    if (!hold_reads && !chance()) {
      offered_ = reads_.end();
      std::set<unsigned> seen;  // a later burst of the same id waits for the earlier one
      std::vector<std::deque<Read>::iterator> due;
      for (auto r = reads_.begin(); r != reads_.end(); ++r) {
        if (!seen.insert(r->id).second) continue;
        if (r->due <= cycle_) due.push_back(r);
        if (!options.reorder) break;
      }
      if (!due.empty()) {
        offered_ = due[options.reorder ? random_() % due.size() : 0];
        const std::size_t bytes = sizeof(d.m_axi_rdata);
        std::vector<std::uint8_t> word(bytes);
        const std::uint64_t a = offered_->address + offered_->beat * bytes;
        for (std::size_t i = 0; i < bytes; ++i) word[i] = load(a + i);
        std::memcpy(&d.m_axi_rdata, word.data(), bytes);
        d.m_axi_rid = offered_->id;
        d.m_axi_rlast = offered_->beat + 1 == offered_->beats;
        d.m_axi_rresp = bad_pages.contains(a / 4096) ? 2 : 0;
        d.m_axi_rvalid = 1;
      }
    }
    d.m_axi_bvalid = 0;
    if (!hold_writes && !responses_.empty() && responses_.front().due <= cycle_ && !chance()) {
      d.m_axi_bvalid = 1;
      d.m_axi_bid = 0;
      d.m_axi_bresp = responses_.front().bad ? 2 : 0;
    }
  }

  /// Sees the handshakes of the cycle that ends.
  template <typename Dut>
  void sample(Dut& d) {
    const std::size_t bytes = sizeof(d.m_axi_rdata);
    if (d.m_axi_rvalid && d.m_axi_rready) {
      if (++offered_->beat == offered_->beats) {
        bursts[offered_->index].done_cycle = cycle_;
        reads_.erase(offered_);
      }
    }
    if (d.m_axi_arvalid && d.m_axi_arready) {
      check(d.m_axi_araddr, d.m_axi_arlen, d.m_axi_arsize, d.m_axi_arburst, bytes);
      for (auto& r : reads_) EXPECT_NE(r.id, d.m_axi_arid) << "read id used twice";
      reads_.push_back({d.m_axi_arid, d.m_axi_araddr, d.m_axi_arlen + 1u, 0,
                        cycle_ + options.read_latency, bursts.size()});
      bursts.push_back({false, d.m_axi_arid, d.m_axi_araddr, d.m_axi_arlen + 1u, cycle_, 0});
    }
    if (d.m_axi_awvalid && d.m_axi_awready) {
      check(d.m_axi_awaddr, d.m_axi_awlen, d.m_axi_awsize, d.m_axi_awburst, bytes);
      writes_.push_back({d.m_axi_awaddr, d.m_axi_awlen + 1u, bursts.size()});
      bursts.push_back({true, d.m_axi_awid, d.m_axi_awaddr, d.m_axi_awlen + 1u, cycle_, 0});
    }
    if (d.m_axi_wvalid && d.m_axi_wready) {
      Beat b{std::vector<std::uint8_t>(bytes), 0, d.m_axi_wlast != 0};
      std::memcpy(b.data.data(), &d.m_axi_wdata, bytes);
      b.strobe = d.m_axi_wstrb;
      beats_.push_back(std::move(b));
    }
    // Data may come before its address; it is written when both are there.
    while (!writes_.empty() && !beats_.empty()) {
      Write& w = writes_.front();
      const Beat& b = beats_.front();
      const std::uint64_t a = w.address + w.beat * bytes;
      const bool bad = bad_pages.contains(a / 4096);
      for (std::size_t i = 0; i < bytes && !bad; ++i)
        if (b.strobe >> i & 1) store(a + i, b.data[i]);
      ++w.beat;
      EXPECT_EQ(b.last, w.beat == w.beats) << "wlast";
      if (w.beat == w.beats) {
        responses_.push_back({cycle_ + options.write_latency, bad, w.index});
        writes_.pop_front();
      }
      beats_.pop_front();
    }
    if (d.m_axi_bvalid && d.m_axi_bready) {
      bursts[responses_.front().index].done_cycle = cycle_;
      responses_.pop_front();
    }
    ++cycle_;
  }

  std::uint64_t cycle() const { return cycle_; }

 private:
  struct Read {
    unsigned id;
    std::uint64_t address;
    unsigned beats, beat;
    std::uint64_t due;
    std::size_t index;
  };
  struct Write {
    std::uint64_t address;
    unsigned beats;
    std::size_t index;
    unsigned beat = 0;
  };
  struct Beat {
    std::vector<std::uint8_t> data;
    std::uint64_t strobe;
    bool last;
  };
  struct Response {
    std::uint64_t due;
    bool bad;
    std::size_t index;
  };

  bool chance() {
    return options.stall > 0 && std::uniform_real_distribution<>(0, 1)(random_) < options.stall;
  }
  void check(std::uint64_t address, unsigned len, unsigned size, unsigned burst,
             std::size_t bytes) {
    EXPECT_EQ(1u << size, bytes);
    EXPECT_EQ(burst, 1u);
    EXPECT_EQ(address % bytes, 0u);
    EXPECT_LE((len + 1) * bytes, options.max_burst);
    EXPECT_EQ(address / 4096, (address + (len + 1) * bytes - 1) / 4096) << "crosses a page";
  }

  std::mt19937_64 random_;
  std::unordered_map<std::uint64_t, std::vector<std::uint8_t>> pages_;
  std::deque<Read> reads_;
  std::deque<Read>::iterator offered_ = reads_.end();
  std::deque<Write> writes_;
  std::deque<Beat> beats_;
  std::deque<Response> responses_;
  std::uint64_t cycle_ = 0;
};

}  // namespace tautline::test
