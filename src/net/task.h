// Coroutines on the one event loop. A Task starts when it is awaited or spawned in a Scope (net/scope.h).
// Lambdas that are coroutines capture nothing, since captures die before the coroutine does: pass parameters.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace spoke::net {

template <class T = void>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

}  // namespace spoke::net
