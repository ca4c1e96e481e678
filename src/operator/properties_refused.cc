#include "operator/properties_refused.h"

#include <array>
#include <string>

#include "operator/reader.h"

namespace spoke::op {
namespace {

struct RefusedProperty {
  std::string_view key;
  std::string_view why;
};

constexpr std::string_view kServiceAccount = "configure the service account via the CRD spec instead";
constexpr std::string_view kCredentials = "authentication credentials are managed by the operator";
constexpr std::string_view kManaged = "this value is managed by the operator";
constexpr std::string_view kImage = "use the image field on the CRD instead";
constexpr std::string_view kOperatorsFile = "it names a file on the operator's own machine";

constexpr std::array kProperties{
    // As kubeflow's validating webhook denies them (sparkconf_validator.go), in its words.
    RefusedProperty{"spark.kubernetes.authenticate.driver.serviceAccountName", kServiceAccount},
    RefusedProperty{"spark.kubernetes.authenticate.executor.serviceAccountName", kServiceAccount},
    RefusedProperty{"spark.kubernetes.authenticate.oauthTokenFile", kCredentials},
    RefusedProperty{"spark.kubernetes.authenticate.oauthToken", kCredentials},
    RefusedProperty{"spark.kubernetes.authenticate.driver.oauthTokenFile", kCredentials},
    RefusedProperty{"spark.kubernetes.authenticate.driver.oauthToken", kCredentials},
    RefusedProperty{"spark.kubernetes.authenticate.executor.oauthTokenFile", kCredentials},
    RefusedProperty{"spark.kubernetes.authenticate.executor.oauthToken", kCredentials},
    RefusedProperty{"spark.master", kManaged},
    RefusedProperty{"spark.kubernetes.driver.master", kManaged},
    RefusedProperty{"spark.kubernetes.container.image", kImage},
    RefusedProperty{"spark.kubernetes.driver.container.image", kImage},
    RefusedProperty{"spark.kubernetes.executor.container.image", kImage},
    // A submitter reads these files and hands them to the pod: here, whoever may create an application would read the
    // operator's files.
    RefusedProperty{"spark.kubernetes.driver.podTemplateFile", "use driver.template instead"},
    RefusedProperty{"spark.kubernetes.executor.podTemplateFile", "use executor.template instead"},
    RefusedProperty{"spark.kubernetes.authenticate.driver.caCertFile", kOperatorsFile},
    RefusedProperty{"spark.kubernetes.authenticate.driver.clientKeyFile", kOperatorsFile},
    RefusedProperty{"spark.kubernetes.authenticate.driver.clientCertFile", kOperatorsFile},
    RefusedProperty{"spark.kubernetes.kerberos.krb5.path",
                    "it names a file on the operator's own machine; use "
                    "spark.kubernetes.kerberos.krb5.configMapName instead"},
};

void refuse_property(std::string_view key, std::string_view why) {
  throw InvalidApplication("spec.sparkConf", fmt::format("sparkConf key \"{}\" is not allowed: {}", key, why));
}

}  // namespace

void refuse_properties(const json::value& spec, std::string_view ns) {
  for (const auto& [key, value] : json::members(spec, "sparkConf")) {
    for (const auto& property : kProperties)
      if (property.key == std::string_view(key)) refuse_property(property.key, property.why);
    if (!value.is_string()) continue;  // read_spec says so
    const std::string_view text = value.get_string();
    if (std::string_view(key) == "spark.kubernetes.namespace" && text != ns)
      refuse_property(key, fmt::format("must equal the application namespace \"{}\", got \"{}\"", ns, text));
    if (std::string_view(key) == "spark.kerberos.keytab" && !text.starts_with("local:"))
      refuse_property(key, fmt::format("{}; put it in the image and name it with local://", kOperatorsFile));
  }
}

}  // namespace spoke::op
