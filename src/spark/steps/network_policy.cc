// Executors take connections from their own application only.
// Source: NetworkPolicyFeatureStep (Spark 4.2 and newer).

#include "spark/steps.h"

namespace spoke::spark {

void network_policy(const Submission& s, Draft& draft) {
  if (!s.rules.network_policy) return;
  const auto pods_with = [](json::object labels) {
    return json::object{{"podSelector", json::object{{"matchLabels", std::move(labels)}}}};
  };
  kube::Object policy = named_object("networking.k8s.io/v1", "NetworkPolicy", draft.names.prefix + "-policy");
  json::set(policy, "metadata.namespace", s.ns());
  merge(policy, "metadata.labels", {{"spark-app-selector", s.ids.app}});
  json::object spec = pods_with({{"spark-role", "executor"}, {"spark-app-selector", s.ids.app}});
  spec["ingress"] = json::array{json::object{{"from", json::array{pods_with({{"spark-app-selector", s.ids.app}})}}}};
  json::set(policy, "spec", std::move(spec));
  draft.resources.push_back(std::move(policy));
}

}  // namespace spoke::spark
