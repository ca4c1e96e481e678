// Who of several replicas does which part of the work, by Leases: one Lease a shard, held by at most one of them.
//
// With one shard that is leader election, with a Lease as client-go's. With several, each replica has a Lease of its
// own too, by which the others know that it lives; the shards go round among those that live, so that each has as many.
// A replica that joins gets its share once those that had it have stopped working on it.
//
// Clocks need not agree: a Lease is expired when nobody was seen to renew it for its duration.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/api.h"
#include "net/async.h"

namespace spoke::client {

struct ElectionOptions {
  std::string ns;
  std::string name;      // of the Lease; with several shards "NAME-0", "NAME-1", ... and "NAME-IDENTITY"
  std::string identity;  // no other replica may have it; a DNS label
  int shards = 1;
  // By what time a replica that died is replaced, one that cannot renew gives up, and how often each looks.
  Duration lease = std::chrono::seconds(5), renew_deadline = std::chrono::seconds(3), retry = std::chrono::seconds(1);
};

// What is known of a Lease.
struct LeaseRecord {
  std::string holder, acquired, renewed, resource_version;  // times as they are written
  Duration duration{0};
  long transitions = 0;
};

using Moment = std::chrono::steady_clock::time_point;

// A Lease's holder and renewal, and since when they are the same.
class LeaseWatch {
 public:
  void see(LeaseRecord record, Moment now);
  const LeaseRecord& record() const { return record_; }
  bool free(Moment now) const { return record_.holder.empty() || now >= expiry(); }
  Moment expiry() const { return since_ + record_.duration; }

 private:
  LeaseRecord record_;
  Moment since_;
};

// Whose turn each shard is: `members` is sorted.
std::string turn_of(int shard, const std::vector<std::string>& members);

class Election {
 public:
  Election(net::Executor executor, Api& api, ElectionOptions options);

  // Until cancelled; then gives up what it holds, so that others need not wait. Nothing may be worked on by then.
  Task<> run();

  // What may be worked on now. Look again after changed(), and end the work on what is no longer in it.
  std::set<int> mine() const;
  Task<> changed();
  // What is worked on: it is given to nobody else before it is not.
  void at_work(std::set<int> shards) { at_work_ = std::move(shards); }

 private:
  struct Held {
    Moment renewed;
    bool wanted = true;  // false: it is another's turn
  };

  std::string name_of(int shard) const;
  std::string own_name() const { return options_.name + "-" + options_.identity; }
  LeaseRecord known(const std::string& name) const;  // empty where there is none
  Task<> round();
  Task<> look();
  Task<> look_after(int shard, const std::vector<std::string>& members);
  Task<bool> take(const std::string& name, const LeaseRecord& before, bool take);
  Task<> give_up_all();
  std::vector<std::string> members(Moment now) const;
  Moment next_look(Moment now) const;

  Api& api_;
  ElectionOptions options_;
  net::Event changed_;
  std::map<std::string, LeaseWatch> leases_;
  std::map<int, Held> held_;
  std::set<int> at_work_;
};

}  // namespace spoke::client
