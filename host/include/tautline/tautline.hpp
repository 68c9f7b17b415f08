#pragma once
/// \file
/// Everything public.

#include "tautline/counters.hpp"
#include "tautline/endpoint.hpp"
#include "tautline/error.hpp"
#include "tautline/info.hpp"
#include "tautline/listener.hpp"
#include "tautline/options.hpp"
#include "tautline/pci_function.hpp"
#include "tautline/socket.hpp"
#include "tautline/stack.hpp"
