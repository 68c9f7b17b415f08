// A MAC with a byte-wide core between an engine and a line. PINS names the pins.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "engine_side.hpp"

#include PINS

namespace tautline::test {

inline constexpr std::size_t kMaxFrame = MAX_FRAME;

struct Rig {
  // The engine's clock has the period of an octet unless told otherwise.
  explicit Rig(int mbit, std::uint64_t clk_period = 0)
      : pins(*b, mbit), engine(*b), bits(pins.bits), octet(8 / pins.bits) {
    b->rst = 1;
    pins.Start();
    pins.DriveRx({});
    clk = b.add(
        b->clk, clk_period != 0 ? clk_period : octet * pins.period_ps(),
        [this] { engine.Sample(); }, [this] { engine.Drive(); });
    tx = b.add(pins.tx_clk(), pins.tx_period_ps(), [this] { SampleTx(); });
    rx = b.add(pins.rx_clk(), pins.period_ps(), {}, [this] { DriveRx(); });
    b.delay(tx, random.below(pins.tx_period_ps()));
    b.delay(rx, random.below(pins.period_ps()));
    Reset();
  }
  void Reset() {
    b->rst = 1;
    b.run(clk, 5);
    b->rst = 0;
    b.run(tx, 5);
    b.run(rx, 5);
    b.run(clk, 5);
    sent.clear();
  }

  void SampleTx() {
    Symbol symbol;
    if (b->rst == 0 && pins.SampleTx(symbol)) sent.push_back(symbol);
  }
  void DriveRx() {
    pins.DriveRx(at < line.size() ? line[at] : Symbol{});
    if (at < line.size()) ++at;
  }

  // A frame on the line to the MAC; the gap before it in symbols.
  void Put(const Bytes& octets, std::size_t gap, std::size_t preamble) {
    Idle(line, gap);
    Carry(line, octets, bits, preamble);
  }
  void Put(const Bytes& octets) { Put(octets, 12 * octet, 7 * octet); }

  // Until both directions have nothing more to do.
  void Finish() {
    Idle(line, 2 * octet);
    ASSERT_TRUE(b.until(rx, [&] { return at == line.size(); }, line.size() + 100));
    b.run(rx, 4);
    b.run(clk, 12);
    // The last frame has left when nothing was sent for longer than the crossing takes.
    const std::uint64_t limit = b.edges(tx) + 20'000'000;
    for (std::size_t quiet = 0, seen = sent.size(); !engine.sent_all() || quiet < 60 * octet;) {
      b.run(tx, 1);
      ASSERT_LT(b.edges(tx), limit);
      for (; seen < sent.size(); ++seen) quiet = sent[seen].dv ? 0 : quiet + 1;
    }
    b.run(clk, 12);
  }

  // What arrived at the engine is what the model receives.
  void ExpectReception() {
    const Reception expected = Receive(line, bits, kMaxFrame);
    ASSERT_EQ(engine.reception.frames.size(), expected.frames.size());
    for (std::size_t i = 0; i < expected.frames.size(); ++i) {
      ASSERT_EQ(engine.reception.frames[i], expected.frames[i]) << "frame " << i;
    }
    Counts counts = engine.reception.counts;
    counts.underrun = 0;
    EXPECT_EQ(counts, expected.counts) << Text(counts) << " instead of " << Text(expected.counts);
  }

  struct Sending {
    Bytes octets;
    std::size_t gap;  // in symbols
  };
  // The frames on the line from the MAC, each with its whole preamble.
  std::vector<Sending> Sendings() {
    std::vector<Sending> out;
    std::size_t gap = 0;
    for (std::size_t i = 0; i < sent.size();) {
      if (!sent[i].dv) {
        ++gap;
        ++i;
        continue;
      }
      Sending s{{}, gap};
      gap = 0;
      for (; i < sent.size() && sent[i].dv; i += octet) {
        if (i + octet > sent.size()) break;
        s.octets.push_back(bits == 8
                               ? sent[i].value
                               : static_cast<std::uint8_t>(sent[i].value | sent[i + 1].value << 4));
        EXPECT_TRUE(sent[i + octet - 1].dv) << "half an octet";
      }
      EXPECT_GE(s.octets.size(), 8U);
      for (std::size_t k = 0; k < 8; ++k) EXPECT_EQ(s.octets[k], k < 7 ? 0x55 : 0xd5);
      s.octets.erase(s.octets.begin(), s.octets.begin() + 8);
      out.push_back(std::move(s));
    }
    return out;
  }

  Bytes RandomFrame(std::size_t n) {
    Bytes frame(n);
    for (auto& byte : frame) byte = static_cast<std::uint8_t>(random.bits());
    return frame;
  }

  Random random;
  ClockBench<Model> b;
  Pins pins;
  EngineSide<Model> engine;
  unsigned bits;
  std::size_t octet;  // symbols
  std::size_t clk = 0, tx = 0, rx = 0;
  Line line, sent;
  std::size_t at = 0;
};

}  // namespace tautline::test
