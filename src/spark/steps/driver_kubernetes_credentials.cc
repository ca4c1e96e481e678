// With what the driver talks to the API server: credentials of the submitter in a Secret, or else a service account.
// Source: DriverKubernetesCredentialsFeatureStep (Spark 3.5 to 4.3).

#include <fmt/format.h>

#include "base/strings.h"
#include "spark/steps.h"

namespace spoke::spark {
namespace {

constexpr std::string_view kFamily = "spark.kubernetes.authenticate.driver.";
constexpr std::string_view kVolume = "kubernetes-credentials";
constexpr std::string_view kMountPath = "/mnt/secrets/spark-kubernetes-credentials";

struct Credential {
  std::string_view property;  // of the submitter: a file, or the token itself
  std::string_view mounted;   // of the driver: where it finds it
  std::string_view key;       // in the Secret
  std::string_view what;
};
constexpr Credential kCredentials[] = {
    {"caCertFile", "mounted.caCertFile", "ca-cert", "Driver CA cert file"},
    {"clientKeyFile", "mounted.clientKeyFile", "client-key", "Driver client key file"},
    {"clientCertFile", "mounted.clientCertFile", "client-cert", "Driver client cert file"},
    {"oauthToken", "mounted.oauthTokenFile", "oauth-token", ""},
};

std::string property_of(std::string_view name) { return fmt::format("{}{}", kFamily, name); }

std::optional<std::string> content(const Submission& s, const Credential& credential) {
  const std::string property = property_of(credential.property);
  auto value = s.conf.raw(property);
  if (!value || credential.what.empty()) return value;
  const auto file = s.files.find(*value);
  if (file == s.files.end())
    throw InvalidConf(property, fmt::format("requirement failed: {} provided at {} does not exist or is not a file.",
                                            credential.what, *value));
  return file->second;
}

void mount_secret(Draft& draft, const Properties& data) {
  const std::string name = draft.names.prefix + "-kubernetes-credentials";
  kube::Object secret = named_object("v1", "Secret", name);
  json::set(secret, "immutable", true);
  json::set(secret, "data", to_object(data));
  draft.resources.push_back(std::move(secret));
  draft.add_volume(kVolume, "secret", {{"secretName", name}});
  draft.add_mount(kVolume, kMountPath);
}

}  // namespace

void driver_kubernetes_credentials(const Submission& s, Draft& draft) {
  Properties data;
  std::vector<std::string> given;
  for (const auto& credential : kCredentials) {
    const auto submitted = content(s, credential);
    if (submitted) {
      data.emplace(credential.key, base64(*submitted));
      given.push_back(property_of(credential.property));
    }
    const std::string mounted = property_of(credential.mounted);
    if (const auto path = s.conf.raw(mounted))
      draft.properties[mounted] = *path;
    else if (submitted)
      draft.properties[mounted] = fmt::format("{}/{}", kMountPath, credential.key);
  }
  for (const auto& [property, value] : s.conf.all())
    if (property.ends_with("oauthToken")) draft.properties[property] = "<present_but_redacted>";

  const auto account = s.conf.text(property_of("serviceAccountName"));
  if (!data.empty()) {
    mount_secret(draft, data);
    if (account)
      draft.warnings.push_back(
          fmt::format("Not applying {}={} to the driver pod, because the driver credentials given by "
                      "{} take precedence",
                      property_of("serviceAccountName"), *account, join(given, ", ")));
  } else if (account) {
    json::set(draft.pod, "spec.serviceAccount", *account);
    json::set(draft.pod, "spec.serviceAccountName", *account);
  }
}

}  // namespace spoke::spark
