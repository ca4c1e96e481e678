// Work that blocks, on a thread for work; a task that is cancelled meanwhile waits for its end all the same. What was
// begun with mounts and folders is thereby done or not begun when a process ends in order.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "net/async.h"

namespace spoke::cluster {

// Answers what `work` answers (nothing, too), and throws what it throws. `work` must not touch what belongs to the
// loop.
template <class Work>
net::Task<std::invoke_result_t<Work>> blocking(Work work) {
  namespace asio = boost::asio;
  using Result = std::invoke_result_t<Work>;
  using Value = std::conditional_t<std::is_void_v<Result>, bool, Result>;
  struct Outcome {
    std::optional<Value> value;
    std::exception_ptr failure;
  };
  auto outcome = std::make_shared<Outcome>();
  auto perform = [outcome, work = std::move(work)]() mutable {
    try {
      if constexpr (std::is_void_v<Result>) {
        work();
      } else {
        outcome->value.emplace(work());
      }
    } catch (...) {
      outcome->failure = std::current_exception();
    }
  };
  const auto initiate = [](auto handler, auto what) {
    auto executor = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
    asio::post(net::workers(),
               [handler = std::move(handler), what = std::move(what), executor = std::move(executor)]() mutable {
                 what();
                 auto back = std::move(executor);
                 asio::post(back, std::move(handler));
               });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable,
                                                                       std::move(perform));
  if (outcome->failure) std::rethrow_exception(outcome->failure);
  if constexpr (!std::is_void_v<Result>) co_return std::move(*outcome->value);
}

}  // namespace spoke::cluster
