#include "link.hpp"

#include <sys/random.h>

#include <algorithm>

#include "tautline_usb/error.hpp"

namespace tautline::usb {
namespace {

using namespace regs;
using std::chrono::microseconds;

// HELLO is repeated after so long, then after twice as long, and so on.
constexpr microseconds kFirstPatience{250'000};
// A board that has been silent so long is asked.
constexpr microseconds kQuiet{500'000};

}  // namespace

Link::Link(ByteStream& stream, const LinkOptions& options)
    : stream_(stream), options_(options), out_(kOut), in_(kIn) {}

std::error_code Link::begin() {
  if (::getrandom(&nonce_, sizeof nonce_, 0) != static_cast<ssize_t>(sizeof nonce_)) {
    return std::make_error_code(std::errc::io_error);
  }
  const microseconds end = stream_.now() + options_.hello_timeout;
  microseconds next = stream_.now(), patience = kFirstPatience;
  // The board may still wait for the rest of a frame that an earlier host left half sent.
  out_tail_ = kHeaderBytes + stream_max_length + kCrcBytes;
  std::fill_n(out_.begin(), out_tail_, std::byte{0});
  while (!begun_) {
    if (stream_.state() == LinkState::removed) {
      return std::make_error_code(std::errc::no_such_device);
    }
    if (stream_.state() != LinkState::up) return Errc::transfer;
    if (refused_) return refused_;
    const microseconds now = stream_.now();
    if (now >= end) return Errc::no_answer;
    if (now >= next) {
      if (out_.size() - out_tail_ >= frame_bytes(16)) {
        ++nonce_;
        next_out_ = 0;
        const auto payload = compose(16);
        std::array<std::uint32_t, stream_hello::words> words{};
        stream_hello::version.into(words, stream_version);
        stream_hello::map_hash.into(words, expected_map_hash);
        stream_hello::nonce.into(words, nonce_);
        stream_hello::credit.into(words, kWindow);
        std::memcpy(payload.data(), words.data(), sizeof words);
        commit(StreamType::hello, 16);
      }
      next = now + patience;
      patience *= 2;
    }
    flush();
    bool moved = stream_.progress();
    moved |= receive([](const Header&, std::span<const std::byte>) { return true; });
    if (!begun_ && !moved) stream_.wait(std::min(next, end) - stream_.now());
  }
  return {};
}

void Link::answer_hello(const Header& header, std::span<const std::byte> payload) noexcept {
  std::array<std::uint32_t, stream_hello::words> words{};
  if (payload.size() != sizeof words) return;
  std::memcpy(words.data(), payload.data(), sizeof words);
  if (stream_hello::nonce.from(words) != nonce_) return;
  if (begun_) {
    fail();  // the board began anew: what it knew of the session is gone
    return;
  }
  if (stream_hello::version.from(words) != stream_version) {
    refused_ = Errc::wrong_version;
    return;
  }
  if (stream_hello::map_hash.from(words) != expected_map_hash) {
    refused_ = Errc::wrong_map;
    return;
  }
  board_buffer_ = stream_hello::credit.from(words);
  space_log2_ = stream_hello::space_log2.from(words);
  board_credit_ = 0;
  sent_ = freed_ = 0;
  told_ = 0;
  next_in_ = static_cast<std::uint8_t>(header.seq + 1);
  heard_ = stream_.now();
  begun_ = true;
}

bool Link::may_send(std::size_t length) const noexcept {
  // Modulo 2^16, as the board counts.
  const auto credit = static_cast<std::uint16_t>(
      board_buffer_ + std::uint32_t{board_credit_} * stream_credit_unit - sent_);
  return credit >= frame_cost(length) && kOut - out_tail_ + out_head_ >= frame_bytes(length);
}

std::span<std::byte> Link::compose(std::size_t length) noexcept {
  if (out_.size() - out_tail_ < frame_bytes(length)) {
    std::memmove(out_.data(), out_.data() + out_head_, out_tail_ - out_head_);
    out_tail_ -= out_head_;
    out_head_ = 0;
  }
  return {out_.data() + out_tail_ + kHeaderBytes, length};
}

void Link::commit(StreamType kind, std::size_t length) noexcept {
  const std::size_t size = frame_bytes(length);
  seal({out_.data() + out_tail_, size},
       {.kind = kind, .length = length, .seq = next_out_++, .credit = own_credit()});
  told_ = own_credit();
  out_tail_ += size;
  if (length != 0 && kind != StreamType::hello) sent_ += frame_cost(length);
  ++counts_.frames_out;
}

void Link::send_empty(StreamType kind) noexcept {
  if (kOut - out_tail_ + out_head_ < kHeaderBytes) return;
  (void)compose(0);
  commit(kind, 0);
}

void Link::flush() {
  while (out_head_ != out_tail_) {
    const std::size_t n = stream_.send({out_.data() + out_head_, out_tail_ - out_head_});
    if (n == 0) return;
    out_head_ += n;
    counts_.bytes_out += n;
  }
  out_head_ = out_tail_ = 0;
}

bool Link::fill() {
  if (in_head_ != 0) {
    std::memmove(in_.data(), in_.data() + in_head_, in_tail_ - in_head_);
    in_tail_ -= in_head_;
    in_head_ = 0;
  }
  const std::size_t n = stream_.receive({in_.data() + in_tail_, in_.size() - in_tail_});
  in_tail_ += n;
  counts_.bytes_in += n;
  return n != 0;
}

void Link::keep_alive() {
  if (!up()) return;
  // Credit goes with every frame; alone only when a quarter of the window is owed.
  if (static_cast<std::uint8_t>(own_credit() - told_) >= kWindow / 4 / stream_credit_unit) {
    send_empty(StreamType::credit);
  }
  const microseconds now = stream_.now();
  if (asking_) {
    if (now - asked_ >= options_.dead_after) fail();
  } else if (now - heard_ >= kQuiet) {
    send_empty(StreamType::ping);
    asking_ = true;
    asked_ = now;
  }
}

}  // namespace tautline::usb
