#include "tautline_sim/pcapng.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace tautline::sim {
namespace {

class Body {
 public:
  void u16(std::uint16_t v) { raw(&v, sizeof v); }
  void u32(std::uint32_t v) { raw(&v, sizeof v); }
  void u64(std::uint64_t v) { raw(&v, sizeof v); }
  void raw(const void* p, std::size_t n) {
    const auto* b = static_cast<const std::byte*>(p);
    bytes_.insert(bytes_.end(), b, b + n);
  }
  void pad() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }
  void option(std::uint16_t code, const void* p, std::size_t n) {
    u16(code);
    u16(static_cast<std::uint16_t>(n));
    raw(p, n);
    pad();
  }
  void option(std::uint16_t code, std::string_view s) { option(code, s.data(), s.size()); }
  void end_of_options() { u32(0); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

constexpr std::uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint32_t kCrcError = 1u << 24;  // epb_flags, link-layer errors

}  // namespace

Result<std::unique_ptr<PcapngWriter>> PcapngWriter::create(const std::string& path,
                                                           const std::string& interface_name) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) return fail_errno(errno, "cannot write capture " + path);
  std::unique_ptr<PcapngWriter> writer(new PcapngWriter(file));
  Body section;
  section.u32(0x1a2b3c4d);  // byte order
  section.u16(1);
  section.u16(0);
  section.u64(~std::uint64_t{0});  // length of the section is not stated
  section.option(4, "Tautline simulated board");
  section.end_of_options();
  writer->block(kSection, section.bytes());
  Body interface;
  interface.u16(1);  // LINKTYPE_ETHERNET
  interface.u16(0);
  interface.u32(0);  // no snap length
  interface.option(2, interface_name);
  const std::uint8_t resolution = 9;
  interface.option(9, &resolution, 1);
  interface.end_of_options();
  writer->block(kInterface, interface.bytes());
  return writer;
}

PcapngWriter::~PcapngWriter() {
  std::fclose(file_);
}

void PcapngWriter::flush() {
  std::fflush(file_);
}

void PcapngWriter::block(std::uint32_t type, std::span<const std::byte> body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  std::fwrite(&type, 4, 1, file_);
  std::fwrite(&length, 4, 1, file_);
  std::fwrite(body.data(), 1, body.size(), file_);
  std::fwrite(&length, 4, 1, file_);
}

void PcapngWriter::packet(std::uint64_t time, Direction direction, std::span<const std::byte> frame,
                          bool bad_fcs, const char* comment) {
  Body packet;
  packet.u32(0);  // interface
  packet.u32(static_cast<std::uint32_t>(time >> 32));
  packet.u32(static_cast<std::uint32_t>(time));
  packet.u32(static_cast<std::uint32_t>(frame.size()));
  packet.u32(static_cast<std::uint32_t>(frame.size()));
  packet.raw(frame.data(), frame.size());
  packet.pad();
  const std::uint32_t flags = static_cast<std::uint32_t>(direction) | (bad_fcs ? kCrcError : 0);
  packet.option(2, &flags, 4);
  if (comment != nullptr) packet.option(1, std::string_view(comment));
  packet.end_of_options();
  block(kEnhancedPacket, packet.bytes());
  ++packets_;
}

}  // namespace tautline::sim
