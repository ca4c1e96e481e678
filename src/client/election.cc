#include "client/election.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cmath>

#include "base/log.h"
#include "net/http.h"
#include "net/scope.h"

namespace spoke::client {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kElection = "spoke.dev/election";  // a label: which one a Lease is of
constexpr std::string_view kMember = "spoke.dev/member";      // a label of what says that a replica lives
// Of a replica that has gone its Lease goes after so many durations.
constexpr int kForget = 12;

LeaseRecord read_lease(const Object& lease) {
  return {.holder = std::string(json::str(lease, "spec.holderIdentity")),
          .acquired = std::string(json::str(lease, "spec.acquireTime")),
          .renewed = std::string(json::str(lease, "spec.renewTime")),
          .resource_version = std::string(kube::resource_version(lease)),
          .duration = std::chrono::seconds(json::num(lease, "spec.leaseDurationSeconds")),
          .transitions = json::num(lease, "spec.leaseTransitions")};
}

std::int64_t whole_seconds(Duration d) {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(d).count());
}

}  // namespace

void LeaseWatch::see(LeaseRecord record, Moment now) {
  const bool same = record.holder == record_.holder && record.renewed == record_.renewed;
  if (!same || record_.resource_version.empty()) since_ = now;
  record_ = std::move(record);
}

std::string turn_of(int shard, const std::vector<std::string>& members) {
  return members.empty() ? "" : members[static_cast<size_t>(shard) % members.size()];
}

Election::Election(net::Executor executor, Api& api, ElectionOptions options)
    : api_(api), options_(std::move(options)), changed_(std::move(executor)) {}

std::string Election::name_of(int shard) const {
  return options_.shards == 1 ? options_.name : fmt::format("{}-{}", options_.name, shard);
}

LeaseRecord Election::known(const std::string& name) const {
  const auto found = leases_.find(name);
  return found == leases_.end() ? LeaseRecord() : found->second.record();
}

std::set<int> Election::mine() const {
  std::set<int> out;
  for (const auto& [shard, held] : held_)
    if (held.wanted && steady_clock::now() < held.renewed + options_.renew_deadline) out.insert(shard);
  return out;
}

Task<> Election::changed() {
  Duration pause = options_.retry;
  for (const auto& [shard, held] : held_) {
    const auto left =
        std::chrono::duration_cast<Duration>(held.renewed + options_.renew_deadline - steady_clock::now());
    if (left > Duration(0)) pause = std::min(pause, left);
  }
  co_await changed_.wait_for(pause);
}

std::vector<std::string> Election::members(Moment now) const {
  std::vector<std::string> out;
  const std::string prefix = options_.name + "-";
  for (const auto& [name, watch] : leases_)
    if (name == prefix + watch.record().holder && !watch.free(now)) out.push_back(watch.record().holder);
  if (std::ranges::find(out, options_.identity) == out.end()) out.push_back(options_.identity);
  std::ranges::sort(out);
  return out;
}

// Writes that it is ours (or nobody's), as from what is known of it. False where somebody else was faster.
Task<bool> Election::take(const std::string& name, const LeaseRecord& before, bool take) {
  const bool fresh = before.resource_version.empty();
  const std::string now_text = rfc3339_micro(now());
  const bool ours = before.holder == options_.identity;
  json::object spec{{"holderIdentity", take ? options_.identity : ""},
                    {"leaseDurationSeconds", take ? whole_seconds(options_.lease) : 1},
                    {"acquireTime", ours ? before.acquired : now_text},
                    {"renewTime", now_text},
                    {"leaseTransitions", before.transitions + (ours || fresh ? 0 : 1)}};
  json::object metadata;
  json::object labels{{kElection, options_.name}};
  if (name == own_name()) labels[kMember] = "true";
  if (options_.shards > 1) metadata["labels"] = std::move(labels);
  try {
    Object after;
    if (fresh) {
      metadata["name"] = name;
      metadata["namespace"] = options_.ns;
      json::object lease{{"apiVersion", "coordination.k8s.io/v1"},
                         {"kind", "Lease"},
                         {"metadata", std::move(metadata)},
                         {"spec", std::move(spec)}};
      after = co_await api_.create(resources::leases, options_.ns, json::value(std::move(lease)));
    } else {
      metadata["resourceVersion"] = before.resource_version;
      json::object patch{{"metadata", std::move(metadata)}, {"spec", std::move(spec)}};
      after = co_await api_.patch(resources::leases, options_.ns, name, PatchType::Merge, json::value(std::move(patch)),
                                  {});
    }
    leases_[name].see(read_lease(after), steady_clock::now());
    co_return true;
  } catch (const kube::StatusError& e) {
    if (e.code() != 409 && e.code() != 404) throw;
  }
  leases_.erase(name);  // as it is now is seen at the next look
  co_return false;
}

