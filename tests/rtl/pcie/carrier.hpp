#pragma once
/// \file
/// tl_pcie between a host (registers, push window, memory) and an engine (the host port's other
/// side), both of them queues that a test fills and reads.

#include <verilated.h>

#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <optional>

#include "Vtl_pcie_tb.h"
#include "axi_memory.hpp"
#include "regs.hpp"

namespace tautline::test {

inline std::uint64_t seed() {
  static const std::uint64_t s = [] {
    const char* e = std::getenv("TAUTLINE_SEED");
    const std::uint64_t v = e ? std::strtoull(e, nullptr, 0) : std::random_device{}();
    std::cout << "TAUTLINE_SEED=" << v << std::endl;
    return v;
  }();
  return s;
}

/// Byte p of a flow's stream: any two lives, flows and directions differ.
inline std::uint8_t stream_byte(unsigned flow, unsigned gen, std::uint32_t p, bool rx = false) {
  std::uint64_t x = (std::uint64_t{p} << 24) ^ (flow << 9) ^ (gen << 1) ^ rx;
  x *= 0x9E3779B97F4A7C15ull;
  return static_cast<std::uint8_t>(x >> 56);
}

class Carrier {
 public:
  static constexpr std::uint64_t tx_base = 0x1'2340'0000, rx_base = 0x7'0000'0000,
                                 status_base = 0x3'0001'0000;
  static constexpr unsigned flows = 16, ring_log2 = 12, status_log2 = 3, store = 1u << 14;
  static constexpr unsigned bytes = sizeof(Vtl_pcie_tb::m_axi_rdata);

  struct Range {
    unsigned flow, gen;
    std::uint32_t pos, len, delivered;
  };
  struct Place {
    unsigned flow, gen;
    std::uint32_t pos;
    std::uint64_t cycle;
    bool operator==(const Place& o) const { return flow == o.flow && gen == o.gen && pos == o.pos; }
  };
  struct Event {
    bool completion = false;
    unsigned flow = 0, gen = 0, tag = 0, state = 0, cookie = 0;
    std::uint32_t delivered = 0;
  };
  struct Append {
    unsigned flow, gen;
    std::uint32_t pos, len;
    std::uint64_t cycle;
    std::vector<std::uint8_t> data;
  };
  struct Command {
    unsigned op, cookie, flow, gen, raddr, laddr, rport, lport, arg0, arg1;
  };
  struct PushBeat {
    std::vector<std::uint8_t> data;
    std::uint64_t strobe;
  };

  explicit Carrier(std::uint64_t salt = 0) : memory(seed() + salt), random(seed() * 31 + salt) {
    context.randReset(2);
    dut = std::make_unique<Vtl_pcie_tb>(&context);
    dut->rst = 1;
    dut->s_axil_arvalid = dut->s_push_arvalid = dut->rx_valid = dut->rx_data_valid = 0;
    dut->now_us = 0;
    dut->engine_ready = 1;
    dut->engine_quiet = 1;
    dut->s_axil_bready = dut->s_axil_rready = dut->s_push_bready = dut->s_push_rready = 1;
    run(4);
    dut->rst = 0;
    run(30);
  }
  ~Carrier() { dut->final(); }

  // ---------------------------------------------------------------- the host's side
  void write(std::uint32_t address, std::uint32_t value, unsigned strobe = 15) {
    axil_writes.push_back({address, value, strobe});
  }
  /// Written and answered.
  void poke(std::uint32_t address, std::uint32_t value, unsigned strobe = 15) {
    write(address, value, strobe);
    until([&] { return axil_writes.empty() && axil_answers == axil_issued; });
  }
  std::uint32_t peek(std::uint32_t address) {
    dut->s_axil_araddr = address;
    dut->s_axil_arvalid = 1;
    axil_read.reset();
    until([&] { return axil_read.has_value(); });
    return *axil_read;
  }
  static std::uint32_t tail_bell(unsigned flow) { return 0x10000 + 8 * flow; }
  static std::uint32_t taken_bell(unsigned flow) { return 0x10004 + 8 * flow; }
  static std::uint32_t bell(unsigned gen, std::uint32_t pos) {
    return gen << 24 | (pos & 0xFFFFFF);
  }

