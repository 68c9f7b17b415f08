// A Verilated module with several clocks, in virtual time of picoseconds. Reset and seed as in
// rtl_bench.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rtl_bench.hpp"

namespace tautline::test {

// At a rising edge of a clock its `sample` sees the outputs as the edge finds them; then the edge;
// then its `drive` sets the inputs of this clock for the next one. Clocks that rise at the same
// picosecond rise in one evaluation.
template <class Model>
class ClockBench {
 public:
  using Action = std::function<void()>;

  ClockBench() : model_(std::make_unique<Model>(&context_)) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed() & 0x7fffffff) | 1);
  }
  ~ClockBench() { model_->final(); }

  Model* operator->() { return model_.get(); }
  Model& operator*() { return *model_; }

  // The number of the clock. It begins low, its first edge comes after half a period.
  std::size_t add(CData& pin, std::uint64_t period_ps, Action sample = {}, Action drive = {}) {
    pin = 0;
    clocks_.push_back(
        {&pin, period_ps, now_ + period_ps / 2, 0, std::move(sample), std::move(drive)});
    return clocks_.size() - 1;
  }
  void set_period(std::size_t clock, std::uint64_t period_ps) { clocks_[clock].period = period_ps; }
  // The clock stands still until the next call; its phase is lost.
  void stop(std::size_t clock) { clocks_[clock].next = kNever; }
  void start(std::size_t clock) { clocks_[clock].next = now_ + clocks_[clock].period / 2; }
  // Moves the next edge of the clock: the phase between two clocks is part of the test.
  void delay(std::size_t clock, std::uint64_t ps) { clocks_[clock].next += ps; }
  std::uint64_t edges(std::size_t clock) const { return clocks_[clock].edges; }
  std::uint64_t now_ps() const { return now_; }

  void settle() { model_->eval(); }

  // To the next rising edge of any clock, and past the falling edges before it.
  void step() {
    for (;;) {
      std::uint64_t next = kNever;
      for (const Clock& clock : clocks_) next = std::min(next, clock.next);
      now_ = next;
      for (Clock& clock : clocks_) {
        if (clock.next == now_ && *clock.pin == 0 && clock.sample) clock.sample();
      }
      rising_.clear();
      for (Clock& clock : clocks_) {
        if (clock.next != now_) continue;
        *clock.pin = *clock.pin == 0;
        // The halves of an odd period differ; their sum does not.
        clock.next += *clock.pin != 0 ? clock.period / 2 : clock.period - clock.period / 2;
        if (*clock.pin != 0) {
          ++clock.edges;
          rising_.push_back(&clock);
        }
      }
      model_->eval();
      for (Clock* clock : rising_) {
        if (clock->drive) clock->drive();
      }
      if (!rising_.empty()) {
        model_->eval();
        return;
      }
    }
  }
  // `n` edges of one clock.
  void run(std::size_t clock, std::uint64_t n) {
    for (const std::uint64_t end = clocks_[clock].edges + n; clocks_[clock].edges < end;) step();
  }
  // Until `done()`, for at most `limit` edges of `clock`; whether it was done.
  template <class Done>
  bool until(std::size_t clock, Done done, std::uint64_t limit) {
    const std::uint64_t end = clocks_[clock].edges + limit;
    while (!done()) {
      if (clocks_[clock].edges >= end) return false;
      step();
    }
    return true;
  }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  struct Clock {
    CData* pin;
    std::uint64_t period, next, edges;
    Action sample, drive;
  };

  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  std::vector<Clock> clocks_;
  std::vector<Clock*> rising_;
  std::uint64_t now_ = 0;
};

}  // namespace tautline::test
