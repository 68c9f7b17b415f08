// Faults at the seam between host and board, seen from both ends: the library above, the wire
// below.

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "connection_rig.hpp"
#include "descriptor.hpp"
#include "generated/regs.hpp"

namespace tautline::test {
namespace {

std::uint32_t Register(Rig& rig, std::uint32_t offset) {
  return rig.bench.stack().function().read32(0, offset);
}

void Doorbell(Rig& rig, std::uint32_t slot, std::uint32_t word, std::uint32_t value) {
  rig.bench.stack().function().write32(
      0, regs::doorbell_base + regs::doorbell_stride * slot + 4 * word, value);
}

/// The link has stopped for this cause; the library says so everywhere; the next attach mends it.
void ExpectStoppedAndMended(Rig& rig, regs::LinkCause cause) {
  EXPECT_EQ(rig.socket.error(), std::errc::io_error);
  EXPECT_EQ(rig.bench.stack().listen({.port = 81}).error(), std::errc::io_error);
  const std::uint32_t status = Register(rig, regs::status::offset);
  EXPECT_EQ(regs::status::error.get(status), 1U);
  EXPECT_EQ(regs::status::error_cause.get(status), static_cast<std::uint32_t>(cause));
  EXPECT_FALSE(rig.bench.board().memory().faults().empty());
  EXPECT_TRUE(rig.bench.board().violations().empty());
  rig.bench.board().memory().clear_injections();
  rig.socket = {};
  rig.listener = {};
  rig.bench.DropStack();
  rig.bench.Attach();
  auto listener = rig.bench.stack().listen({.port = kPort});
  ASSERT_TRUE(listener);
  rig.listener = std::move(*listener);
  ScriptedPeer later{rig.bench, 6001, kPort};
  Socket socket = rig.Accept(later);
  const std::string text = Pattern(10'000);
  EXPECT_TRUE(Carry(socket, later, text, 1) == text);
}

TEST(LinkFault, OfAReadStopsTheLinkWithItsCause) {
  for (const sim::AxiResp response : {sim::AxiResp::slverr, sim::AxiResp::decerr}) {
    Rig rig;
    rig.Open();
    rig.bench.board().memory().inject_nth_read(1, response);
    rig.Write(Pattern(1000));
    rig.bench.Settle();
    rig.peer.ExpectSilence(1ms);  // not a byte that was not read
    ExpectStoppedAndMended(rig, regs::LinkCause::read_error);
  }
}

TEST(LinkFault, OfAWriteStopsTheLinkWithItsCause) {
  Rig rig;
  rig.Open();
  rig.bench.board().memory().inject_nth_write(1, sim::AxiResp::slverr);
  rig.Give({.seq = 1, .ack = 1, .data = Pattern(100)});
  ExpectStoppedAndMended(rig, regs::LinkCause::write_error);
}

TEST(LinkFault, OfARingAtAnUnmappedAddressStopsTheLinkWithItsCause) {
  Rig rig;
  rig.Open();
  rig.bench.stack().function().write32(0, regs::tx_base_hi::offset, 0x7fff);
  rig.Write(Pattern(1000));
  rig.bench.Settle();
  rig.peer.ExpectSilence(1ms);
  EXPECT_EQ(Register(rig, regs::error_addr_hi::offset), 0x7fffU) << "the address is told";
  ExpectStoppedAndMended(rig, regs::LinkCause::read_error);
}

TEST(LinkFault, ADoorbellWrittenTwiceSendsOnce) {
  Rig rig;
  rig.Open();
  const std::string text = Pattern(500);
  rig.Write(text);
  // The first connection on the board: slot 0 of generation 0. What the library rang, again.
  for (int i = 0; i < 3; ++i) Doorbell(rig, 0, regs::doorbell::tail_position.word, 500);
  std::string got;
  for (const Received& segment : rig.peer.Take()) got += segment.data;
  EXPECT_TRUE(got == text);
  rig.Give({.seq = 1, .ack = 501, .data = "answer"});
  EXPECT_EQ(ReadAll(rig.socket), "answer");
  for (int i = 0; i < 3; ++i) Doorbell(rig, 0, regs::doorbell::taken_position.word, 6);
  rig.bench.Settle();
  EXPECT_EQ(rig.Count(Counter::doorbell_bad), 0U);
  const std::string more = Pattern(5000, 500);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, more, 501, 7) == more);
}

TEST(LinkFault, GarbageInDoorbellsIsCountedAndTouchesNoStream) {
  Rig rig;
  rig.Open();
  const std::string first = Pattern(3000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, first, 1) == first);
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::uint32_t slot = static_cast<std::uint32_t>(random() % 20);  // the board has 16
    // Our own slot gets what cannot be a position of it: behind, or beyond its ring.
    std::uint32_t value = static_cast<std::uint32_t>(random());
    if (slot == 0 && value >> 24 == 0) {
      value = random() % 2 == 0 ? value % 3000 : 0x40'0000 + value % 0x40'0000;
    }
    if (slot != 0 && slot < 16 && value >> 24 == 0) continue;
    Doorbell(rig, slot, static_cast<std::uint32_t>(random() % 2), value);
  }
  rig.bench.Settle();
  EXPECT_GT(rig.Count(Counter::doorbell_bad) + rig.Count(Counter::stale_gen), 1000U);
  EXPECT_EQ(regs::status::error.get(Register(rig, regs::status::offset)), 0U);
  const std::string more = Pattern(5000, 3000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, more, 3001) == more);
  rig.Give({.seq = 1, .ack = 8001, .data = "still in order"});
  EXPECT_EQ(ReadAll(rig.socket), "still in order");
}

