#pragma once
// The cycle loop, a template over the Verilated class: every pin is a plain member of the root
// module (the class itself has references to them), nothing is called through a pointer, and a
// channel on which nothing happens costs one test.
//
// A cycle: the inputs were driven and the model settled with clk low. Sample the handshakes, raise
// clk (registers take the new state), choose the inputs of the next cycle, lower clk (combinational
// paths from inputs settle).

#include <verilated.h>
#if VM_TRACE_FST
#include <verilated_fst_c.h>
#endif

#include <bit>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>

#include "tautline_sim/model.hpp"

namespace tautline::sim {

struct VariantTraits {
  const char* name;
  unsigned flows;
  bool random_reset;  // registers without reset start with seeded noise
  bool stamp_time;    // messages of the model carry the cycle
};

template <class V, VariantTraits kTraits>
class VerilatedBoard final : public BoardModel {
 public:
  using Pins = std::remove_reference_t<decltype(*V::rootp)>;
  static constexpr std::size_t kBytes = sizeof(Pins::s_wire_tdata);
  // Either carrier: AXI and an interrupt, or two byte streams.
  static constexpr bool kStream = requires(Pins& v) { v.s_byte_valid; };

  explicit VerilatedBoard(std::uint64_t seed) {
    context_.randReset(kTraits.random_reset ? 2 : 0);
    context_.randSeed(static_cast<int>(seed & 0x3fffffff) + 1);
#if VM_TRACE_FST
    context_.traceEverOn(true);
#endif
    v_ = std::make_unique<V>(&context_, "board");
  }

  ~VerilatedBoard() override {
#if VM_TRACE_FST
    if (fst_) fst_->close();
#endif
    // Verilator 5.006 takes a model's scopes out of the thread's context, whichever model used the
    // thread last; that one may be gone already.
    Verilated::threadContextp(&context_);
    v_->final();
    v_.reset();
    Verilated::threadContextp(Verilated::defaultContextp());
  }

  Result<void> trace([[maybe_unused]] const std::string& path, [[maybe_unused]] Cycle from,
                     [[maybe_unused]] Cycle to) override {
#if VM_TRACE_FST
    fst_ = std::make_unique<VerilatedFstC>();
    v_->trace(fst_.get(), 99);
    context_.timeunit(-12);
    context_.timeprecision(-12);
    fst_->open(path.c_str());
    if (!fst_->isOpen()) return fail(Errc::bad_file, "cannot write waveform " + path);
    trace_from_ = from;
    trace_to_ = to;
    return {};
#else
    return fail(Errc::no_trace, std::string("the '") + kTraits.name +
                                    "' model cannot write a waveform; use variant=trace");
#endif
  }

  void reset(Bus& bus) override {
    Pins& v = *v_->rootp;
    v.clk = 0;
    v.rst = 1;
    v.now_us = bus.now_us;
    v.s_wire_tvalid = 0;
    v.s_wire_tlast = 0;
    v.s_wire_tuser = 0;
    v.s_wire_tkeep = 0;
    std::memset(&v.s_wire_tdata, 0, kBytes);
    v.m_wire_tready = 0;
    rest_host(v);
    v_->eval();
    for (unsigned i = 0; i < 16; ++i) {
      step_clock(v, bus.cycle + i);
      v.clk = 0;
      v_->eval();
    }
    v.rst = 0;
    v.m_wire_tready = 1;
    if constexpr (!kStream) v.m_axi_arready = v.m_axi_awready = v.m_axi_wready = 1;
    v_->eval();
    bus.cycle += 16;
    bus.executed += 16;
    if (bus.now_derived) bus.derive_now();
    bus.touch();
  }

