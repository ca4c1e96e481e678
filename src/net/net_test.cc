#include <gtest/gtest.h>

#include <filesystem>

#include <memory>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "net/async.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/scope.h"
#include "net/tls.h"

namespace spoke::net {
namespace {

constexpr auto kDay = std::chrono::hours(24);

// Runs one task to its end on a loop of its own, and hands on what it throws.
void run(std::function<Task<>(Executor)> test) {
  boost::asio::io_context loop;
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, test(loop.get_executor()), [&](const std::exception_ptr& e) {
    failure = e;
    loop.stop();
  });
  loop.run_for(std::chrono::seconds(30));
  if (failure) std::rethrow_exception(failure);
}

TEST(Http, QueryDecodesAndEncodes) {
  const Query q = Query::parse("labelSelector=a%3Db%2Cc+d&watch=true&empty=&bare");
  EXPECT_EQ(q.get("labelSelector"), "a=b,c d");
  EXPECT_TRUE(q.flag("watch"));
  EXPECT_TRUE(q.has("bare"));
  EXPECT_FALSE(q.has("absent"));
  Query made;
  made.add("a", "b&c=/é");
  EXPECT_EQ(made.encode(), "a=b%26c%3D%2F%C3%A9");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
}

TEST(Tokens, VerifyOnlyWithTheirKey) {
  const KeyAndCert one = make_ca("one", now(), kDay), other = make_ca("other", now(), kDay);
  const std::string token = sign_jwt(one.key, R"({"sub":"x"})");
  EXPECT_EQ(verify_jwt(one.key, token), R"({"sub":"x"})");
  EXPECT_EQ(verify_jwt(other.key, token), "");
  std::string changed = token;
  changed[changed.find('.') + 3] ^= 1;
  EXPECT_EQ(verify_jwt(one.key, changed), "");
  for (const char* bad : {"", "a", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30."}) EXPECT_EQ(verify_jwt(one.key, bad), "");
}

TEST(Scope, CancelsAndWaits) {
  run([](Executor executor) -> Task<> {
    Scope scope(executor);
    int ended = 0;
    for (int i = 0; i < 3; ++i)
      scope.spawn("sleeper", [](int& n) -> Task<> {
        try {
          co_await sleep_for(std::chrono::hours(1));
        } catch (const std::exception& e) {
          n += is_cancelled(e) ? 1 : 0;
          throw;
        }
      }(ended));
    co_await sleep_for(Millis(1));
    EXPECT_EQ(scope.under_way(), 3U);
    co_await scope.close();
    EXPECT_EQ(ended, 3);
    EXPECT_EQ(scope.under_way(), 0U);
  });
}

TEST(Scope, AFailureOfOneIsNoneOfTheOthers) {
  run([](Executor executor) -> Task<> {
    Scope scope(executor);
    bool done = false;
    scope.spawn("fails", []() -> Task<> {
      co_await sleep_for(Millis(1));
      throw Error("broken");
    }());
    scope.spawn("goes on", [](bool& d) -> Task<> {
      co_await sleep_for(Millis(5));
      d = true;
    }(done));
    co_await scope.drain();
    EXPECT_TRUE(done);
  });
}

TEST(Event, RemembersANotifyThatCameBeforeTheWait) {
  run([](Executor executor) -> Task<> {
    Event event(executor);
    event.notify();
    EXPECT_TRUE(co_await event.wait_for(std::chrono::seconds(10)));
    EXPECT_FALSE(co_await event.wait_for(Millis(1)));
  });
}

TEST(Worker, GivesResultsAndExceptions) {
  run([](Executor) -> Task<> {
    EXPECT_EQ(co_await on_worker([] { return 7; }), 7);
    bool thrown = false;
    try {
      co_await on_worker([]() -> int { throw Error("no"); });
    } catch (const Error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
  });
}

TEST(Worker, EndsItsWorkForACancelledTask) {
  run([](Executor executor) -> Task<> {
    Scope scope(executor);
    bool done = false, went_on = false;
    scope.spawn("work", [](bool& worked, bool& after) -> Task<> {
      co_await on_worker([&] {
        std::this_thread::sleep_for(Millis(50));
        worked = true;
      });
      co_await sleep_for(Millis(0));
      after = true;
    }(done, went_on));
    co_await sleep_for(Millis(1));
    co_await scope.close();
    EXPECT_TRUE(done);
    EXPECT_FALSE(went_on);
  });
}

TEST(Worker, NeverTouchesALoopThatIsGone) {
  for (int i = 0; i < 200; ++i) run([](Executor) -> Task<> { co_await on_worker([] {}); });
}

class Served : public testing::Test {
 protected:
  // A server with the handler, and a client that trusts it.
  void serve(const Handler& handler, const std::function<Task<>(HttpClient&)>& test) {
    run([&](Executor executor) -> Task<> {
      HttpServer server(executor, {cert_.key, cert_.cert}, handler);
      HttpClient client(executor, options(server.listen("127.0.0.1", 0)));
      std::exception_ptr failure;
      try {
        co_await test(client);
      } catch (...) {
        failure = std::current_exception();
      }
      co_await server.close();
      if (failure) std::rethrow_exception(failure);
    });
  }
  ClientOptions options(std::uint16_t port) const {
    ClientOptions o;
    o.host = "127.0.0.1";
    o.port = std::to_string(port);
    o.ca_pem = ca_.cert;
    o.request_timeout = std::chrono::milliseconds(2000);
    return o;
  }
  KeyAndCert ca_ = make_ca("test", now() - kDay, 2 * kDay);
  KeyAndCert cert_ = make_server_cert(ca_, "server", {"127.0.0.1", "localhost"}, now() - kDay, 2 * kDay);
};

TEST_F(Served, RequestsOnOneConnection) {
  int seen = 0;
  const Handler echo = [&seen](Exchange& x) -> Task<> {
    ++seen;
    Response r;
    r.body = x.request().method + " " + x.request().path + "?" + std::string(x.request().query.get("q")) + " " +
             x.request().body;
    co_await x.respond(std::move(r));
  };
  serve(echo, [&](HttpClient& client) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      Request request{"POST", "/a b/c", {}, {}, std::string(100000, 'x')};
      request.query.add("q", "1&2");
      const Response r = co_await client.send(std::move(request));
      EXPECT_EQ(r.status, 200);
      EXPECT_EQ(r.body, "POST /a b/c?1&2 " + std::string(100000, 'x'));
    }
  });
  EXPECT_EQ(seen, 3);
}

TEST_F(Served, AConnectionThatNobodyAsksForIsClosed) {
  const auto sockets = [] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code none;
      if (std::filesystem::read_symlink(entry.path(), none).string().starts_with("socket:")) ++count;
    }
    return count;
  };
  run([&](Executor executor) -> Task<> {
    HttpServer server(executor, {cert_.key, cert_.cert}, [](Exchange& x) -> Task<> { co_await x.respond({}); });
    ClientOptions o = options(server.listen("127.0.0.1", 0));
    HttpClient client(executor, o);
    const int before = sockets();
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ((co_await client.send({})).status, 200) << "on a new one";
      EXPECT_GT(sockets(), before) << "it is kept for the next";
      client.close_idle(std::chrono::steady_clock::now() - std::chrono::hours(1));
      EXPECT_GT(sockets(), before) << "nobody has asked for it for no time at all";
      client.close_idle(std::chrono::steady_clock::now());
      for (int wait = 0; wait < 400 && sockets() > before; ++wait) co_await sleep_for(Millis(5));
      EXPECT_EQ(sockets(), before);
    }
    co_await server.close();
  });
}

