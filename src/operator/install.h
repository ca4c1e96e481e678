// What puts the operator onto a cluster: the files under api/ and deploy/, with what an installation chooses.
#pragma once

#include <string>
#include <vector>

#include "kube/meta.h"

namespace spoke::op {

struct InstallOptions {
  std::string ns = "spark-operator";
  std::string image;
  int replicas = 2;
  int shards = 1;  // above 1 the replicas divide the work
  bool webhook = true;
  std::vector<std::string> job_namespaces;  // where applications are; empty: all. Rights are given there alone
  std::vector<std::string> arguments;       // of `spoke operator`, besides
};

// In the order in which they are applied: kinds, namespace, rights, Deployment, webhook.
std::vector<kube::Object> manifests(const InstallOptions& options);

}  // namespace spoke::op