  void run(Bus& bus, Cycle end) override {
    Pins& v = *v_->rootp;
    Cycle cycle = bus.cycle;
    const Cycle begin = cycle;
    if (bus.now_changed) {
      bus.now_changed = false;
      v.now_us = bus.now_us;
      v_->eval();
    }
    bool stop = false;
    do {
      // ------------------------------------------------------------ sample this cycle's handshakes
      if (v.m_wire_tvalid) sample_tx(v, bus, cycle, stop);
      const bool rx_taken = v.s_wire_tvalid && v.s_wire_tready;
      const HostTaken host = sample_host(v, bus, cycle, stop);
      if (v.probe_event | v.probe_send | v.probe_issue) {
        if (v.probe_event) bus.probe_event.hit(cycle);
        if (v.probe_send) bus.probe_send.hit(cycle);
        if (v.probe_issue) bus.probe_issue.hit(cycle);
      }

      step_clock(v, cycle);
      ++cycle;

      // ------------------------------------------------------------ drive the next cycle
      if (rx_taken) accept_rx(bus, cycle);
      if (!bus.rx.offered && bus.rx.due <= cycle) {
        drive_rx(v, bus, cycle);
      } else if (rx_taken) {
        v.s_wire_tvalid = 0;
        v.s_wire_tlast = 0;
        v.s_wire_tuser = 0;
      }
      v.m_wire_tready = bus.tx.ready_at <= cycle;
      drive_host(v, bus, host, cycle, stop);
      if (cycle >= bus.next_us) {
        ++bus.now_us;
        bus.next_us = bus.cycle_of_us(bus.now_us + 1);
        v.now_us = bus.now_us;
      }
      v.clk = 0;
      v_->eval();
#if VM_TRACE_FST
      dump(cycle, 0);
#endif
      if (v.quiescent && bus.stop_when_idle && cycle >= bus.busy_until) {
        bus.cycle = cycle;
        if (bus.quiet() && !acknowledging(v)) stop = true;
      }
    } while (cycle < end && !stop);
    bus.cycle = cycle;
    bus.executed += cycle - begin;
    bus.quiescent = v.quiescent && cycle >= bus.busy_until && bus.quiet() && !acknowledging(v);
    if constexpr (kStream) bus.link_up = v.link_up;
    bus.ready = v.ready;
    bus.deadline_valid = v.next_deadline_valid;
    bus.deadline = v.next_deadline;
  }

 private:
  struct Taken {
    bool aw = false, w = false, ar = false, push_aw = false, push_w = false;
  };

  // What the host's side took in this cycle.
  struct HostTaken {
    Taken mmio;
    bool r = false, b = false, interrupt = false;
  };

  void rest_host(Pins& v)
    requires(kStream)
  {
    v.s_byte_valid = 0;
    v.s_byte_data = 0;
    v.m_byte_ready = 0;
  }
  void rest_host(Pins& v)
    requires(!kStream)
  {
    v.s_axil_awvalid = 0;
    v.s_axil_awaddr = 0;
    v.s_axil_awprot = 0;
    v.s_axil_wvalid = 0;
    v.s_axil_wdata = 0;
    v.s_axil_wstrb = 0xf;
    v.s_axil_bready = 1;
    v.s_axil_arvalid = 0;
    v.s_axil_araddr = 0;
    v.s_axil_arprot = 0;
    v.s_axil_rready = 1;
    v.s_push_awid = 0;
    v.s_push_awaddr = 0;
    v.s_push_awlen = 64 / kBytes - 1;
    v.s_push_awsize = std::countr_zero(kBytes);
    v.s_push_awburst = 1;
    v.s_push_awvalid = 0;
    std::memset(&v.s_push_wdata, 0, kBytes);
    v.s_push_wstrb = keep_mask(kBytes);
    v.s_push_wlast = 0;
    v.s_push_wvalid = 0;
    v.s_push_bready = 1;
    v.s_push_arvalid = 0;
    v.s_push_rready = 1;
    v.m_axi_arready = 0;
    v.m_axi_rvalid = 0;
    v.m_axi_awready = 0;
    v.m_axi_wready = 0;
    v.m_axi_bvalid = 0;
    v.irq_ack = 0;
  }
  static bool acknowledging(const Pins& v) {
    if constexpr (kStream) {
      return false;
    } else {
      return v.irq_ack;
    }
  }

