// What the tests of this room share.
#pragma once

#include <functional>
#include <string>

#include "base/temp_dir.h"
#include "image/image_store.h"
#include "net/task.h"

namespace spoke::cluster {

// Unmounts what is mounted below, too.
class TempDir : public spoke::TempDir {
 public:
  ~TempDir();
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
