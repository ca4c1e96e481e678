// Which pods are of which application, by their labels.
#pragma once

#include <map>
#include <set>
#include <string>

#include "operator/pods.h"

namespace spoke::op {

class PodIndex {
 public:
  // As an informer tells of changes: null for what was not there before, or is not any more.
  void update(const kube::Object* before, const kube::Object* after) {
    if (before != nullptr) erase(application_of(*before), kube::key(*before));
    if (after != nullptr)
      if (std::string app = application_of(*after); !app.empty()) pods_[std::move(app)].insert(kube::key(*after));
  }

  // Keys of pods; `application` is "namespace/name".
  const std::set<std::string>& pods_of(const std::string& application) const {
    static const std::set<std::string> none;
    const auto found = pods_.find(application);
    return found == pods_.end() ? none : found->second;
  }

 private:
  void erase(const std::string& application, const std::string& pod) {
    const auto found = pods_.find(application);
    if (found == pods_.end()) return;
    found->second.erase(pod);
    if (found->second.empty()) pods_.erase(found);
  }

  std::map<std::string, std::set<std::string>> pods_;
};

}  // namespace spoke::op
