// A container's log: how it is written, and how it is read.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/strings.h"
#include "cluster/node/log_reader.h"
#include "cluster/node/log_writer.h"
#include "cluster/node/test_support.h"
#include "kube/status.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

const Time kNow = *parse_rfc3339("2026-03-01T12:00:00Z");
const std::string kStamp = "2026-03-01T12:00:00.000000000Z ";

std::string written(const std::vector<std::string>& pieces) {
  LogStream stream("stdout");
  std::string out;
  for (const auto& piece : pieces) stream.write(piece, kNow, out);
  stream.end(kNow, out);
  return out;
}

TEST(LogStream, CutsBytesIntoLines) {
  EXPECT_EQ(written({"a\nb\n"}), kStamp + "stdout F a\n" + kStamp + "stdout F b\n");
  EXPECT_EQ(written({"a", "b\n"}), kStamp + "stdout F ab\n");
  EXPECT_EQ(written({"\n"}), kStamp + "stdout F \n");
  EXPECT_EQ(written({"end"}), kStamp + "stdout P end\n");
  EXPECT_EQ(written({""}), "");
}

TEST(LogStream, CutsLinesThatAreTooLong) {
  const std::string block(16 << 10, 'x');
  EXPECT_EQ(written({block + "y\n"}), kStamp + "stdout P " + block + "\n" + kStamp + "stdout F y\n");
}

TEST(LogFile, BecomesThePreviousOneWhenItIsFull) {
  const TempDir dir;
  LogFile file(dir.path() / "log", dir.path() / "log.1", 10);
  file.write("0123456789");
  file.write("next");
  EXPECT_EQ(read_file(dir.path() / "log.1"), "0123456789");
  EXPECT_EQ(read_file(dir.path() / "log"), "next");
}

TEST(LogLine, ReadsWhatIsWrittenAndNothingElse) {
  const auto line = parse_log_line("2026-03-01T12:00:00.5Z stderr P some text");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->time, "2026-03-01T12:00:00.5Z");
  EXPECT_TRUE(line->partial);
  EXPECT_EQ(line->text, "some text");
  EXPECT_EQ(parse_log_line("2026-03-01T12:00:00.5Z stdout F ")->text, "");
  for (const char* bad : {"", "x", "t stdout", "t stdin F x", "t stdout X x"}) EXPECT_FALSE(parse_log_line(bad)) << bad;
}

net::Task<> append(std::string* out, std::string text) {
  *out += text;
  co_return;
}

struct Log {
  Log() { files.dir = dir.path(); }
  std::string read(const LogOptions& options) {
    std::string out;
    on_loop([&]() {
      return read_log(files, options, [&out](std::string_view text) { return append(&out, std::string(text)); });
    });
    return out;
  }
  TempDir dir;
  ContainerFiles files;
};

std::string lines(int from, int to) {
  std::string out;
  for (int i = from; i <= to; ++i) out += fmt::format("2026-03-01T12:00:{:02}Z stdout F line {}\n", i, i);
  return out;
}

TEST(ReadLog, AllOfItAcrossARotation) {
  Log log;
  write_file(log.files.rotated_log(), lines(1, 2));
  write_file(log.files.log(),
             lines(3, 3) + "2026-03-01T12:00:04Z stdout P un\n2026-03-01T12:00:04Z stdout P finished\n");
  EXPECT_EQ(log.read({}), "line 1\nline 2\nline 3\nunfinished");
}

TEST(ReadLog, TheLastLines) {
  Log log;
  write_file(log.files.rotated_log(), lines(1, 3));
  write_file(log.files.log(), lines(4, 5));
  const std::pair<long, const char*> cases[] = {{0, ""},
                                                {1, "line 5\n"},
                                                {2, "line 4\nline 5\n"},
                                                {3, "line 3\nline 4\nline 5\n"},
                                                {99, "line 1\nline 2\nline 3\nline 4\nline 5\n"}};
  for (const auto& [tail, expected] : cases) {
    LogOptions options;
    options.tail_lines = tail;
    EXPECT_EQ(log.read(options), expected) << tail;
  }
}

