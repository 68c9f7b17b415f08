// tl_mdio against a PHY written from IEEE 802.3 22.2.4.5 and 22.3.4: it looks at MDIO at the rising
// edge of MDC and drives it up to 300 ns after that edge, of a period of 400 ns.
#include <Vtl_mdio.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

class Phy {
 public:
  explicit Phy(unsigned address) : address_(address) {}

  /// One cycle of the master's clock. What the PHY drives, nothing while it listens.
  std::optional<bool> step(bool mdc, bool wire) {
    if (delay_ != 0 && --delay_ == 0) drive_ = next_;
    if (mdc && !mdc_) rising(wire);
    mdc_ = mdc;
    return drive_;
  }

  std::array<std::uint16_t, 32> registers{};
  unsigned frames = 0;

 private:
  void rising(bool bit) {
    if (at_ == 0 && (bit || ones_ < 32)) {  // the preamble
      ones_ = bit ? ones_ + 1 : 0;
      return;
    }
    word_ = word_ << 1 | (bit ? 1U : 0U);
    if (at_ == 13) {  // start, operation, PHY, register
      const unsigned op = word_ >> 10 & 3;
      mine_ = word_ >> 12 == 1 && (word_ >> 5 & 31) == address_;
      reads_ = mine_ && op == 2;
      writes_ = mine_ && op == 1;
      register_ = word_ & 31;
    }
    if (reads_ && at_ == 14) drive_after(false);
    if (reads_ && at_ >= 15 && at_ < 31) drive_after((registers[register_] >> (30 - at_) & 1) != 0);
    if (at_ == 31) {
      if (writes_) registers[register_] = static_cast<std::uint16_t>(word_);
      frames += mine_ ? 1 : 0;
      at_ = ones_ = word_ = 0;
      mine_ = reads_ = writes_ = false;
      drive_.reset();
    } else {
      ++at_;
    }
  }
  void drive_after(bool bit) {
    next_ = bit;
    delay_ = HALF_PERIOD * 3 / 2;
  }

  unsigned address_;
  bool mdc_ = false, mine_ = false, reads_ = false, writes_ = false, next_ = false;
  unsigned at_ = 0;  // bit of the frame, from its start
  unsigned ones_ = 0, word_ = 0, register_ = 0, delay_ = 0;
  std::optional<bool> drive_;
};

class Mdio : public ::testing::Test {
 protected:
  Mdio() {
    b->s_cmd_valid = 0;
    b->mdio_i = 1;
    b.reset();
  }

  void tick() {
    // Nobody drives: the bus is pulled up. Both drive: a fight that must not be.
    const bool master = b->mdio_oe != 0;
    const bool wire = master ? b->mdio_o != 0 : driven_.value_or(true);
    driven_ = phy.step(b->mdc != 0, wire);
    EXPECT_FALSE(b->mdio_oe != 0 && driven_) << "both drive the bus";
    b->mdio_i = wire;
    b.tick();
  }

  /// Cycles from the command's acceptance to its answer.
  int access(bool write, unsigned phy_address, unsigned reg, unsigned data = 0) {
    EXPECT_TRUE(b->s_cmd_ready);
    b->s_cmd_valid = 1;
    b->s_cmd_write = write;
    b->s_cmd_phy = phy_address;
    b->s_cmd_reg = reg;
    b->s_cmd_data = data;
    tick();
    b->s_cmd_valid = 0;
    for (int n = 1; n < 1000 * HALF_PERIOD; ++n) {
      if (b->m_rsp_valid) return n;
      tick();
    }
    ADD_FAILURE() << "no answer";
    return -1;
  }

  Bench<Vtl_mdio> b;
  Phy phy{5};
  std::optional<bool> driven_;
};

TEST_F(Mdio, WritesAndReadsEveryRegister) {
  Random random;
  std::array<std::uint16_t, 32> expected{};
  for (unsigned reg = 0; reg < 32; ++reg) {
    expected[reg] = static_cast<std::uint16_t>(random.bits());
    access(true, 5, reg, expected[reg]);
    EXPECT_FALSE(b->m_rsp_error);
  }
  EXPECT_EQ(phy.registers, expected);
  for (unsigned reg = 32; reg-- > 0;) {
    access(false, 5, reg);
    EXPECT_EQ(b->m_rsp_data, expected[reg]) << "register " << reg;
    EXPECT_FALSE(b->m_rsp_error);
  }
  EXPECT_EQ(phy.frames, 64U);
}

TEST_F(Mdio, TellsThatNoPhyAnswers) {
  access(false, 6, 1);
  EXPECT_TRUE(b->m_rsp_error);
  access(true, 6, 1, 0x1234);
  EXPECT_EQ(phy.frames, 0U);
  access(false, 5, 1);
  EXPECT_FALSE(b->m_rsp_error);
  EXPECT_EQ(b->m_rsp_data, 0U);
}

TEST_F(Mdio, TakesSixtyFourPeriodsOfItsClock) {
  EXPECT_EQ(access(false, 5, 1), 128 * HALF_PERIOD + 1);
  EXPECT_EQ(access(true, 5, 1, 7), 128 * HALF_PERIOD + 1);
}

TEST_F(Mdio, LetsTheClockRestBetweenAccesses) {
  access(true, 5, 0, 1);
  for (int i = 0; i < 10 * HALF_PERIOD; ++i) {
    tick();
    EXPECT_FALSE(b->mdc);
    EXPECT_FALSE(b->mdio_oe);
  }
}

}  // namespace
