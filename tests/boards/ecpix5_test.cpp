// The ECPIX-5's core from its RGMII pins, behind the DDR cells, to the pins of its UART.
#include <gtest/gtest.h>

#include "Vtl_ecpix5_core.h"
#include "board_pins.hpp"

namespace tautline::test {
namespace {

constexpr std::uint64_t kClk = 40'000, kLine = 8'000, kUart = 8'333;
constexpr int kUartClocks = 10;
// RGMII 2.0, 3.4.1: full duplex, 1000 Mbit/s, link up.
constexpr std::uint8_t kInBand = 0b1101;

class Ecpix5 final : public UsbBoard {
 public:
  Ecpix5() {
    b->async_rst = 1;
    b->uart_rx = 1;
    clk = b.add(b->clk, kClk);
    b.add(
        b->clk_uart, kUart, [this] { Listen(); },
        [this] { b->uart_rx = b->async_rst != 0 || uart.Send(); });
    const auto tx = b.add(b->clk_mac, kLine, [this] {
      if (b->async_rst != 0) return;
      EXPECT_EQ(b->rgmii_tx_ctl_r, b->rgmii_tx_ctl_f);
      line.Take({b->rgmii_tx_ctl_r != 0, false,
                 static_cast<std::uint8_t>(b->rgmii_txd_f << 4 | b->rgmii_txd_r)});
    });
    const auto rx = b.add(b->clk_rx, kLine, {}, [this] {
      const Symbol symbol = line.Next();
      b->rgmii_rxd_r = symbol.dv ? symbol.value & 15 : kInBand;
      b->rgmii_rxd_f = symbol.dv ? symbol.value >> 4 : kInBand;
      b->rgmii_rx_ctl_r = b->rgmii_rx_ctl_f = symbol.dv;
    });
    b.delay(tx, random.below(kLine));
    b.delay(rx, random.below(kLine));
    b.run(clk, 8);
    b->async_rst = 0;
    b.run(clk, 16);
  }
  void Step() override { b.run(clk, 50); }
  // Before the reset the pin is undefined.
  void Listen() {
    if (b->async_rst == 0) uart.Listen(b->uart_tx != 0);
  }

  Random random;
  ClockBench<Vtl_ecpix5_core> b;
  UartLine uart{to_board, from_board, kUartClocks};
  EthernetLine line{frames_in, frames_out, 8};
  std::size_t clk = 0;
};

TEST(Ecpix5, AttachesAnswersEchoesAndClosesFromPinToPin) {
  Ecpix5 board;
  RunSmokeExchange(board, 4000);
  EXPECT_EQ(board.b->led & 14, 14) << "ready, link and Ethernet LEDs";
}

}  // namespace
}  // namespace tautline::test
