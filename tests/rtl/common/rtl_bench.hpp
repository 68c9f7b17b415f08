// A Verilated module under test: clock, reset, and seeded randomness.
#pragma once

#include <verilated.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>

namespace tautline::test {

// One seed a process: TAUTLINE_SEED, else a fresh one, printed so that a failure can be replayed.
inline std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* given = std::getenv("TAUTLINE_SEED");
    const std::uint64_t s = given ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    std::cout << "TAUTLINE_SEED=" << s << '\n';
    return s;
  }();
  return value;
}

class Random {
 public:
  // True in `percent` of a hundred cases.
  bool chance(unsigned percent) { return below(100) < percent; }
  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(engine_);
  }
  std::uint64_t bits() { return engine_(); }

 private:
  std::mt19937_64 engine_{seed()};
};

// Inputs are set, then settle() makes combinational outputs valid; tick() is one rising edge.
template <class Model>
class Bench {
 public:
  Bench() : model_(std::make_unique<Model>(&context_)) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed() & 0x7fffffff) | 1);
    model_->clk = 0;
    model_->rst = 1;
  }
  ~Bench() { model_->final(); }

  Model* operator->() { return model_.get(); }
  Model& operator*() { return *model_; }

  void reset(int cycles = 2) {
    model_->rst = 1;
    for (int i = 0; i < cycles; ++i) tick();
    model_->rst = 0;
    settle();
  }
  void settle() { model_->eval(); }
  void tick() {
    settle();
    model_->clk = 1;
    model_->eval();
    model_->clk = 0;
    model_->eval();
    ++cycle_;
  }
  void tick(int n) {
    while (n-- > 0) tick();
  }
  // Ticks until `done()`; the number of ticks, or -1 after `limit`.
  template <class Done>
  int until(Done done, int limit = 1000) {
    settle();
    for (int n = 0; n <= limit; ++n) {
      if (done()) return n;
      tick();
    }
    return -1;
  }
  std::uint64_t cycle() const { return cycle_; }

 private:
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  std::uint64_t cycle_ = 0;
};

}  // namespace tautline::test
