#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace spoke::metrics {
namespace {

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::Counter: return "counter";
    case Kind::Gauge: return "gauge";
    case Kind::Histogram: return "histogram";
    case Kind::Summary: return "summary";
  }
  return "untyped";
}

void escape(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

void line(std::string& out, std::string_view name, std::string_view suffix, const Labels& labels,
          const std::string& bound, double value) {
  out.append(name).append(suffix);
  if (!labels.empty() || !bound.empty()) {
    char before = '{';
    const auto add = [&](std::string_view label, std::string_view text) {
      out.append(1, before).append(label).append("=\"");
      escape(out, text, true);
      out += '"';
      before = ',';
    };
    for (const auto& [label, text] : labels) add(label, text);
    if (!bound.empty()) add("le", bound);
    out += '}';
  }
  out.append(" ").append(number(value)).append("\n");
}

}  // namespace

Family::Family(std::string name, std::string help, Kind kind, std::vector<double> buckets)
    : name_(std::move(name)), help_(std::move(help)), kind_(kind), bounds_(std::move(buckets)) {
  std::ranges::sort(bounds_);
}

void Family::add(const Labels& labels, double by) { series_[labels].sum += by; }

void Family::set(const Labels& labels, double value) { series_[labels].sum = value; }

void Family::observe(const Labels& labels, double value) {
  Series& series = series_[labels];
  series.sum += value;
  ++series.count;
  if (kind_ != Kind::Histogram) return;
  series.buckets.resize(bounds_.size());
  const auto at = std::ranges::lower_bound(bounds_, value);
  if (at != bounds_.end()) ++series.buckets[static_cast<size_t>(at - bounds_.begin())];
}

double Family::value(const Labels& labels) const {
  const auto found = series_.find(labels);
  return found == series_.end() ? 0 : found->second.sum;
}

std::uint64_t Family::observations(const Labels& labels) const {
  const auto found = series_.find(labels);
  return found == series_.end() ? 0 : found->second.count;
}

void Family::write(std::string& out) const {
  if (series_.empty()) return;
  out.append("# HELP ").append(name_).append(" ");
  escape(out, help_, false);
  out.append("\n# TYPE ").append(name_).append(" ").append(word_of(kind_)).append("\n");
  for (const auto& [labels, series] : series_) {
    if (kind_ == Kind::Counter || kind_ == Kind::Gauge) {
      line(out, name_, "", labels, "", series.sum);
      continue;
    }
    if (kind_ == Kind::Histogram) {
      std::uint64_t below = 0;
      for (size_t i = 0; i < bounds_.size(); ++i) {
        below += series.buckets[i];
        line(out, name_, "_bucket", labels, number(bounds_[i]), static_cast<double>(below));
      }
      line(out, name_, "_bucket", labels, "+Inf", static_cast<double>(series.count));
    }
    line(out, name_, "_sum", labels, "", series.sum);
    line(out, name_, "_count", labels, "", static_cast<double>(series.count));
  }
}

Family& Registry::family(const std::string& name, const std::string& help, Kind kind, std::vector<double> buckets) {
  return families_.try_emplace(name, name, help, kind, std::move(buckets)).first->second;
}

std::string Registry::text() {
  std::erase_if(refreshers_, [](const auto& refresh) { return !refresh(); });
  std::string out;
  for (const auto& [name, family] : families_) family.write(out);
  return out;
}

std::string valid_name(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) c = '_';
  return out;
}

}  // namespace spoke::metrics