  static std::uint64_t tx_address(unsigned flow, std::uint32_t pos) {
    return tx_base + (std::uint64_t{flow} << ring_log2) + (pos & ((1u << ring_log2) - 1));
  }
  static std::uint64_t rx_address(unsigned flow, std::uint32_t pos) {
    return rx_base + (std::uint64_t{flow} << ring_log2) + (pos & ((1u << ring_log2) - 1));
  }
  /// The host's bytes [from, to), without a doorbell.
  void fill(unsigned flow, unsigned gen, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t p = from; p != to; ++p)
      memory.store(tx_address(flow, p), stream_byte(flow, gen, p));
  }
  void send(unsigned flow, unsigned gen, std::uint32_t from, std::uint32_t to) {
    fill(flow, gen, from, to);
    write(tail_bell(flow), bell(gen, to));
  }
  /// One pushed line as the driver writes it. `strobe_hole` clears one byte's enable.
  void push(unsigned flow, unsigned gen, std::uint32_t pos, unsigned len, int strobe_hole = -1) {
    std::vector<std::uint8_t> line(64);
    const std::uint32_t head[2] = {gen << 24 | len << 16, pos};
    std::memcpy(line.data(), head, 8);
    for (unsigned i = 0; i < len && 16 + pos % 8 + i < 64; ++i)
      line[16 + pos % 8 + i] = stream_byte(flow, gen, pos + i);
    push_bytes(64 * flow, line, strobe_hole);
  }
  void push_bytes(std::uint32_t offset, const std::vector<std::uint8_t>& line,
                  int strobe_hole = -1) {
    push_addresses.push_back({offset, static_cast<unsigned>(line.size() / bytes)});
    for (std::size_t i = 0; i < line.size(); i += bytes) {
      PushBeat b{{line.begin() + i, line.begin() + i + bytes},
                 bytes == 64 ? ~0ull : (1ull << bytes) - 1};
      if (strobe_hole >= 0 && static_cast<std::size_t>(strobe_hole) / bytes * bytes == i)
        b.strobe &= ~(1ull << (strobe_hole % bytes));
      push_beats.push_back(std::move(b));
    }
  }

  // ---------------------------------------------------------------- attach
  void program() {
    poke(regs::tx_base_lo::offset, static_cast<std::uint32_t>(tx_base));
    poke(regs::tx_base_hi::offset, tx_base >> 32);
    poke(regs::tx_ring_log2::offset, ring_log2);
    poke(regs::rx_base_lo::offset, static_cast<std::uint32_t>(rx_base));
    poke(regs::rx_base_hi::offset, rx_base >> 32);
    poke(regs::rx_ring_log2::offset, ring_log2);
    poke(regs::status_base_lo::offset, static_cast<std::uint32_t>(status_base));
    poke(regs::status_base_hi::offset, status_base >> 32);
    poke(regs::status_log2::offset, status_log2);
  }
  void walk() {
    for (unsigned f = 0; f < flows; ++f) life(f, 0);
    until([&] { return lives.empty(); });
    run(10);
  }
  void attach() {
    program();
    walk();
    poke(regs::control::offset, 1);
    run(4);
  }

  // ---------------------------------------------------------------- the engine's side
  /// A life begins: the store is empty and tells of its space.
  void life(unsigned flow, unsigned gen) { lives.push_back({flow, gen, 0, 0}); }
  void space(unsigned flow, unsigned gen, std::uint32_t limit) {
    spaces.push_back({flow, gen, limit, 0});
  }
  void receive(unsigned flow, unsigned gen, std::uint32_t pos, std::uint32_t len) {
    ranges.push_back({flow, gen, pos, len, pos + len});
  }

  std::uint32_t counter(regs::Counter c) const { return counters[static_cast<unsigned>(c)]; }
  std::vector<std::uint8_t> appended(unsigned flow) const {
    std::vector<std::uint8_t> all;
    for (auto& a : appends)
      if (a.flow == flow) all.insert(all.end(), a.data.begin(), a.data.end());
    return all;
  }
  std::uint32_t entry_word(unsigned index, unsigned word) const {
    return memory.load32(status_base + 64 * (index % (1u << status_log2)) + 4 * word);
  }

