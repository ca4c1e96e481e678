// Several tasks at once.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "net/async.h"

namespace spoke::net {

// Runs all of them to their ends, and answers with what each threw (null where it did not), in their order.
inline Task<std::vector<std::exception_ptr>> all_of(std::vector<Task<>> tasks) {
  namespace asio = boost::asio;
  if (tasks.empty()) co_return std::vector<std::exception_ptr>();
  const Executor executor = co_await this_executor();
  std::vector<decltype(asio::co_spawn(executor, std::move(tasks.front()), asio::deferred))> operations;
  for (auto& task : tasks) operations.push_back(asio::co_spawn(executor, std::move(task), asio::deferred));
  auto [order, thrown] = co_await asio::experimental::make_parallel_group(std::move(operations))
                             .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  co_return thrown;
}

}  // namespace spoke::net
