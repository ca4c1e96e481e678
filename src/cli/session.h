// A command's work on a cluster: the loop that it runs on, and the API.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/http_api.h"
#include "client/kubeconfig.h"
#include "net/task.h"

namespace spoke::cli {

struct Session {
  net::Executor executor;
  const client::Target& target;
  client::HttpApi& api;
};

// Whether it is the embedded cluster, by the context that `spoke up` writes.
inline bool is_embedded(const client::Target& target) { return target.context == "spoke"; }

using Work = std::function<net::Task<int>(Session&)>;

// Runs `work` to its end and answers its exit code. Throws Error where there is no cluster, or none that answers.
int on_cluster(const client::KubeconfigChoice& choice, const Work& work);
int on_target(client::Target target, const Work& work);

// SparkApplications, with a clear sentence where the cluster does not have the kind. `ns` "": all namespaces.
net::Task<client::Object> get_application(Session& session, std::string ns, std::string name);
net::Task<std::vector<client::Object>> list_applications(Session& session, std::string ns, std::string selector);

}  // namespace spoke::cli
