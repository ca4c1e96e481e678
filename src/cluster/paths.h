// Where the embedded cluster keeps what it keeps.
#pragma once

#include "base/files.h"

namespace spoke::cluster {

struct Paths {
  // $XDG_DATA_HOME/spoke, or ~/.local/share/spoke.
  static Paths standard();
  explicit Paths(Path data) : root(std::move(data)) {}

  Path root;
  Path database() const { return root / "objects.sqlite"; }
  Path keys() const { return root / "keys"; }              // 0700
  Path kubeconfig() const { return root / "kubeconfig"; }  // 0600, of the administrator
  Path state() const { return root / "state.json"; }       // of the running process: pid, port, what `up` was asked for
  Path lock() const { return root / "lock"; }              // held while the process lives
  Path log() const { return root / "spoke.log"; }
  Path node() const { return root / "node"; }
  Path volumes() const { return root / "volumes"; }  // of PersistentVolumes that were made for claims
  Path images() const { return root / "images"; }
};

}  // namespace spoke::cluster
