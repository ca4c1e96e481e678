// What this room's tests share: a loop to run on, a folder that goes away, an API that is a few functions, an API over
// the wire.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/temp_dir.h"
#include "client/http_api.h"
#include "net/async.h"
#include "net/http_server.h"
#include "net/scope.h"
#include "net/tls.h"

namespace spoke::client::testing {

// Runs one task to its end on a loop of its own, and hands on what it throws.
inline void run(const std::function<Task<>(net::Executor)>& test) {
  boost::asio::io_context loop;
  std::exception_ptr failure;
  bool ended = false;
  boost::asio::co_spawn(loop, test(loop.get_executor()), [&](const std::exception_ptr& e) {
    failure = e;
    ended = true;
    loop.stop();
  });
  loop.run_for(std::chrono::seconds(30));
  if (failure) std::rethrow_exception(failure);
  EXPECT_TRUE(ended) << "the test did not end";
}

// Looks again and again, for five seconds, whether something has become true.
inline Task<bool> eventually(std::function<bool()> holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) co_await net::sleep_for(net::Millis(5));
  co_return holds();
}

class Scratch : public ::testing::Test {
 protected:
  TempDir temp_;
  const Path dir_ = temp_.path();
};

// An environment variable for as long as this lives.
class Environment {
 public:
  Environment(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* old = std::getenv(name_.c_str())) before_ = old;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    if (before_)
      ::setenv(name_.c_str(), before_->c_str(), 1);
    else
      ::unsetenv(name_.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

inline Object pod(const std::string& name, const std::string& version, const std::string& phase = "Running") {
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata",
       json::object{{"name", name}, {"namespace", "ns"}, {"uid", "u-" + name}, {"resourceVersion", version}}},
      {"status", json::object{{"phase", phase}}}};
}

// An Api whose every verb a test may replace; those it does not need say so.
class FakeApi : public Api {
 public:
  std::function<Task<List>(const ListOptions&)> on_list;
  std::function<Task<std::unique_ptr<Watch>>(const WatchOptions&)> on_watch;
  std::function<Task<Object>(Object)> on_create;
  std::function<Task<Object>(std::string name, json::value body)> on_patch;

  Task<Object> get(const Resource&, std::string_view, std::string_view) override { throw Error("unexpected get"); }
  Task<List> list(const Resource&, std::string_view, const ListOptions& options) override { return on_list(options); }
  Task<Object> create(const Resource&, std::string_view, Object object) override {
    return on_create(std::move(object));
  }
  Task<Object> update(const Resource&, std::string_view, Object, std::string_view) override {
    throw Error("unexpected update");
  }
  Task<Object> patch(const Resource&, std::string_view, std::string_view name, PatchType, json::value body,
                     const PatchOptions&) override {
    return on_patch(std::string(name), std::move(body));
  }
  Task<> remove(const Resource&, std::string_view, std::string_view, const DeleteOptions&) override {
    throw Error("unexpected remove");
  }
  Task<std::unique_ptr<Watch>> watch(const Resource&, std::string_view, const WatchOptions& options) override {
    return on_watch(options);
  }
};

// A watch that gives what a test put in, then an end, an error, or nothing any more.
class FakeWatch : public Watch {
 public:
  enum class Then { End, Expired, Silence };
  FakeWatch(std::deque<WatchEvent> events, Then then) : events_(std::move(events)), then_(then) {}

  Task<std::optional<WatchEvent>> next() override {
    if (!events_.empty()) {
      WatchEvent event = std::move(events_.front());
      events_.pop_front();
      co_return event;
    }
    if (then_ == Then::Expired) throw kube::expired("too old resource version");
    if (then_ == Then::Silence) co_await net::sleep_for(std::chrono::hours(1));
    co_return std::nullopt;
  }

 private:
  std::deque<WatchEvent> events_;
  Then then_;
};

// An API server made of one function, over real TLS on the loopback interface.
class Served : public Scratch {
 protected:
  void serve(const net::Handler& handler, const std::function<Task<>(HttpApi&)>& test) {
    serve(handler, [](Target&) {}, test);
  }
  void serve(const net::Handler& handler, const std::function<void(Target&)>& change,
             const std::function<Task<>(HttpApi&)>& test) {
    run([&](net::Executor executor) { return served(executor, handler, change, test); });
  }

  static Task<> answer(net::Exchange& exchange, int status, json::value body, net::Headers headers = {}) {
    headers.set("Content-Type", "application/json");
    net::Response response{status, std::move(headers), json::dump(body)};
    co_await exchange.respond(std::move(response));
  }

 private:
  Task<> served(net::Executor executor, const net::Handler& handler, const std::function<void(Target&)>& change,
                const std::function<Task<>(HttpApi&)>& test) {
    net::HttpServer server(executor, {cert().key, cert().cert}, handler);
    Target target;
    target.server.host = "127.0.0.1";
    target.server.port = std::to_string(server.listen("127.0.0.1", 0));
    target.server.ca_pem = ca().cert;
    change(target);
    std::exception_ptr failure;
    {
      HttpApi api(executor, std::move(target));
      try {
        co_await test(api);
      } catch (...) {
        failure = std::current_exception();
      }
    }
    co_await server.close();
    if (failure) std::rethrow_exception(failure);
  }

  static const net::KeyAndCert& ca() {
    static const net::KeyAndCert one =
        net::make_ca("test authority", now() - std::chrono::hours(1), std::chrono::hours(24));
    return one;
  }
  static const net::KeyAndCert& cert() {
    static const net::KeyAndCert one =
        net::make_server_cert(ca(), "server", {"127.0.0.1"}, now() - std::chrono::hours(1), std::chrono::hours(24));
    return one;
  }
};

}  // namespace spoke::client::testing
