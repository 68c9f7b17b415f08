#pragma once
/// \file
/// Writes captures (pcapng, draft-ietf-opsawg-pcapng): one section, one interface with nanosecond
/// timestamps, each packet with its direction and, if something was done to it, a comment.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "tautline_sim/error.hpp"

namespace tautline::sim {

class PcapngWriter {
 public:
  enum class Direction : std::uint32_t { unknown = 0, to_board = 1, from_board = 2 };

  static Result<std::unique_ptr<PcapngWriter>> create(const std::string& path,
                                                      const std::string& interface_name);
  ~PcapngWriter();
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  /// `time` in nanoseconds of the clock that the reader shall see (UTC since 1970 or board time).
  void packet(std::uint64_t time, Direction direction, std::span<const std::byte> frame,
              bool bad_fcs = false, const char* comment = nullptr);
  void flush();
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  explicit PcapngWriter(std::FILE* file) : file_(file) {}
  void block(std::uint32_t type, std::span<const std::byte> body);
  std::FILE* file_;
  std::uint64_t packets_ = 0;
};

}  // namespace tautline::sim
