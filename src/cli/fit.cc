#include "cli/fit.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/sched/schedule.h"

namespace spoke::cli {
namespace {

using kube::Quantity;

std::string amount(std::string_view resource, const Quantity& quantity) {
  if (resource == "cpu") return fmt::format("{:g} CPUs", static_cast<double>(quantity.milli()) / 1000);
  return fmt::format("{:.1f} GiB of memory", static_cast<double>(quantity.value()) / (1U << 30U));
}

Quantity most(const std::vector<kube::Object>& nodes, std::string_view resource) {
  Quantity out;
  for (const auto& node : nodes) {
    const auto text = json::str(json::members(node, "status.allocatable"), resource);
    out = std::max(out, Quantity::parse(text).value_or(Quantity()));
  }
  return out;
}

}  // namespace

std::string misfit(const kube::Object& pod, const std::vector<kube::Object>& nodes) {
  std::vector<cluster::NodeView> empty;
  empty.reserve(nodes.size());
  for (const auto& node : nodes) empty.push_back({node, {}});
  const cluster::Placement placement = cluster::place(pod, empty);
  if (!placement.node.empty()) return "";
  for (const std::string_view resource : {"memory", "cpu"}) {
    const Quantity wanted = cluster::requested(pod, resource), there = most(nodes, resource);
    if (wanted > there)
      return fmt::format("it asks for {}, and no node has more than {}", amount(resource, wanted),
                         amount(resource, there));
  }
  return placement.message;
}

}  // namespace spoke::cli
