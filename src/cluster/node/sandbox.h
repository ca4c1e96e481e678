// A pod's own network, IPC and host name namespaces. They are held open by files, not by a process: a sandbox costs no
// memory, and outlives whoever made it.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/files.h"
#include "cluster/node/ipv4.h"

namespace spoke::cluster {

struct Sandbox {
  Path dir;  // <dir>/net, <dir>/ipc, <dir>/uts are the namespaces
  std::string hostname;
  bool host_network = false;  // then network and host name are the machine's
  bool host_ipc = false;
  std::string bridge;
  Ipv4 address = 0;
  Ipv4 gateway = 0;
  int mtu = 1500;
  std::map<std::string, std::string> sysctls;  // "net.core.somaxconn": of the namespaces only

  Path net() const { return dir / "net"; }
  Path ipc() const { return dir / "ipc"; }
  Path uts() const { return dir / "uts"; }
  std::string link() const;  // the machine's end of the pod's cable, named after the address
};

// Blocks. Throws Error; nothing is left over then.
void make_sandbox(const Sandbox& sandbox);
void remove_sandbox(const Sandbox& sandbox);  // fine where it is not there, or only half
bool sandbox_stands(const Sandbox& sandbox);  // false after the machine was restarted

// Runs `work` on a thread of its own, which may enter namespaces and change its folder without harm to others.
// Rethrows.
void on_own_thread(const std::function<void()>& work);

// Takes every mount below `dir` away, `dir` included.
void unmount_below(const Path& dir);

}  // namespace spoke::cluster
