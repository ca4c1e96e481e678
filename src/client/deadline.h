// Awaiting something for a limited time.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "net/async.h"
#include "net/http.h"

namespace spoke::client {

namespace detail {

// An exception as a value: the `||` of awaitables goes on waiting for the other side where one throws.
template <class T>
struct Outcome {
  std::optional<T> value;
  std::exception_ptr error;
};

template <class T>
net::Task<Outcome<T>> outcome_of(net::Task<T> task) {
  Outcome<T> out;
  try {
    out.value.emplace(co_await std::move(task));
  } catch (...) {
    out.error = std::current_exception();
  }
  co_return out;
}

}  // namespace detail

// Throws ConnectionError(late) where `task` takes longer.
template <class T>
net::Task<T> with_deadline(net::Task<T> task, std::chrono::milliseconds limit, std::string late) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto first = co_await (detail::outcome_of(std::move(task)) || net::sleep_for(limit));
  if (first.index() == 1) throw net::ConnectionError(late);
  auto& outcome = std::get<0>(first);
  if (outcome.error) std::rethrow_exception(outcome.error);
  co_return std::move(*outcome.value);
}

}  // namespace spoke::client
