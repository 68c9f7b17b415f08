#include "driver.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstdio>

#include "tautline/error.hpp"

namespace tautline::detail {
namespace {

constexpr std::uint32_t all_ones = 0xffffffff;  // what PCIe reads when nobody answers
constexpr unsigned push_bar = 2;

template <typename... Args>
std::string text(const char* format, Args... args) {
  std::array<char, 256> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, args...);
  return buffer.data();
}

std::error_code refuse(std::error_code error, std::string& why, std::string words) {
  why = std::move(words);
  return error;
}

std::error_code posix(std::errc error) {
  return std::make_error_code(error);
}

bool fits32(Microseconds time) {
  return time.count() >= 0 && time.count() <= 0xffffffffLL;
}

std::uint32_t us(Microseconds time) {
  return static_cast<std::uint32_t>(time.count());
}

unsigned ceil_log2(std::uint64_t value) {
  return static_cast<unsigned>(std::bit_width(value - 1));
}

}  // namespace

Command make_command(regs::Op op, std::uint32_t slot, std::uint8_t gen, std::uint32_t arg0,
                     std::uint32_t arg1) noexcept {
  Command command{};
  regs::command::op.into(command, static_cast<std::uint32_t>(op));
  regs::command::slot.into(command, slot);
  regs::command::gen.into(command, gen);
  regs::command::arg0.into(command, arg0);
  regs::command::arg1.into(command, arg1);
  return command;
}

std::expected<std::unique_ptr<Driver>, std::error_code> Driver::attach(PciFunction& function,
                                                                       const StackConfig& config,
                                                                       std::string& why) {
  std::unique_ptr<Driver> driver(new Driver(function));
  if (auto error = driver->identify(why)) return std::unexpected(error);
  if (auto error = driver->check(config, why)) return std::unexpected(error);
  if (auto error = driver->quiesce(config, why)) return std::unexpected(error);
  if (auto error = driver->allocate(config, why)) return std::unexpected(error);
  if (auto error = driver->program(config, why)) return std::unexpected(error);
  driver->write(regs::control::offset, regs::control::enable.put(1));
  driver->enabled_ = true;
  return driver;
}

Driver::~Driver() {
  if (!enabled_ || function_.link_state() != LinkState::up) return;
  write(regs::control::offset, 0);
  (void)await(regs::status::idle.mask(), std::chrono::milliseconds{10});
}

// Reads only: a device that is not ours must not notice us.
std::error_code Driver::identify(std::string& why) {
  if (function_.link_state() == LinkState::failed) {
    return refuse(posix(std::errc::io_error), why, "the link to the device has failed");
  }
  const std::uint32_t id =
      function_.link_state() == LinkState::up ? function_.read32(0, regs::id::offset) : all_ones;
  if (id == all_ones) {
    return refuse(posix(std::errc::no_such_device), why, "no device answers (reads are all ones)");
  }
  if (id != regs::id::reset_value) {
    return refuse(
        Errc::not_tautline, why,
        text("not a Tautline device: ID is 0x%08x, expected 0x%08x", id, regs::id::reset_value));
  }
  const std::uint32_t version = function_.read32(0, regs::version::offset);
  info_.version_major = static_cast<std::uint16_t>(regs::version::major_version.get(version));
  info_.version_minor = static_cast<std::uint16_t>(regs::version::minor_version.get(version));
  const std::uint32_t expected = regs::version::major_version.get(regs::version::reset_value);
  if (info_.version_major != expected) {
    return refuse(Errc::version_mismatch, why,
                  text("the device speaks version %u.%u of the host interface, the library %u",
                       info_.version_major, info_.version_minor, expected));
  }
  info_.map_hash = function_.read32(0, regs::map_hash::offset);
  if (info_.map_hash != regs::expected_map_hash) {
    return refuse(
        Errc::map_mismatch, why,
        text("the device's register map has hash 0x%08x, the library's 0x%08x: build both "
             "from one description",
             info_.map_hash, regs::expected_map_hash));
  }

  const std::uint32_t caps = function_.read32(0, regs::caps::offset);
  const std::uint32_t caps2 = function_.read32(0, regs::caps2::offset);
  if (caps == all_ones && caps2 == all_ones) {
    return refuse(posix(std::errc::no_such_device), why, "the device vanished during attach");
  }
  const unsigned flows_log2 = regs::caps::flows_log2.get(caps);
  info_.flows = flows_log2 <= 16 ? 1u << flows_log2 : 0;
  info_.data_bits = 8u << regs::caps::data_log2.get(caps);
  info_.listeners = regs::caps::listeners.get(caps);
  info_.tx_store_log2 = regs::caps::tx_store_log2.get(caps);
  info_.command_credits = regs::caps2::cmd_credits.get(caps2);
  status_log2_max_ = std::min(regs::caps2::status_log2_max.get(caps2), 15u);
  ring_log2_max_ = std::min(regs::caps2::ring_log2_max.get(caps2), 22u);
  if (info_.flows == 0 || info_.listeners == 0 || info_.command_credits == 0 ||
      status_log2_max_ < 2 || ring_log2_max_ < 12) {
    return refuse(
        Errc::missing_capability, why,
        text("the device's capabilities make no sense: CAPS 0x%08x, CAPS2 0x%08x", caps, caps2));
  }
  const std::uint64_t registers =
      regs::doorbell_base + std::uint64_t{regs::doorbell_stride} * info_.flows;
  if (function_.bar_size(0) < registers) {
    return refuse(Errc::missing_capability, why,
                  text("BAR 0 has %llu bytes, %u flows need %llu",
                       static_cast<unsigned long long>(function_.bar_size(0)), info_.flows,
                       static_cast<unsigned long long>(registers)));
  }
  info_.push_window =
      function_.bar_size(push_bar) >= std::uint64_t{regs::push_line_bytes} * info_.flows;
  return {};
}

