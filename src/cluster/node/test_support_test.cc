// The test program's main, and what the tests of this room share. A container needs a monitor: the test program is that
// too, as `spoke monitor` is of spoke.
#include "cluster/node/test_support.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <string_view>

#include "base/process.h"
#include "base/random.h"
#include "base/strings.h"
#include "cluster/node/node.h"
#include "cluster/node/sandbox.h"

namespace spoke::cluster {

TempDir::~TempDir() {
  if (::geteuid() == 0) unmount_below(path());
}

std::string why_no_containers() {
  if (::geteuid() != 0) return "needs root";
  if (find_program("runc").empty() && find_program("crun").empty()) return "needs runc or crun";
  return "";
}

std::string test_executable() { return "/proc/self/exe"; }

image::Image machine_image(const Path& dir) {
  image::Image image;
  image.name = "machine:1";
  image.id = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
  for (const char* name : {"usr", "proc", "sys", "dev", "etc", "root", "var", "run"}) make_dirs(dir / name);
  make_dirs(dir / "tmp");
  ::chmod((dir / "tmp").c_str(), 01777);
  for (const char* name : {"bin", "sbin", "lib", "lib64"}) {
    if (!std::filesystem::is_symlink(dir / name))
      std::filesystem::create_symlink("usr/" + std::string(name), dir / name);
  }
  write_file(dir / "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nspark:x:185:0:spark:/home/spark:/bin/sh\n");
  write_file(dir / "etc/group", "root:x:0:\nspark:x:185:\n");
  image.layers = {dir};
  image.binds = {{"/usr", "/usr", true}};
  return image;
}

std::string random_container_id() { return hex(random_bytes(32)); }

int parent_of(int pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto fields = split(std::string_view(stat).substr(stat.rfind(')') + 2), ' ');
  return static_cast<int>(to_int(fields.at(1)).value_or(0));
}

void on_loop(const std::function<net::Task<>()>& task) {
  boost::asio::io_context loop;
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, task(), [&](const std::exception_ptr& e) { failure = e; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace spoke::cluster

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "monitor") return spoke::cluster::monitor_main(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
