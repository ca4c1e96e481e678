// The heap of a process that lives long.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace spoke {

// glibc's malloc keeps 7 freed chunks of each size at hand; a tree of JSON has hundreds. How many can be said only by
// the environment, before a program starts: this starts the program again, once, with it, in the same process. For
// servers of many small trees, before they have begun anything; it costs some megabytes after a burst. It returns where
// that is done, where the environment says otherwise, or where it cannot be.
void keep_small_chunks();

// Has what is large given back to the system when it is freed. Left to itself, glibc keeps it from the second time on,
// and what is small and stays comes to lie in between.
void give_back_what_is_large();

// Gives what is free in the middle of the heap back to the system: glibc itself does so at its end only, and one small
// object there keeps all of a burst. Takes a few milliseconds.
void release_free_memory();

// Takes the program's own code and constants out of memory; what is in use comes back at its next use, from the file.
// Starting reads much that is never asked for again, some 8 MB of a server's 15. Takes about a millisecond.
void release_unused_code();

// Memory for the many small things that stay as long as what they tell of, such as a cache's: apart from the rest of
// the heap. A burst's trees and texts, which are gone in a moment, would else leave them scattered over pages that can
// be used for little else. What was freed is for the next of that size; what is larger than 1.5 KiB stands on the heap.
void* allocate_lasting(size_t bytes);
void free_lasting(void* memory, size_t bytes) noexcept;

template <class T>
struct Lasting {
  using value_type = T;
  Lasting() = default;
  template <class U>
  Lasting(const Lasting<U>&) noexcept {}      // NOLINT(google-explicit-constructor): as allocators are
  static constexpr size_t kSize = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
  T* allocate(size_t count) { return static_cast<T*>(allocate_lasting(count * kSize)); }
  void deallocate(T* memory, size_t count) noexcept { free_lasting(static_cast<void*>(memory), count * kSize); }
  bool operator==(const Lasting&) const = default;
};

using LastingText = std::basic_string<char, std::char_traits<char>, Lasting<char>>;
inline LastingText lasting(std::string_view text) { return {text.begin(), text.end()}; }

struct ByText {  // whatever kind of text is asked for
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a < b; }
};
template <class T>
using LastingMap = std::map<LastingText, T, ByText, Lasting<std::pair<const LastingText, T>>>;

}  // namespace spoke
