// The webhook over TLS, with its certificates in an API server in a map.
#include "operator/webhook.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "base/temp_dir.h"
#include "client/map_api.h"
#include "client/test_support.h"
#include "net/http_client.h"

namespace spoke::op {
namespace {

using client::testing::eventually;
using client::testing::MapApi;
using client::testing::run;
using net::Task;

const client::Resource kMutating{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
                                 "MutatingWebhookConfiguration", false};
const client::Resource kValidating{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                                   "ValidatingWebhookConfiguration", false};
constexpr const char* kHost = "spark-operator-webhook-svc.spoke.svc";

WebhookOptions options() {
  WebhookOptions out;
  out.address = "127.0.0.1";
  out.port = 0;
  out.cert_dir = "/nowhere";
  out.secret_ns = out.service_ns = "spoke";
  return out;
}

void put_configurations(MapApi& api) {
  for (const auto& resource : {kMutating, kValidating})
    api.put(resource, json::object{{"kind", resource.kind},
                                   {"metadata", json::object{{"name", "spark-operator-webhook"}}},
                                   {"webhooks", json::array{json::object{{"name", "a"}, {"rules", json::array{1}}},
                                                            json::object{{"name", "b"}}}}});
}

std::string secret_part(const MapApi& api, const char* name) {
  const kube::Object* secret = api.find(client::resources::secrets, "spoke", "spark-operator-webhook-certs");
  return secret == nullptr ? "" : from_base64(json::members(*secret, "data").at(name).as_string()).value_or("");
}

// What an API server asks, trusting `ca_pem`.
Task<int> ask(net::Executor executor, std::uint16_t port, std::string ca_pem) {
  net::ClientOptions to;
  to.host = "127.0.0.1";
  to.port = std::to_string(port);
  to.server_name = kHost;
  to.ca_pem = std::move(ca_pem);
  net::HttpClient client(executor, to);
  const std::string body = R"({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                              "request": {"uid": "7", "operation": "DELETE", "object": null}})";
  net::Request request{"POST", "/mutate--v1-pod", {}, {{"Content-Type", "application/json"}}, body};
  const net::Response response = co_await client.send(std::move(request));
  EXPECT_NE(std::string::npos, response.body.find(R"("uid":"7")"));
  co_return response.status;
}

TEST(Webhook, MakesItsCertificateAndSaysWhomToTrust) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    put_configurations(api);
    Webhook webhook(executor, api, options(), {});
    net::Scope scope(executor);
    scope.spawn("webhook", webhook.run());
    EXPECT_TRUE(co_await eventually([&] {
      return json::find(*api.find(kValidating, "", "spark-operator-webhook"), "webhooks") != nullptr &&
             api.writes.size() == 3 && webhook.ready();
    }));
    for (const auto& resource : {kMutating, kValidating})
      for (const auto& one : json::list(*api.find(resource, "", "spark-operator-webhook"), "webhooks"))
        EXPECT_EQ(base64(secret_part(api, "ca.crt")), json::str(one, "clientConfig.caBundle"));
    EXPECT_EQ(
        1U,
        json::list(json::list(*api.find(kMutating, "", "spark-operator-webhook"), "webhooks").at(0), "rules").size());
    EXPECT_EQ(200, co_await ask(executor, webhook.port(), secret_part(api, "ca.crt")));

    // A second replica finds what the first has made.
    Webhook second(executor, api, options(), {});
    scope.spawn("webhook", second.run());
    EXPECT_TRUE(co_await eventually([&] { return second.ready(); }));
    EXPECT_EQ(3U, api.writes.size());
    EXPECT_EQ(200, co_await ask(executor, second.port(), secret_part(api, "ca.crt")));
    co_await scope.close();
  });
}

TEST(Webhook, ACertificateThatEndsSoonIsMadeAnewByTheSameAuthority) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    put_configurations(api);
    const auto ca = net::make_ca("ca", now(), std::chrono::hours(24 * 3000));
    const auto old = net::make_server_cert(ca, kHost, {kHost}, now(), std::chrono::hours(24 * 100));
    const json::object data{{"ca.crt", base64(ca.cert)},
                            {"ca.key", base64(ca.key)},
                            {"tls.crt", base64(old.cert)},
                            {"tls.key", base64(old.key)}};
    api.put(client::resources::secrets,
            json::object{{"kind", "Secret"},
                         {"metadata", json::object{{"name", "spark-operator-webhook-certs"}, {"namespace", "spoke"}}},
                         {"data", data}});
    Webhook webhook(executor, api, options(), {});
    net::Scope scope(executor);
    scope.spawn("webhook", webhook.run());
    EXPECT_TRUE(co_await eventually([&] { return webhook.ready(); }));
    EXPECT_EQ(ca.cert, secret_part(api, "ca.crt"));
    EXPECT_NE(old.cert, secret_part(api, "tls.crt"));
    EXPECT_GT(net::expiry(secret_part(api, "tls.crt")) - now(), std::chrono::hours(24 * 300));
    EXPECT_EQ(200, co_await ask(executor, webhook.port(), ca.cert));
    co_await scope.close();
  });
}

TEST(Webhook, TakesTheFilesThatThereAre) {
  run([](net::Executor executor) -> Task<> {
    MapApi api;
    const TempDir dir;
    const auto ca = net::make_ca("ca", now(), std::chrono::hours(1));
    const auto cert = net::make_server_cert(ca, kHost, {kHost}, now(), std::chrono::hours(1));
    WebhookOptions files = options();
    files.cert_dir = dir.path();
    files.cert_manager = true;
    Webhook waiting(executor, api, files, {});
    net::Scope scope(executor);
    scope.spawn("webhook", waiting.run());
    co_await net::sleep_for(net::Millis(50));
    EXPECT_FALSE(waiting.ready());
    write_file(dir.path() / "tls.crt", cert.cert);
    write_file(dir.path() / "tls.key", cert.key);
    Webhook webhook(executor, api, files, {});
    scope.spawn("webhook", webhook.run());
    EXPECT_TRUE(co_await eventually([&] { return webhook.ready(); }));
    EXPECT_EQ(200, co_await ask(executor, webhook.port(), ca.cert));
    EXPECT_TRUE(api.writes.empty());
    co_await scope.close();
  });
}

}  // namespace
}  // namespace spoke::op