  HostTaken sample_host(Pins& v, Bus& bus, Cycle cycle, bool&)
    requires(kStream)
  {
    ByteLine& line = bus.stream;
    if (v.s_byte_valid && v.s_byte_ready) {
      line.to_board.pop_front();
      line.offered = false;
      ++line.bytes_in;
      line.in_next = std::max(line.in_next, cycle << LineRate::kShift) + line.per_byte;
      bus.busy_until = cycle + 16;
    }
    if (v.m_byte_valid && v.m_byte_ready) {
      line.to_host.push_back(v.m_byte_data);
      ++line.bytes_out;
      line.out_next = std::max(line.out_next, cycle << LineRate::kShift) + line.per_byte;
    }
    return {};
  }
  void drive_host(Pins& v, Bus& bus, const HostTaken&, Cycle cycle, bool&)
    requires(kStream)
  {
    ByteLine& line = bus.stream;
    if (!line.offered && line.in_due(cycle) <= cycle) {
      v.s_byte_data = line.to_board.front();
      line.offered = true;
    }
    v.s_byte_valid = line.offered;
    v.m_byte_ready = line.takes(cycle);
  }

  HostTaken sample_host(Pins& v, Bus& bus, Cycle cycle, bool& stop)
    requires(!kStream)
  {
    HostTaken taken;
    if (v.m_axi_arvalid) {
      bus.memory.ar(
          cycle,
          {v.m_axi_araddr, static_cast<std::uint8_t>(v.m_axi_arid),
           static_cast<std::uint8_t>(v.m_axi_arlen), static_cast<std::uint8_t>(v.m_axi_arsize),
           static_cast<std::uint8_t>(v.m_axi_arburst)},
          v.m_axi_arready);
    } else if (bus.memory.holds_ar()) {
      bus.memory.ar_idle(cycle);
    }
    if (v.m_axi_awvalid) {
      bus.memory.aw(
          cycle,
          {v.m_axi_awaddr, static_cast<std::uint8_t>(v.m_axi_awid),
           static_cast<std::uint8_t>(v.m_axi_awlen), static_cast<std::uint8_t>(v.m_axi_awsize),
           static_cast<std::uint8_t>(v.m_axi_awburst)},
          v.m_axi_awready);
    } else if (bus.memory.holds_aw()) {
      bus.memory.aw_idle(cycle);
    }
    if (v.m_axi_wvalid) {
      std::byte data[kBytes];
      std::memcpy(data, &v.m_axi_wdata, kBytes);
      bus.memory.w(cycle, data, v.m_axi_wstrb, v.m_axi_wlast, v.m_axi_wready);
    } else if (bus.memory.holds_w()) {
      bus.memory.w_idle(cycle);
    }
    taken.r = v.m_axi_rvalid && v.m_axi_rready;
    taken.b = v.m_axi_bvalid && v.m_axi_bready;
    if (bus.mmio.active) taken.mmio = sample_mmio(v, bus.mmio, stop, bus.stop_on_read);
    taken.interrupt = v.irq_req && !v.irq_ack && !irq_acked_;
    return taken;
  }
  void drive_host(Pins& v, Bus& bus, const HostTaken& taken, Cycle cycle, bool& stop)
    requires(!kStream)
  {
    if (taken.r || !v.m_axi_rvalid) {
      AxiReadBeat beat;
      if (bus.memory.r_due() <= cycle && bus.memory.next_r(cycle, beat)) {
        v.m_axi_rvalid = 1;
        v.m_axi_rid = beat.id;
        std::memcpy(&v.m_axi_rdata, beat.data, kBytes);
        v.m_axi_rresp = static_cast<std::uint8_t>(beat.resp);
        v.m_axi_rlast = beat.last;
      } else {
        v.m_axi_rvalid = 0;
      }
    }
    if (taken.b || !v.m_axi_bvalid) {
      AxiWriteResponse response;
      if (bus.memory.b_due() <= cycle && bus.memory.next_b(cycle, response)) {
        v.m_axi_bvalid = 1;
        v.m_axi_bid = response.id;
        v.m_axi_bresp = static_cast<std::uint8_t>(response.resp);
      } else {
        v.m_axi_bvalid = 0;
      }
    }
    v.m_axi_arready = bus.memory.ar_ready();
    v.m_axi_awready = bus.memory.aw_ready();
    v.m_axi_wready = bus.memory.w_ready(cycle);
    if (bus.mmio.active) {
      drive_mmio(v, bus.mmio, taken.mmio);
      bus.busy_until = cycle + 16;
    }
    // One acknowledge for one request: the request falls in the cycle after the acknowledge.
    irq_acked_ = v.irq_ack;
    v.irq_ack = taken.interrupt;
    if (taken.interrupt) {
      bus.interrupt_cycles.push_back(cycle);
      if (bus.stop_on_interrupt) stop = true;
    }
  }

