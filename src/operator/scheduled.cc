#include "operator/scheduled.h"

#include <algorithm>

#include "kube/selector.h"
#include "operator/cron.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr size_t kLongestName = 63;

std::string timestamp(Time t, Precision precision) {
  using namespace std::chrono;
  const auto since = t.time_since_epoch();
  switch (precision) {
    case Precision::Minutes: return std::to_string(duration_cast<minutes>(since).count());
    case Precision::Seconds: return std::to_string(duration_cast<seconds>(since).count());
    case Precision::Millis: return std::to_string(duration_cast<milliseconds>(since).count());
    case Precision::Micros: return std::to_string(duration_cast<microseconds>(since).count());
    case Precision::Nanos: break;
  }
  return std::to_string(duration_cast<nanoseconds>(since).count());
}

std::int64_t limit(const json::value& document, std::string_view path) {
  const json::value* v = json::find(document, path);
  return v == nullptr || !v->is_number() ? 1 : std::max<std::int64_t>(json::num(document, path), 0);
}

std::vector<std::string> names(const json::value& document, std::string_view path) {
  std::vector<std::string> out;
  for (const auto& name : json::list(document, path))
    if (name.is_string()) out.emplace_back(name.get_string());
  return out;
}

kube::Object run_of(const Scheduled& scheduled, const std::string& name) {
  json::object labels{{label::scheduled_by, scheduled.name}};
  for (const auto& [key, value] : scheduled.labels) labels[key] = value;
  kube::Object run = json::object{
      {"apiVersion", kApiVersion},
      {"kind", kKind},
      {"metadata", json::object{{"name", name},
                                {"namespace", scheduled.ns},
                                {"labels", std::move(labels)},
                                {"ownerReferences", json::array{json::object{{"apiVersion", kApiVersion},
                                                                             {"kind", kScheduledKind},
                                                                             {"name", scheduled.name},
                                                                             {"uid", scheduled.uid},
                                                                             {"blockOwnerDeletion", true}}}}}},
      {"spec", scheduled.application}};
  if (!scheduled.extras.empty()) json::set(run, "metadata.annotations", scheduled.extras);
  return run;
}

Removal removal_of(const Run& run) { return {std::string(kApiVersion), std::string(kKind), run.name, run.uid}; }

// The newest are kept, up to the limit.
std::vector<std::string> keep(std::vector<Run> ended, std::int64_t most, std::vector<Removal>& remove) {
  std::ranges::sort(ended, [](const Run& a, const Run& b) {
    return a.created != b.created ? a.created > b.created : a.name > b.name;
  });
  std::vector<std::string> out;
  for (const Run& run : ended)
    if (std::ssize(out) < most)
      out.push_back(run.name);
    else
      remove.push_back(removal_of(run));
  return out;
}

// Of a decision that is being made.
class Deciding {
 public:
  Deciding(const Scheduled& scheduled, const std::vector<Run>& runs, Time now, Precision precision)
      : scheduled_(scheduled), runs_(runs), now_(now), precision_(precision), next_(scheduled.status) {}

  ScheduleDecision run() {
    keep_books();
    if (!scheduled_.suspend) follow();
    if (next_ != scheduled_.status) decision_.status = std::move(next_);
    return std::move(decision_);
  }

 private:
  void keep_books() {
    std::vector<Run> completed, failed;
    for (const Run& run : runs_) {
      if (run.deleting) continue;
      if (run.state == State::Completed) completed.push_back(run);
      if (run.state == State::Failed) failed.push_back(run);
    }
    next_.past_successful = keep(std::move(completed), scheduled_.successful_limit, decision_.remove);
    next_.past_failed = keep(std::move(failed), scheduled_.failed_limit, decision_.remove);
  }

  void invalid(const std::string& why) {
    next_.state = "FailedValidation";
    next_.reason = why;
    next_.next_run.reset();
  }

  void follow() {
    try {
      check_zone(scheduled_.time_zone);
    } catch (const InvalidSchedule& e) {
      return invalid(fmt::format("Invalid timezone: {}", e.what()));
    }
    try {
      const Schedule schedule = Schedule::parse(scheduled_.schedule, scheduled_.time_zone);
      const auto next = schedule.next(now_);
      if (!next) return invalid("there is no such time within five years: " + scheduled_.schedule);
      if (run_name(*next).size() > kLongestName)
        return invalid(
            fmt::format("a run's name, {}, would be longer than {} characters; choose a shorter one for the "
                        "schedule",
                        run_name(*next), kLongestName));
      follow(schedule, *next);
    } catch (const InvalidSchedule& e) {
      invalid(e.what());
    }
  }

  void follow(const Schedule& schedule, Time next) {
    if (next_.state != "Scheduled") next_.reason.clear();
    next_.state = "Scheduled";
    if (!next_.next_run || is_of_another(schedule, next)) next_.next_run = next;
    if (*next_.next_run <= now_) {
      start(*next_.next_run);
      next_.next_run = next;
    }
    decision_.look_again = *next_.next_run - now_;
  }