TEST_F(Served, AStreamComesPieceByPieceAndEnds) {
  const Handler count = [](Exchange& x) -> Task<> {
    co_await x.begin(200, {{"Content-Type", "text/plain"}});
    for (const char* piece : {"one\n", "two\n"}) {
      co_await x.write(piece);
      co_await sleep_for(Millis(5));
    }
    co_await x.finish();
  };
  serve(count, [](HttpClient& client) -> Task<> {
    ResponseStream stream = co_await client.stream({});
    std::string all;
    while (auto piece = co_await stream.read()) all += *piece;
    EXPECT_EQ(all, "one\ntwo\n");
  });
}

TEST_F(Served, AClientThatGoesIsNoticed) {
  bool gone = false;
  const Handler wait = [&gone](Exchange& x) -> Task<> {
    co_await x.begin(200, {});
    co_await x.write("hello");
    co_await x.until_gone();
    gone = true;
  };
  serve(wait, [&](HttpClient& client) -> Task<> {
    {
      ResponseStream stream = co_await client.stream({});
      co_await stream.read();
    }
    for (int i = 0; i < 200 && !gone; ++i) co_await sleep_for(Millis(5));
    EXPECT_TRUE(gone);
  });
}

TEST_F(Served, TooLargeABodyIsRefused) {
  const Handler never = [](Exchange& x) -> Task<> { co_await x.respond({}); };
  serve(never, [](HttpClient& client) -> Task<> {
    Request request{"POST", "/", {}, {}, std::string(4U << 20, 'x')};
    bool refused = false;
    try {
      refused = (co_await client.send(std::move(request))).status == 413;
    } catch (const ConnectionError&) {
      refused = true;  // closed while we were still writing
    }
    EXPECT_TRUE(refused);
  });
}

