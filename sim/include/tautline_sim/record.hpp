#pragma once
/// \file
/// A run as a file: every input of the model by the executed cycle at which it was given, every
/// word that a DMA read returned, and every output, so that the run can be repeated and compared.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tautline_sim/bus.hpp"
#include "tautline_sim/error.hpp"
#include "tautline_sim/host_memory.hpp"

namespace tautline::sim {

/// What the model's behaviour depends on beside its inputs.
struct RecordHeader {
  char magic[8] = {'T', 'L', 'R', 'E', 'C', '0', '1', '\n'};
  char variant[16] = {};
  std::uint32_t flows = 0;
  std::uint32_t beat_bytes = 8;
  std::uint64_t seed = 1;
  std::uint64_t epoch_us = 0;
  double line_gbps = 10;
  std::uint64_t read_latency = 0, write_latency = 0;
  double read_bandwidth = 0, write_bandwidth = 0;
  std::uint32_t reorder_reads = 0, max_reads = 0, max_writes = 0, reserved = 0;
  double stall = 0;
};

enum class RecordKind : std::uint8_t {
  // inputs
  frame_in = 1,   // time (8), bad (1), bytes
  mmio = 2,       // MmioOp
  now = 3,        // now_us (8)
  skip = 4,       // to board cycle (8)
  dma_read = 5,   // response (1), bytes
  dma_write = 6,  // response (1), then as compared: address (8), hash (8)
  // outputs
  frame_out = 16,   // first cycle (8), last cycle (8), bytes
  read_value = 17,  // value (4)
  interrupt = 18,   // board cycle (8)
  end = 31,
};

/// FNV-1a, 64 bit.
constexpr std::uint64_t fnv1a(std::span<const std::byte> bytes,
                              std::uint64_t h = 0xcbf29ce484222325) {
  for (const std::byte b : bytes) {
    h = (h ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3;
  }
  return h;
}

class Recorder {
 public:
  static Result<std::unique_ptr<Recorder>> create(const std::string& path,
                                                  const RecordHeader& header);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void entry(RecordKind kind, Cycle executed, std::span<const std::byte> a,
             std::span<const std::byte> b = {});
  void flush() { std::fflush(file_); }

 private:
  explicit Recorder(std::FILE* file) : file_(file) {}
  std::FILE* file_;
};

/// Memory whose every answer is written down.
class RecordingTarget final : public MemoryTarget {
 public:
  RecordingTarget(MemoryTarget& inner, Recorder& recorder) : inner_(inner), recorder_(recorder) {}
  AxiResp read(std::uint64_t address, std::span<std::byte> data) override;
  AxiResp write(std::uint64_t address, std::span<const std::byte> data,
                std::span<const std::uint64_t> strobes, std::size_t beat) override;

 private:
  MemoryTarget& inner_;
  Recorder& recorder_;
};

}  // namespace tautline::sim