  // The time is one of the schedule as it was before an edit.
  bool is_of_another(const Schedule& schedule, Time next) const {
    if (*next_.next_run <= now_) return false;
    return schedule.by_the_clock() ? *next_.next_run != next : *next_.next_run > next;
  }

  // Those that were missed meanwhile are made up for by this one.
  void start(Time due) {
    const std::string name = run_name(due);
    const bool made = std::ranges::find(runs_, name, &Run::name) != runs_.end();
    for (const Run& run : runs_) {
      if (made || is_final(run.state) || run.deleting) continue;
      if (scheduled_.concurrency == Scheduled::Concurrency::Forbid) return skip(due, run);
      if (scheduled_.concurrency == Scheduled::Concurrency::Replace) decision_.remove.push_back(removal_of(run));
    }
    if (!made) decision_.create = run_of(scheduled_, name);
    next_.last_run = now_;
    next_.last_run_name = name;
    next_.reason.clear();
  }

  void skip(Time due, const Run& run) {
    decision_.events.push_back({false, "SparkApplicationRunSkipped",
                                fmt::format("The run of {} is skipped, for {} has not ended", rfc3339(due), run.name)});
  }

  std::string run_name(Time t) const { return fmt::format("{}-{}", scheduled_.name, timestamp(t, precision_)); }

  const Scheduled& scheduled_;
  const std::vector<Run>& runs_;
  const Time now_;
  const Precision precision_;
  ScheduleStatus next_;
  ScheduleDecision decision_;
};

}  // namespace

Scheduled read_scheduled(const kube::Object& document) {
  Scheduled s;
  s.name = kube::name(document);
  s.ns = kube::ns(document);
  s.uid = kube::uid(document);
  s.resource_version = kube::resource_version(document);
  s.deleting = kube::deleting(document);
  for (auto& [name, value] : kube::labels_of(document)) s.labels[name] = std::move(value);
  s.extras = extras_of(document);
  s.schedule = json::str(document, "spec.schedule");
  s.time_zone = json::str(document, "spec.timeZone");
  s.suspend = json::flag(document, "spec.suspend");
  const std::string_view concurrency = json::str(document, "spec.concurrencyPolicy");
  if (concurrency == "Forbid") s.concurrency = Scheduled::Concurrency::Forbid;
  if (concurrency == "Replace") s.concurrency = Scheduled::Concurrency::Replace;
  s.successful_limit = limit(document, "spec.successfulRunHistoryLimit");
  s.failed_limit = limit(document, "spec.failedRunHistoryLimit");
  if (const json::value* spec = json::find(document, "spec.template")) s.application = *spec;
  s.status = {.last_run = parse_rfc3339(json::str(document, "status.lastRun")),
              .next_run = parse_rfc3339(json::str(document, "status.nextRun")),
              .last_run_name = std::string(json::str(document, "status.lastRunName")),
              .past_successful = names(document, "status.pastSuccessfulRunNames"),
              .past_failed = names(document, "status.pastFailedRunNames"),
              .state = std::string(json::str(document, "status.scheduleState")),
              .reason = std::string(json::str(document, "status.reason"))};
  return s;
}

json::value to_json(const ScheduleStatus& s) {
  json::object out{{"lastRun", s.last_run ? json::value(rfc3339(*s.last_run)) : nullptr},
                   {"nextRun", s.next_run ? json::value(rfc3339(*s.next_run)) : nullptr}};
  const auto put = [&out](std::string_view name, const std::string& text) {
    if (!text.empty()) out[name] = text;
  };
  const auto put_all = [&out](std::string_view name, const std::vector<std::string>& all) {
    if (!all.empty()) out[name] = json::array(all.begin(), all.end());
  };
  put("lastRunName", s.last_run_name);
  put_all("pastSuccessfulRunNames", s.past_successful);
  put_all("pastFailedRunNames", s.past_failed);
  put("scheduleState", s.state);
  put("reason", s.reason);
  return out;
}

ScheduleDecision decide(const Scheduled& scheduled, const std::vector<Run>& runs, Time now, Precision precision) {
  if (scheduled.deleting) return {};
  return Deciding(scheduled, runs, now, precision).run();
}

ScheduleDecision not_made(const Scheduled& scheduled, ScheduleDecision decision, const std::string& why) {
  decision.create.reset();
  decision.events.push_back(
      {true, "SparkApplicationRunFailed",
       fmt::format("cannot create a run of ScheduledSparkApplication {}: {}", scheduled.name, why)});
  decision.status->last_run = scheduled.status.last_run;
  decision.status->last_run_name = scheduled.status.last_run_name;
  decision.status->reason = why;
  return decision;
}

}  // namespace spoke::op
