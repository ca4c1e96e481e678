// A folder beside the store's own, in which something is put together before it is moved to its place in one step.
#pragma once

#include "base/files.h"

namespace spoke::image {

class Staging {
 public:
  // Removes what processes that were killed have left in `store`, then makes a new folder there, of mode 0700.
  explicit Staging(const Path& store);
  ~Staging();  // removes what is still in it
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const Path& path() const { return path_; }

  // Waits until all of it is on the disk. A rename may get there before what was renamed does: without this, a layer
  // that a power failure emptied would stand there as if it were whole.
  void sync() const;

  // Moves path()/name to `place`. Where something stands already, someone else was quicker and made the same.
  void publish(const std::string& name, const Path& place) const;

 private:
  Path path_;
  Fd lock_;
};

}  // namespace spoke::image
