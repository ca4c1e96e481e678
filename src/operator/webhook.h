// The webhook's edge: answers an API server's AdmissionReviews over TLS, with a certificate that it looks after itself,
// or that others put into a folder (cert-manager, by a mounted Secret).
//
// Its own certificates are in a Secret that all replicas share: whoever finds none makes them, and the authority's goes
// into caBundle of the two configurations. The server's is made anew when a third of its time is left.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/api.h"
#include "client/informer.h"
#include "net/http_server.h"
#include "net/scope.h"
#include "net/tls.h"
#include "operator/admission.h"

namespace spoke::op {

struct WebhookOptions {
  std::string address;  // "": all of the machine's
  std::uint16_t port = 9443;
  // Files of a certificate; where the folder has none, and cert_manager is not to bring any, it makes its own.
  std::string cert_dir = "/etc/k8s-webhook-server/serving-certs";
  std::string cert_name = "tls.crt", key_name = "tls.key";
  bool cert_manager = false;
  std::string secret_name = "spark-operator-webhook-certs", secret_ns;
  std::string service_name = "spark-operator-webhook-svc", service_ns;
  std::string mutating_name = "spark-operator-webhook", validating_name = "spark-operator-webhook";
  bool quotas = false;
  std::vector<std::string> namespaces;  // whose quotas; empty: all
};

class Webhook {
 public:
  Webhook(net::Executor executor, client::Api& api, WebhookOptions options, PlanOptions plan);

  net::Task<> run();  // until cancelled
  bool ready() const { return server_ != nullptr; }
  std::uint16_t port() const { return port_; }  // once it is ready

 private:
  struct Certificate {
    net::KeyAndCert server;
    std::string ca_pem;  // "": others see to caBundle
    bool operator==(const Certificate&) const = default;
  };

  net::Task<Certificate> certificate();
  net::Task<Certificate> own_certificate();
  void serve_with(const Certificate& certificate);
  net::Task<> announce(const std::string& ca_pem);
  net::Task<> announce_in(const client::Resource& resource, const std::string& name, const std::string& bundle);
  net::Task<> answer(net::Exchange& exchange);
  net::Task<> look_after();

  net::Executor executor_;
  client::Api& api_;
  WebhookOptions options_;
  AdmissionOptions admission_;
  std::vector<std::unique_ptr<client::Informer>> quotas_;
  std::optional<Certificate> certificate_;
  std::unique_ptr<net::HttpServer> server_;
  std::uint16_t port_ = 0;
};

}  // namespace spoke::op
