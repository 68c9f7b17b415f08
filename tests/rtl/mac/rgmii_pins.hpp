// The pins of tl_mac_rgmii, as they are behind the DDR cells.
#pragma once

#include <Vtl_mac_rgmii.h>
#include <gtest/gtest.h>

#include "clock_bench.hpp"
#include "ethernet_model.hpp"

namespace tautline::test {

using Model = Vtl_mac_rgmii;
constexpr int kSpeeds[] = {1000, 100};
constexpr int kNibbleSpeeds[] = {100};

struct Pins {
  Pins(Model& model, int mbits) : m(model) { SetSpeed(mbits); }

  void SetSpeed(int mbits) {
    mbit = mbits;
    bits = mbit == 1000 ? 8 : 4;
  }
  unsigned bits = 8;
  std::uint64_t period_ps() const { return mbit == 1000 ? 8'000 : mbit == 100 ? 40'000 : 400'000; }
  std::uint64_t tx_period_ps() const { return 8'000; }
  unsigned rx_edges() const { return mbit == 1000 ? 2 : 3; }
  unsigned least_tx_edges() const { return 5; }
  unsigned most_tx_edges() const { return mbit == 1000 ? 5 : mbit == 100 ? 14 : 104; }
  bool sending() const { return m.rgmii_tx_ctl_r != 0; }
  CData& tx_clk() { return m.clk_tx; }
  CData& rx_clk() { return m.clk_rx; }
  void Start() { m.speed = mbit == 1000 ? 2 : mbit == 100 ? 1 : 0; }

  // At the rising edge of the divided clock both halves of a cycle carry the nibble.
  bool SampleTx(Symbol& symbol) {
    const bool rose = (!txc_ && m.rgmii_txc_r) || (!m.rgmii_txc_r && m.rgmii_txc_f);
    if (rose) {
      if (since_rise_ != 0) rise_cycles = since_rise_;
      since_rise_ = 0;
    }
    ++since_rise_;
    txc_ = m.rgmii_txc_f != 0;
    EXPECT_EQ(m.rgmii_tx_ctl_r, m.rgmii_tx_ctl_f);  // no transmit error
    if (!rose) return false;
    if (bits == 8) {
      symbol = {m.rgmii_tx_ctl_r != 0, false,
                static_cast<std::uint8_t>(m.rgmii_txd_f << 4 | m.rgmii_txd_r)};
    } else {
      EXPECT_EQ(m.rgmii_txd_r, m.rgmii_txd_f);
      symbol = {m.rgmii_tx_ctl_r != 0, false, m.rgmii_txd_r};
    }
    return true;
  }
  // Errors are told by a control that differs between the edges (RGMII 2.0, 3.4).
  void DriveRx(const Symbol& symbol) {
    m.rgmii_rxd_r = symbol.value & 15;
    m.rgmii_rxd_f = bits == 8 ? symbol.value >> 4 : symbol.value;
    m.rgmii_rx_ctl_r = symbol.dv;
    m.rgmii_rx_ctl_f = symbol.dv != symbol.er;
  }

  Model& m;
  int mbit = 1000;
  unsigned rise_cycles = 0;  // cycles of clk_tx between two rises of the transmit clock

 private:
  bool txc_ = false;
  unsigned since_rise_ = 0;
};

}  // namespace tautline::test
