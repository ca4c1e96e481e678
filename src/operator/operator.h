// The operator: one controller after the other, each for the namespaces that are this replica's then.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "client/api.h"
#include "client/election.h"
#include "client/informer.h"
#include "operator/controller.h"

namespace spoke::op {

struct OperatorOptions : ControllerOptions {
  bool install_crds = true;        // at the start; where that is forbidden they are taken to be there
  std::string namespace_selector;  // of labels: whose applications, beside those of `namespaces`; "": of these alone
  // Where several replicas run: who does what. `instance` is the identity there. Namespaces belong to shards by a hash
  // of their names.
  std::optional<client::ElectionOptions> election;
};

// Which of so many shards a namespace is of.
int shard_of(std::string_view ns, int shards);

class Operator {
 public:
  Operator(client::Api& api, OperatorOptions options) : api_(api), options_(std::move(options)) {}
  ~Operator();

  net::Task<> run();  // until cancelled
  metrics::Registry& metrics() { return metrics_; }

 private:
  // What is this replica's.
  struct Share {
    std::optional<std::set<int>> shards;              // not set: all
    std::optional<std::set<std::string>> namespaces;  // not set: all
    bool operator==(const Share&) const = default;
  };

  net::Task<> work();
  net::Task<> while_it_is(Share share, const std::exception_ptr& failure);
  net::Task<> changed();
  Share share() const;
  std::function<bool(const kube::Object&)> keep_of(const Share& share) const;

  client::Api& api_;
  OperatorOptions options_;
  metrics::Registry metrics_;
  std::unique_ptr<client::Election> election_;
  std::unique_ptr<client::Informer> namespaces_;
  std::unique_ptr<net::Event> namespaces_changed_;
};

}  // namespace spoke::op
