#include "operator/webhook.h"

#include <boost/asio/this_coro.hpp>
#include <exception>

#include "base/files.h"
#include "base/log.h"
#include "base/strings.h"
#include "operator/some_of.h"

namespace spoke::op {
namespace {

using kube::Object;
using net::Task;

constexpr Duration kAuthoritysTime = std::chrono::hours(24 * 3650), kServersTime = std::chrono::hours(24 * 365);
constexpr std::chrono::seconds kBetweenLooks{10};
constexpr net::Millis kAfterRace{100};
constexpr Duration kSkew = std::chrono::minutes(5);  // an API server's clock may be behind
const client::Resource kMutating{"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
                                 "MutatingWebhookConfiguration", false};
const client::Resource kValidating{"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                                   "ValidatingWebhookConfiguration", false};
const client::Resource kQuotas{"", "v1", "resourcequotas", "ResourceQuota", true};

Object project_quota(Object quota) {
  json::object out{{"metadata", some_of(quota, "metadata", {"name", "namespace", "resourceVersion"})}};
  for (const auto* part : {"spec", "status"})
    if (const json::value* v = json::find_member(quota, part)) out[part] = *v;
  return out;
}

std::string decoded(const Object& secret, const char* name) {
  const json::object& data = json::members(secret, "data");
  const json::value* v = data.if_contains(name);
  return v == nullptr || !v->is_string() ? "" : from_base64(v->get_string()).value_or("");
}

// Whether it is there, and will be good for so long.
bool lasts(const net::KeyAndCert& pair, Duration time) {
  if (pair.key.empty() || pair.cert.empty()) return false;
  try {
    return net::expiry(pair.cert) - now() > time;
  } catch (const Error&) {
    return false;  // it is no certificate
  }
}

}  // namespace

Webhook::Webhook(net::Executor executor, client::Api& api, WebhookOptions options, PlanOptions plan)
    : executor_(std::move(executor)), api_(api), options_(std::move(options)) {
  plan.webhook = true;
  admission_.plan = std::move(plan);
  if (!options_.quotas) return;
  const auto watch = [this](const std::string& ns) {
    quotas_.push_back(std::make_unique<client::Informer>(
        api_, client::InformerOptions{.resource = kQuotas, .ns = ns, .project = project_quota},
        client::Informer::Changed()));
  };
  if (options_.namespaces.empty()) watch("");
  for (const auto& ns : options_.namespaces) watch(ns);
  admission_.quotas = [this](std::string_view ns) {
    std::vector<const Object*> out;
    const std::string prefix = std::string(ns) + "/";
    for (const auto& informer : quotas_)
      for (auto it = informer->all().lower_bound(prefix); it != informer->all().end() && it->first.starts_with(prefix);
           ++it)
        out.push_back(&it->second.object);
    return out;
  };
}

Task<> Webhook::answer(net::Exchange& exchange) {
  const net::Request& request = exchange.request();
  net::Response response{200, {{"Content-Type", "application/json"}}, ""};
  if (request.method != "POST") {
    response = {405, {{"Content-Type", "text/plain; charset=utf-8"}}, "POST an AdmissionReview\n"};
  } else {
    try {
      response.body = json::dump(review(request.path, request.body, admission_));
    } catch (const kube::StatusError& e) {
      response.status = e.code();
      response.body = json::dump(e.to_json());
    }
  }
  co_await exchange.respond(std::move(response));
}

// Whoever is faster makes it; the other finds it.
Task<Webhook::Certificate> Webhook::own_certificate() {
  const std::string host = fmt::format("{}.{}.svc", options_.service_name, options_.service_ns);
  Object secret;
  try {
    secret = co_await api_.get(client::resources::secrets, options_.secret_ns, options_.secret_name);
  } catch (const kube::StatusError& e) {
    if (e.code() != 404) throw;
  }
  Certificate out{{decoded(secret, "tls.key"), decoded(secret, "tls.crt")}, decoded(secret, "ca.crt")};
  net::KeyAndCert authority{decoded(secret, "ca.key"), out.ca_pem};
  const bool authority_lasts = lasts(authority, kServersTime);
  if (authority_lasts && lasts(out.server, kServersTime / 3) && net::is_for(out.server.cert, host)) co_return out;

  const Time from = now() - kSkew;
  if (!authority_lasts) authority = net::make_ca("spoke-webhook-ca", from, kAuthoritysTime);
  out.server = net::make_server_cert(
      authority, host,
      {host, fmt::format("{}.{}", options_.service_name, options_.service_ns), host + ".cluster.local"}, from,
      kServersTime);
  out.ca_pem = authority.cert;
  json::object data{{"ca.crt", base64(authority.cert)},
                    {"ca.key", base64(authority.key)},
                    {"tls.crt", base64(out.server.cert)},
                    {"tls.key", base64(out.server.key)}};
  json::object metadata{{"name", options_.secret_name}, {"namespace", options_.secret_ns}};
  if (secret.is_object()) {
    json::object patch{{"metadata", json::object{{"resourceVersion", kube::resource_version(secret)}}},
                       {"data", std::move(data)}};
    co_await api_.patch(client::resources::secrets, options_.secret_ns, options_.secret_name, client::PatchType::Merge,
                        json::value(std::move(patch)), {});
  } else {
    json::object made{{"apiVersion", "v1"},
                      {"kind", "Secret"},
                      {"type", "kubernetes.io/tls"},
                      {"metadata", std::move(metadata)},
                      {"data", std::move(data)}};
    co_await api_.create(client::resources::secrets, options_.secret_ns, json::value(std::move(made)));
  }
  log::info("made a certificate for the webhook", "host", host, "secret", options_.secret_name);
  co_return out;
}

Task<Webhook::Certificate> Webhook::certificate() {
  const Path folder(options_.cert_dir);
  const auto key = try_read_file(folder / options_.key_name), cert = try_read_file(folder / options_.cert_name);
  if (key && cert) co_return Certificate{{*key, *cert}, ""};
  if (options_.cert_manager)
    fail("there are no {} and {} in {}, where cert-manager's Secret is to be mounted", options_.cert_name,
         options_.key_name, options_.cert_dir);
  co_return co_await own_certificate();
}

void Webhook::serve_with(const Certificate& certificate) {
  if (server_) {
    server_->use(certificate.server.key, certificate.server.cert);
    log::info("the webhook has a new certificate");
    return;
  }
  net::ServerOptions options{
      .key_pem = certificate.server.key, .cert_pem = certificate.server.cert, .port_option = "--webhook-port"};
  auto server = std::make_unique<net::HttpServer>(executor_, std::move(options),
                                                  [this](net::Exchange& exchange) { return answer(exchange); });
  port_ = server->listen(options_.address, options_.port);
  server_ = std::move(server);
  log::info("the webhook listens", "port", port_);
}

Task<> Webhook::announce_in(const client::Resource& resource, const std::string& name, const std::string& bundle) {
  const Object there = co_await api_.get(resource, "", name);
  json::array webhooks = json::list(there, "webhooks");
  bool changed = false;
  for (auto& webhook : webhooks) {
    if (json::str(webhook, "clientConfig.caBundle") == bundle) continue;
    json::set(webhook, "clientConfig.caBundle", bundle);
    changed = true;
  }
  if (!changed) co_return;
  json::object patch{{"metadata", json::object{{"resourceVersion", kube::resource_version(there)}}},
                     {"webhooks", std::move(webhooks)}};
  co_await api_.patch(resource, "", name, client::PatchType::Merge, json::value(std::move(patch)), {});
  log::info("told the API server whom to trust", "configuration", name, "kind", resource.kind);
}

Task<> Webhook::announce(const std::string& ca_pem) {
  const std::string bundle = base64(ca_pem);
  co_await announce_in(kMutating, options_.mutating_name, bundle);
  co_await announce_in(kValidating, options_.validating_name, bundle);
}

Task<> Webhook::look_after() {
  Certificate found = co_await certificate();
  if (!certificate_ || *certificate_ != found) {
    serve_with(found);
    certificate_ = std::move(found);
  }
  if (!certificate_->ca_pem.empty()) co_await announce(certificate_->ca_pem);
}

Task<> Webhook::run() {
  net::Scope scope(executor_);
  for (auto& informer : quotas_) scope.spawn("quotas", informer->run());
  std::exception_ptr ended;
  std::string said;
  try {
    for (;;) {
      std::string problem;
      bool raced = false;
      try {
        co_await look_after();
      } catch (const kube::StatusError& e) {
        raced = e.code() == 409;  // another replica was faster, and has what we need
        problem = e.what();
      } catch (const std::exception& e) {
        if (net::is_cancelled(e)) throw;
        problem = e.what();
      }
      if (raced) {
        co_await net::sleep_for(kAfterRace);
        continue;
      }
      if (!problem.empty() && problem != said)
        log::warn("the webhook is not set up, trying again", "error", problem, "every", "10s");
      said = problem;
      co_await net::sleep_for(kBetweenLooks);
    }
  } catch (...) {
    ended = std::current_exception();
  }
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await scope.close();
  if (server_) co_await server_->close();
  std::rethrow_exception(ended);
}

}  // namespace spoke::op