std::error_code Driver::check(const StackConfig& config, std::string& why) {
  const auto invalid = [&](const char* words) {
    return refuse(posix(std::errc::invalid_argument), why, words);
  };
  if (config.address.value == 0) return invalid("the stack needs an address");
  if (config.prefix == 0 || config.prefix > 32) return invalid("the prefix is 1 to 32 bits long");
  if ((config.mac.bytes[0] & 1) != 0) return invalid("the MAC address is a group address");
  if (config.mtu < 576 || config.mtu > 9000) return invalid("the MTU is 576 to 9000 bytes");
  if (config.ttl == 0) return invalid("the TTL is at least 1");
  if (config.dscp > 63) return invalid("the DSCP is at most 63");
  for (const Microseconds time :
       {config.rto_min, config.rto_initial, config.rto_max, config.delayed_ack, config.user_timeout,
        config.syn_timeout, config.time_wait, config.fin_wait2, config.challenge_interval,
        config.reply_interval, config.arp_timeout}) {
    if (!fits32(time)) return invalid("a time is negative or above 71 minutes");
  }
  if (config.rto_min > config.rto_max) return invalid("rto_min is above rto_max");
  if (config.delayed_ack >= std::chrono::milliseconds{500}) {
    return invalid("an ACK is delayed by less than 500 ms (RFC 9293 MUST-40)");
  }
  if (config.interrupt_interval.count() < 0 || config.interrupt_interval.count() > 0xffff) {
    return invalid("interrupts are at most 65,535 us apart");
  }
  if (config.attach_timeout.count() <= 0) return invalid("attach needs time");
  for (const unsigned log2 : {config.rx_ring_log2, config.tx_ring_log2}) {
    if (log2 < 12 || log2 > 22) return invalid("a ring has 2^12 to 2^22 bytes");
    if (log2 > ring_log2_max_) {
      return refuse(
          Errc::missing_capability, why,
          text("the device's rings have at most 2^%u bytes, 2^%u asked for", ring_log2_max_, log2));
    }
  }
  if (config.status_ring_log2 != 0 &&
      (config.status_ring_log2 < 2 || config.status_ring_log2 > status_log2_max_)) {
    return invalid("the device does not take a status ring of this size");
  }
  tx_log2_ = config.tx_ring_log2;
  rx_log2_ = config.rx_ring_log2;
  entries_log2_ =
      config.status_ring_log2 != 0
          ? config.status_ring_log2
          : std::clamp(ceil_log2(info_.flows + info_.command_credits + 1), 4u, status_log2_max_);
  entries_ = 1u << entries_log2_;
  return {};
}

std::error_code Driver::await(std::uint32_t bits, Microseconds timeout) {
  const Microseconds deadline = function_.now() + timeout;
  for (;;) {
    const std::uint32_t status = function_.read32(0, regs::status::offset);
    if (status == all_ones || function_.link_state() != LinkState::up) {
      return posix(std::errc::no_such_device);
    }
    if ((status & bits) != 0) return {};
    if (function_.now() >= deadline) return Errc::stuck;
    if (!function_.progress()) function_.wait(Microseconds{10});
  }
}