  // ---------------------------------------------------------------- time
  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles; ++i) tick();
  }
  void until(const std::function<bool()>& done, unsigned limit = 20000) {
    for (unsigned i = 0; !done(); ++i) {
      if (i == limit) {
        ADD_FAILURE() << "nothing came in " << limit << " cycles: busy " << int{dut->busy}
                      << ", ranges " << ranges.size() << ", words " << rx_words << ", bells "
                      << axil_writes.size() << ", push beats " << push_beats.size() << ", lives "
                      << lives.size() << ", spaces " << spaces.size() << ", reads "
                      << memory.reads_outstanding() << ", memory idle " << memory.idle();
        return;
      }
      tick();
    }
  }
  void settle() {
    unsigned calm = 0;
    until(
        [&] {
          calm = dut->busy || !ranges.empty() || !axil_writes.empty() || !push_beats.empty() ||
                         !lives.empty() || !spaces.empty() || !memory.idle()
                     ? 0
                     : calm + 1;
          return calm > 8;
        },
        200000);
  }

  void tick() {
    Vtl_pcie_tb& d = *dut;
    drive();
    memory.drive(d);
    d.clk = 0;
    d.eval();
    if (!d.rst) {  // outputs are undefined before the first edge in reset
      sample();
      memory.sample(d);
      ++cycle;
    }
    d.clk = 1;
    d.eval();
  }

  VerilatedContext context;
  std::unique_ptr<Vtl_pcie_tb> dut;
  AxiMemory memory;
  std::mt19937_64 random;
  std::uint64_t cycle = 0;

  double stall = 0;  ///< of the engine's sinks and sources
  bool hold_appends = false;
  bool hold_commands = false;
  bool stop_payload_words = false;
  std::deque<Place> lives, spaces;
  std::deque<Range> ranges;
  std::deque<Event> events;
  std::vector<Append> appends;
  std::vector<Place> landed, taken;
  std::vector<Command> commands;
  std::vector<std::uint64_t> event_taken, bell_written, push_written;  ///< cycles
  std::uint64_t interrupts = 0;
  bool acknowledge = true;
  std::uint64_t reset_cycles = 0;
  std::array<std::uint32_t, 64> counters{};
  std::vector<std::uint64_t> aw_cycle, ar_cycle;  ///< first cycle of a valid address

 private:
  bool chance() { return stall > 0 && std::uniform_real_distribution<>(0, 1)(random) < stall; }

  void drive() {
    Vtl_pcie_tb& d = *dut;
    if (ar_done) {
      d.s_axil_arvalid = 0;
      ar_done = false;
    }
    if (!axil_writes.empty()) {
      d.s_axil_awvalid = d.s_axil_wvalid = 1;
      d.s_axil_awaddr = axil_writes.front().address;
      d.s_axil_wdata = axil_writes.front().value;
      d.s_axil_wstrb = axil_writes.front().strobe;
    } else {
      d.s_axil_awvalid = d.s_axil_wvalid = 0;
    }
    d.s_push_awvalid = !push_addresses.empty();
    if (d.s_push_awvalid) {
      d.s_push_awaddr = push_addresses.front().first;
      d.s_push_awlen = push_addresses.front().second - 1;
      d.s_push_awsize = std::countr_zero(bytes);
      d.s_push_awburst = 1;
    }
    d.s_push_wvalid = !push_beats.empty() && (push_left > 0 || !push_addresses.empty());
    if (d.s_push_wvalid) {
      std::memcpy(&d.s_push_wdata, push_beats.front().data.data(), bytes);
      d.s_push_wstrb = push_beats.front().strobe;
      d.s_push_wlast = push_left == 1;
    }
    // A life begins at most every 4 cycles.
    d.life_valid = !lives.empty() && cycle >= next_life;
    if (d.life_valid) {
      d.life_flow = lives.front().flow;
      d.life_gen = lives.front().gen;
      spaces.push_back({lives.front().flow, lives.front().gen, store, cycle + 4});
      lives.pop_front();
      next_life = cycle + 4;
    }
    d.space_valid = !spaces.empty() && cycle >= spaces.front().cycle;
    if (d.space_valid) {
      d.space_flow = spaces.front().flow;
      d.space_gen = spaces.front().gen;
      d.space_pos = spaces.front().pos;
      spaces.pop_front();
    }
    if (!rx_held) d.rx_valid = rx_words == 0 && !ranges.empty() && !chance();
    if (d.rx_valid) {
      const Range& r = ranges.front();
      d.rx_flow = r.flow;
      d.rx_gen = r.gen;
      d.rx_pos = r.pos;
      d.rx_len = r.len;
      d.rx_delivered = r.delivered;
    }
    if (!rx_data_held) d.rx_data_valid = rx_words > 0 && !stop_payload_words && !chance();
    if (d.rx_data_valid) {
      std::vector<std::uint8_t> word(bytes);
      const std::uint32_t base = (rx_range.pos / bytes + rx_word) * bytes;
      for (unsigned i = 0; i < bytes; ++i)
        word[i] = base + i - rx_range.pos < rx_range.len
                      ? stream_byte(rx_range.flow, rx_range.gen, base + i, true)
                      : 0xEE;
      std::memcpy(&d.rx_data, word.data(), bytes);
      d.rx_data_last = rx_words == 1;
    }
    d.evt_valid = !events.empty();
    if (d.evt_valid) {
      const Event& e = events.front();
      d.evt_is_cpl = e.completion;
      d.evt_flow = e.flow;
      d.evt_delivered = e.delivered;
      d.st_gen = d.cpl_gen = e.gen;
      d.st_tag = e.tag;
      d.st_state = e.state;
      d.cpl_cookie = e.cookie;
    }
    d.app_ready = !hold_appends && !chance();
    d.app_data_ready = !chance();
    d.taken_ready = !chance();
    d.cmd_ready = !hold_commands;
    d.irq_ack = d.irq_req && acknowledge;
  }

  void sample() {
    Vtl_pcie_tb& d = *dut;
    if (d.s_axil_awvalid && d.s_axil_awready) {
      EXPECT_TRUE(d.s_axil_wready);
      if (axil_writes.front().address >= 0x10000) bell_written.push_back(cycle);
      axil_writes.pop_front();
      ++axil_issued;
    }
    if (d.s_axil_bvalid) ++axil_answers;
    if (d.s_axil_arvalid && d.s_axil_arready) ar_done = true;
    if (d.s_axil_rvalid) axil_read = d.s_axil_rdata;
    if (d.s_push_awvalid && d.s_push_awready) {
      push_left = push_addresses.front().second;
      push_addresses.pop_front();
    } else if (d.s_push_wvalid && d.s_push_wready) {
      push_beats.pop_front();
      if (--push_left == 0) push_written.push_back(cycle);
    }
    if (d.rx_data_valid && d.rx_data_ready) {
      --rx_words;
      ++rx_word;
    }
    rx_data_held = d.rx_data_valid && !d.rx_data_ready;
    if (d.rx_valid && d.rx_ready) {
      rx_range = ranges.front();
      ranges.pop_front();
      rx_word = 0;
      rx_words = (rx_range.pos % bytes + rx_range.len + bytes - 1) / bytes;
    }
    rx_held = d.rx_valid && !d.rx_ready;
    if (d.evt_valid && d.evt_ready) {
      event_taken.push_back(cycle);
      events.pop_front();
    }
    if (d.landed_valid) landed.push_back({d.landed_flow, d.landed_gen, d.landed_pos, cycle});
    if (d.taken_valid && d.taken_ready)
      taken.push_back({d.taken_flow, d.taken_gen, d.taken_pos, cycle});
    if (d.app_valid && !app_seen) {
      app_seen = true;
      app_cycle = cycle;
    }
    if (d.app_data_valid && d.app_data_ready) {
      Append& a = appends.back();
      std::vector<std::uint8_t> word(bytes);
      std::memcpy(word.data(), &d.app_data, bytes);
      while (a.data.size() < a.len) {
        const unsigned lane = (a.pos + a.data.size()) % bytes;
        a.data.push_back(word[lane]);
        if (lane == bytes - 1) break;
      }
      ++app_words;
    }
    if (d.app_valid && d.app_ready) {
      if (!appends.empty()) {
        EXPECT_EQ(appends.back().data.size(), appends.back().len);
      }
      appends.push_back({d.app_flow, d.app_gen, d.app_pos, d.app_len, app_cycle, {}});
      app_seen = false;
    }
    if (d.cmd_valid && d.cmd_ready)
      commands.push_back({d.cmd_op, d.cmd_cookie, d.cmd_flow, d.cmd_gen, d.cmd_raddr, d.cmd_laddr,
                          d.cmd_rport, d.cmd_lport, d.cmd_arg0, d.cmd_arg1});
    if (d.m_axi_arvalid && !ar_seen) ar_cycle.push_back(cycle);
    ar_seen = d.m_axi_arvalid && !d.m_axi_arready;
    if (d.m_axi_awvalid && !aw_seen) aw_cycle.push_back(cycle);
    aw_seen = d.m_axi_awvalid && !d.m_axi_awready;
    if (d.irq_req && !irq_seen) ++interrupts;
    irq_seen = d.irq_req;
    reset_cycles += d.engine_rst;
    if (d.engine_rst) {  // the engine's side forgets everything
      ranges.clear();
      events.clear();
      lives.clear();
      spaces.clear();
      rx_words = 0;
      rx_held = rx_data_held = app_seen = false;
    }
    for (unsigned i = 0; i < 64; ++i) counters[i] += d.cnt >> i & 1;
  }

  struct AxilWrite {
    std::uint32_t address, value;
    unsigned strobe;
  };
  std::deque<AxilWrite> axil_writes;
  std::uint64_t axil_issued = 0, axil_answers = 0;
  std::optional<std::uint32_t> axil_read;
  bool ar_done = false;
  std::deque<std::pair<std::uint32_t, unsigned>> push_addresses;
  std::deque<PushBeat> push_beats;
  unsigned push_left = 0;
  std::uint64_t next_life = 0;
  Range rx_range{};
  unsigned rx_words = 0, rx_word = 0;
  bool rx_held = false, rx_data_held = false, app_seen = false;
  bool ar_seen = false, aw_seen = false, irq_seen = false;
  std::uint64_t app_cycle = 0;

 public:
  std::uint64_t app_words = 0;
};

}  // namespace tautline::test
