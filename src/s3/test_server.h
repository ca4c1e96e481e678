// A server whose answers a test writes down: for what a real store does not do on demand.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/temp_dir.h"
#include "net/async.h"
#include "net/http_server.h"
#include "net/tls.h"

namespace spoke::s3::testing {

class Scripted : public ::testing::Test {
 protected:
  using Answer = std::function<net::Task<>(net::Exchange&)>;

  // `answer` takes each request; `test` gets "https://127.0.0.1:PORT".
  void serve(const Answer& answer, const std::function<net::Task<>(net::Executor, std::string)>& test) {
    // The authority is one of the machine's, for as long as this test runs.
    write_file(dir_.path() / "ca.pem", ca_.cert);
    ::setenv("SSL_CERT_FILE", (dir_.path() / "ca.pem").c_str(), 1);
    boost::asio::io_context loop(1);
    std::exception_ptr failure;
    bool ended = false;
    boost::asio::co_spawn(loop, run(loop.get_executor(), answer, test), [&](const std::exception_ptr& e) {
      failure = e;
      ended = true;
    });
    loop.run_for(std::chrono::seconds(30));
    ::unsetenv("SSL_CERT_FILE");
    if (failure) std::rethrow_exception(failure);
    EXPECT_TRUE(ended) << "the test did not end";
  }

  std::vector<std::string> seen_;  // "PUT /bucket/key?partNumber=1"
  TempDir dir_;

 private:
  net::Task<> run(net::Executor executor, const Answer& answer,
                  const std::function<net::Task<>(net::Executor, std::string)>& test) {
    net::HttpServer server(executor, {.key_pem = cert_.key, .cert_pem = cert_.cert, .max_body = 64U << 20},
                           [this, &answer](net::Exchange& exchange) {
                             const auto& request = exchange.request();
                             const std::string query = request.query.encode();
                             seen_.push_back(request.method + " " + request.path + (query.empty() ? "" : "?" + query));
                             return answer(exchange);
                           });
    const auto port = server.listen("127.0.0.1", 0);
    std::exception_ptr failure;
    try {
      co_await test(executor, "https://127.0.0.1:" + std::to_string(port));
    } catch (...) {
      failure = std::current_exception();
    }
    co_await server.close();
    if (failure) std::rethrow_exception(failure);
  }

  net::KeyAndCert ca_ = net::make_ca("test", now() - std::chrono::hours(1), std::chrono::hours(24));
  net::KeyAndCert cert_ =
      net::make_server_cert(ca_, "s3", {"127.0.0.1"}, now() - std::chrono::hours(1), std::chrono::hours(24));
};

inline net::Task<> respond(net::Exchange& exchange, int status, std::string body = "", net::Headers headers = {}) {
  co_await exchange.respond({status, std::move(headers), std::move(body)});
}

}  // namespace spoke::s3::testing
