#include "base/heap.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/strings.h"

namespace spoke {

void keep_small_chunks() {
  constexpr const char* kTunables = "GLIBC_TUNABLES";
  if (std::getenv(kTunables) != nullptr) return;
  const auto line = try_read_file("/proc/self/cmdline");
  if (!line || line->empty()) return;
  std::vector<std::string> words = split(*line, '\0');
  if (words.back().empty()) words.pop_back();  // each word ends with a zero
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::error_code none;
  const Path executable =
      std::filesystem::read_symlink("/proc/self/exe", none);  // not that itself: ps would show "exe"
  ::setenv(kTunables, "glibc.malloc.tcache_count=1000", 1);
  ::execv(executable.c_str(), argv.data());
}

void release_free_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace spoke
