#include "submit/service.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "client/map_api.h"
#include "kube/status.h"

namespace spoke::submit {
namespace {

using client::testing::MapApi;

constexpr const char* kBody = R"({"submission_id": "one", "spark_submit_args": [
  "--master", "k8s://https://h", "--deploy-mode", "cluster", "--class", "A",
  "--conf", "spark.kubernetes.namespace=jobs", "--conf", "spark.kubernetes.container.image=spark:4.1.1",
  "--conf", "spark.kubernetes.driver.pod.name=pi-driver", "--conf", "spark.app.name=pi", "local:///a.jar"]})";

// One exchange without a connection.
class Asked : public net::Exchange {
 public:
  Asked(std::string method, std::string path, std::string body) {
    request_ = {.method = std::move(method), .path = std::move(path), .body = std::move(body)};
    request_.headers.set("Content-Type", "application/json");
  }
  net::Response response;

  net::Task<> respond(net::Response r) override {
    response = std::move(r);
    co_return;
  }
  net::Task<> begin(int, net::Headers) override { co_return; }
  net::Task<> write(std::string_view) override { co_return; }
  net::Task<> finish() override { co_return; }
  bool wants_websocket() const override { return false; }
  net::Task<> accept_websocket(std::string_view, Messages) override { co_return; }
  net::Task<std::optional<std::string>> read() override { co_return std::nullopt; }
  net::Task<> until_gone() override { co_return; }
  bool answered() const override { return response.status != 0; }
};

struct Answer {
  int status;
  json::value body;
  std::string operator[](const char* field) const { return std::string(json::str(body, field)); }
};

class Service : public ::testing::Test {
 protected:
  MapApi api;
  SubmitService service{api, {}};

  Answer ask(const std::string& body, const std::string& method = "POST",
             const std::string& path = "/api/v1/spark-submit") {
    Asked asked(method, path, body);
    return ask(asked);
  }
  Answer ask(Asked& asked) {
    boost::asio::io_context loop;
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, service.answer(asked), [&](const std::exception_ptr& e) { failure = e; });
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return {asked.response.status, json::parse(asked.response.body)};
  }
  size_t count(const client::Resource& resource) { return api.all(resource).size(); }
};

TEST_F(Service, MakesADriverOnce) {
  const Answer made = ask(kBody);
  ASSERT_EQ(made.status, 201) << json::dump(made.body);
  EXPECT_EQ(made["driver_pod_name"], "pi-driver");
  EXPECT_EQ(made["namespace"], "jobs");
  EXPECT_EQ(made["app_name"], "pi");
  EXPECT_EQ(made["submission_id"], "one");
  EXPECT_FALSE(json::flag(made.body, "duplicate_submission"));
  const auto* pod = api.find(client::resources::pods, "jobs", "pi-driver");
  ASSERT_NE(pod, nullptr);
  EXPECT_EQ(made["driver_pod_uid"], kube::uid(*pod));
  EXPECT_EQ(made["spark_app_id"], kube::label(*pod, "spark-app-selector"));

  const Answer again = ask(kBody);
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(json::flag(again.body, "duplicate_submission"));
  EXPECT_EQ(again["driver_pod_uid"], made["driver_pod_uid"]);
  EXPECT_EQ(count(client::resources::pods), 1U);
  EXPECT_EQ(count(client::resources::config_maps), 1U);
}

TEST_F(Service, AnothersPodIsAConflict) {
  ASSERT_EQ(ask(kBody).status, 201);
  std::string other = kBody;
  other.replace(other.find("one"), 3, "two");
  const Answer refused = ask(other);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused["error_code"], "DRIVER_POD_ALREADY_EXISTS");
  EXPECT_EQ(refused["submission_id"], "two");
  EXPECT_EQ(count(client::resources::pods), 1U);
}

// The submitter is killed, or cut off, at each of its writes: the same request makes the driver whole.
TEST_F(Service, WhatWasCutOffIsMadeWholeByTheSameRequest) {
  for (int at = 0; at < 4; ++at)
    for (const bool after : {false, true}) {
      MapApi fresh;
      SubmitService cut(fresh, {});
      fresh.cut_at = at;
      fresh.cut_after = after;
      const auto send = [&] {
        Asked asked("POST", "/api/v1/spark-submit", kBody);
        boost::asio::io_context loop;
        boost::asio::co_spawn(loop, cut.answer(asked), [](const std::exception_ptr&) {});
        loop.run();
        return asked.response.status;
      };
      const int first = send();
      fresh.revive();
      if (first == 201) continue;  // that many writes it does not need
      EXPECT_EQ(first, 500) << at << after;
      const int second = send();
      EXPECT_TRUE(second == 201 || second == 200) << at << after << " " << second;
      EXPECT_EQ(fresh.all(client::resources::pods).size(), 1U);
      ASSERT_EQ(fresh.all(client::resources::config_maps).size(), 1U) << at << after;
      const auto maps = fresh.all(client::resources::config_maps);
      const json::value* owner = kube::controller_of(maps.front());
      ASSERT_NE(owner, nullptr);
      EXPECT_EQ(json::str(*owner, "uid"), kube::uid(fresh.all(client::resources::pods).front()));
    }
}

