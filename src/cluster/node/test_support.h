// What the tests of this room share.
#pragma once

#include <functional>
#include <string>

#include "base/files.h"
#include "image/image_store.h"
#include "net/task.h"

namespace spoke::cluster {

class TempDir {
 public:
  TempDir();
  ~TempDir();  // with everything that is mounted below
  const Path& path() const { return path_; }

 private:
  Path path_;
};

// Why containers cannot be run here, for GTEST_SKIP; "" where they can.
std::string why_no_containers();

// This test program, which is its own monitor (test_support_test.cc).
std::string test_executable();

// A root that holds the machine's own programs, made by hand in `dir`.
image::Image machine_image(const Path& dir);

std::string random_container_id();
int parent_of(int pid);

// Runs a task on an event loop of its own until it ends; rethrows.
void on_loop(const std::function<net::Task<>()>& task);

}  // namespace spoke::cluster
