// Two boards, two stacks and a cable, in one virtual time.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "scripted_peer.hpp"
#include "tautline/tautline.hpp"
#include "tautline_sim/harness.hpp"

namespace tautline::test {

// A function that can be cut off from its driver: what the device sees when a host dies. Nothing
// that the driver does afterwards reaches the device, and its DMA memory goes with it.
class SeverableFunction final : public PciFunction {
 public:
  explicit SeverableFunction(std::unique_ptr<PciFunction> inner) : inner_(std::move(inner)) {}
  void Sever() { severed_ = true; }

  std::uint32_t read32(unsigned bar, std::uint64_t offset) override {
    return severed_ ? ~std::uint32_t{0} : inner_->read32(bar, offset);
  }
  void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) override {
    if (!severed_) inner_->write32(bar, offset, value);
  }
  void write_line(unsigned bar, std::uint64_t offset,
                  std::span<const std::byte, 64> line) override {
    if (!severed_) inner_->write_line(bar, offset, line);
  }
  std::uint64_t bar_size(unsigned bar) const noexcept override { return inner_->bar_size(bar); }
  std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) override {
    return inner_->allocate(size, alignment);
  }
  int interrupt_fd() const noexcept override { return inner_->interrupt_fd(); }
  void acknowledge_interrupt() noexcept override { inner_->acknowledge_interrupt(); }
  bool progress() override { return !severed_ && inner_->progress(); }
  void wait(std::chrono::microseconds timeout) override {
    if (!severed_) inner_->wait(timeout);
  }
  std::chrono::microseconds now() const noexcept override { return inner_->now(); }
  LinkState link_state() const noexcept override {
    return severed_ ? LinkState::removed : inner_->link_state();
  }

 private:
  std::unique_ptr<PciFunction> inner_;
  bool severed_ = false;
};

struct PairOptions {
  sim::BoardOptions a = Bench::DefaultOptions();
  sim::BoardOptions b = Bench::DefaultOptions();
  StackConfig config_a = Bench::DefaultConfig();
  StackConfig config_b = Bench::DefaultConfig();
};

// Board A is 10.0.0.1, board B 10.0.0.2.
class BoardPair {
 public:
  explicit BoardPair(PairOptions options);

  [[nodiscard]] Stack& a() { return *a_; }
  [[nodiscard]] Stack& b() { return *b_; }
  [[nodiscard]] sim::Board& board_a() { return *boards_.first; }
  [[nodiscard]] sim::Board& board_b() { return *boards_.second; }

  // The host of B dies: its memory is gone and the board was told nothing.
  void KillHostB();
  void AttachB();

  // Both libraries poll once.
  void Poll();
  // Polls until `done` or until so much virtual time has passed; true if done.
  template <typename Done>
  bool PollUntil(Done done, std::chrono::nanoseconds limit) {
    const sim::Nanos end = board_a().time() + static_cast<sim::Nanos>(limit.count());
    while (!done()) {
      if (board_a().time() >= end) return false;
      Poll();
      // Where only a deadline can bring news, let time pass in larger steps than a poll is worth.
      if (board_a().quiescent() && board_b().quiescent()) board_a().advance(200us);
    }
    return true;
  }

  // A connection from A to `listener` on B.
  std::pair<Socket, Socket> Connect(Listener& listener, const ConnectOptions& options = {});

  // The bus protocol was kept and the memory model saw no access outside its regions.
  void ExpectCleanBuses();

 private:
  std::pair<std::shared_ptr<sim::Board>, std::shared_ptr<sim::Board>> boards_;
  StackConfig config_b_;
  std::optional<Stack> a_, b_;
  SeverableFunction* function_b_ = nullptr;
};

// One direction of a verified transfer: the bytes of Pattern, checked as they come.
class Transfer {
 public:
  Transfer(Socket& from, Socket& to, std::size_t total, std::size_t salt)
      : from_(from), to_(to), total_(total), salt_(salt) {}

  // What can be done now.
  void Step();
  [[nodiscard]] bool Done() const { return failed_ || (received_ == total_ && ended_); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t sent() const { return sent_; }
  [[nodiscard]] std::size_t received() const { return received_; }
  bool read_paused = false;

 private:
  void Fail(const std::string& text);

  Socket& from_;
  Socket& to_;
  std::size_t total_, salt_;
  std::size_t sent_ = 0, received_ = 0;
  bool shut_ = false, ended_ = false, failed_ = false;
};

// TAUTLINE_SOAK in the environment asks for the long form of a test.
bool Soak();
// TAUTLINE_SEED, else 1; printed with the test.
std::uint64_t Seed();

}  // namespace tautline::test