TEST(LinkFault, ARingThatTheHostChangesAfterTheDoorbellChangesNothingThatWasFetched) {
  Rig rig;
  rig.Open();
  const std::string text = Pattern(1000);
  TransmitView view = rig.socket.reserve(text.size());
  ASSERT_EQ(view.first.size(), text.size());
  std::ranges::copy(AsBytes(text), view.first.begin());
  ASSERT_FALSE(rig.socket.commit(text.size()));
  rig.bench.Settle();
  const Received first = rig.peer.Expect({.seq = 1, .data = text});
  // The bytes are the library's until they are acknowledged. A program that breaks this rule breaks
  // neither the stream nor its checksum: the retransmission is what was sent before.
  std::ranges::fill(view.first, std::byte{0xee});
  const Received again = rig.peer.Expect({.seq = 1, .data = text}, 5s);
  EXPECT_GT(again.time, first.time);
  rig.Give({.seq = 1, .ack = 1001});
  EXPECT_FALSE(rig.socket.error());
  EXPECT_EQ(regs::status::error.get(Register(rig, regs::status::offset)), 0U);
}

/// A function whose interrupts are lost on the way.
class Deaf final : public PciFunction {
 public:
  explicit Deaf(std::shared_ptr<sim::Board> board)
      : board_(std::move(board)), inner_(board_->function()), silence_(::eventfd(0, EFD_CLOEXEC)) {}
  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    return inner_->read32(bar, offset);
  }
  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    inner_->write32(bar, offset, value);
  }
  void write_line(unsigned bar, std::uint64_t offset,
                  std::span<const std::byte, 64> line) override {
    inner_->write_line(bar, offset, line);
  }
  std::uint64_t bar_size(unsigned bar) const noexcept override { return inner_->bar_size(bar); }
  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return inner_->allocate(size, alignment);
  }
  int interrupt_fd() const noexcept override { return silence_.get(); }
  void acknowledge_interrupt() noexcept override { inner_->acknowledge_interrupt(); }
  bool progress() override { return inner_->progress(); }
  void wait(std::chrono::microseconds timeout) override {
    ++waits;
    board_->advance(timeout);  // nothing wakes it
  }
  std::chrono::microseconds now() const noexcept override { return inner_->now(); }
  LinkState link_state() const noexcept override { return inner_->link_state(); }

  unsigned waits = 0;

 private:
  std::shared_ptr<sim::Board> board_;
  std::unique_ptr<PciFunction> inner_;
  detail::Descriptor silence_;
};

TEST(LinkFault, ALostInterruptCostsASecondAndNoEvent) {
  Bench bench(Bench::DefaultConfig(), Bench::DefaultOptions());
  bench.DropStack();
  Deaf function(bench.shared_board());
  auto stack = Stack::create(function, bench.config());
  ASSERT_TRUE(stack);
  // Nobody answers for this address; the engine tells so after its three ARP requests.
  auto socket = stack->start_connect({{0x0a0000fe}, 1});
  ASSERT_TRUE(socket);
  socket->set_token(1);
  const auto begin = stack->now();
  bool told = false;
  while (!told && stack->now() - begin < 20s) told = !stack->wait(5s).empty();
  EXPECT_TRUE(told);
  EXPECT_TRUE(socket->error());
  EXPECT_GT(function.waits, 0U);
  EXPECT_LT(stack->now() - begin, 6s) << "a waiter looks at the ring every second";
}

}  // namespace
}  // namespace tautline::test
