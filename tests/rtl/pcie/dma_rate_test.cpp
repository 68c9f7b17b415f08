// How much of the bus the DMA engine fills while every read takes half a microsecond.

#include <algorithm>
#include <array>
#include <string>

#include "carrier.hpp"

namespace tautline::test {
namespace {

constexpr unsigned half_a_microsecond = 78;  // cycles of 6.4 ns: 499 ns

/// Flows that always have more to send, half a ring to a doorbell.
class Senders {
 public:
  explicit Senders(Carrier& carrier) : c_(carrier) { c_.attach(); }

  void run(unsigned cycles) {
    for (unsigned i = 0; i < cycles; ++i) {
      for (; seen_ < c_.appends.size(); ++seen_) {
        const auto& append = c_.appends[seen_];
        const std::uint32_t have = append.pos + append.len;
        c_.space(append.flow, 0, have + Carrier::store);
        got_[append.flow] = have;
      }
      if (i % 4 == 0) ring();
      c_.tick();
    }
  }

  /// Part of the cycles in which a word came to the store.
  double use(unsigned cycles = 4000) {
    run(1000);
    const std::uint64_t words = c_.app_words;
    run(cycles);
    return static_cast<double>(c_.app_words - words) / cycles;
  }

 private:
  void ring() {
    constexpr std::uint32_t part = 2048;
    const unsigned flow = next_++ % Carrier::flows;
    if (sent_[flow] - got_[flow] + part > 1u << Carrier::ring_log2) return;
    c_.write(Carrier::tail_bell(flow), Carrier::bell(0, sent_[flow] += part));
  }

  Carrier& c_;
  std::size_t seen_ = 0;
  unsigned next_ = 0;
  std::array<std::uint32_t, Carrier::flows> sent_{}, got_{};
};

void report(const std::string& name, double use) {
  std::cout << name << ", " << 8 * Carrier::bytes << " bit, 499 ns: " << 100 * use
            << " % of the bus, " << use * Carrier::bytes << " bytes a cycle\n";
  testing::Test::RecordProperty(name, std::to_string(100 * use));
}

TEST(DmaRate, FillsTheBusAtHalfAMicrosecondOfReadLatency) {
  Carrier c;
  c.memory.options.read_latency = half_a_microsecond;
  const double use = Senders(c).use();
  report("dma_read", use);
  // A burst of 512 bytes has 64, 16 or 8 words, and costs one of them.
  EXPECT_GT(use, Carrier::bytes == 8 ? 0.97 : Carrier::bytes == 32 ? 0.92 : 0.86);
}

TEST(DmaRate, FillsMostOfTheBusWhenReadsCompleteInAnyOrder) {
  Carrier c;
  c.memory.options.read_latency = half_a_microsecond;
  c.memory.options.reorder = true;
  const double use = Senders(c).use();
  report("dma_read_reordered", use);
  EXPECT_GT(use, 0.75);
}

TEST(DmaRate, CarriesThePayloadOf10GbeWithThreeReadsInFlight) {
  Carrier c;
  c.memory.options.read_latency = half_a_microsecond;
  c.memory.options.max_reads = 3;
  const double use = Senders(c).use();
  report("dma_read_three_in_flight", use);
  // 1460 bytes of payload take the line 1538 byte times of 1.25 bytes a nanosecond, 8 a cycle.
  EXPECT_GT(use * Carrier::bytes, 8 * 1460. / 1538);
}

}  // namespace
}  // namespace tautline::test
