// The pins of tl_mac_mii.
#pragma once

#include <Vtl_mac_mii.h>

#include "clock_bench.hpp"
#include "ethernet_model.hpp"

namespace tautline::test {

using Model = Vtl_mac_mii;
constexpr int kSpeeds[] = {100, 10};
constexpr int kNibbleSpeeds[] = {100};

struct Pins {
  Pins(Model& model, int mbits) : m(model), mbit(mbits) {}

  static constexpr unsigned bits = 4;
  std::uint64_t period_ps() const { return mbit == 100 ? 40'000 : 400'000; }
  CData& tx_clk() { return m.mii_tx_clk; }
  CData& rx_clk() { return m.mii_rx_clk; }
  // A period of the transmit clock may be a part of a symbol.
  std::uint64_t tx_period_ps() const { return period_ps(); }
  // The stated latencies: edges from the one that finds carrier gone to the one that passes the
  // last word on; edges of the transmit clock from a word taken to its preamble.
  unsigned rx_edges() const { return 3; }
  unsigned least_tx_edges() const { return 5; }
  unsigned most_tx_edges() const { return 6; }
  bool sending() const { return m.mii_tx_en != 0; }
  void Start() {}

  // True with a symbol.
  bool SampleTx(Symbol& symbol) {
    symbol = {m.mii_tx_en != 0, false, m.mii_txd};
    return true;
  }
  void DriveRx(const Symbol& symbol) {
    m.mii_rxd = symbol.value;
    m.mii_rx_dv = symbol.dv;
    m.mii_rx_er = symbol.er;
  }

  Model& m;
  int mbit;
};

}  // namespace tautline::test
