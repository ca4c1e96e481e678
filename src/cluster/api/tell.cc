#include "cluster/api/tell.h"

#include "base/log.h"
#include "base/random.h"

namespace spoke::cluster {

net::Task<> tell(Registry& registry, Object object, Telling telling) {
  const std::string name = fmt::format("{}.{}", kube::name(object), random_suffix(10));
  try {
    WriteOptions options;
    options.field_manager = telling.component;
    co_await registry.create(
        *registry.catalog().find("", "v1", "events"), std::string(kube::ns(object)),
        json::object{{"metadata", json::object{{"name", name}}},
                     {"involvedObject", json::object{{"kind", kube::kind(object)},
                                                     {"namespace", kube::ns(object)},
                                                     {"name", kube::name(object)},
                                                     {"uid", kube::uid(object)},
                                                     {"apiVersion", json::str(object, "apiVersion")}}},
                     {"type", telling.warning ? "Warning" : "Normal"},
                     {"reason", telling.reason},
                     {"message", telling.message},
                     {"action", telling.action},
                     {"eventTime", rfc3339_micro(now())},
                     {"reportingComponent", telling.component},
                     {"reportingInstance", telling.component + "-spoke"}},
        std::move(options));
  } catch (const kube::StatusError& e) {
    log::debug("event not written", "reason", telling.reason, "error", e.what());
  }
}

}  // namespace spoke::cluster
