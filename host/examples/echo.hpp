#pragma once
/// \file
/// RFC 862: what arrives goes back, and the end of the stream too.

#include "server.hpp"

namespace examples {

class EchoSession final : public Session {
 public:
  using Session::Session;
  bool advance() override;
};

}  // namespace examples
