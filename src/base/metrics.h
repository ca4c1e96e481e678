// Counters for Prometheus, and their text (exposition format 0.0.4). For one thread. Its C++ client library, as Debian
// has it, is a shared one, which would bring a second C++ runtime into the program.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spoke::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;  // in the order in which they are written

enum class Kind { Counter, Gauge, Histogram, Summary };

// All series of one name.
class Family {
 public:
  Family(std::string name, std::string help, Kind kind, std::vector<double> buckets);

  void add(const Labels& labels, double by = 1);           // Counter, Gauge
  void set(const Labels& labels, double value);            // Gauge
  void observe(const Labels& labels, double value);        // Histogram, Summary: of the latter sum and count alone
  double value(const Labels& labels) const;                // Counter, Gauge; the sum of others. 0 where there is none
  std::uint64_t observations(const Labels& labels) const;  // Histogram, Summary
  void clear() { series_.clear(); }
  void write(std::string& out) const;

 private:
  struct Series {
    double sum = 0;
    std::uint64_t count = 0;
    std::vector<std::uint64_t> buckets;  // not cumulated
  };

  std::string name_, help_;
  Kind kind_;
  std::vector<double> bounds_;  // upper ones, ascending, without +Inf
  std::map<Labels, Series> series_;
};

class Registry {
 public:
  // The family of that name, made where it is not there yet.
  Family& family(const std::string& name, const std::string& help, Kind kind, std::vector<double> buckets = {});
  // Called before each text(), for values that are looked up rather than counted, until it answers false.
  void before_text(std::function<bool()> refresh) { refreshers_.push_back(std::move(refresh)); }
  std::string text();

 private:
  std::map<std::string, Family> families_;
  std::vector<std::function<bool()>> refreshers_;
};

// A name as Prometheus takes it: what is not a letter, digit or underscore becomes an underscore.
std::string valid_name(std::string_view text);

}  // namespace spoke::metrics
