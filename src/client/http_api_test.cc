#include "client/http_api.h"

#include <gtest/gtest.h>

#include "client/test_support.h"

namespace spoke::client {
namespace {

using testing::pod;

class HttpApiTest : public testing::Served {};

json::value pod_list(std::vector<std::string> names, const std::string& version, const std::string& token = "") {
  json::array items;
  for (const auto& name : names) items.push_back(pod(name, version));
  return json::object{{"kind", "PodList"},
                      {"apiVersion", "v1"},
                      {"metadata", json::object{{"resourceVersion", version}, {"continue", token}}},
                      {"items", std::move(items)}};
}

TEST_F(HttpApiTest, AsksForJsonAndSaysWhoItIs) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().path, "/prefix/api/v1/namespaces/ns/pods/p");
        EXPECT_EQ(exchange.request().headers.get("Accept"), "application/json");
        EXPECT_EQ(exchange.request().headers.get("User-Agent"), "spoke");
        EXPECT_EQ(exchange.request().headers.get("Authorization"), "Bearer secret");
        return answer(exchange, 200, pod("p", "1"));
      },
      [](Target& target) {
        target.base_path = "/prefix";
        target.bearer_token = "secret";
      },
      [](HttpApi& api) -> Task<> {
        const Object got = co_await api.get(resources::pods, "ns", "p");
        EXPECT_EQ(kube::name(got), "p");
      });
}

TEST_F(HttpApiTest, BasicAuthentication) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().headers.get("Authorization"), "Basic dTpw");
        return answer(exchange, 200, pod("p", "1"));
      },
      [](Target& target) {
        target.username = "u";
        target.password = "p";
      },
      [](HttpApi& api) -> Task<> { co_await api.get(resources::pods, "ns", "p"); });
}

TEST_F(HttpApiTest, ATokenFileIsReadAgainAfterARefusal) {
  const Path file = dir_ / "token";
  write_file(file, "old\n");
  serve(
      [&](net::Exchange& exchange) -> Task<> {
        const auto sent = std::string(exchange.request().headers.get("Authorization"));
        if (sent == "Bearer new") return answer(exchange, 200, pod("p", "1"));
        write_file(file, "new\n");
        return answer(exchange, 401, kube::unauthorized().to_json());
      },
      [&](Target& target) { target.token_file = file; },
      [](HttpApi& api) -> Task<> { co_await api.get(resources::pods, "ns", "p"); });
}

TEST_F(HttpApiTest, APlugInRunsAgainAfterARefusalOnce) {
  int runs = 0;
  serve(
      [](net::Exchange& exchange) -> Task<> {
        if (exchange.request().headers.get("Authorization") == "Bearer 1") return answer(exchange, 200, pod("p", "1"));
        return answer(exchange, 401, kube::unauthorized().to_json());
      },
      [&](Target& target) {
        target.bearer_token = "0";
        target.renew = [&runs] { return Credential{std::to_string(++runs), "", "", std::nullopt}; };
      },
      [](HttpApi& api) -> Task<> { co_await api.get(resources::pods, "ns", "p"); });
  EXPECT_EQ(runs, 1);
}

TEST_F(HttpApiTest, ARefusalThatStandsIsAnError) {
  serve([](net::Exchange& exchange) -> Task<> { return answer(exchange, 401, kube::unauthorized().to_json()); },
        [](HttpApi& api) -> Task<> {
          bool refused = false;
          try {
            co_await api.get(resources::pods, "ns", "p");
          } catch (const kube::StatusError& e) {
            refused = e.is("Unauthorized");
          }
          EXPECT_TRUE(refused);
        });
}

TEST_F(HttpApiTest, AListIsReadInPages) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().query.get("limit"), "500");
        if (!exchange.request().query.has("continue")) return answer(exchange, 200, pod_list({"a", "b"}, "5", "more"));
        EXPECT_EQ(exchange.request().query.get("continue"), "more");
        return answer(exchange, 200, pod_list({"c"}, "5"));
      },
      [](HttpApi& api) -> Task<> {
        const List list = co_await api.list(resources::pods, "ns", {});
        EXPECT_EQ(list.items.size(), 3U);
        EXPECT_EQ(list.resource_version, "5");
      });
}

