#include "submit/target.h"

#include "base/strings.h"

namespace spoke::submit {
namespace {

constexpr std::string_view kAuth = "spark.kubernetes.authenticate.submission.";

std::string file_text(const spark::Conf& conf, std::string_view suffix, const Surroundings& around) {
  const auto path = conf.text(std::string(kAuth) + std::string(suffix));
  return path && !path->empty() ? read_file(around.path_of(*path)) : "";
}

void authenticate(client::Target& target, const spark::Conf& conf, const Surroundings& around) {
  const auto token = conf.text(std::string(kAuth) + "oauthToken");
  const auto token_file = conf.text(std::string(kAuth) + "oauthTokenFile");
  if (token && token_file)
    fail("Cannot specify OAuth token through both a file {}oauthTokenFile and a value {}oauthToken.", kAuth, kAuth);
  const std::string cert = file_text(conf, "clientCertFile", around), key = file_text(conf, "clientKeyFile", around);
  if (!cert.empty()) target.server.client_cert_pem = cert;
  if (!key.empty()) target.server.client_key_pem = key;
  if (const std::string ca = file_text(conf, "caCertFile", around); !ca.empty()) target.server.ca_pem = ca;
  if (!token && !token_file) return;
  target.bearer_token = token.value_or("");
  target.token_file = token_file ? around.path_of(*token_file).string() : "";
  target.username.clear();
  target.renew = nullptr;
  target.expires.reset();
}

}  // namespace

client::Target find_submission_target(const Settings& settings, const Arguments& arguments,
                                      const Surroundings& around) {
  client::KubeconfigChoice choice;
  choice.kubeconfig = arguments.kubeconfig;
  choice.context = settings.conf.text("spark.kubernetes.context", "");
  if (settings.master) choice.server = spark::check_master(*settings.master).substr(6);
  auto target = client::find_target(choice);
  if (!target)
    fail(
        "there is neither --master k8s://… nor a kubeconfig, and so no cluster; start the embedded one with `spoke "
        "up`");
  authenticate(*target, settings.conf, around);
  constexpr std::int64_t kTenSeconds = 10000;
  target->server.request_timeout =
      std::chrono::milliseconds(settings.conf.integer("spark.kubernetes.submission.requestTimeout", kTenSeconds));
  target->server.connect_timeout =
      std::chrono::milliseconds(settings.conf.integer("spark.kubernetes.submission.connectionTimeout", kTenSeconds));
  if (settings.conf.flag("spark.kubernetes.trust.certificates", false)) target->server.insecure = true;
  return *target;
}

}  // namespace spoke::submit
