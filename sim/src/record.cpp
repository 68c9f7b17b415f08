#include "tautline_sim/record.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace tautline::sim {

Result<std::unique_ptr<Recorder>> Recorder::create(const std::string& path,
                                                   const RecordHeader& header) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) return fail_errno(errno, "cannot write record " + path);
  std::setvbuf(file, nullptr, _IOFBF, 1 << 20);
  std::fwrite(&header, sizeof header, 1, file);
  return std::unique_ptr<Recorder>(new Recorder(file));
}

Recorder::~Recorder() {
  std::fclose(file_);
}

void Recorder::entry(RecordKind kind, Cycle executed, std::span<const std::byte> a,
                     std::span<const std::byte> b) {
  struct {
    std::uint64_t executed;
    std::uint32_t length;
    std::uint32_t kind;
  } head{executed, static_cast<std::uint32_t>(a.size() + b.size()),
         static_cast<std::uint32_t>(kind)};
  std::fwrite(&head, sizeof head, 1, file_);
  for (const auto& part : {a, b}) {
    if (!part.empty()) std::fwrite(part.data(), 1, part.size(), file_);
  }
}

AxiResp RecordingTarget::read(std::uint64_t address, std::span<std::byte> data) {
  const AxiResp resp = inner_.read(address, data);
  recorder_.entry(RecordKind::dma_read, 0, std::as_bytes(std::span(&resp, 1)),
                  resp == AxiResp::okay ? data : std::span<std::byte>{});
  return resp;
}

AxiResp RecordingTarget::write(std::uint64_t address, std::span<const std::byte> data,
                               std::span<const std::uint64_t> strobes, std::size_t beat) {
  const AxiResp resp = inner_.write(address, data, strobes, beat);
  const std::array<std::uint64_t, 2> what{
      address, fnv1a(std::as_bytes(strobes.first(data.size() / beat)), fnv1a(data))};
  recorder_.entry(RecordKind::dma_write, 0, std::as_bytes(std::span(&resp, 1)),
                  std::as_bytes(std::span(what)));
  return resp;
}

}  // namespace tautline::sim
