#include "operator/status.h"

#include <gtest/gtest.h>

namespace spoke::op {
namespace {

json::value wrapped(json::value status) { return json::object{{"status", std::move(status)}}; }

TEST(Status, ComesBackAsItWasWritten) {
  Status s;
  s.state = State::Failing;
  s.error_message = "why";
  s.spark_application_id = "spark-1";
  s.submission_id = "id";
  s.last_submission_attempt_time = parse_rfc3339("2026-03-01T12:00:00Z");
  s.termination_time = parse_rfc3339("2026-03-01T12:30:00Z");
  s.driver = {"pod", "service", "10.0.0.1:4040", 4040, "ingress", "http://x"};
  s.executor_state = {{"e-1", "RUNNING"}};
  s.execution_attempts = 2;
  s.submission_attempts = 3;
  EXPECT_EQ(s, read_status(wrapped(to_json(s))));
}

TEST(Status, NothingIsWrittenOfWhatHoldsNothingButWhatTheSchemaRequires) {
  EXPECT_EQ(R"({"applicationState":{"state":""},"driverInfo":{}})", json::dump(to_json(Status{})));
}

TEST(Status, EveryStateHasAWord) {
  for (int i = 0; i <= static_cast<int>(State::Unknown); ++i)
    EXPECT_EQ(static_cast<State>(i), state_of(word_of(static_cast<State>(i))));
  EXPECT_EQ(State::Unknown, state_of("HAPPY"));
}

TEST(StatusPatch, HoldsWhatChangesAndNullForWhatGoes) {
  const auto patch = [](const char* before, const char* after) {
    return json::dump(status_patch(json::parse(before), json::parse(after)));
  };
  EXPECT_EQ("{}", patch(R"({"a":1})", R"({"a":1})"));
  EXPECT_EQ(R"({"a":2})", patch(R"({"a":1,"b":1})", R"({"a":2,"b":1})"));
  EXPECT_EQ(R"({"b":null})", patch(R"({"a":1,"b":1})", R"({"a":1})"));
  EXPECT_EQ(R"({"e":{"x":"RUNNING","z":null}})",
            patch(R"({"e":{"x":"PENDING","y":"RUNNING","z":"RUNNING"}})", R"({"e":{"x":"RUNNING","y":"RUNNING"}})"));
  EXPECT_EQ(R"({"a":{"b":1}})", patch("{}", R"({"a":{"b":1}})"));
}

}  // namespace
}  // namespace spoke::op
