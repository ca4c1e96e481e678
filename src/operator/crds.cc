#include "operator/crds.h"

#include "data/yaml.h"
#include "net/async.h"

namespace spoke::embedded {
extern const std::string_view sparkoperator_k8s_io_sparkapplications_yaml;
extern const std::string_view sparkoperator_k8s_io_scheduledsparkapplications_yaml;
extern const std::string_view sparkoperator_k8s_io_sparkconnects_yaml;
}  // namespace spoke::embedded

namespace spoke::op {
namespace {

constexpr int kLooks = 200;
constexpr net::Millis kBetweenLooks{50};

}  // namespace

const std::vector<json::value>& crds() {
  static const std::vector<json::value> all{yaml::parse(embedded::sparkoperator_k8s_io_sparkapplications_yaml),
                                            yaml::parse(embedded::sparkoperator_k8s_io_scheduledsparkapplications_yaml),
                                            yaml::parse(embedded::sparkoperator_k8s_io_sparkconnects_yaml)};
  return all;
}

net::Task<> install_crds(client::Api& api) {
  const client::Resource& resource = client::resources::custom_resource_definitions;
  for (const auto& crd : crds())
    co_await api.patch(resource, "", kube::name(crd), client::PatchType::Apply, crd,
                       {.field_manager = "spoke-operator", .force = true});
  for (const auto& crd : crds()) {
    const std::string name(kube::name(crd));
    for (int i = 0; !kube::condition_is_true(co_await api.get(resource, "", name), "Established"); ++i) {
      if (i == kLooks)
        fail("the CustomResourceDefinition {} is not served; see its status.conditions with kubectl describe", name);
      co_await net::sleep_for(kBetweenLooks);
    }
  }
}

}  // namespace spoke::op
