#include "tautline/error.hpp"

#include <string>

#include "tautline/info.hpp"

namespace tautline {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tautline"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::not_tautline:
        return "the device is not a Tautline engine";
      case Errc::version_mismatch:
        return "the device speaks another version of the host interface";
      case Errc::map_mismatch:
        return "the device was built from another register description";
      case Errc::missing_capability:
        return "the device lacks a capability that is needed";
      case Errc::stuck:
        return "the device does not drain or does not come out of reset";
      case Errc::unknown_scheme:
        return "no backend for this kind of device URL";
      case Errc::no_iommu:
        return "the PCI function is behind no IOMMU that is in use";
      case Errc::no_vfio:
        return "the kernel's VFIO is not there";
      case Errc::not_bound:
        return "the PCI function is not bound to vfio-pci";
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& tautline_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc error) noexcept {
  return {static_cast<int>(error), tautline_category()};
}

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::closed:
      return "CLOSED";
    case State::listen:
      return "LISTEN";
    case State::syn_sent:
      return "SYN-SENT";
    case State::syn_received:
      return "SYN-RECEIVED";
    case State::established:
      return "ESTABLISHED";
    case State::fin_wait_1:
      return "FIN-WAIT-1";
    case State::fin_wait_2:
      return "FIN-WAIT-2";
    case State::close_wait:
      return "CLOSE-WAIT";
    case State::closing:
      return "CLOSING";
    case State::last_ack:
      return "LAST-ACK";
    case State::time_wait:
      return "TIME-WAIT";
  }
  return "?";
}

}  // namespace tautline