// Stops whatever an earlier driver, perhaps a dead one, left running. After the reset no slot, ring
// position or interrupt of the old life exists; the register block itself is not reset and is
// programmed anew.
std::error_code Driver::quiesce(const StackConfig& config, std::string& why) {
  write(regs::control::offset, 0);
  // A link that stopped after a DMA error may never drain; the reset is its cure.
  if (auto error =
          await(regs::status::idle.mask() | regs::status::error.mask(), config.attach_timeout)) {
    return refuse(error, why, "the device did not drain (STATUS.idle stays 0)");
  }
  write(regs::control::offset, regs::control::reset.put(1));
  // The read is answered behind the posted write, so STATUS below is of after the reset.
  (void)function_.read32(0, regs::control::offset);
  if (auto error = await(regs::status::ready.mask(), config.attach_timeout)) {
    return refuse(error, why, "the device did not come out of reset (STATUS.ready stays 0)");
  }
  return {};
}

std::error_code Driver::allocate(const StackConfig& /*config*/, std::string& why) {
  const auto get = [&](std::unique_ptr<DmaRegion>& region, std::size_t size,
                       std::size_t alignment) -> std::error_code {
    auto memory = function_.allocate(size, std::max<std::size_t>(alignment, 4096));
    if (!memory) {
      return refuse(memory.error(), why, text("no DMA memory: %zu bytes asked for", size));
    }
    if ((*memory)->bytes().size() < size || (*memory)->device_address() % alignment != 0) {
      return refuse(posix(std::errc::not_enough_memory), why,
                    "the backend's DMA memory is too small or not aligned");
    }
    region = std::move(*memory);
    return {};
  };
  const std::size_t status_bytes = std::size_t{regs::status_entry_bytes} * entries_;
  if (auto error = get(status_, status_bytes, status_bytes)) return error;
  if (auto error = get(tx_, tx_ring_bytes() * info_.flows, tx_ring_bytes())) return error;
  if (auto error = get(rx_, rx_ring_bytes() * info_.flows, rx_ring_bytes())) return error;
  ring_ = reinterpret_cast<std::uint32_t*>(status_->bytes().data());
  return {};
}

void Driver::write_address(std::uint32_t offset_lo, std::uint64_t address) {
  write(offset_lo, static_cast<std::uint32_t>(address));
  write(offset_lo + 4, static_cast<std::uint32_t>(address >> 32));
}

std::error_code Driver::program(const StackConfig& config, std::string& why) {
  static_assert(regs::status_base_hi::offset == regs::status_base_lo::offset + 4);
  static_assert(regs::tx_base_hi::offset == regs::tx_base_lo::offset + 4);
  static_assert(regs::rx_base_hi::offset == regs::rx_base_lo::offset + 4);

  MacAddress mac = config.mac;
  if (mac == MacAddress{}) {
    for (unsigned i = 0; i < 4; ++i) {
      mac.bytes[2 + i] = static_cast<std::uint8_t>(config.address.value >> (24 - 8 * i));
    }
    mac.bytes[0] = 0x02;  // locally administered
  }
  write(regs::mac_lo::offset, static_cast<std::uint32_t>(mac.value()));
  write(regs::mac_hi::offset, static_cast<std::uint32_t>(mac.value() >> 32));
  write(regs::ip::offset, config.address.value);
  write(regs::netmask::offset, Ipv4Prefix{config.address, config.prefix}.mask());
  write(regs::gateway::offset, config.gateway.value);
  write(regs::vlan::offset, regs::vlan::en.put(config.vlan_tci ? 1 : 0) |
                                regs::vlan::tci.put(config.vlan_tci.value_or(0)));
  write(regs::mtu::offset, config.mtu);
  write(regs::ipcfg::offset, regs::ipcfg::ttl.put(config.ttl) | regs::ipcfg::dscp.put(config.dscp) |
                                 regs::ipcfg::df.put(config.dont_fragment) |
                                 regs::ipcfg::nodelay.put(config.nodelay));

  write(regs::rto_min::offset, us(config.rto_min));
  write(regs::rto_init::offset, us(config.rto_initial));
  write(regs::rto_max::offset, us(config.rto_max));
  write(regs::delack::offset, us(config.delayed_ack));
  write(regs::user_timeout::offset, us(config.user_timeout));
  write(regs::syn_timeout::offset, us(config.syn_timeout));
  write(regs::r1::offset, config.r1_retries);
  write(regs::time_wait::offset, us(config.time_wait));
  write(regs::fin_wait2::offset, us(config.fin_wait2));
  write(regs::challenge::offset, us(config.challenge_interval));
  write(regs::reply::offset, us(config.reply_interval));
  write(regs::arp_timeout::offset, us(config.arp_timeout));

  Secrets secrets;
  if (config.secrets) {
    secrets = *config.secrets;
  } else if (::getrandom(&secrets, sizeof secrets, 0) != static_cast<ssize_t>(sizeof secrets)) {
    return refuse(posix(std::errc::io_error), why, "the system has no random numbers");
  }
  const auto write_key = [&](std::uint32_t offset, const std::array<std::byte, 16>& key) {
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), key.data(), sizeof words);
    for (unsigned i = 0; i < 4; ++i) write(offset + 4 * i, words[i]);
  };
  write_key(regs::isn_key0::offset, secrets.isn_key);
  write_key(regs::hash_key0::offset, secrets.hash_key);
  write_key(regs::port_key0::offset, secrets.port_key);

  write_address(regs::status_base_lo::offset, status_->device_address());
  write(regs::status_log2::offset, entries_log2_);
  write(regs::irq_moderation::offset,
        static_cast<std::uint32_t>(config.interrupt_interval.count()));
  write_address(regs::tx_base_lo::offset, tx_->device_address());
  write(regs::tx_ring_log2::offset, tx_log2_);
  write_address(regs::rx_base_lo::offset, rx_->device_address());
  write(regs::rx_ring_log2::offset, rx_log2_);
  // The consumer index is not reset with the engine: an old one would make the ring look full.
  tell_consumer(false);

  free_count_ = std::min(info_.command_credits, static_cast<unsigned>(free_.size()));
  for (unsigned i = 0; i < free_count_; ++i) free_[i] = static_cast<std::uint8_t>(i);
  return {};
}

