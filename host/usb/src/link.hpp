#pragma once
// One session over a byte stream: frames out within the board's credit, frames in by order, credit
// back, and the question whether the board is still there.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "frame.hpp"
#include "tautline_usb/usb_function.hpp"

namespace tautline::usb {

class Link {
 public:
  explicit Link(ByteStream& stream, const LinkOptions& options);

  /// HELLO and its answer.
  [[nodiscard]] std::error_code begin();

  // ------------------------------------------------------------------------------- out
  /// Room for a frame with `length` bytes of payload: in the buffer and in the board's credit.
  [[nodiscard]] bool may_send(std::size_t length) const noexcept;
  /// The payload of the next frame, to be filled; only after `may_send`.
  [[nodiscard]] std::span<std::byte> compose(std::size_t length) noexcept;
  /// The frame that was composed leaves.
  void commit(regs::StreamType kind, std::size_t length) noexcept;
  /// Gives buffered bytes to the stream.
  void flush();
  [[nodiscard]] bool backlog() const noexcept { return out_tail_ - out_head_ > kBacklog; }

  // ------------------------------------------------------------------------------- in
  /// Takes the frames that have come: `handler(header, payload)` returns false if it cannot take
  /// this one now; then it comes again. True if anything came.
  template <typename Handler>
  bool receive(Handler&& handler);
  /// Asks a silent board, and gives up one that does not answer; returns credit.
  void keep_alive();

  /// The board does not follow the rules, or something was lost.
  void fail() noexcept { failed_ = true; }
  [[nodiscard]] bool up() const noexcept {
    return begun_ && !failed_ && stream_.state() == LinkState::up;
  }
  [[nodiscard]] LinkState state() const noexcept {
    return stream_.state() != LinkState::up ? stream_.state()
           : failed_                        ? LinkState::failed
                                            : LinkState::up;
  }
  [[nodiscard]] std::uint32_t space_log2() const noexcept { return space_log2_; }
  [[nodiscard]] const LinkCounts& counts() const noexcept { return counts_; }
  void count_payload(std::size_t out, std::size_t in) noexcept {
    counts_.payload_out += out;
    counts_.payload_in += in;
  }
  /// Bytes that the board may send before credit comes back.
  static constexpr std::uint32_t kWindow = 32768;

 private:
  static constexpr std::size_t kBacklog = 4096;
  static constexpr std::size_t kOut = 16384;
  static constexpr std::size_t kIn = 65536;

  bool fill();
  void answer_hello(const Header& header, std::span<const std::byte> payload) noexcept;
  void send_empty(regs::StreamType kind) noexcept;
  [[nodiscard]] std::uint8_t own_credit() const noexcept {
    return static_cast<std::uint8_t>(freed_ / regs::stream_credit_unit);
  }

  ByteStream& stream_;
  LinkOptions options_;
  LinkCounts counts_;
  std::vector<std::byte> out_, in_;
  std::size_t out_head_ = 0, out_tail_ = 0, in_head_ = 0, in_tail_ = 0;

  bool begun_ = false, failed_ = false;
  std::error_code refused_;
  std::uint32_t nonce_ = 0;  ///< of the last HELLO: the answer to an earlier one begins nothing
  std::uint32_t space_log2_ = 0;
  std::uint8_t next_out_ = 0, next_in_ = 0;
  std::uint32_t board_buffer_ = 0;
  std::uint8_t board_credit_ = 0;  ///< units that the board has given back
  std::uint32_t sent_ = 0;         ///< credit used in this session
  std::uint32_t freed_ = 0;        ///< credit of ours that was used and is free again
  std::uint8_t told_ = 0;          ///< units of it that the board knows of
  std::chrono::microseconds heard_{}, asked_{};
  bool asking_ = false;
};

template <typename Handler>
bool Link::receive(Handler&& handler) {
  bool any = fill();
  for (;;) {
    Header header;
    const std::span<const std::byte> bytes(in_.data() + in_head_, in_tail_ - in_head_);
    const Scan found = scan(bytes, header);
    if (found == Scan::more) {
      if (!fill()) return any;
      any = true;
      continue;
    }
    if (found == Scan::garbage) {
      ++in_head_;
      ++counts_.garbage;
      continue;
    }
    const auto payload = bytes.subspan(kHeaderBytes, header.length);
    if (header.kind == regs::StreamType::hello) {
      answer_hello(header, payload);
    } else if (begun_ && !failed_) {
      if (header.seq != next_in_) {
        fail();
      } else {
        board_credit_ = header.credit;
        if (header.kind == regs::StreamType::lost) {
          fail();
        } else if (header.kind != regs::StreamType::credit && !handler(header, payload)) {
          return any;
        }
        ++next_in_;
        // These need no credit: the board must always be able to say them.
        if (header.length != 0 && header.kind != regs::StreamType::value) {
          freed_ += frame_cost(header.length);
        }
      }
    }
    heard_ = stream_.now();
    asking_ = false;
    ++counts_.frames_in;
    in_head_ += frame_bytes(header.length);
    any = true;
  }
}

}  // namespace tautline::usb