// Brings leases_ up to date.
Task<> Election::look() {
  std::vector<Object> found;
  if (options_.shards == 1) {
    try {
      found.push_back(co_await api_.get(resources::leases, options_.ns, options_.name));
    } catch (const kube::StatusError& e) {
      if (e.code() != 404) throw;
    }
  } else {
    const ListOptions ours{.label_selector = fmt::format("{}={}", kElection, options_.name)};
    found = (co_await api_.list(resources::leases, options_.ns, ours)).items;
  }
  const Moment now = steady_clock::now();
  std::set<std::string> there;
  for (const auto& lease : found) {
    const std::string name(kube::name(lease));
    there.insert(name);
    leases_[name].see(read_lease(lease), now);
    const bool long_gone = now > leases_[name].expiry() + kForget * options_.lease;
    if (long_gone && kube::label(lease, kMember) == "true") {
      try {
        co_await api_.remove(resources::leases, options_.ns, name, {.uid = std::string(kube::uid(lease))});
      } catch (const kube::StatusError& e) {
        if (e.code() != 404 && e.code() != 409) throw;
      }
    }
  }
  std::erase_if(leases_, [&](const auto& known) { return !there.contains(known.first); });
}

Task<> Election::look_after(int shard, const std::vector<std::string>& members) {
  const std::string name = name_of(shard);
  const Moment now = steady_clock::now();
  const LeaseRecord before = known(name);
  const bool ours = before.holder == options_.identity;
  const bool our_turn = turn_of(shard, members) == options_.identity;
  if (!ours) held_.erase(shard);
  if (ours && !our_turn && !at_work_.contains(shard)) {
    held_.erase(shard);
    co_await take(name, before, false);
    co_return;
  }
  if (!ours && (!our_turn || (leases_.contains(name) && !leases_.at(name).free(now)))) co_return;
  if (!co_await take(name, before, true)) {
    held_.erase(shard);
    co_return;
  }
  if (!ours) log::info("took the lease", "lease", name, "from", before.holder);
  held_[shard] = {now, our_turn};
}

Task<> Election::round() {
  co_await look();
  if (options_.shards > 1) {
    co_await take(own_name(), known(own_name()), true);
  }
  const std::vector<std::string> alive = members(steady_clock::now());
  const std::set<int> before = mine();
  // At once: one after the other, many would not be renewed in time, and one that fails would hold up the rest.
  net::Scope scope(co_await net::this_executor());
  for (int shard = 0; shard < options_.shards; ++shard) scope.spawn(name_of(shard), look_after(shard, alive));
  co_await scope.during(scope.drain());
  if (mine() != before) changed_.notify();
}

// What is about to expire is looked at as soon as it has.
Moment Election::next_look(Moment now) const {
  Moment next = now + options_.retry;
  for (const auto& [name, watch] : leases_)
    if (watch.record().holder != options_.identity && watch.expiry() > now) next = std::min(next, watch.expiry());
  return next;
}

Task<> Election::give_up_all() {
  std::vector<std::string> names;
  for (const auto& [name, watch] : leases_)
    if (watch.record().holder == options_.identity) names.push_back(name);
  held_.clear();
  for (const auto& name : names) {
    const LeaseRecord before = leases_[name].record();
    try {
      if (name == own_name())
        co_await api_.remove(resources::leases, options_.ns, name, {});
      else
        co_await take(name, before, false);
    } catch (const Error& e) {
      log::warn("cannot give up the lease; it expires", "lease", name, "error", e.what());
    }
  }
}

Task<> Election::run() {
  std::exception_ptr ended;
  try {
    for (;;) {
      std::string problem;
      try {
        co_await round();
      } catch (const std::exception& e) {
        if (net::is_cancelled(e)) throw;
        problem = e.what();
      }
      if (!problem.empty()) log::warn("cannot look after the leases, trying again", "error", problem);
      const Moment now = steady_clock::now();
      co_await net::sleep_for(problem.empty() ? next_look(now) - now : steady_clock::duration(options_.retry));
    }
  } catch (...) {
    ended = std::current_exception();
  }
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await give_up_all();
  std::rethrow_exception(ended);
}

}  // namespace spoke::client
