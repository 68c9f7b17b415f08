#include "tautline_usb/error.hpp"

#include <string>

namespace tautline::usb {
namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tautline-usb"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::bad_url:
        return "a USB device is named usb:VID:PID[:serial][:interface][?baud=N&mode=uart|fifo"
               "&timeout=MS], VID and PID as four hexadecimal digits, interface A to D";
      case Errc::no_device:
        return "no such USB device is connected (VID, PID and serial number were compared)";
      case Errc::several:
        return "several such USB devices are connected: add the serial number to the URL";
      case Errc::permission:
        return "no permission to open the USB device: copy 60-tautline.rules (host/usb) to "
               "/etc/udev/rules.d, run 'udevadm control --reload' and plug the board in again";
      case Errc::busy:
        return "another program, or a driver that cannot be detached, uses the USB interface";
      case Errc::wrong_board:
        return "the USB device has no such interface with two bulk pipes: is it an FTDI chip?";
      case Errc::bad_rate:
        return "the chip cannot make this baud rate: 183 to 12,000,000, within 3 per cent";
      case Errc::transfer:
        return "a USB transfer failed";
      case Errc::no_answer:
        return "nothing on the USB link answers HELLO: wrong interface or baud rate, or the board "
               "is not programmed";
      case Errc::wrong_version:
        return "the board speaks another version of the link: build both from one source";
      case Errc::wrong_map:
        return "the board was built from another register description: build both from one source";
    }
    return "unknown error";
  }
  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<Errc>(value)) {
      case Errc::bad_url:
      case Errc::several:
      case Errc::bad_rate:
        return std::errc::invalid_argument;
      case Errc::no_device:
      case Errc::wrong_board:
        return std::errc::no_such_device;
      case Errc::permission:
        return std::errc::permission_denied;
      case Errc::busy:
        return std::errc::device_or_resource_busy;
      case Errc::transfer:
        return std::errc::io_error;
      case Errc::no_answer:
        return std::errc::timed_out;
      case Errc::wrong_version:
      case Errc::wrong_map:
        return std::errc::protocol_not_supported;
    }
    return {value, *this};
  }
};

}  // namespace

const std::error_category& usb_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc error) noexcept {
  return {static_cast<int>(error), usb_category()};
}

}  // namespace tautline::usb
