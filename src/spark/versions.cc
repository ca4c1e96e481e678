#include "spark/versions.h"

#include <charconv>
#include <compare>
#include <optional>

#include "base/error.h"

namespace spoke::spark {
namespace {

struct Release {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Release&) const = default;
};

constexpr Release kOldest = {3, 5};

struct Change {
  Release since;
  bool Rules::* rule;
};

constexpr Change kChanges[] = {
    {{4, 0}, &Rules::load_spark_defaults},     {{4, 0}, &Rules::hadoop_conf_is_utf8},
    {{4, 0}, &Rules::min_memory_overhead},     {{4, 0}, &Rules::host_path_type},
    {{4, 0}, &Rules::sub_path_expr},           {{4, 0}, &Rules::claim_metadata},
    {{4, 0}, &Rules::volume_sizes_checked},    {{4, 0}, &Rules::read_write_once_pod},
    {{4, 0}, &Rules::ids_in_labels},           {{4, 0}, &Rules::connect_included},
    {{4, 1}, &Rules::version_in_image},        {{4, 1}, &Rules::connect_port},
    {{4, 1}, &Rules::excluded_steps},          {{4, 1}, &Rules::pipelines},
    {{4, 2}, &Rules::extra_properties_files},  {{4, 2}, &Rules::connect_app_protocol},
    {{4, 2}, &Rules::network_policy},          {{4, 2}, &Rules::iec_suffixes},
    {{4, 2}, &Rules::connect_server_on_yarn},  {{4, 3}, &Rules::proxy_user_is_spark_user},
    {{4, 3}, &Rules::no_privilege_escalation}, {{4, 3}, &Rules::publish_not_ready},
};

std::optional<Release> parse(std::string_view text) {
  Release release;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, release.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, release.minor);
  if (minor.ec != std::errc() || (minor.ptr != end && *minor.ptr != '.' && *minor.ptr != '-')) return std::nullopt;
  if (release.major < 0 || release.minor < 0) return std::nullopt;
  return release;
}

}  // namespace

Rules rules_for(std::string_view version) {
  const auto release = parse(version);
  if (!release) fail("\"{}\" is no version of Spark; write it as 4.1.4 or 4.1", version);
  if (*release < kOldest) fail("Spark {} is too old: spoke submits for Spark 3.5 and newer", version);
  Rules rules;
  rules.version = version;
  for (const auto& change : kChanges)
    if (*release >= change.since) rules.*change.rule = true;
  return rules;
}

}  // namespace spoke::spark
