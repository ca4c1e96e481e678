// Which node a pod goes to: a function of the pod, the nodes and what runs on them.
// Source: kube-scheduler's NodeResourcesFit, NodeAffinity (nodeSelector, required terms), TaintToleration,
// NodeUnschedulable, NodeName, NodePorts; its message when nothing fits.
#pragma once

#include <string>
#include <vector>

#include "kube/meta.h"
#include "kube/quantity.h"

namespace spoke::cluster {

struct NodeView {
  kube::Object node;
  std::vector<const kube::Object*> pods;  // bound to it, not ended
};

struct Placement {
  std::string node;     // "" where none fits
  std::string message;  // then: "0/1 nodes are available: 1 Insufficient memory. preemption: ..."
};

Placement place(const kube::Object& pod, const std::vector<NodeView>& nodes);

// What a pod asks for of one resource: the sum over containers, or the largest init container where that is more.
kube::Quantity requested(const kube::Object& pod, std::string_view resource);

}  // namespace spoke::cluster
