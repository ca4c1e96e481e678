// Which pods are of which application, by their labels.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "operator/pods.h"

namespace spoke::op {

class PodIndex {
 public:
  // As an informer tells of changes, whose objects stay in their places.
  void update(const Pod* before, const Pod* after) {
    if (before != nullptr) erase(application_of(*before), after != nullptr ? after : before);
    if (after != nullptr)
      if (std::string app = application_of(*after); !app.empty()) pods_[std::move(app)].push_back(after);
  }

  // `application` is "namespace/name".
  const std::vector<const Pod*>& pods_of(const std::string& application) const {
    static const std::vector<const Pod*> none;
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

  std::map<std::string, std::vector<const Pod*>> pods_;
};

}  // namespace spoke::op
