// Label selectors and field selectors: read from a query or an object, matched against values.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/json.h"

namespace spoke::kube {

// Name and value of each label, in any order.
using Labels = std::vector<std::pair<std::string, std::string>>;

Labels labels_of(const json::value& object);  // metadata.labels

class LabelSelector {
 public:
  // Greater and Less, `a>5`, compare integers.
  enum class Op { Equals, NotEquals, In, NotIn, Exists, NotExists, Greater, Less };
  struct Requirement {
    std::string key;
    Op op;
    std::vector<std::string> values;  // in order, each once
  };

  LabelSelector() = default;  // matches everything
  // `a=b,c!=d,e in (f,g),h notin (i),j,!k`, as in the query labelSelector=. Throws StatusError BadRequest with
  // apimachinery's message ("unable to parse requirement: ...").
  static LabelSelector parse(std::string_view text);
  // {matchLabels, matchExpressions}, as in a NetworkPolicy or PodDisruptionBudget. A null or {} matches everything.
  // Throws StatusError BadRequest where it is malformed, as LabelSelectorAsSelector does.
  static LabelSelector from_object(const json::value& selector);
  // A plain map, as in a Service's spec.selector.
  static LabelSelector from_map(const json::object& map);

  bool empty() const { return requirements_.empty(); }
  bool matches(const Labels& labels) const;
  const std::vector<Requirement>& requirements() const { return requirements_; }  // in the order of their keys
  std::string text() const;                                                       // as parse() takes it

 private:
  explicit LabelSelector(std::vector<Requirement> requirements);
  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  struct Requirement {
    std::string field;
    std::string value;
    bool equal;
  };

  FieldSelector() = default;
  // `metadata.name=x,status.phase!=Running` (also ==; \, \= and \\ are escapes). Throws StatusError BadRequest.
  static FieldSelector parse(std::string_view text);

  bool empty() const { return requirements_.empty(); }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  // `value_of` gives a field's value, "" where it is unset.
  bool matches(const std::function<std::string_view(std::string_view)>& value_of) const;

 private:
  std::vector<Requirement> requirements_;
};

}  // namespace spoke::kube