TEST(ReadLog, TheLastLinesOfALargeFile) {
  Log log;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += fmt::format("2026-03-01T12:00:00Z stdout F line {}\n", i);
  write_file(log.files.log(), text);
  LogOptions options;
  options.tail_lines = 10000;
  const std::string read = log.read(options);
  EXPECT_TRUE(read.starts_with("line 10000\n"));
  EXPECT_TRUE(read.ends_with("line 19999\n"));
}

TEST(ReadLog, SinceATimeWithTimestampsUpToALimit) {
  Log log;
  write_file(log.files.log(), lines(1, 5));
  LogOptions options;
  options.since_time = "2026-03-01T12:00:04Z";
  EXPECT_EQ(log.read(options), "line 4\nline 5\n");
  options.timestamps = true;
  EXPECT_EQ(log.read(options), "2026-03-01T12:00:04Z line 4\n2026-03-01T12:00:05Z line 5\n");
  options.limit_bytes = 10;
  EXPECT_EQ(log.read(options), "2026-03-01");
  options.since_time = "yesterday";
  EXPECT_THROW(log.read(options), kube::StatusError);
}

TEST(ReadLog, OfNothing) {
  Log log;
  EXPECT_EQ(log.read({}), "");
}

net::Task<> follow_rotation(Log& log, std::string& out) {
  LogOptions options;
  options.follow = true;
  net::Scope scope(co_await net::this_executor());
  scope.spawn("reader",
              read_log(log.files, options, [&out](std::string_view text) { return append(&out, std::string(text)); }));
  LogFile file(log.files.log(), log.files.rotated_log(), 60);
  for (int i = 1; i <= 6; ++i) {
    file.write(lines(i, i));
    co_await net::sleep_for(std::chrono::milliseconds(20));
  }
  Exit exit;
  exit.finished = now();
  write_exit(log.files, exit);
  co_await scope.drain();
}

TEST(ReadLog, FollowsAcrossRotationsUntilTheContainerEnds) {
  Log log;
  std::string out;
  on_loop([&] { return follow_rotation(log, out); });
  EXPECT_EQ(out, "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\n");
}

net::Task<> take_slowly(std::string* out, std::string text) {
  *out += text;
  co_await net::sleep_for(std::chrono::milliseconds(100));
}

net::Task<> rotate_twice_before_the_reader_looks(Log& log, std::string& out) {
  LogOptions options;
  options.follow = true;
  net::Scope scope(co_await net::this_executor());
  LogFile file(log.files.log(), log.files.rotated_log(), 60);
  file.write(lines(1, 1));
  scope.spawn("reader", read_log(log.files, options,
                                 [&out](std::string_view text) { return take_slowly(&out, std::string(text)); }));
  co_await net::sleep_for(std::chrono::milliseconds(20));
  for (int i = 2; i <= 5; ++i) file.write(lines(i, i));
  Exit exit;
  exit.finished = now();
  write_exit(log.files, exit);
  co_await scope.drain();
}

TEST(ReadLog, ASlowReaderMissesNothingThatIsStillOnDisk) {
  Log log;
  std::string out;
  on_loop([&] { return rotate_twice_before_the_reader_looks(log, out); });
  const std::string whole = "line 1\nline 2\nline 3\nline 4\nline 5\n";
  EXPECT_TRUE(read_file(log.files.log()).find("line 1\n") == std::string::npos) << "it was not rotated";
  EXPECT_EQ(out, whole);
}

TEST(LogTail, ForATerminationMessage) {
  Log log;
  write_file(log.files.log(), lines(1, 5));
  EXPECT_EQ(log_tail(log.files, 2, 100), "line 4\nline 5\n");
  EXPECT_EQ(log_tail(log.files, 2, 3), " 5\n");
}

}  // namespace
}  // namespace spoke::cluster
