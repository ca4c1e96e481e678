// Secrets as files: spark.kubernetes.driver.secrets.NAME=PATH.
// Source: MountSecretsFeatureStep (Spark 3.5 to 4.3).

#include "spark/steps.h"

namespace spoke::spark {

void mount_secrets(const Submission& s, Draft& draft) {
  for (const auto& [secret, path] : s.conf.with_prefix("spark.kubernetes.driver.secrets.")) {
    draft.add_volume(secret + "-volume", "secret", {{"secretName", secret}});
    draft.add_mount(secret + "-volume", path);
  }
}

}  // namespace spoke::spark
