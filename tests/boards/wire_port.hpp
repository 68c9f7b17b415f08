// A frame stream of the engine and Verilated ports: one word a call.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>

#include "packet.hpp"

namespace tautline::test {

// Sends the frames of a queue, one word for each `taken`.
class WordSource {
 public:
  explicit WordSource(std::deque<Frame>& frames) : frames_(frames) {}

  template <typename Model>
  void Drive(Model& v) {
    v.s_wire_tvalid = !frames_.empty();
    if (frames_.empty()) return;
    const Frame& frame = frames_.front();
    const std::size_t n = std::min<std::size_t>(8, frame.size() - at_);
    std::uint64_t word = 0;
    std::memcpy(&word, frame.data() + at_, n);
    v.s_wire_tdata = word;
    v.s_wire_tkeep = static_cast<std::uint8_t>((1u << n) - 1);
    v.s_wire_tlast = at_ + n == frame.size();
    v.s_wire_tuser = 0;
  }
  // At a clock edge, with the ports as they were before it.
  template <typename Model>
  void Edge(const Model& v) {
    if (!v.s_wire_tvalid || !v.s_wire_tready) return;
    at_ += 8;
    if (at_ >= frames_.front().size()) {
      frames_.pop_front();
      at_ = 0;
    }
  }

 private:
  std::deque<Frame>& frames_;
  std::size_t at_ = 0;
};

// Collects frames.
class WordSink {
 public:
  explicit WordSink(std::deque<Frame>& frames) : frames_(frames) {}

  template <typename Model>
  void Edge(const Model& v) {
    if (!v.m_wire_tvalid || !v.m_wire_tready) return;
    for (unsigned i = 0; i < 8; ++i) {
      if ((v.m_wire_tkeep >> i & 1) != 0) {
        frame_.push_back(static_cast<std::uint8_t>(v.m_wire_tdata >> (8 * i)));
      }
    }
    if (v.m_wire_tlast) {
      frames_.push_back(frame_);
      frame_.clear();
    }
  }

 private:
  std::deque<Frame>& frames_;
  Frame frame_;
};

}  // namespace tautline::test
