// Secrets as variables: spark.kubernetes.driver.secretKeyRef.VARIABLE=NAME:KEY.
// Source: EnvSecretsFeatureStep (Spark 3.5 to 4.3).

#include "base/strings.h"
#include "spark/steps.h"

namespace spoke::spark {

void env_secrets(const Submission& s, Draft& draft) {
  constexpr std::string_view kFamily = "spark.kubernetes.driver.secretKeyRef.";
  for (const auto& [variable, reference] : s.conf.with_prefix(kFamily)) {
    const auto parts = split(reference, ':');
    if (parts.size() != 2)
      throw InvalidConf(std::string(kFamily) + variable, "SecretKeyRef must be in the form name:key.");
    draft.add_env_from(variable, {{"secretKeyRef", json::object{{"name", parts[0]}, {"key", parts[1]}}}});
  }
}

}  // namespace spoke::spark