TEST_F(HttpApiTest, AListThatOutlivedItsTokenStartsOverInOnePiece) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        const auto& query = exchange.request().query;
        if (query.has("continue")) return answer(exchange, 410, kube::expired("too old").to_json());
        if (query.has("limit")) return answer(exchange, 200, pod_list({"a"}, "5", "more"));
        return answer(exchange, 200, pod_list({"a", "b"}, "6"));
      },
      [](HttpApi& api) -> Task<> {
        const List list = co_await api.list(resources::pods, "ns", {});
        EXPECT_EQ(list.items.size(), 2U);
        EXPECT_EQ(list.resource_version, "6");
      });
}

TEST_F(HttpApiTest, AOnePageListLeavesTheRestToTheCaller) {
  serve([](net::Exchange& exchange) -> Task<> { return answer(exchange, 200, pod_list({"a"}, "5", "more")); },
        [](HttpApi& api) -> Task<> {
          ListOptions options;
          options.limit = 1;
          EXPECT_EQ((co_await api.list(resources::pods, "ns", options)).continue_token, "more");
        });
}

TEST_F(HttpApiTest, ABusyServerIsAskedAgain) {
  int asked = 0;
  serve(
      [&](net::Exchange& exchange) -> Task<> {
        if (++asked < 3) return answer(exchange, 429, json::object{}, {{"Retry-After", "0"}});
        return answer(exchange, 201, pod("p", "1"));
      },
      [](HttpApi& api) -> Task<> { co_await api.create(resources::pods, "ns", pod("p", "")); });
  EXPECT_EQ(asked, 3);
}

TEST_F(HttpApiTest, AWatchGivesEventsAcrossPieces) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().query.get("resourceVersion"), "7");
        EXPECT_TRUE(exchange.request().query.flag("allowWatchBookmarks"));
        co_await exchange.begin(200, {});
        const std::string text = R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"
                                 "\n"
                                 R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})"
                                 "\n";
        for (size_t at = 0; at < text.size(); at += 7) co_await exchange.write(text.substr(at, 7));
        co_await exchange.finish();
      },
      [](HttpApi& api) -> Task<> {
        WatchOptions options;
        options.resource_version = "7";
        const auto watch = co_await api.watch(resources::pods, "ns", options);
        const auto added = co_await watch->next();
        EXPECT_EQ(added->type, WatchEvent::Type::Added);
        EXPECT_EQ(kube::name(added->object), "a");
        EXPECT_EQ((co_await watch->next())->type, WatchEvent::Type::Bookmark);
        EXPECT_FALSE(co_await watch->next());
      });
}

TEST_F(HttpApiTest, AWatchThatIsRefusedThrowsAtOnce) {
  serve([](net::Exchange& exchange) -> Task<> { return answer(exchange, 410, kube::expired("too old").to_json()); },
        [](HttpApi& api) -> Task<> {
          bool expired = false;
          try {
            co_await api.watch(resources::pods, "ns", {});
          } catch (const kube::StatusError& e) {
            expired = e.is("Expired");
          }
          EXPECT_TRUE(expired);
        });
}

TEST_F(HttpApiTest, RawPathsMayHaveAQuery) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().path, "/version");
        EXPECT_EQ(exchange.request().query.get("timeout"), "5s");
        return answer(exchange, 200, json::object{{"major", "1"}});
      },
      [](HttpApi& api) -> Task<> { EXPECT_EQ(co_await api.get_raw("/version?timeout=5s"), R"({"major":"1"})"); });
}

TEST_F(HttpApiTest, LogsComePieceByPiece) {
  serve(
      [](net::Exchange& exchange) -> Task<> {
        EXPECT_EQ(exchange.request().path, "/api/v1/namespaces/ns/pods/p/log");
        co_await exchange.begin(200, {});
        co_await exchange.write("one\n");
        co_await exchange.write("two\n");
        co_await exchange.finish();
      },
      [](HttpApi& api) -> Task<> {
        std::string log;
        net::Query options;
        options.add("follow", "true");
        co_await api.logs("ns", "p", options, [&log](std::string_view piece) { log += piece; });
        EXPECT_EQ(log, "one\ntwo\n");
      });
}

TEST_F(HttpApiTest, AStrangersCertificateIsRefused) {
  serve([](net::Exchange& exchange) -> Task<> { return answer(exchange, 200, pod("p", "1")); },
        [](Target& target) {
          target.server.ca_pem = net::make_ca("other", now() - std::chrono::hours(1), std::chrono::hours(2)).cert;
        },
        [](HttpApi& api) -> Task<> {
          bool refused = false;
          try {
            co_await api.get(resources::pods, "ns", "p");
          } catch (const net::ConnectionError&) {
            refused = true;
          }
          EXPECT_TRUE(refused);
        });
}

}  // namespace
}  // namespace spoke::client
