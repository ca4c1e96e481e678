#include "cluster/node/pod_record.h"

#include "cluster/node/plain_file.h"

namespace spoke::cluster {

void write_record(const PodDir& dir, const PodRecord& record) {
  make_dirs(dir.dir, 0750);
  const json::value v = json::object{{"pod", record.pod},
                                     {"ip", record.ip == 0 ? "" : format_ipv4(record.ip)},
                                     {"accepted", rfc3339_nano(record.accepted)}};
  write_plain_file(dir.record(), json::dump(v), 0600);
}

std::optional<PodRecord> read_record(const PodDir& dir) {
  const auto text = try_read_file(dir.record());
  if (!text) return std::nullopt;
  try {
    const auto v = json::parse(*text);
    const auto* pod = json::find(v, "pod");
    const auto accepted = parse_rfc3339(json::str(v, "accepted"));
    if (pod == nullptr || kube::uid(*pod).empty() || !accepted) return std::nullopt;
    return PodRecord{*pod, parse_ipv4(json::str(v, "ip")).value_or(0), *accepted};
  } catch (const json::ParseError&) {
    return std::nullopt;
  }
}

}  // namespace spoke::cluster
