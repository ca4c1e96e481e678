#include "operator/extras.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/strings.h"
#include "base/utf8.h"

namespace spoke::op {
namespace {

constexpr std::string_view kPrefix = "spoke.dev/";
constexpr size_t kShown = 60;       // of a value that makes no sense
constexpr int kMostAttempts = 100;  // of some 300 bytes each, in an object that etcd takes up to 1.5 MB of

using Take = std::function<bool(Extras&, std::string_view)>;

struct Annotation {
  std::string_view name;
  std::string_view must;
  Take take;  // false: makes no sense
};

Take duration(std::optional<Duration> Extras::* member) {
  return [member](Extras& out, std::string_view text) {
    const auto value = parse_duration(text);
    if (!value || *value < Duration(0)) return false;
    out.*member = value;
    return true;
  };
}

bool take_history(Extras& out, std::string_view text) {
  const auto count = to_int(text);
  if (!count || *count < 0 || *count > kMostAttempts) return false;
  out.attempt_history = static_cast<int>(*count);
  return true;
}

bool take_summary(Extras& out, std::string_view text) {
  out.executor_summary = text == "true";
  return text == "true" || text == "false";
}

bool take_restart_on(Extras& out, std::string_view text) {
  out.restart_on_infrastructure = text == "infrastructure";
  return out.restart_on_infrastructure;
}

bool take_retain(Extras& out, std::string_view text) {
  if (text == "Always")
    out.retain = Retain::Always;
  else if (text == "OnFailure")
    out.retain = Retain::OnFailure;
  else if (text == "Never")
    out.retain = Retain::Never;
  else
    return false;
  return true;
}

constexpr std::string_view kDuration = "a duration, as 90s or 1h30m";

const std::array<Annotation, 10>& annotations() {
  static const std::array<Annotation, 10> all{{
      {"submission-timeout", kDuration, duration(&Extras::submission_timeout)},
      {"driver-start-timeout", kDuration, duration(&Extras::driver_start_timeout)},
      {"executor-start-timeout", kDuration, duration(&Extras::executor_start_timeout)},
      {"run-timeout", kDuration, duration(&Extras::run_timeout)},
      {"reset-restarts-after", kDuration, duration(&Extras::reset_restarts_after)},
      {"retain-for", kDuration, duration(&Extras::retain_for)},
      {"restart-on", "infrastructure", take_restart_on},
      {"retain", "Always, OnFailure or Never", take_retain},
      {"attempt-history", "a number from 0 to 100", take_history},
      {"executor-summary", "true or false", take_summary},
  }};
  return all;
}

}  // namespace

json::object extras_of(const kube::Object& application) {
  json::object out;
  for (const auto& [name, value] : json::members(application, "metadata.annotations"))
    if (std::string_view(name).starts_with(kPrefix)) out[name] = value;
  return out;
}

Extras read_extras(const kube::Object& application) {
  Extras out;
  for (const auto& [name, value] : extras_of(application)) {
    const std::string_view own = std::string_view(name).substr(kPrefix.size());
    const auto known = std::ranges::find(annotations(), own, &Annotation::name);
    if (known == annotations().end()) {
      out.unknown.emplace_back(name);
      continue;
    }
    const std::string_view text = value.is_string() ? std::string_view(value.get_string()) : "";
    if (!known->take(out, text) && !out.wrong)
      out.wrong.emplace(fmt::format("metadata.annotations[{}]", std::string_view(name)),
                        fmt::format("is \"{}\", must be {}", valid_utf8(text, kShown), known->must));
  }
  return out;
}

}  // namespace spoke::op
