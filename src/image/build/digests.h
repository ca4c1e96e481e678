// Digests of files that are read again and again, kept until a file changes.
#pragma once

#include <map>
#include <string>

#include "base/files.h"
#include "image/build/tree.h"

namespace spoke::image {

// What changes with a file: its path, size, inode and times, without line breaks. Throws Error where there is none.
std::string file_state(const Path& file);

class FileDigests {
 public:
  explicit FileDigests(Path store);  // a file; what cannot be read in it is not known
  std::string of(const Path& file);  // "sha256:..."; throws Error
  void save() const;                 // for the next time

 private:
  Path store_;
  std::map<std::string, std::string> known_;  // by file_state
  bool changed_ = false;
};

// The same for trees that make the same layer.
std::string fingerprint(const Tree& tree, FileDigests& digests);

}  // namespace spoke::image
