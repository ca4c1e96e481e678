#include "cluster/node/sandbox.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "cluster/node/netlink.h"

namespace spoke::cluster {
namespace {

void hold_namespace(const char* kind, const Path& file) {
  const Fd created(::open(file.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0444));
  if (!created) fail_errno("create " + file.string());
  const std::string from = fmt::format("/proc/thread-self/ns/{}", kind);
  if (::mount(from.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) != 0)
    fail_errno("mount " + from + " on " + file.string());
}

bool is_held(const Path& file) {
  struct statfs about{};
  return ::statfs(file.c_str(), &about) == 0 && about.f_type == NSFS_MAGIC;
}

void set_sysctl(const std::string& name, const std::string& value) {
  const std::string file = "/proc/sys/" + replace_all(name, ".", "/");
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), value.data(), value.size()) < 0)
    fail_errno(fmt::format("set sysctl {} to {}", name, value));
}

void make_namespaces(const Sandbox& s) {
  const int own_ipc = s.host_ipc ? 0 : CLONE_NEWIPC;
  const int own_net = s.host_network ? 0 : CLONE_NEWNET | CLONE_NEWUTS;
  if (::unshare(own_ipc | own_net) != 0) fail_errno("make the pod's namespaces");
  if (own_ipc != 0) hold_namespace("ipc", s.ipc());
  if (own_net != 0) {
    if (::sethostname(s.hostname.c_str(), s.hostname.size()) != 0) fail_errno("set host name " + s.hostname);
    hold_namespace("uts", s.uts());
    hold_namespace("net", s.net());
    Netlink().set_up("lo");
    // Any user may listen on any port, as containerd has it: ports below 1024 mean nothing where nobody else lives.
    set_sysctl("net.ipv4.ip_unprivileged_port_start", "0");
    // The machine may say that another pod is on the same cable; the way is still by the machine (connect_network).
    for (const char* which : {"all", "default"})
      set_sysctl(fmt::format("net.ipv4.conf.{}.accept_redirects", which), "0");
  }
  for (const auto& [name, value] : s.sysctls) set_sysctl(name, value);
}

void connect_network(const Sandbox& s) {
  const Fd ns(::open(s.net().c_str(), O_RDONLY | O_CLOEXEC));
  if (!ns) fail_errno("open " + s.net().string());
  Netlink machine;
  machine.remove_link(s.link());  // left over by a pod whose removal was cut short
  machine.add_veth(s.link(), s.bridge, "eth0", ns.get(), s.address, s.mtu);
  on_own_thread([&] {
    if (::setns(ns.get(), CLONE_NEWNET) != 0) fail_errno("enter " + s.net().string());
    Netlink pod;
    // An address with no neighbours: pods reach each other by the machine's routing, so that answers too pass its
    // address translation, and Services work without bridge-nf-call-iptables.
    pod.add_address("eth0", s.address, 32);
    pod.set_up("eth0");
    pod.add_route({s.gateway, 32}, "eth0");
    pod.add_default_route(s.gateway);
  });
}

// Mount points as /proc/self/mountinfo writes them: blanks and the like as \040.
std::string unescape_mount(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string Sandbox::link() const { return fmt::format("spoke{:08x}", address); }

void make_sandbox(const Sandbox& sandbox) {
  try {
    make_dirs(sandbox.dir);
    on_own_thread([&] { make_namespaces(sandbox); });
    if (!sandbox.host_network) connect_network(sandbox);
  } catch (...) {
    remove_sandbox(sandbox);
    throw;
  }
}

void remove_sandbox(const Sandbox& sandbox) {
  // The link goes at once; the kernel takes a namespace apart later, when nobody is in it any more.
  if (!sandbox.host_network && sandbox.address != 0) Netlink().remove_link(sandbox.link());
  for (const Path& file : {sandbox.net(), sandbox.ipc(), sandbox.uts()}) {
    while (is_held(file) && ::umount2(file.c_str(), MNT_DETACH) == 0) {
    }
    ::unlink(file.c_str());
  }
}

bool sandbox_stands(const Sandbox& sandbox) {
  return (sandbox.host_ipc || is_held(sandbox.ipc())) && (sandbox.host_network || is_held(sandbox.net()));
}

void on_own_thread(const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

void unmount_below(const Path& dir) {
  const std::string prefix = dir.string();
  std::vector<std::string> found;
  for (const auto& line : split(read_file("/proc/self/mountinfo"), '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() < 5) continue;
    std::string point = unescape_mount(fields[4]);
    if (point == prefix || point.starts_with(prefix + "/")) found.push_back(std::move(point));
  }
  // Later mounts lie on earlier ones.
  for (auto point = found.rbegin(); point != found.rend(); ++point) {
    // No mount any more: somebody else was faster.
    if (::umount2(point->c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT)
      fail_errno("unmount " + *point);
  }
}

}  // namespace spoke::cluster