  static constexpr std::uint64_t keep_mask(std::size_t bytes) {
    return bytes >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1;
  }

  void step_clock(Pins& v, [[maybe_unused]] Cycle cycle) {
    if constexpr (kTraits.stamp_time) context_.time(cycle);
    v.clk = 1;
    v_->eval();
#if VM_TRACE_FST
    dump(cycle, 1);
#endif
  }

#if VM_TRACE_FST
  // 6.4 ns a cycle in picoseconds; the clock is high in the first half.
  void dump(Cycle cycle, int high) {
    if (!fst_ || cycle < trace_from_) return;
    if (cycle >= trace_to_) {
      fst_->close();
      fst_.reset();
      return;
    }
    fst_->dump(cycle * 6400 + (high ? 3200 : 0));
  }
#endif

  static void sample_tx(Pins& v, Bus& bus, Cycle cycle, bool& stop) {
    TxLine& tx = bus.tx;
    if (!v.m_wire_tready) return;
    if (!tx.inside) {
      tx.inside = true;
      tx.frame.bytes.clear();
      tx.frame.first_cycle = cycle;
      tx.start = std::max(cycle << LineRate::kShift, tx.line_free);
    }
    const std::uint64_t keep = v.m_wire_tkeep;
    const std::size_t n = static_cast<std::size_t>(std::popcount(keep));
    const std::size_t old = tx.frame.bytes.size();
    tx.frame.bytes.resize(old + n);
    std::memcpy(tx.frame.bytes.data() + old, &v.m_wire_tdata, n);
    if (keep != keep_mask(n) || n == 0 || (n != kBytes && !v.m_wire_tlast)) {
      ++bus.stream_violations;
      if (bus.on_violation) {
        bus.on_violation("cycle " + std::to_string(cycle) + ": m_wire_tkeep " +
                         std::to_string(keep) +
                         (v.m_wire_tlast ? " with tlast" : " without tlast"));
      }
    }
    if (v.m_wire_tlast) {
      tx.inside = false;
      tx.line_free = tx.start + tx.rate.frame(tx.frame.bytes.size());
      tx.ready_at = std::max(tx.line_free >> LineRate::kShift, cycle + 1);
      tx.frame.last_cycle = cycle;
      tx.frame.bad = v.m_wire_tuser;
      bus.sent.push_back(std::move(tx.frame));
      tx.frame = {};
      if (bus.stop_on_frame) stop = true;
    } else {
      const std::uint64_t next = tx.start + tx.frame.bytes.size() * tx.rate.per_byte;
      tx.ready_at = std::max(next >> LineRate::kShift, cycle + 1);
    }
  }

  static void accept_rx(Bus& bus, Cycle cycle) {
    RxLine& rx = bus.rx;
    Frame& frame = rx.queue.front();
    rx.offered = false;
    if (rx.at < frame.bytes.size()) {
      const std::uint64_t next = rx.start + rx.at * rx.rate.per_byte;
      rx.due = std::max(next >> LineRate::kShift, cycle);
      return;
    }
    rx.line_free = rx.start + rx.rate.frame(frame.bytes.size());
    frame.last_cycle = cycle - 1;
    if (bus.log_arrivals) bus.arrived.push_back(std::move(frame));
    rx.queue.pop_front();
    rx.next_frame(cycle);
    bus.busy_until = cycle + 16;
  }

  static void drive_rx(Pins& v, Bus& bus, Cycle cycle) {
    RxLine& rx = bus.rx;
    Frame& frame = rx.queue.front();
    if (rx.at == 0) {
      frame.first_cycle = cycle;
      rx.start = std::max(rx.start, cycle << LineRate::kShift);  // it begins now and not earlier
    }
    const std::size_t n = std::min(kBytes, frame.bytes.size() - rx.at);
    std::byte data[kBytes] = {};
    std::memcpy(data, frame.bytes.data() + rx.at, n);
    std::memcpy(&v.s_wire_tdata, data, kBytes);
    rx.at += n;
    const bool last = rx.at == frame.bytes.size();
    v.s_wire_tkeep = static_cast<std::remove_reference_t<decltype(v.s_wire_tkeep)>>(keep_mask(n));
    v.s_wire_tlast = last;
    v.s_wire_tuser = last && frame.bad;
    v.s_wire_tvalid = 1;
    rx.offered = true;
  }