void Driver::tell_consumer(bool arm) noexcept {
  told_consumer_ = consumer_;
  function_.write32(
      0, regs::status_consumer::offset,
      regs::status_consumer::index.put(consumer_) | regs::status_consumer::arm.put(arm ? 1 : 0));
}

bool Driver::arm() noexcept {
  const auto behind = [&] {
    std::uint32_t* const words = ring_ + std::size_t{16} * (consumer_ & (entries_ - 1));
    return regs::status_entry::phase.get(std::atomic_ref<std::uint32_t>(words[15]).load(
               std::memory_order_acquire)) == phase();
  };
  if (behind()) return false;
  tell_consumer(true);
  return !behind();
}

bool Driver::submit(Command command, std::uint64_t context) noexcept {
  if (free_count_ == 0) return false;
  const std::uint8_t place = free_[--free_count_];
  const auto cookie = static_cast<std::uint16_t>(++serial_ << 8 | place);
  outstanding_[place] = {.context = context, .cookie = cookie, .busy = true};
  regs::command::cookie.into(command, cookie);
  ++commands;
  for (std::uint32_t i = 0; i < regs::command::words; ++i) {
    function_.write32(0, regs::cmd0::offset + 4 * i, command[i]);
  }
  return true;
}

bool Driver::retire(std::uint16_t cookie, std::uint64_t& context) noexcept {
  Outstanding& place = outstanding_[cookie & 0xff];
  if (!place.busy || place.cookie != cookie) return false;
  place.busy = false;
  context = place.context;
  free_[free_count_++] = static_cast<std::uint8_t>(cookie & 0xff);
  return true;
}

void Driver::push(std::uint32_t slot, std::uint8_t gen, std::uint64_t position,
                  std::size_t length) noexcept {
  alignas(64) std::array<std::byte, regs::push_line_bytes> line{};
  std::array<std::uint32_t, 2> head{};
  regs::push_line::gen.into(head, gen);
  regs::push_line::len.into(head, static_cast<std::uint32_t>(length));
  regs::push_line::position.into(head, static_cast<std::uint32_t>(position));
  std::memcpy(line.data(), head.data(), sizeof head);
  const std::byte* const ring = tx_ring(slot);
  const std::size_t offset = position & (tx_ring_bytes() - 1);
  const std::size_t first = std::min(length, tx_ring_bytes() - offset);
  std::byte* const payload = line.data() + 16 + position % 8;
  std::memcpy(payload, ring + offset, first);
  std::memcpy(payload + first, ring, length - first);
  ++push_lines;
  function_.write_line(push_bar, std::uint64_t{regs::push_line_bytes} * slot, line);
}

}  // namespace tautline::detail
