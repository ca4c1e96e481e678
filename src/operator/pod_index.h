// Which pods are of which application, by their labels.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/heap.h"
#include "operator/pods.h"

namespace spoke::op {

class PodIndex {
 public:
  using Pods = std::vector<const Pod*, Lasting<const Pod*>>;

  // As an informer tells of changes, whose objects stay in their places.
  void update(const Pod* before, const Pod* after) {
    if (before != nullptr) erase(application_of(*before), after != nullptr ? after : before);
    if (after != nullptr)
      if (const std::string app = application_of(*after); !app.empty()) pods_[lasting(app)].push_back(after);
  }

  // `application` is "namespace/name".
  const Pods& pods_of(const std::string& application) const {
    static const Pods none;
    const auto found = pods_.find(application);
    return found == pods_.end() ? none : found->second;
  }

 private:
  void erase(const std::string& application, const Pod* pod) {
    const auto found = pods_.find(application);
    if (found == pods_.end()) return;
    std::erase(found->second, pod);
    if (found->second.empty()) pods_.erase(found);
  }

  LastingMap<Pods> pods_;
};

}  // namespace spoke::op