  static Taken sample_mmio(Pins& v, MmioPort& m, bool& stop, bool stop_on_read) {
    Taken t;
    t.aw = m.aw && v.s_axil_awready;
    t.w = m.w && v.s_axil_wready;
    t.ar = m.ar && v.s_axil_arready;
    t.push_aw = m.push_aw && v.s_push_awready;
    t.push_w = m.push_w && v.s_push_wready;
    if (v.s_axil_bvalid && m.lite_writes > 0) {
      --m.lite_writes;
      m.bus_errors += v.s_axil_bresp != 0;
    }
    if (v.s_push_bvalid && m.push_writes > 0) {
      --m.push_writes;
      m.bus_errors += v.s_push_bresp != 0;
    }
    if (v.s_axil_rvalid && m.read_in_flight) {
      m.read_in_flight = false;
      m.bus_errors += v.s_axil_rresp != 0;
      // A PCIe read that the device refuses completes with all ones.
      m.read_results.push_back(v.s_axil_rresp == 0 ? v.s_axil_rdata : ~std::uint32_t{0});
      if (stop_on_read) stop = true;
    }
    return t;
  }

  static void drive_mmio(Pins& v, MmioPort& m, const Taken& t) {
    if (t.aw) {
      m.aw = false;
      v.s_axil_awvalid = 0;
    }
    if (t.w) {
      m.w = false;
      v.s_axil_wvalid = 0;
    }
    if (t.ar) {
      m.ar = false;
      v.s_axil_arvalid = 0;
    }
    if (t.push_aw) {
      m.push_aw = false;
      v.s_push_awvalid = 0;
    }
    if (t.push_w) {
      m.push_at += kBytes;
      if (m.push_at == 64) {
        m.push_w = false;
        v.s_push_wvalid = 0;
        v.s_push_wlast = 0;
      } else {
        drive_push_beat(v, m);
      }
    }
    if (m.queue.empty()) {
      m.active = m.lite_writes > 0 || m.push_writes > 0 || m.read_in_flight;
      return;
    }
    const MmioOp& op = m.queue.front();
    switch (op.kind) {
      case MmioOp::Kind::write:
        if (m.aw || m.w || m.push_writes > 0 || m.read_in_flight) return;
        v.s_axil_awaddr = op.offset;
        v.s_axil_awvalid = 1;
        v.s_axil_wdata = op.value;
        v.s_axil_wvalid = 1;
        m.aw = m.w = true;
        ++m.lite_writes;
        break;
      case MmioOp::Kind::read:
        if (m.lite_writes > 0 || m.push_writes > 0 || m.read_in_flight) return;
        v.s_axil_araddr = op.offset;
        v.s_axil_arvalid = 1;
        m.ar = true;
        m.read_in_flight = true;
        break;
      case MmioOp::Kind::line:
        if (m.push_aw || m.push_w || m.lite_writes > 0 || m.read_in_flight) return;
        v.s_push_awaddr = op.offset;
        v.s_push_awvalid = 1;
        m.push_aw = m.push_w = true;
        m.push_line = op.line;
        m.push_at = 0;
        v.s_push_wvalid = 1;
        drive_push_beat(v, m);
        ++m.push_writes;
        break;
    }
    m.queue.pop_front();
  }

  static void drive_push_beat(Pins& v, const MmioPort& m) {
    std::memcpy(&v.s_push_wdata, m.push_line.data() + m.push_at, kBytes);
    v.s_push_wlast = m.push_at + kBytes == 64;
  }

  VerilatedContext context_;
  std::unique_ptr<V> v_;
  bool irq_acked_ = false;
#if VM_TRACE_FST
  std::unique_ptr<VerilatedFstC> fst_;
  Cycle trace_from_ = 0;
  Cycle trace_to_ = kNever;
#endif
};

template <class V, VariantTraits kTraits>
bool register_verilated() {
  return register_variant({kTraits.name, VerilatedBoard<V, kTraits>::kStream, kTraits.flows,
                           VerilatedBoard<V, kTraits>::kBytes,
                           [](std::uint64_t seed) -> std::unique_ptr<BoardModel> {
                             return std::make_unique<VerilatedBoard<V, kTraits>>(seed);
                           }});
}

}  // namespace tautline::sim
