// The Arty's core from its MII pins to the pins of its UART, or of the FT232H's FIFO.
#include <gtest/gtest.h>

#include "Vtl_arty_a7_core.h"
#include "board_pins.hpp"

namespace tautline::test {
namespace {

constexpr std::uint64_t kClk = 40'000, kMii = 40'000, kUart = 8'333, kFt = 16'667;
constexpr int kUartClocks = 10;

class Arty final : public UsbBoard {
 public:
  Arty() {
    b->async_rst = 1;
    b->uart_rx = 1;
    b->ft_rxf_n = b->ft_txe_n = 1;
    clk = b.add(b->clk, kClk);
    if (FIFO) {
      b.add(b->ft_clk, kFt, [this] { SampleFifo(); }, [this] { DriveFifo(); });
    } else {
      b.add(
          b->clk_uart, kUart, [this] { Listen(); },
          [this] { b->uart_rx = b->async_rst != 0 || uart.Send(); });
    }
    const auto tx = b.add(b->mii_tx_clk, kMii, [this] {
      if (b->async_rst == 0) line.Take({b->mii_tx_en != 0, false, b->mii_txd});
    });
    const auto rx = b.add(b->mii_rx_clk, kMii, {}, [this] {
      const Symbol symbol = line.Next();
      b->mii_rxd = symbol.value;
      b->mii_rx_dv = symbol.dv;
      b->mii_rx_er = symbol.er;
    });
    b.delay(tx, random.below(kMii));
    b.delay(rx, random.below(kMii));
    b.run(clk, 8);
    b->async_rst = 0;
    b.run(clk, 16);
  }
  void Step() override { b.run(clk, 50); }
  // Before the reset the pin is undefined.
  void Listen() {
    if (b->async_rst == 0) uart.Listen(b->uart_tx != 0);
  }

  // FTDI AN_130: data flow in the cycles in which both sides hold their lines low.
  void SampleFifo() {
    if (b->async_rst != 0) return;
    EXPECT_FALSE(b->ft_oe_n == 0 && b->ft_d_oe != 0) << "two drivers on the bus";
    if (b->ft_rd_n == 0 && b->ft_rxf_n == 0) to_board.pop_front();
    if (b->ft_wr_n == 0 && b->ft_txe_n == 0) from_board.push_back(b->ft_d_o);
  }
  void DriveFifo() {
    b->ft_rxf_n = to_board.empty() || random.chance(10);
    b->ft_d_i = to_board.empty() ? 0 : to_board.front();
    b->ft_txe_n = random.chance(10);
  }

  Random random;
  ClockBench<Vtl_arty_a7_core> b;
  UartLine uart{to_board, from_board, kUartClocks};
  EthernetLine line{frames_in, frames_out, 4};
  std::size_t clk = 0;
};

TEST(ArtyA7, AttachesAnswersEchoesAndClosesFromPinToPin) {
  Arty board;
  RunSmokeExchange(board, 4000);
  EXPECT_EQ(board.b->led & 6, 6) << "ready and link LEDs";
}

}  // namespace
}  // namespace tautline::test
