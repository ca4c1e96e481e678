// One container by itself, run for real: needs root and a container runtime.
#include "cluster/node/container.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "cluster/node/oci_config.h"
#include "cluster/node/test_support.h"
#include "net/async.h"

namespace spoke::cluster {
namespace {

class ContainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_containers(); !why.empty()) GTEST_SKIP() << why;
    machine_ = inspect_machine();
    files_.dir = dir_.path() / "attempt";
    make_dirs(files_.dir);
  }
  void TearDown() override {
    if (!files_.dir.empty()) release_root(files_);
  }

  // Prepares a container that runs `script` by the machine's shell.
  void prepare(const std::string& script, json::value resources = json::object{}) {
    const json::value container = json::object{{"name", "c"}, {"resources", std::move(resources)}};
    const json::value pod = json::object{{"metadata", json::object{{"name", "p"}}},
                                         {"spec", json::object{{"containers", json::array{container}}}}};
    const image::Image image = machine_image(dir_.path() / "image");
    mount_root(files_, image);
    const auto id = random_container_id();
    const std::string cgroup = "/spoke-test/" + id;
    Bundle bundle{pod, container, image,  machine_, {"/bin/sh", "-c", script}, {}, {}, "p", files_.rootfs(), {}, {},
                  {},  {},        cgroup, {}};
    write_file(files_.config(), json::dump(oci_config(bundle)));
    const auto counter = oom_counter(machine_.cgroups, cgroup);
    write_record(files_, {id, "machine", "sha256:0", machine_.runtime, (dir_.path() / "state").string(),
                          counter ? counter->string() : "", "0"});
  }

  // Until the container and its monitor are gone.
  Exit run_to_end() {
    on_loop([this]() -> net::Task<> { return follow(files_); });
    const auto exit = read_exit(files_);
    EXPECT_TRUE(exit);
    return exit.value_or(Exit{});
  }
  static net::Task<> follow(ContainerFiles files) {
    co_await start_container(test_executable(), files);
    auto running = RunningContainer::attach(co_await net::this_executor(), files);
    if (running) {
      co_await running->ended();
      co_await running->gone();
    }
  }

  TempDir dir_;
  Machine machine_;
  ContainerFiles files_;
};

TEST_F(ContainerTest, RunsAndLeavesItsLogAndItsExitCode) {
  prepare("echo out; echo err >&2; printf unfinished; exit 3");
  const Exit exit = run_to_end();
  EXPECT_EQ(exit.code, 3) << exit.start_error;
  EXPECT_EQ(exit.signal, 0);
  EXPECT_FALSE(exit.oom_killed);
  ASSERT_TRUE(exit.started);
  EXPECT_LE(*exit.started, exit.finished);
  const std::string log = read_file(files_.log());
  EXPECT_NE(log.find(" stdout F out\n"), std::string::npos) << log;
  EXPECT_NE(log.find(" stderr F err\n"), std::string::npos) << log;
  EXPECT_NE(log.find(" stdout P unfinished\n"), std::string::npos) << log;
}

TEST_F(ContainerTest, AProgramThatIsNotThereIsAStartErrorThatNamesIt) {
  prepare("true");
  auto config = json::parse(read_file(files_.config()));
  json::set(config, "process.args", json::array{"/no/such/program"});
  write_file(files_.config(), json::dump(config));
  const Exit exit = run_to_end();
  EXPECT_EQ(exit.code, 128);
  EXPECT_NE(exit.start_error.find("/no/such/program"), std::string::npos) << exit.start_error;
  EXPECT_FALSE(exit.started);
}

TEST_F(ContainerTest, KnowsThatTheKernelKilledItForWantOfMemory) {
  prepare("x=a; while true; do x=$x$x; done", json::object{{"limits", json::object{{"memory", "32Mi"}}}});
  const Exit exit = run_to_end();
  EXPECT_TRUE(exit.oom_killed);
  EXPECT_EQ(exit.code, 137) << exit.start_error;
}

net::Task<> stop_from_outside(ContainerFiles files) {
  co_await start_container(test_executable(), files);
  // Whoever started it may end; another takes it up.
  {
    auto first = RunningContainer::attach(co_await net::this_executor(), files);
  }
  auto second = RunningContainer::attach(co_await net::this_executor(), files);
  EXPECT_TRUE(second);
  if (!second) co_return;
  // Process 1 of a namespace does not get a signal that it has no handler for yet.
  while (try_read_file(files.log()).value_or("").find("ready") == std::string::npos)
    co_await net::sleep_for(std::chrono::milliseconds(5));
  second->signal(SIGTERM);
  co_await second->ended();
  EXPECT_TRUE(read_exit(files));
  co_await second->gone();
  EXPECT_FALSE(RunningContainer::attach(co_await net::this_executor(), files));
}

TEST_F(ContainerTest, IsSignalledByWhoeverTakesItUp) {
  prepare("trap 'echo got it; exit 7' TERM; echo ready; while true; do sleep 0.05; done");
  on_loop([this] { return stop_from_outside(files_); });
  EXPECT_EQ(read_exit(files_)->code, 7);
  EXPECT_NE(read_file(files_.log()).find("got it"), std::string::npos);
}

net::Task<> kill_monitor(ContainerFiles files) {
  co_await start_container(test_executable(), files);
  auto running = RunningContainer::attach(co_await net::this_executor(), files);
  const auto started = read_started(files);
  EXPECT_TRUE(running && started);
  if (!running || !started) co_return;
  ::kill(parent_of(started->pid), SIGKILL);
  co_await running->ended();
  EXPECT_FALSE(read_exit(files));
  co_await clean_up_container(files);
  // Gone, or dead and not yet collected by the machine's first process.
  const auto stat = try_read_file("/proc/" + std::to_string(started->pid) + "/stat").value_or("x) Z");
  EXPECT_EQ(stat.substr(stat.rfind(')') + 2, 1), "Z");
}

TEST_F(ContainerTest, WhoseMonitorDiedIsEndedAndCountsAsLost) {
  prepare("sleep 1000");
  on_loop([this] { return kill_monitor(files_); });
  const auto exit = read_exit(files_);
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->lost);
  EXPECT_EQ(exit->code, 137);
}

net::Task<> exec_twice(ContainerFiles files) {
  co_await start_container(test_executable(), files);
  auto running = RunningContainer::attach(co_await net::this_executor(), files);
  const auto record = read_record(files);
  const auto said =
      co_await exec_in_container(*record, {"/bin/sh", "-c", "echo $0 in $(cat /proc/1/comm); exit 5"}, {});
  EXPECT_EQ(said.exit_code, 5);
  EXPECT_EQ(said.output, "/bin/sh in sleep\n");
  ProcessOptions hurry;
  hurry.timeout = std::chrono::milliseconds(200);
  const auto slow = co_await exec_in_container(*record, {"/bin/sleep", "100"}, hurry);
  EXPECT_TRUE(slow.timed_out);
  running->signal(SIGKILL);
  co_await running->gone();
}

TEST_F(ContainerTest, RunsProgramsInside) {
  prepare("exec sleep 1000");
  on_loop([this] { return exec_twice(files_); });
}

}  // namespace
}  // namespace spoke::cluster
