#include "operator/states.h"

#include <array>

#include "base/error.h"

namespace spoke::op {
namespace {

using enum State;

constexpr std::string_view kPending = "the driver is pending";
constexpr std::string_view kRunning = "the driver is running";
constexpr std::string_view kWell = "the driver ended with 0";
constexpr std::string_view kIll = "the driver failed, or is gone";
constexpr std::string_view kUnknown = "the driver's phase is unknown";
constexpr std::string_view kEdited = "the spec was edited";
constexpr std::string_view kSuspend = "suspend: true";
constexpr std::string_view kMade = "its objects are made";
constexpr std::string_view kRefused = "it cannot be submitted";
constexpr std::string_view kRetry = "it is retried";
constexpr std::string_view kNoRetry = "it is not retried";

constexpr std::array kTransitions{
    Transition{New, Submitted, kMade},
    Transition{New, SubmissionFailed, kRefused},
    Transition{New, Invalidating, kEdited},
    Transition{New, Suspending, kSuspend},
    Transition{Submitted, Running, kRunning},
    Transition{Submitted, Unknown, kUnknown},
    Transition{Submitted, Succeeding, kWell},
    Transition{Submitted, Failing, kIll},
    Transition{Submitted, Invalidating, kEdited},
    Transition{Submitted, Suspending, kSuspend},
    Transition{Running, Submitted, kPending},
    Transition{Running, Unknown, kUnknown},
    Transition{Running, Succeeding, kWell},
    Transition{Running, Failing, kIll},
    Transition{Running, Invalidating, kEdited},
    Transition{Running, Suspending, kSuspend},
    Transition{Unknown, Submitted, kPending},
    Transition{Unknown, Running, kRunning},
    Transition{Unknown, Succeeding, kWell},
    Transition{Unknown, Failing, kIll},
    Transition{Unknown, Invalidating, kEdited},
    Transition{Unknown, Suspending, kSuspend},
    Transition{Succeeding, Completed, kNoRetry},
    Transition{Succeeding, PendingRerun, kRetry},
    Transition{Succeeding, Invalidating, kEdited},
    Transition{Succeeding, Suspending, "suspend: true, where it is retried"},
    Transition{Failing, Failed, kNoRetry},
    Transition{Failing, PendingRerun, "it is retried, and the interval is over"},
    Transition{Failing, Invalidating, kEdited},
    Transition{Failing, Suspending, "suspend: true, where it is retried"},
    Transition{SubmissionFailed, Failed, kNoRetry},
    Transition{SubmissionFailed, PendingRerun, "it is retried, and the interval is over"},
    Transition{SubmissionFailed, Invalidating, kEdited},
    Transition{SubmissionFailed, Suspending, "suspend: true, where it is retried"},
    Transition{Completed, Invalidating, kEdited},
    Transition{Failed, Invalidating, kEdited},
    Transition{Invalidating, PendingRerun, "what was made is being deleted"},
    Transition{PendingRerun, Submitted, kMade},
    Transition{PendingRerun, SubmissionFailed, kRefused},
    Transition{PendingRerun, Invalidating, kEdited},
    Transition{PendingRerun, Suspending, kSuspend},
    Transition{Suspending, Suspended, "the driver is gone"},
    Transition{Suspended, Resuming, "suspend: false"},
    Transition{Resuming, Submitted, kMade},
    Transition{Resuming, SubmissionFailed, kRefused},
    Transition{Resuming, Invalidating, kEdited},
    Transition{Resuming, Suspending, kSuspend},
};

std::string_view shown(State state) { return state == New ? "New" : word_of(state); }

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }

std::string states_page() {
  std::string out =
      "# The states of a SparkApplication\n\n"
      "`status.applicationState.state`, as kubeflow's operator has it. A new application has none (here: New). An edit "
      "is one that\nneeds another driver: not one of `suspend`, `timeToLiveSeconds`, `restartPolicy`, or of the number "
      "of executors under dynamic\nallocation.\n\n"
      "```mermaid\nstateDiagram-v2\n  [*] --> New\n";
  for (const auto& t : kTransitions)
    if (t.to != Invalidating && t.to != Suspending) out += fmt::format("  {} --> {}\n", shown(t.from), shown(t.to));
  out += "  COMPLETED --> [*]\n  FAILED --> [*]\n```\n\n| from | to | when |\n|---|---|---|\n";
  for (const auto& t : kTransitions) out += fmt::format("| {} | {} | {} |\n", shown(t.from), shown(t.to), t.when);
  return out;
}

}  // namespace spoke::op
