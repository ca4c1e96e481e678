#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/glob.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/process.h"
#include "base/random.h"
#include "base/strings.h"
#include "base/temp_dir.h"
#include "base/time.h"

namespace spoke {
namespace {

TEST(Glob, AStarIsAnyLetters) {
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("spark-*", "spark-"));
  EXPECT_TRUE(matches_glob("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(matches_glob("**", "x"));
  EXPECT_FALSE(matches_glob("a*b", "abc"));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_FALSE(matches_glob("a", ""));
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a'))) << "and it ends";
}

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  metrics::Registry registry;
  registry.family("jobs", "Jobs, all\nof them", metrics::Kind::Counter).add({{"ns", "a\"b\\c\nd"}}, 2);
  metrics::Family& took = registry.family("took_seconds", "How long", metrics::Kind::Histogram, {1, 0.5});
  for (const double value : {0.5, 0.75, 3.0}) took.observe({}, value);
  registry.family("took", "How long", metrics::Kind::Summary).observe({{"a", "b"}}, 1.5);
  registry.family("silent", "Nothing was counted", metrics::Kind::Counter);
  bool used = true;
  registry.before_text([&] {
    registry.family("depth", "Now", metrics::Kind::Gauge).set({}, 7);
    return std::exchange(used, false);
  });
  const std::string expected =
      "# HELP depth Now\n# TYPE depth gauge\ndepth 7\n"
      "# HELP jobs Jobs, all\\nof them\n# TYPE jobs counter\njobs{ns=\"a\\\"b\\\\c\\nd\"} 2\n"
      "# HELP took How long\n# TYPE took summary\ntook_sum{a=\"b\"} 1.5\ntook_count{a=\"b\"} 1\n"
      "# HELP took_seconds How long\n# TYPE took_seconds histogram\n"
      "took_seconds_bucket{le=\"0.5\"} 1\ntook_seconds_bucket{le=\"1\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 3\n"
      "took_seconds_sum 4.25\ntook_seconds_count 3\n";
  EXPECT_EQ(registry.text(), expected);
  EXPECT_EQ(registry.text(), expected);
  EXPECT_EQ(metrics::valid_name("spark.app-1/x"), "spark_app_1_x");
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(Strings, Base64RoundTripsEveryLength) {
  for (size_t n = 0; n < 40; ++n) {
    const std::string bytes = random_bytes(n);
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  }
  EXPECT_EQ(base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
}

TEST(Strings, Base64RefusesWhatIsNot) {
  for (const char* bad : {"a", "ab=c", "====", "a===", "ab c", "abc\n", "YQ==YQ=="})
    EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Strings, ToIntTakesTheWholeText) {
  EXPECT_EQ(to_int("-42"), -42);
  EXPECT_EQ(to_int("+7"), 7);
  for (const char* bad : {"", "1x", " 1", "1e3", "99999999999999999999"}) EXPECT_FALSE(to_int(bad)) << bad;
}

TEST(Time, Rfc3339RoundTrip) {
  const auto t = parse_rfc3339("2026-02-28T23:59:58.123456Z");
  ASSERT_TRUE(t);
  EXPECT_EQ(rfc3339(*t), "2026-02-28T23:59:58Z");
  EXPECT_EQ(rfc3339_micro(*t), "2026-02-28T23:59:58.123456Z");
  EXPECT_EQ(rfc3339_nano(*t), "2026-02-28T23:59:58.123456000Z");
  EXPECT_EQ(parse_rfc3339("2026-03-01T00:59:58.123456789+01:00"), t);
}

TEST(Time, Rfc3339RefusesWhatIsNot) {
  for (const char* bad : {"", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
                          "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00Zx"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(Time, HumanDurationAsKubectlPrintsIt) {
  using std::chrono::seconds;
  EXPECT_EQ(human_duration(seconds(0)), "0s");
  EXPECT_EQ(human_duration(seconds(119)), "119s");
  EXPECT_EQ(human_duration(seconds(120)), "2m");
  EXPECT_EQ(human_duration(seconds(187)), "3m7s");
  EXPECT_EQ(human_duration(seconds(3600)), "60m");
  EXPECT_EQ(human_duration(seconds(3 * 3600 + 60)), "3h1m");
  EXPECT_EQ(human_duration(seconds(52 * 3600)), "2d4h");
}

struct Scratch : testing::Test {
  TempDir temp_;
  const Path dir_ = temp_.path();
};

TEST_F(Scratch, WriteFileReplacesWholeAndKeepsTheMode) {
  write_file(dir_ / "f", "one", 0600);
  write_file(dir_ / "f", "two", 0600);
  EXPECT_EQ(read_file(dir_ / "f"), "two");
  EXPECT_EQ(std::filesystem::status(dir_ / "f").permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), std::filesystem::directory_iterator()), 1);
}

TEST_F(Scratch, ErrorsNameThePath) {
  try {
    read_file(dir_ / "absent");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()), "read " + (dir_ / "absent").string() + ": No such file or directory");
  }
}

TEST(Process, GivesInputOutputAndExitCode) {
  const std::string big(1 << 20, 'x');
  const Finished cat = run({"cat"}, big);
  EXPECT_EQ(cat.output, big);
  const Finished sh = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(sh.exit_code, 3);
  EXPECT_EQ(sh.output, "out\n");
  EXPECT_EQ(sh.errors, "err\n");
  EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}).exit_code, 137);
  // Who does not read what it is given takes nobody along.
  EXPECT_EQ(run({"sh", "-c", "exec 0<&-; exit 3"}, std::string(1 << 20, 'x')).exit_code, 3);
}

TEST(Process, AChildInheritsNothingButItsStreams) {
  const Fd open(::dup(0));  // not close-on-exec, as a library's socket may be
  EXPECT_EQ(run({"sh", "-c", "ls /proc/$$/fd | sort -n | tr '\\n' ' '"}).output.substr(0, 6), "0 1 2 ");
  EXPECT_EQ(run({"sh", "-c", "test -e /proc/$$/fd/" + std::to_string(open.get())}).exit_code, 1);
}

TEST(Process, AMissingProgramIsNamed) {
  EXPECT_THROW(
      try { run({"no-such-program"}); } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "no-such-program is not installed or not on PATH");
        throw;
      },
      Error);
}

TEST(Log, AFieldStaysOnItsLine) {
  std::string out;
  log::add_fields(out, "a", 1, "b", "two words\n", "c", "\"");
  EXPECT_EQ(out, " a=1 b=\"two words\\n\" c=\"\\\"\"");
}

TEST(Log, ALineIsTextOrAnObject) {
  EXPECT_EQ(log::text_of("T", log::Level::Warn, "a \"b\"", " c=d"), "T W a \"b\" c=d\n");
  log::set_form(log::Form::Json);
  std::string fields;
  log::add_fields(fields, "a", 1, "b", "two\nlines \\ \"\xff\"");
  const std::string line = log::text_of("T", log::Level::Error, "it\t", fields);
  log::set_form(log::Form::Text);
  EXPECT_EQ(line, R"({"ts":"T","level":"error","msg":"it\u0009","a":"1","b":"two\u000alines \\ \")"
                  "\xef\xbf\xbd\\\"\"}\n");
}

TEST(Random, UuidHasVersionAndVariant) {
  const std::string id = random_uuid();
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(Time, ReadsDurations) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("0.25s2.5ms"), 252500us);
  for (const char* none : {"", "5", "s", "-5s", "5 s", ".5h", "5sec", "99999999999h", "5s3"})
    EXPECT_FALSE(parse_duration(none)) << none;
}

}  // namespace
}  // namespace spoke
