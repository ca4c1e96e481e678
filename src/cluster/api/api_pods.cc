// What is asked of a pod besides its object: its log, a way in, a node to run on, its end.
#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "cluster/api/eviction.h"
#include "cluster/api/port_forward.h"
#include "cluster/api/watching.h"

namespace spoke::cluster {

using net::Exchange;
using net::Query;
using net::Task;

namespace {

constexpr const char* kCreated = R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201})";

std::vector<std::string> containers_of(const Object& pod) {
  std::vector<std::string> out;
  for (const char* list : {"spec.containers", "spec.initContainers"})
    for (const auto& c : json::list(pod, list)) out.emplace_back(json::str(c, "name"));
  return out;
}

// Throws StatusError BadRequest where the query names none of the pod's containers, or leaves it open which.
void check_container(const Object& pod, const Query& query) {
  const std::string wanted(query.get("container"));
  if (wanted.empty()) {
    std::vector<std::string> names;
    for (const auto& c : json::list(pod, "spec.containers")) names.emplace_back(json::str(c, "name"));
    if (names.size() == 1 || !kube::annotation(pod, "kubectl.kubernetes.io/default-container").empty()) return;
    throw kube::bad_request(fmt::format("a container name must be specified for pod {}, choose one of: [{}]",
                                        kube::name(pod), join(names, " ")));
  }
  const auto names = containers_of(pod);
  if (std::find(names.begin(), names.end(), wanted) == names.end())
    throw kube::bad_request(fmt::format("container {} is not valid for pod {}", wanted, kube::name(pod)));
}

void check_bound(const Object& pod) {
  if (json::str(pod, "spec.nodeName").empty())
    throw kube::bad_request(fmt::format("pod {} does not have a host assigned", kube::name(pod)));
}

// ValidatePodLogOptions
void check_log_options(const Object& pod, const Query& query) {
  Causes causes;
  const auto at_least = [&](const char* name, long long least, const char* why) {
    const std::string_view text = query.get(name);
    if (text.empty()) return;
    const auto value = to_int(text);
    if (!value) throw kube::bad_request(fmt::format("strconv.ParseInt: parsing \"{}\": invalid syntax", text));
    if (*value < least) causes.push_back(kube::invalid_value(name, json::value(*value), why));
  };
  at_least("tailLines", 0, "must be greater than or equal to 0");
  at_least("limitBytes", 1, "must be greater than 0");
  if (query.has("sinceSeconds") && query.has("sinceTime"))
    causes.push_back(kube::forbidden_field("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  else
    at_least("sinceSeconds", 1, "must be greater than 0");
  if (!causes.empty()) throw kube::invalid("", "PodLogOptions", kube::name(pod), causes);
}

}  // namespace

Task<> ApiServer::log(Exchange& exchange, const Target& target) {
  const Query& query = exchange.request().query;
  const Object pod = registry_.current(*target.type, target.ns, target.name);
  check_log_options(pod, query);
  check_container(pod, query);
  if (json::str(pod, "spec.nodeName").empty())
    co_return co_await exchange.respond({204, {{"Cache-Control", "no-cache, private"}}, ""});
  if (!logs_) throw kube::service_unavailable("no node is there to read logs from");
  co_await stream_log(executor_, exchange,
                      [this, &pod, &query](std::function<Task<>(std::string_view)> write) -> Task<> {
                        return logs_(pod, query, std::move(write));
                      });
}

Task<> ApiServer::forward(Exchange& exchange, const Target& target) {
  const Object pod = registry_.current(*target.type, target.ns, target.name);
  check_bound(pod);
  const auto ports = forwarded_ports(exchange);
  if (!dial_) throw kube::service_unavailable("no node is there to reach pods through");
  co_await forward_ports(exchange, ports, [this, &pod](std::uint16_t port) { return dial_(pod, port); });
}

Task<> ApiServer::connect(Exchange& exchange, const Target& target) {
  const Object pod = registry_.current(*target.type, target.ns, target.name);
  check_container(pod, exchange.request().query);
  check_bound(pod);
  throw kube::StatusError(501, "NotImplemented",
                          fmt::format("the server has no way into pods: {} is not served", target.subresource));
}

Task<> ApiServer::bind_pod(Exchange& exchange, const Target& target) {
  const json::value binding = document(exchange.request());
  const std::string pod(target.name.empty() ? kube::name(binding) : std::string_view(target.name)),
      node(json::str(binding, "target.name"));
  if (node.empty()) throw kube::invalid("", "Binding", pod, {kube::required("target.name", "")});
  co_await bind(registry_, target.ns, pod, node);
  co_await exchange.respond(json_response(201, kCreated));
}

Task<> ApiServer::evict(Exchange& exchange, const Target& target) {
  const json::value eviction = document(exchange.request());
  const Object pod = registry_.current(*target.type, target.ns, target.name);
  check_eviction(registry_.store(), pod);
  client::DeleteOptions options;
  if (json::find(eviction, "deleteOptions.gracePeriodSeconds") != nullptr)
    options.grace_period_seconds = json::num(eviction, "deleteOptions.gracePeriodSeconds");
  options.uid = json::str(eviction, "deleteOptions.preconditions.uid");
  bool dry_run = exchange.request().query.get("dryRun") == "All";
  for (const auto& stage : json::list(eviction, "deleteOptions.dryRun"))
    dry_run = dry_run || stage == json::value("All");
  co_await registry_.remove(*target.type, target.ns, target.name, std::move(options), dry_run);
  co_await exchange.respond(json_response(201, kCreated));
}

}  // namespace spoke::cluster
