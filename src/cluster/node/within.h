// Awaiting something for a limited time, and two things at once.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "net/async.h"

namespace spoke::cluster {

namespace detail {

// An exception as a value: the `||` of awaitables goes on waiting for the other side where one throws.
template <class T>
net::Task<std::pair<std::optional<T>, std::exception_ptr>> outcome_of(net::Task<T> task) {
  std::pair<std::optional<T>, std::exception_ptr> out;
  try {
    out.first.emplace(co_await std::move(task));
  } catch (...) {
    out.second = std::current_exception();
  }
  co_return out;
}

}  // namespace detail

// What the task answers or throws; nothing where it took longer, and was cancelled.
template <class T>
net::Task<std::optional<T>> within(std::chrono::nanoseconds limit, net::Task<T> task) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (detail::outcome_of(std::move(task)) || net::sleep_for(limit));
  if (first.index() == 1) co_return std::nullopt;
  auto& [value, failure] = std::get<0>(first);
  if (failure) std::rethrow_exception(failure);
  co_return std::move(value);
}

// Both at once; where one throws, the other is cancelled and that is thrown.
inline net::Task<> both(net::Task<> a, net::Task<> b) {
  using namespace boost::asio::experimental::awaitable_operators;
  try {
    co_await (std::move(a) && std::move(b));
  } catch (const boost::asio::multiple_exceptions& e) {
    std::rethrow_exception(e.first_exception());  // as it is where both are cancelled
  }
}

}  // namespace spoke::cluster
