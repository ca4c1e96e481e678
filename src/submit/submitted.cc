#include "submit/submitted.h"

#include <fmt/format.h>

#include <vector>

#include "submit/pod_text.h"

namespace spoke::submit {
namespace {

using client::resources::pods;
using kube::Object;
using kube::StatusError;
using net::Task;

Task<std::optional<Object>> find(client::Api& api, const client::Resource& resource, std::string ns, std::string name) {
  try {
    co_return co_await api.get(resource, ns, name);
  } catch (const StatusError& e) {
    if (e.code() != 404) throw;
  }
  co_return std::nullopt;
}

Task<std::vector<Object>> drivers(client::Api& api, const Asked& asked) {
  const std::string& ns = asked.id.ns.empty() ? asked.ns : asked.id.ns;
  std::vector<Object> found;
  if (!asked.id.glob) {
    if (auto pod = co_await find(api, pods, ns, asked.id.name)) found.push_back(std::move(*pod));
    co_return found;
  }
  client::ListOptions options;
  options.label_selector = "spark-role=driver";
  auto list = co_await api.list(pods, ns, options);
  for (auto& pod : list.items)
    if (kube::name(pod).starts_with(asked.id.name)) found.push_back(std::move(pod));
  co_return found;
}

const char* nothing_found(const Asked& asked) {
  return asked.id.glob ? "No applications found." : "Application not found.";
}

// The ConfigMap that the pod mounts and that is not there: its submitter ended between the two. "" where it is whole.
Task<std::string> missing_config_map(client::Api& api, const Object& pod) {
  for (const auto& volume : json::list(pod, "spec.volumes")) {
    const std::string name(json::str(volume, "configMap.name"));
    if (json::str(volume, "name") != "spark-conf-volume-driver" || name.empty() || has_ended(pod)) continue;
    const std::string ns(kube::ns(pod));
    bool absent = false;
    try {
      absent = !(co_await find(api, client::resources::config_maps, ns, name));
    } catch (const StatusError&) {  // it may not be read: then nothing can be said
    }
    if (absent) co_return name;
  }
  co_return "";
}

Task<> say_where_incomplete(client::Api& api, const Object& pod, const Say& say) {
  if (const std::string map = co_await missing_config_map(api, pod); !map.empty())
    say(
        fmt::format("The submission of {} is incomplete: its ConfigMap {} was never made, for its submitter has ended "
                    "before; the driver cannot start. Delete it with --kill {}:{} and submit it again.",
                    kube::name(pod), map, kube::ns(pod), kube::name(pod)));
}

}  // namespace

SubmissionId parse_submission_id(std::string_view text) {
  SubmissionId id;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    id.ns = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  id.glob = text.ends_with('*');
  if (id.glob) text.remove_suffix(1);
  id.name = text;
  if (id.name.empty() && !id.glob) fail("a submission's id is NAMESPACE:POD, and this one names no pod");
  return id;
}

Task<> kill(client::Api& api, Asked asked, std::optional<long> grace_period, Say say) {
  say(fmt::format("Submitting a request to kill submission {} in {}. Grace period in secs: {}", asked.text,
                  asked.master, grace_period ? std::to_string(*grace_period) : "not set."));
  const auto found = co_await drivers(api, asked);
  if (found.empty()) say(nothing_found(asked));
  client::DeleteOptions options;
  options.grace_period_seconds = grace_period;
  options.propagation = "Background";
  for (const auto& pod : found) {
    co_await say_where_incomplete(api, pod, say);
    if (asked.id.glob) say(fmt::format("Deleting driver pod: {}.", kube::name(pod)));
    const std::string name(kube::name(pod));
    const std::string ns = asked.id.ns.empty() ? asked.ns : asked.id.ns;
    try {
      co_await api.remove(pods, ns, name, options);
    } catch (const StatusError& e) {
      if (e.code() != 404) throw;  // it has gone by itself
    }
  }
}

Task<> status(client::Api& api, Asked asked, Say say) {
  say(fmt::format("Submitting a request for the status of submission {} in {}.", asked.text, asked.master));
  const auto found = co_await drivers(api, asked);
  if (found.empty()) say(nothing_found(asked));
  for (const auto& pod : found) {
    say("Application status (driver): " + describe_pod(pod));
    co_await say_where_incomplete(api, pod, say);
  }
}

}  // namespace spoke::submit
