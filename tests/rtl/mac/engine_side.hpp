// The engine's side of a MAC under test: sends frames, takes frames, adds up the counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "ethernet_model.hpp"
#include "rtl_bench.hpp"

namespace tautline::test {

template <class Model>
class EngineSide {
 public:
  explicit EngineSide(Model& model) : m_(model) { m_.s_tx_tvalid = 0; }

  void Send(Bytes frame, bool bad = false) { queue_.push_back({std::move(frame), bad}); }
  // As after a reset: nothing is waiting, nothing has come.
  void Clear() {
    queue_.clear();
    at_ = 0;
    frame_.clear();
    reception = {};
    hold = false;
    m_.s_tx_tvalid = 0;
  }
  bool sent_all() const { return queue_.empty(); }
  // The next words of the frame are withheld while it is set.
  bool hold = false;
  // Chance in percent that a word is offered at once, and that a frame begins at once.
  unsigned word_chance = 100, frame_chance = 100;

  void Sample() {
    taken = m_.rst == 0 && m_.s_tx_tvalid && m_.s_tx_tready;
    if (taken) {
      at_ += 8;
      if (at_ >= queue_.front().data.size()) {
        queue_.pop_front();
        at_ = 0;
      }
    }
    if (m_.rst != 0) {
      frame_.clear();
      return;
    }
    if (m_.m_rx_tvalid) {
      for (int i = 0; i < 8; ++i) {
        if ((m_.m_rx_tkeep >> i & 1) != 0) {
          frame_.push_back(static_cast<std::uint8_t>(m_.m_rx_tdata >> (8 * i)));
        }
      }
      if (m_.m_rx_tlast) {
        reception.frames.push_back({frame_, m_.m_rx_tuser != 0});
        frame_.clear();
      }
    }
    reception.counts.bad_fcs += m_.cnt_rx_bad_fcs;
    reception.counts.overflow += m_.cnt_rx_overflow;
    reception.counts.runt += m_.cnt_rx_runt;
    reception.counts.giant += m_.cnt_rx_giant;
    reception.counts.underrun += m_.cnt_tx_underrun;
  }
  void Drive() {
    if (m_.s_tx_tvalid && !taken) return;  // a held beat does not change
    m_.s_tx_tvalid = 0;
    if (queue_.empty() || hold || !random_.chance(at_ == 0 ? frame_chance : word_chance)) return;
    const Received& frame = queue_.front();
    const std::size_t n = std::min<std::size_t>(8, frame.data.size() - at_);
    std::uint64_t word = random_.bits();  // behind the end of a frame is anything
    std::memcpy(&word, frame.data.data() + at_, n);
    m_.s_tx_tvalid = 1;
    m_.s_tx_tdata = word;
    m_.s_tx_tkeep = static_cast<CData>((1U << n) - 1);
    m_.s_tx_tlast = at_ + n == frame.data.size();
    m_.s_tx_tuser = m_.s_tx_tlast && frame.bad;
  }

  Reception reception;
  bool taken = false;  // a word was taken at the last edge

 private:
  Model& m_;
  Random random_;
  std::deque<Received> queue_;
  std::size_t at_ = 0;
  Bytes frame_;
};

}  // namespace tautline::test