TEST_F(Served, AnUntrustedServerIsRefusedAndNamed) {
  run([&](Executor executor) -> Task<> {
    HttpServer server(executor, {cert_.key, cert_.cert}, [](Exchange& x) -> Task<> { co_await x.respond({}); });
    ClientOptions o = options(server.listen("127.0.0.1", 0));
    o.ca_pem = make_ca("stranger", now() - kDay, 2 * kDay).cert;
    HttpClient client(executor, o);
    try {
      co_await client.send({});
      ADD_FAILURE() << "trusted a stranger";
    } catch (const ConnectionError& e) {
      EXPECT_NE(std::string(e.what()).find("certificate verify failed"), std::string::npos) << e.what();
    }
    co_await server.close();
  });
}

TEST_F(Served, ASlowServerTimesOut) {
  const Handler slow = [](Exchange& x) -> Task<> {
    co_await sleep_for(std::chrono::seconds(10));
    co_await x.respond({});
  };
  serve(slow, [](HttpClient& client) -> Task<> {
    bool timed_out = false;
    try {
      co_await client.send({});
    } catch (const ConnectionError&) {
      timed_out = true;
    }
    EXPECT_TRUE(timed_out);
  });
}

TEST(Listen, ABusyPortIsNamedWithItsRemedy) {
  boost::asio::io_context loop;
  const KeyAndCert ca = make_ca("test", now(), kDay);
  HttpServer one(loop.get_executor(), {ca.key, ca.cert}, {}), two(loop.get_executor(), {ca.key, ca.cert}, {});
  const auto port = one.listen("127.0.0.1", 0);
  try {
    two.listen("127.0.0.1", port);
    ADD_FAILURE() << "listened twice";
  } catch (const Error& e) {
    EXPECT_EQ(
        std::string(e.what()),
        fmt::format("127.0.0.1:{} is in use by another program; stop it or choose another port with --port", port));
  }
  boost::asio::co_spawn(loop, one.close(), boost::asio::detached);
  loop.run_for(std::chrono::seconds(2));
}

TEST_F(Served, WebSocketsCarryMessagesBothWays) {
  serve(
      [](Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().query.get("a"), "b c");
        EXPECT_EQ(exchange.request().headers.get("Authorization"), "Bearer x");
        co_await exchange.accept_websocket("two", Exchange::Messages::Binary);
        while (auto message = co_await exchange.read()) {
          if (*message == "end") break;
          co_await exchange.write(*message + "!");
        }
        co_await exchange.finish();
      },
      [](HttpClient& client) -> Task<> {
        Request request;
        request.path = "/x y";
        request.query.add("a", "b c");
        request.headers.set("Authorization", "Bearer x");
        request.headers.set("Sec-WebSocket-Protocol", "two");
        Upgraded upgraded = co_await client.websocket(request);
        EXPECT_EQ(upgraded.answer.status, 101);
        EXPECT_EQ(upgraded.answer.headers.get("Sec-WebSocket-Protocol"), "two");
        EXPECT_TRUE(upgraded.socket);
        if (!upgraded.socket) co_return;
        WebSocket& socket = *upgraded.socket;
        const std::string large(300000, '\xff');
        for (const std::string& message : {std::string("one"), std::string(), std::string("\0\n", 2), large}) {
          co_await socket.write(message);
          EXPECT_EQ(co_await socket.read(), message + "!");
        }
        co_await socket.write("end");
        EXPECT_EQ(co_await socket.read(), std::nullopt);
      });
}

TEST_F(Served, AWebSocketThatIsRefusedComesWithTheAnswer) {
  serve([](Exchange& exchange) -> Task<> { co_await exchange.respond({403, {{"X-A", "b"}}, "no"}); },
        [](HttpClient& client) -> Task<> {
          const Upgraded upgraded = co_await client.websocket({});
          EXPECT_EQ(upgraded.answer.status, 403);
          EXPECT_EQ(upgraded.answer.headers.get("X-A"), "b");
          EXPECT_EQ(upgraded.answer.body, "no");
          EXPECT_FALSE(upgraded.socket);
        });
}

TEST_F(Served, AWebSocketWhoseClientGoesIsAnError) {
  bool gone = false;
  serve(
      [&gone](Exchange& exchange) -> Task<> {
        co_await exchange.accept_websocket("", Exchange::Messages::Binary);
        try {
          co_await exchange.read();
        } catch (const ConnectionError&) {
          gone = true;
        }
      },
      [&gone](HttpClient& client) -> Task<> {
        {
          const Upgraded upgraded = co_await client.websocket({});
        }
        for (int i = 0; i < 100 && !gone; ++i) co_await sleep_for(Millis(10));
      });
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace spoke::net
