// tl_usb_engine under the exchange that boards and netlists go through. With TAUTLINE_RECORD=<file>
// its ports are written down, cycle by cycle, for tests/boards/netlist_tb.v to repeat.
#include <gtest/gtest.h>
#include <verilated.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "Vtl_usb_engine.h"
#include "usb_host.hpp"
#include "wire_port.hpp"

namespace tautline::test {
namespace {

// The engine at 25 MHz: a byte of a 12 Mbit/s UART every 21 cycles, a time step every 25.
constexpr unsigned kCyclesPerByte = 21, kCyclesPerMicrosecond = 25;

class Engine final : public UsbBoard {
 public:
  Engine() {
    if (const char* path = std::getenv("TAUTLINE_RECORD")) record_ = std::fopen(path, "w");
    v_->rst = 1;
    v_->m_wire_tready = 1;
    v_->m_byte_ready = 1;
    for (int i = 0; i < 16; ++i) Cycle();
    v_->rst = 0;
  }
  ~Engine() override {
    if (record_ != nullptr) std::fclose(record_);
  }
  void Step() override {
    for (int i = 0; i < 100; ++i) Cycle();
  }

 private:
  void Cycle() {
    source_.Drive(*v_);
    v_->s_byte_valid = !to_board.empty() && cycle_ >= next_byte_ && v_->rst == 0;
    v_->s_byte_data = v_->s_byte_valid ? to_board.front() : 0;
    v_->now_us = cycle_ / kCyclesPerMicrosecond;
    v_->clk = 0;
    v_->eval();
    if (record_ != nullptr) Record();
    source_.Edge(*v_);
    if (v_->rst == 0) Take();
    if (v_->s_byte_valid && v_->s_byte_ready) {
      to_board.pop_front();
      next_byte_ = cycle_ + kCyclesPerByte;
    }
    v_->clk = 1;
    v_->eval();
    ++cycle_;
  }

  // What leaves; in reset the outputs mean nothing.
  void Take() {
    sink_.Edge(*v_);
    if (v_->m_byte_valid && v_->m_byte_ready) from_board.push_back(v_->m_byte_data);
  }

  // Inputs, then outputs with a mask of those that mean something.
  void Record() {
    const bool wire = v_->s_wire_tvalid, word = v_->m_wire_tvalid, byte = v_->m_byte_valid;
    std::fprintf(
        record_, "%d%d%d%d %016llx %016llx %02x %02x %d%d %d%d%d%d%d%d %016llx %02x %d%d %02x\n",
        v_->rst != 0, wire, v_->s_byte_valid != 0, v_->m_byte_ready != 0,
        static_cast<unsigned long long>(v_->now_us),
        static_cast<unsigned long long>(wire ? v_->s_wire_tdata : 0), wire ? v_->s_wire_tkeep : 0,
        v_->s_byte_data, wire && v_->s_wire_tlast, wire && v_->s_wire_tuser, v_->s_byte_ready != 0,
        word, byte, v_->link_up != 0, v_->ready != 0, v_->quiescent != 0,
        static_cast<unsigned long long>(word ? v_->m_wire_tdata : 0), word ? v_->m_wire_tkeep : 0,
        word && v_->m_wire_tlast, word && v_->m_wire_tuser, byte ? v_->m_byte_data : 0);
  }

  std::unique_ptr<Vtl_usb_engine> v_ = std::make_unique<Vtl_usb_engine>();
  WordSource source_{frames_in};
  WordSink sink_{frames_out};
  std::FILE* record_ = nullptr;
  std::uint64_t cycle_ = 0, next_byte_ = 0;
};

TEST(UsbEngine, AttachesAnswersEchoesAndClosesOverBytes) {
  Engine engine;
  RunSmokeExchange(engine, 2000);
}

}  // namespace
}  // namespace tautline::test
