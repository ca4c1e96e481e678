#include "cluster/node/capabilities.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

// In the order of their numbers, linux/capability.h.
constexpr std::array<std::string_view, 41> kNames = {"CHOWN",
                                                     "DAC_OVERRIDE",
                                                     "DAC_READ_SEARCH",
                                                     "FOWNER",
                                                     "FSETID",
                                                     "KILL",
                                                     "SETGID",
                                                     "SETUID",
                                                     "SETPCAP",
                                                     "LINUX_IMMUTABLE",
                                                     "NET_BIND_SERVICE",
                                                     "NET_BROADCAST",
                                                     "NET_ADMIN",
                                                     "NET_RAW",
                                                     "IPC_LOCK",
                                                     "IPC_OWNER",
                                                     "SYS_MODULE",
                                                     "SYS_RAWIO",
                                                     "SYS_CHROOT",
                                                     "SYS_PTRACE",
                                                     "SYS_PACCT",
                                                     "SYS_ADMIN",
                                                     "SYS_BOOT",
                                                     "SYS_NICE",
                                                     "SYS_RESOURCE",
                                                     "SYS_TIME",
                                                     "SYS_TTY_CONFIG",
                                                     "MKNOD",
                                                     "LEASE",
                                                     "AUDIT_WRITE",
                                                     "AUDIT_CONTROL",
                                                     "SETFCAP",
                                                     "MAC_OVERRIDE",
                                                     "MAC_ADMIN",
                                                     "SYSLOG",
                                                     "WAKE_ALARM",
                                                     "BLOCK_SUSPEND",
                                                     "AUDIT_READ",
                                                     "PERFMON",
                                                     "BPF",
                                                     "CHECKPOINT_RESTORE"};

constexpr std::array<std::string_view, 14> kDefault = {
    "CHOWN",  "DAC_OVERRIDE", "FSETID",  "FOWNER",           "MKNOD",      "NET_RAW", "SETGID",
    "SETUID", "SETFCAP",      "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL",    "AUDIT_WRITE"};

// "NET_ADMIN", "CAP_NET_ADMIN" or either in lower case; one that there is not counts for nothing, as with runc.
std::uint64_t bit(std::string_view given) {
  const std::string name = upper(given.starts_with("CAP_") || given.starts_with("cap_") ? given.substr(4) : given);
  const auto* at = std::ranges::find(kNames, name);
  return at == kNames.end() ? 0 : 1ULL << (at - kNames.begin());
}

constexpr std::uint64_t kAll = (1ULL << kNames.size()) - 1;

std::uint64_t mask(const json::value& list) {
  std::uint64_t out = 0;
  if (!list.is_array()) return out;
  for (const auto& name : list.get_array()) {
    if (name.is_string()) out |= upper(name.get_string()) == "ALL" ? kAll : bit(name.get_string());
  }
  return out;
}

}  // namespace

std::vector<std::string> container_capabilities(const json::value& add, const json::value& drop, bool privileged,
                                                std::uint64_t held) {
  std::uint64_t has = 0;
  for (const auto name : kDefault) has |= bit(name);
  // "ALL" gives way to what is named: add NET_ADMIN with drop ALL leaves NET_ADMIN.
  if (mask(add) == kAll) has = kAll;
  if (mask(drop) == kAll) has = 0;
  if (mask(add) != kAll) has |= mask(add);
  if (mask(drop) != kAll) has &= ~mask(drop);
  if (privileged) has = kAll;
  has &= held;
  std::vector<std::string> out;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if ((has >> i & 1) != 0) out.push_back("CAP_" + std::string(kNames[i]));
  }
  return out;
}

}  // namespace spoke::cluster
