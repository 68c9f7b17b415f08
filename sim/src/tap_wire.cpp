#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "tautline_sim/wire.hpp"

namespace tautline::sim {
namespace {

Result<int> open_tap(const std::string& name) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return fail_errno(errno, "cannot open /dev/net/tun for TAP device '" + name + "'");
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::memcpy(request.ifr_name, name.data(), name.size());
  if (::ioctl(fd, TUNSETIFF, &request) < 0) {
    const int error = errno;
    ::close(fd);
    std::string what = "cannot attach to TAP device '" + name + "'";
    if (error == EBUSY) what += " (another program holds it)";
    if (error == EPERM) what += " (it needs CAP_NET_ADMIN, or a device made for this user)";
    if (error == EINVAL) what += " (an interface of that name is not a TAP device)";
    return fail_errno(error, what);
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<TapWire>> TapWire::open(const std::string& name, const std::string& netns) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find('/') != std::string::npos) {
    return fail(Errc::bad_value, "'" + name + "' cannot be the name of a TAP device");
  }
  Result<int> fd = -1;
  if (netns.empty()) {
    fd = open_tap(name);
  } else {
    // A thread of its own: joining a network namespace changes only the calling thread.
    std::thread([&] {
      const std::string path = "/var/run/netns/" + netns;
      const int ns = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (ns < 0) {
        fd = fail_errno(errno, "cannot open network namespace " + path);
        return;
      }
      if (::setns(ns, CLONE_NEWNET) < 0) {
        fd = fail_errno(errno, "cannot join network namespace " + path);
      } else {
        fd = open_tap(name);
      }
      ::close(ns);
    }).join();
  }
  if (!fd) return std::unexpected(fd.error());
  return std::unique_ptr<TapWire>(new TapWire(*fd));
}

TapWire::~TapWire() {
  ::close(fd_);
}

const char* TapWire::send(Frame frame) {
  // The kernel checks no FCS that is not there: a frame whose FCS is wrong ends here.
  if (frame.bad) return "dropped: bad FCS";
  const ssize_t n = ::write(fd_, frame.bytes.data(), frame.bytes.size());
  return n < 0 ? "dropped: the TAP device did not take it" : nullptr;
}

std::optional<Frame> TapWire::receive(Nanos now) {
  const ssize_t n = ::read(fd_, buffer_.data(), buffer_.size());
  if (n <= 0) return std::nullopt;
  Frame frame;
  frame.bytes.assign(buffer_.begin(), buffer_.begin() + n);
  frame.time = now;
  return frame;
}

}  // namespace tautline::sim
