// What the host library costs on the hot path, on a mock device whose registers are an array store.
// Instructions are counted where the kernel gives a hardware counter (perf_event_open; in a virtual
// machine often none, see perf_event_paranoid otherwise); without one the column is missing.

#include <benchmark/benchmark.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "mock_function.hpp"
#include "tautline/tautline.hpp"

namespace {

using namespace tautline;

struct Bench {
  Bench() : stack(create(mock)) {
    mock.record = false;
    socket = stack.start_connect({{0x0a000002}, 80}).value();
    stack.poll();
    mock.flow(0).state = regs::State::established;
    mock.report(0);
    stack.poll();
  }
  static Stack create(test::MockFunction& mock) {
    StackConfig config;
    config.address = {0x0a000001};
    return Stack::create(mock, config).value();
  }

  test::MockFunction mock{{.flows_log2 = 8}};
  Stack stack;
  Socket socket;
};

/// Instructions of this thread, in user space.
class Instructions {
 public:
  explicit Instructions(benchmark::State& state) : state_(state) {
    perf_event_attr event{};
    event.size = sizeof event;
    event.type = PERF_TYPE_HARDWARE;
    event.config = PERF_COUNT_HW_INSTRUCTIONS;
    event.disabled = 1;
    event.exclude_kernel = event.exclude_hv = 1;
    fd_ = static_cast<int>(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
    Resume();
  }
  ~Instructions() {
    std::uint64_t count = 0;
    if (fd_ >= 0 && read(fd_, &count, sizeof count) == sizeof count) {
      state_.counters["instructions"] =
          benchmark::Counter(static_cast<double>(count), benchmark::Counter::kAvgIterations);
    }
    if (fd_ >= 0) close(fd_);
  }
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;
  void Pause() const {
    if (fd_ >= 0) ioctl(fd_, PERF_EVENT_IOC_DISABLE, 0);
  }
  void Resume() const {
    if (fd_ >= 0) ioctl(fd_, PERF_EVENT_IOC_ENABLE, 0);
  }

 private:
  benchmark::State& state_;
  int fd_ = -1;
};

/// One write of `range` bytes and, once per ring, the report that frees it. Up to 40 bytes go
/// through the push window.
void Send(benchmark::State& state) {
  Bench bench;
  std::array<std::byte, 4096> data{};
  const std::span<const std::byte> message =
      std::span(data).first(static_cast<std::size_t>(state.range(0)));
  const Instructions instructions(state);
  for (auto _ : state) {
    if (bench.socket.writable_bytes() < message.size()) {
      state.PauseTiming();
      instructions.Pause();
      bench.mock.flow(0).acked = bench.mock.flow(0).sent = bench.mock.flow(0).tail;
      bench.mock.report(0);
      bench.stack.poll();
      instructions.Resume();
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(bench.socket.write(message));
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Send)->Arg(8)->Arg(40)->Arg(256)->Arg(1460);

void IdlePoll(benchmark::State& state) {
  Bench bench;
  const Instructions instructions(state);
  for (auto _ : state) benchmark::DoNotOptimize(bench.stack.poll().size());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(IdlePoll);

/// A received message from its entry in the status ring to its bytes in the user's buffer and the
/// doorbell; the difference to ReportOnly is the library's part.
void Receive(benchmark::State& state) {
  Bench bench;
  std::array<std::byte, 4096> buffer;
  test::MockFlow& flow = bench.mock.flow(0);
  const auto size = static_cast<std::uint64_t>(state.range(0));
  const Instructions instructions(state);
  for (auto _ : state) {
    flow.delivered = flow.rx_end = flow.delivered + size;
    bench.mock.report(0);
    benchmark::DoNotOptimize(bench.stack.poll().size());
    benchmark::DoNotOptimize(bench.socket.read(buffer));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Receive)->Arg(64)->Arg(1460);

/// The same without a copy.
void ReceiveView(benchmark::State& state) {
  Bench bench;
  test::MockFlow& flow = bench.mock.flow(0);
  const Instructions instructions(state);
  for (auto _ : state) {
    flow.delivered = flow.rx_end = flow.delivered + 64;
    bench.mock.report(0);
    benchmark::DoNotOptimize(bench.stack.poll().size());
    const auto view = bench.socket.receive_view();
    benchmark::DoNotOptimize(view.first.data());
    benchmark::DoNotOptimize(bench.socket.consume(view.size()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReceiveView);

/// What the mock itself costs to write one entry.
void ReportOnly(benchmark::State& state) {
  Bench bench;
  const Instructions instructions(state);
  for (auto _ : state) bench.mock.report(0);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReportOnly);

}  // namespace
