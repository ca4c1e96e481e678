// One application followed to its end: its states, its executors, its driver's log.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/time.h"
#include "cli/screen.h"
#include "cli/session.h"
#include "cli/text/progress.h"
#include "cli/text/timeline.h"
#include "client/informer.h"
#include "net/async.h"

namespace spoke::cli {

class Follower {
 public:
  // `app` as it was applied at `begun`. `prefix` stands before each line of its log, "" for none. `patience` is how
  // long the driver may be held up by what does not pass by itself.
  Follower(Session& session, Screen& screen, const client::Object& app, Time begun, std::string prefix,
           Duration patience);

  // Until the application has ended and its log is shown, or it is gone, or cannot start.
  net::Task<> run();

  bool ended() const { return ended_; }
  bool cannot_start() const { return !held_up_.empty(); }
  int exit_code() const;  // 0 where it completed, else the driver's, else 1
  const std::string& name() const { return name_; }
  const std::string& ns() const { return ns_; }
  const std::string& uid() const { return uid_; }
  Progress progress(Time at) const;
  std::string last_words(bool colour) const;  // the summary, with the error where there is one

 private:
  net::Task<> watch_end();
  net::Task<> show_logs();
  void app_changed(const client::Object* app);
  void tell_change(const std::string& before, Time at);
  void tell_trouble();
  void hint_where_nothing_happens();
  net::Task<> look_whether_it_can_start();
  const client::Object* driver() const;

  Session& session_;
  Screen& screen_;
  std::string ns_, name_, uid_, prefix_;
  Timeline timeline_;
  client::Object app_;
  client::Informer apps_, pods_;
  net::Event changed_;       // for watch_end
  net::Event pods_changed_;  // for show_logs
  // Of the newest driver that has ended: its pod may be gone when the application's end is told.
  std::optional<int> driver_exit_;
  std::string logged_uid_;      // of the driver whose log was shown to its end
  std::set<std::string> told_;  // troubles, each once: a back-off takes turns with its cause
  Duration patience_;
  std::optional<Time> held_up_since_;
  std::string held_up_;  // by this, for too long
  std::optional<Time> ended_at_;
  bool ended_ = false, gone_ = false, hinted_ = false;
};

}  // namespace spoke::cli
