#include "device.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "generated/regs.hpp"

namespace tautline::board {
namespace {

constexpr unsigned register_bar = 0, push_bar = 2, msix_bar = 4;
// Register reads after which a reset is given up: each takes its time on the board.
constexpr unsigned reset_patience = 10'000;

std::error_code outside() {
  return std::make_error_code(std::errc::invalid_argument);
}

}  // namespace

Device::Device(std::shared_ptr<sim::Board> board, std::shared_ptr<DmaMap> dma)
    : board_(std::move(board)),
      dma_(std::move(dma)),
      function_(board_->function()),
      config_(function_->bar_size(register_bar),
              std::max<std::uint64_t>(function_->bar_size(push_bar), 4096)) {}

std::uint64_t Device::region_size(unsigned region) const {
  switch (region) {
    case register_bar:
      return function_->bar_size(register_bar);
    case push_bar:
      // Not smaller than a page, so that a kernel lets a program map it.
      return std::max<std::uint64_t>(function_->bar_size(push_bar), 4096);
    case msix_bar:
      return ConfigSpace::msix_bar_size;
    case config_region:
      return ConfigSpace::size;
    default:
      return 0;
  }
}

std::error_code Device::read(unsigned region, std::uint64_t offset, std::span<std::byte> data) {
  const std::uint64_t size = region_size(region);
  if (data.size() > max_access || offset > size || data.size() > size - offset) return outside();
  end_push();
  if (region == config_region) {
    config_.read(offset, data);
  } else if (!config_.memory_enabled()) {
    std::ranges::fill(data, std::byte{0xff});
  } else if (region == register_bar) {
    read_registers(offset, data);
  } else if (region == msix_bar) {
    std::memcpy(data.data(), msix_.data() + offset, data.size());
  } else {
    std::ranges::fill(data, std::byte{});  // the push window is written only
  }
  return {};
}

std::error_code Device::write(unsigned region, std::uint64_t offset,
                              std::span<const std::byte> data) {
  const std::uint64_t size = region_size(region);
  if (data.size() > max_access || offset > size || data.size() > size - offset) return outside();
  if (region != push_bar) end_push();
  if (region == config_region) {
    if (config_.write(offset, data).reset) {
      reset();
      config_.reset();
    }
    dma_->set_bus_master(config_.bus_master());
  } else if (!config_.memory_enabled()) {
    ++odd_;
  } else if (region == register_bar) {
    write_registers(offset, data);
  } else if (region == push_bar) {
    write_push(offset, data);
  } else {
    std::memcpy(msix_.data() + offset, data.data(), data.size());
  }
  return {};
}

// Registers are whole words. Parts of words are cut out of a read and dropped from a write, as the
// register block does with a byte enable that is off.
void Device::read_registers(std::uint64_t offset, std::span<std::byte> data) {
  for (std::size_t at = 0; at < data.size();) {
    const std::size_t skip = (offset + at) % 4;
    const std::size_t n = std::min(data.size() - at, 4 - skip);
    const std::uint32_t word = function_->read32(register_bar, offset + at - skip);
    std::memcpy(data.data() + at, reinterpret_cast<const std::byte*>(&word) + skip, n);
    at += n;
  }
}

void Device::write_registers(std::uint64_t offset, std::span<const std::byte> data) {
  if (offset % 4 != 0 || data.size() % 4 != 0) {
    ++odd_;
    return;
  }
  for (std::size_t at = 0; at < data.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, data.data() + at, sizeof word);
    function_->write32(register_bar, offset + at, word);
  }
}

void Device::write_push(std::uint64_t offset, std::span<const std::byte> data) {
  for (std::size_t at = 0; at < data.size();) {
    const std::uint64_t place = offset + at;
    const std::uint64_t line = place & ~std::uint64_t{63};
    if (line_have_ > 0 && (line != line_offset_ || place - line != line_have_)) end_push();
    if (line_have_ == 0 && place != line) {  // not from a line's start: part of nothing
      ++odd_;
      return;
    }
    line_offset_ = line;
    const std::size_t n = std::min(data.size() - at, 64 - line_have_);
    std::memcpy(line_.data() + line_have_, data.data() + at, n);
    line_have_ += n;
    at += n;
    if (line_have_ == 64) {
      line_have_ = 0;
      if (line_offset_ < function_->bar_size(push_bar)) {
        function_->write_line(push_bar, line_offset_, line_);
      }
    }
  }
}

// A line that does not become whole is one that the engine would not use: it fetches instead.
void Device::end_push() {
  if (line_have_ > 0) ++odd_;
  line_have_ = 0;
}

void Device::set_interrupt(detail::Descriptor event) {
  event_ = std::move(event);
  deliver();
}

void Device::set_interrupt_masked(bool masked) {
  masked_ = masked;
  deliver();
}

void Device::interrupt() {
  function_->acknowledge_interrupt();
  trigger();
}

void Device::trigger() {
  pending_ = true;
  deliver();
}

void Device::deliver() {
  if (!pending_ || masked_ || !event_) return;
  pending_ = false;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_.get(), &one, sizeof one);
}

bool Device::reset() {
  const auto until = [&](std::uint32_t bits) {
    for (unsigned i = 0; i < reset_patience; ++i) {
      const std::uint32_t status = function_->read32(register_bar, regs::status::offset);
      if (function_->link_state() != LinkState::up) return false;
      if ((status & bits) != 0) return true;
    }
    return false;
  };
  end_push();
  pending_ = false;
  function_->write32(register_bar, regs::control::offset, 0);
  if (!until(regs::status::idle.mask() | regs::status::error.mask())) return false;
  function_->write32(register_bar, regs::control::offset, regs::control::reset.put(1));
  (void)function_->read32(register_bar, regs::control::offset);
  return until(regs::status::ready.mask());
}

void Device::detach() {
  config_.reset();
  dma_->set_bus_master(false);
  dma_->clear();
  end_push();
  event_.reset();
  masked_ = pending_ = false;
  msix_ = {};
}

}  // namespace tautline::board
