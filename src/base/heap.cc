#include "base/heap.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory_resource>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/strings.h"

namespace spoke {

void give_back_what_is_large() {
#ifdef __GLIBC__
  constexpr int kLarge = 256 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
#endif
}

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

namespace {

// Locked: a server is one thread mostly, but not what frees at its end.
struct Pool {
  static constexpr size_t kLargest = 1536;
  std::mutex mutex;
  std::pmr::unsynchronized_pool_resource memory{{.max_blocks_per_chunk = 0, .largest_required_pool_block = kLargest}};
};

// Of pointers and numbers, which is what lies there. libstdc++'s pools keep to no more: one of 24 bytes has blocks at
// every 24th.
constexpr size_t kAlignment = alignof(void*);

Pool& pool() {
  static auto* const only = new Pool;  // never deleted: things of static life may be freed after it else
  return *only;
}

}  // namespace

void* allocate_lasting(size_t bytes) {
  const std::scoped_lock lock(pool().mutex);
  return pool().memory.allocate(bytes, kAlignment);
}

void free_lasting(void* memory, size_t bytes) noexcept {
  const std::scoped_lock lock(pool().mutex);
  pool().memory.deallocate(memory, bytes, kAlignment);
}

void release_free_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

void release_unused_code() {
  // What the loader maps without the permission to write was never changed: it can be read from the file again. The
  // pages that it made read-only only after it had filled in addresses are of segments that may be written.
  const auto release = [](dl_phdr_info* object, size_t, void*) {
    for (ElfW(Half) i = 0; i < object->dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = object->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
      const auto page = static_cast<ElfW(Addr)>(::sysconf(_SC_PAGESIZE));
      const ElfW(Addr) begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
      // The page that it ends in may be the next one's too.
      const ElfW(Addr) end = (object->dlpi_addr + segment.p_vaddr + segment.p_filesz) / page * page;
      if (end <= begin) continue;
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
    }
    return 0;
  };
  ::dl_iterate_phdr(release, nullptr);
}

}  // namespace spoke
