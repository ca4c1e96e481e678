#include "image/check/facts.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/strings.h"

namespace spoke::image {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

JarFact read_jar_name(std::string_view file) {
  constexpr std::string_view suffix = ".jar";
  if (file.ends_with(suffix)) file.remove_suffix(suffix.size());
  JarFact out;
  out.name = file;
  // The last part that can be a version: log4j-1.2-api-2.24.3, gcs-connector-hadoop3-2.2.26-shaded,
  // spark_3-5_2-12-4.42.0.
  const std::vector<std::string> parts = split(file, '-');
  const auto is_version = [&](size_t i, bool dotted) {
    const std::string& part = parts[i];
    return !part.empty() && is_digit(part[0]) && part.find('_') == std::string::npos &&
           dotted == (part.find('.') != std::string::npos);
  };
  size_t at = 0;
  for (size_t i = parts.size(); i-- > 1 && at == 0;)
    if (is_version(i, true)) at = i;
  // spark-core_2.12-3.5.8-amzn-1 is a vendor's first build of 3.5.8; javax.inject-1 has no other version.
  if (at == 0 && parts.size() > 1 && is_version(parts.size() - 1, false)) at = parts.size() - 1;
  if (at == 0) return out;
  out.name = join({parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(at)}, "-");
  out.version = parts[at];
  return out;
}

std::optional<ScalaSuffix> scala_suffix(std::string_view name) {
  for (const std::string_view scala : {"2.11", "2.12", "2.13", "2-11", "2-12", "2-13"}) {
    if (!name.ends_with(scala) || name.size() <= scala.size() || name[name.size() - scala.size() - 1] != '_') continue;
    ScalaSuffix out{std::string(name.substr(0, name.size() - scala.size() - 1)), std::string(scala)};
    std::ranges::replace(out.scala, '-', '.');
    return out;
  }
  return std::nullopt;
}

std::string spark_line(std::string_view name) {
  const auto suffix = scala_suffix(name);
  const std::string bare = suffix ? suffix->bare : std::string(name);
  const auto spark = bare.find("spark");
  if (spark == std::string::npos) return "";
  for (size_t i = spark + 5; i + 2 < bare.size(); ++i) {
    if (!is_digit(bare[i]) || is_digit(bare[i - 1]) || (bare[i + 1] != '.' && bare[i + 1] != '-')) continue;
    size_t end = i + 2;
    while (end < bare.size() && is_digit(bare[end])) ++end;
    // spark-sql-kafka-0-10 is for Kafka 0.10.
    if (bare[i] < '2' || end == i + 2 || (end < bare.size() && bare[end] != '-' && bare[end] != '_')) continue;
    return fmt::format("{}.{}", bare[i], bare.substr(i + 2, end - i - 2));
  }
  return "";
}

std::string line_of(std::string_view version) {
  const auto first = version.find('.');
  const auto second = first == std::string_view::npos ? first : version.find('.', first + 1);
  return std::string(version.substr(0, second));
}

}  // namespace spoke::image
