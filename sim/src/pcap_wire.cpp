#include <pcap/pcap.h>

#include <algorithm>

#include "tautline_sim/wire.hpp"

namespace tautline::sim {

Result<std::unique_ptr<PcapReplayWire>> PcapReplayWire::open(const std::string& path,
                                                             double speed) {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* pcap =
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error);
  if (pcap == nullptr) return fail(Errc::bad_file, "cannot replay " + path + ": " + error);
  if (pcap_datalink(pcap) != DLT_EN10MB) {
    pcap_close(pcap);
    return fail(Errc::bad_file, "cannot replay " + path + ": its packets are not Ethernet frames");
  }
  std::unique_ptr<PcapReplayWire> wire(new PcapReplayWire());
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  std::optional<Nanos> first;
  int rc;
  while ((rc = pcap_next_ex(pcap, &header, &data)) == 1) {
    // With nanosecond precision libpcap puts nanoseconds into tv_usec.
    const Nanos time = static_cast<Nanos>(header->ts.tv_sec) * 1'000'000'000 +
                       static_cast<Nanos>(header->ts.tv_usec);
    if (!first) first = time;
    Frame frame;
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    frame.bytes.assign(bytes, bytes + header->caplen);
    const Nanos distance = time > *first ? time - *first : 0;
    frame.time = speed > 0 ? static_cast<Nanos>(static_cast<double>(distance) / speed) : 0;
    if (!wire->frames_.empty()) frame.time = std::max(frame.time, wire->frames_.back().time);
    if (header->caplen == header->len && header->caplen > 0) {
      wire->frames_.push_back(std::move(frame));
    }
  }
  std::string reason = rc == PCAP_ERROR ? pcap_geterr(pcap) : "";
  pcap_close(pcap);
  if (!reason.empty()) return fail(Errc::bad_file, "cannot replay " + path + ": " + reason);
  return wire;
}

std::optional<Frame> PcapReplayWire::receive(Nanos now) {
  if (frames_.empty() || frames_.front().time > now) return std::nullopt;
  Frame frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

Nanos PcapReplayWire::next_event() const {
  return frames_.empty() ? kNever : frames_.front().time;
}

}  // namespace tautline::sim
