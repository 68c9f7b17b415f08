// A board core under test at its pins: a UART on the host's side, 8N1, and an Ethernet line of 4 or
// 8 bits on the other.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>

#include "clock_bench.hpp"
#include "ethernet_model.hpp"
#include "usb_host.hpp"

namespace tautline::test {

// Sends bytes as levels, sampled once a cycle of the UART's clock; as long as the engine's clock is
// slower than the line, credit keeps it from being overrun.
class UartLine {
 public:
  UartLine(std::deque<std::uint8_t>& to_board, std::deque<std::uint8_t>& from_board, int clocks)
      : to_board_(to_board), from_board_(from_board), clocks_(clocks) {}

  // The level for the next cycle.
  bool Send() {
    if (count_ == 0) {
      if (to_board_.empty()) return true;
      frame_ = 0x200u | static_cast<unsigned>(to_board_.front()) << 1;
      to_board_.pop_front();
    }
    const bool level = (frame_ >> (count_ / clocks_) & 1) != 0;
    count_ = count_ + 1 == 10 * clocks_ ? 0 : count_ + 1;
    return level;
  }
  // The level of a cycle.
  void Listen(bool level) {
    if (heard_ < 0) {
      if (!level) heard_ = 0;
      return;
    }
    ++heard_;
    const int bit = heard_ / clocks_;
    if (heard_ % clocks_ != clocks_ / 2) return;
    if (bit >= 1 && bit <= 8) {
      byte_ = static_cast<std::uint8_t>(byte_ >> 1 | (level ? 0x80 : 0));
    } else if (bit == 9) {
      EXPECT_TRUE(level) << "no stop bit";
      from_board_.push_back(byte_);
      heard_ = -1;
    }
  }

 private:
  std::deque<std::uint8_t>& to_board_;
  std::deque<std::uint8_t>& from_board_;
  int clocks_;
  int count_ = 0, heard_ = -1;
  unsigned frame_ = 0;
  std::uint8_t byte_ = 0;
};

// Frames to symbols and back, with preamble, FCS and gap.
class EthernetLine {
 public:
  EthernetLine(std::deque<Frame>& in, std::deque<Frame>& out, unsigned bits)
      : in_(in), out_(out), bits_(bits) {}

  Symbol Next() {
    if (at_ == line_.size()) {
      line_.clear();
      at_ = 0;
      if (in_.empty()) return {};
      Carry(line_, Sent(in_.front()), bits_, 7 * (8 / bits_));
      Idle(line_, 12 * (8 / bits_));
      in_.pop_front();
    }
    return line_[at_++];
  }
  void Take(const Symbol& symbol) {
    heard_.push_back(symbol);
    if (symbol.dv) return;
    if (heard_.size() > 1) {
      heard_.insert(heard_.begin(), Symbol{});
      const Reception reception = Receive(heard_, bits_, 1522);
      EXPECT_EQ(reception.counts, Counts{}) << Text(reception.counts);
      for (const auto& frame : reception.frames) {
        EXPECT_FALSE(frame.bad);
        out_.push_back(frame.data);
      }
    }
    heard_.clear();
  }

 private:
  std::deque<Frame>& in_;
  std::deque<Frame>& out_;
  unsigned bits_;
  Line line_, heard_;
  std::size_t at_ = 0;
};

}  // namespace tautline::test
