// For tests: a store in a folder of its own, and coroutines run to their end.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/temp_dir.h"
#include "cluster/store/store.h"
#include "kube/meta.h"

namespace spoke::cluster::testing {

// Labels and uid, which is all that these tests look for.
inline Tags tag(const std::string& key, const std::string& body) {
  const kube::Object object = json::parse(body);
  Tags tags;
  tags.labels = kube::labels_of(object);
  tags.uid = kube::uid(object);
  tags.fields = {{"metadata.name", key.substr(key.rfind('/') + 1)}};
  return tags;
}

// Opens the store at `file`, runs `test` on it, and closes it.
inline void with_store(const Path& file, std::function<net::Task<>(Store&)> test) {
  boost::asio::io_context loop(1);
  Store store(loop.get_executor(), file, tag);
  std::exception_ptr failure;
  boost::asio::co_spawn(
      loop,
      [](Store& s, std::function<net::Task<>(Store&)> body) -> net::Task<> {
        co_await body(s);
        co_await s.close();
      }(store, test),
      [&](const std::exception_ptr& e) { failure = e; });
  loop.run_for(std::chrono::seconds(30));
  if (failure) std::rethrow_exception(failure);
}

inline net::Task<> put(Store& store, std::string key, std::string body = "{}") {
  Tags tags = tag(key, body);
  co_await store.put(std::move(key), std::move(body), std::move(tags));
}

inline std::vector<std::string> keys(const std::vector<std::pair<std::string, Entry>>& range) {
  std::vector<std::string> out;
  for (const auto& [key, entry] : range) out.push_back(key);
  return out;
}

}  // namespace spoke::cluster::testing