// A quota that the driver itself has filled, a webhook that fails, an API server that is busy.
TEST_F(Service, ARepeatedRequestNeverEndsTheDriver) {
  ASSERT_EQ(ask(kBody).status, 201);
  api.erase(client::resources::config_maps, "jobs",
            std::string(kube::name(api.all(client::resources::config_maps)[0])));
  for (const auto& refusal :
       {kube::forbidden("", "pods", "pi-driver", "exceeded quota"), kube::internal_error("webhook"),
        kube::service_unavailable("busy"), kube::invalid("", "Pod", "pi-driver", {kube::required("spec", "")})}) {
    api.admit = [&](const client::Resource&, const kube::Object&) { throw refusal; };
    EXPECT_NE(ask(kBody).status, 200);
    EXPECT_EQ(count(client::resources::pods), 1U) << refusal.message();
  }
  api.admit = {};
  EXPECT_EQ(ask(kBody).status, 200);
  EXPECT_EQ(count(client::resources::config_maps), 1U);
}

// What will never be whole goes, and what may be does not.
TEST_F(Service, ADriverWhoseRestIsRefusedGoes) {
  const auto refuse_maps = [this](const kube::StatusError& e) {
    api.admit = [e](const client::Resource& resource, const kube::Object&) {
      if (resource.kind == "ConfigMap") throw e;
    };
    return ask(kBody).status;
  };
  EXPECT_EQ(refuse_maps(kube::service_unavailable("busy")), 503);
  EXPECT_EQ(count(client::resources::pods), 1U);
  api.erase(client::resources::pods, "jobs", "pi-driver");
  EXPECT_EQ(refuse_maps(kube::forbidden("", "configmaps", "x", "exceeded quota")), 503);  // of the one before
  for (const auto& service : api.all(client::resources::services))
    api.erase(client::resources::services, "jobs", std::string(kube::name(service)));
  if (count(client::resources::pods) > 0) api.erase(client::resources::pods, "jobs", "pi-driver");
  EXPECT_EQ(refuse_maps(kube::forbidden("", "configmaps", "x", "exceeded quota")), 403);
  EXPECT_EQ(count(client::resources::pods), 0U);
}

TEST_F(Service, APodThatIsLeavingIsNoDuplicate) {
  ASSERT_EQ(ask(kBody).status, 201);
  auto pod = *api.find(client::resources::pods, "jobs", "pi-driver");
  json::set(pod, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z");
  api.put(client::resources::pods, pod);
  const Answer refused = ask(kBody);
  EXPECT_EQ(refused.status, 503);  // which is tried again
  EXPECT_NE(refused["message"].find("try again when it is gone"), std::string::npos);
}

TEST_F(Service, OfADriverThatHasEndedNothingIsMade) {
  ASSERT_EQ(ask(kBody).status, 201);
  auto pod = *api.find(client::resources::pods, "jobs", "pi-driver");
  json::set(pod, "status.phase", "Succeeded");
  api.put(client::resources::pods, pod);
  const size_t writes = api.writes.size();
  EXPECT_EQ(ask(kBody).status, 200);
  EXPECT_EQ(api.writes.size(), writes);
}

TEST_F(Service, ErrorsHaveTheirCodes) {
  EXPECT_EQ(ask("{")["error_code"], "BAD_REQUEST");
  EXPECT_EQ(ask(R"({"submission_id": "a", "spark_submit_args": ["--nonsense"]})")["error_code"],
            "INVALID_SPARK_SUBMIT_ARGS");
  EXPECT_EQ(ask("", "GET")["error_code"], "METHOD_NOT_ALLOWED");
  EXPECT_EQ(ask("", "POST", "/else").status, 404);
  Asked xml("POST", "/api/v1/spark-submit", "<a/>");
  xml.request().headers.set("Content-Type", "text/xml");
  EXPECT_EQ(ask(xml).status, 415);
  const auto refuse_pods = [this](const kube::StatusError& e) {
    api.admit = [e](const client::Resource&, const kube::Object&) { throw e; };
    return ask(kBody);
  };
  const Answer invalid = refuse_pods(kube::invalid("", "Pod", "pi-driver", {kube::required("spec", "")}));
  EXPECT_EQ(invalid.status, 422);
  EXPECT_EQ(invalid["error_code"], "INVALID_POD_TEMPLATE");
  EXPECT_EQ(refuse_pods(kube::forbidden("", "pods", "pi-driver", "exceeded quota")).status, 403);
  EXPECT_EQ(refuse_pods(kube::service_unavailable("busy"))["error_code"], "SUBMITTER_OVERLOADED");
  EXPECT_EQ(refuse_pods(kube::internal_error("x"))["error_code"], "INTERNAL_SERVER_ERROR");
}

TEST_F(Service, BeyondItsMeasureItIsOverloaded) {
  SubmitService none(api, {.at_a_time = 0});
  Asked asked("POST", "/api/v1/spark-submit", kBody);
  boost::asio::io_context loop;
  boost::asio::co_spawn(loop, none.answer(asked), [](const std::exception_ptr&) {});
  loop.run();
  EXPECT_EQ(asked.response.status, 503);
}

}  // namespace
}  // namespace spoke::submit
