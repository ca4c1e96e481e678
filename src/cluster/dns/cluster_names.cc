#include "cluster/dns/cluster_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

DnsAnswer no_such_name(const ClusterZone& zone) {
  return {DnsCode::NameError, true, {}, {soa_record(zone.domain)}, {}};
}

// The name is there, but nothing of that type.
DnsAnswer nothing(const ClusterZone& zone) { return {DnsCode::NoError, true, {}, {soa_record(zone.domain)}, {}}; }

DnsAnswer found(std::vector<DnsRecord> records, const ClusterZone& zone) {
  if (records.empty()) return nothing(zone);
  return {DnsCode::NoError, true, std::move(records), {}, {}};
}

bool wants(const DnsQuery& q, DnsType type) { return q.type == type || q.type == DnsType::ANY; }

// An endpoint's own label: its pod's host name, else its address with dashes.
std::string label_of(const ServiceEndpoint& e) { return e.hostname.empty() ? replace_all(e.ip, ".", "-") : e.hostname; }

class Answering {
 public:
  Answering(const DnsQuery& q, const ServiceTable& table, const ClusterZone& zone)
      : q_(q), table_(table), zone_(zone) {}

  // `labels` are those before ".svc.<domain>", the namespace last.
  DnsAnswer service_name(std::vector<std::string> labels) const {
    if (labels.empty()) return nothing(zone_);
    const std::string ns = labels.back();
    labels.pop_back();
    if (labels.empty()) return table_.has_namespace(ns) ? nothing(zone_) : no_such_name(zone_);
    const auto service = table_.find(ns, labels.back());
    labels.pop_back();
    if (!service) return no_such_name(zone_);
    if (!service->external_name.empty() && labels.empty()) {
      DnsAnswer answer = found({cname_record(q_.name, service->external_name)}, zone_);
      answer.alias = service->external_name;
      return answer;
    }
    if (labels.empty()) return of_service(*service);
    if (labels.size() == 2 && labels[0].starts_with('_') && labels[1].starts_with('_'))
      return ports(*service, labels[0].substr(1), labels[1].substr(1));
    if (labels.size() == 1 && service->cluster_ip.empty()) return endpoint(*service, labels[0]);
    return no_such_name(zone_);
  }

  // "10-85-0-7" of "10-85-0-7.<namespace>.pod.<domain>".
  DnsAnswer pod_name(const std::vector<std::string>& labels) const {
    if (labels.size() < 2) return nothing(zone_);
    const auto address = parse_ipv4(replace_all(labels[0], "-", "."));
    if (labels.size() != 2 || !address || !zone_.pods.holds(*address)) return no_such_name(zone_);
    return found(wants(q_, DnsType::A) ? std::vector{a_record(q_.name, *address)} : std::vector<DnsRecord>(), zone_);
  }

  // Nothing where the address is not of the cluster.
  std::optional<DnsAnswer> reverse(const std::string& name) const {
    auto parts = split(name, '.');
    std::ranges::reverse(parts);
    const auto address = parse_ipv4(join(parts, "."));
    if (!address || (!zone_.pods.holds(*address) && !zone_.services.holds(*address))) return std::nullopt;
    const auto at = table_.find_address(format_ipv4(*address));
    if (!at) return no_such_name(zone_);
    const auto& [service, endpoint] = *at;
    if (!wants(q_, DnsType::PTR)) return nothing(zone_);
    const std::string whole = full_name(service);
    return found({ptr_record(q_.name, endpoint ? label_of(*endpoint) + "." + whole : whole)}, zone_);
  }

 private:
  std::string full_name(const ServiceInfo& s) const { return fmt::format("{}.{}.svc.{}", s.name, s.ns, zone_.domain); }

  void add_address(std::vector<DnsRecord>& records, const std::string& name, const std::string& ip) const {
    const auto address = parse_ipv4(ip);
    if (!address) return;
    DnsRecord record = a_record(name, *address);
    // Two ports of one pod are two endpoints, but one address.
    if (std::ranges::none_of(records, [&](const auto& r) { return r.name == record.name && r.data == record.data; }))
      records.push_back(std::move(record));
  }

  DnsAnswer of_service(const ServiceInfo& s) const {
    std::vector<DnsRecord> records;
    if (wants(q_, DnsType::A)) {
      if (!s.cluster_ip.empty()) add_address(records, q_.name, s.cluster_ip);
      if (s.cluster_ip.empty())
        for (const auto& e : s.endpoints) add_address(records, q_.name, e.ip);
    }
    return found(std::move(records), zone_);
  }

  DnsAnswer endpoint(const ServiceInfo& s, const std::string& label) const {
    std::vector<DnsRecord> records;
    bool known = false;
    for (const auto& e : s.endpoints) {
      if (label_of(e) != label) continue;
      known = true;
      if (wants(q_, DnsType::A)) add_address(records, q_.name, e.ip);
    }
    return known ? found(std::move(records), zone_) : no_such_name(zone_);
  }

  DnsAnswer ports(const ServiceInfo& s, const std::string& port, const std::string& protocol) const {
    DnsAnswer answer;
    const auto fits = [&](const NamedPort& p) { return p.name == port && p.protocol == protocol; };
    if (!s.cluster_ip.empty()) {
      const auto at = std::ranges::find_if(s.ports, fits);
      if (at == s.ports.end()) return no_such_name(zone_);
      answer.answers.push_back(srv_record(q_.name, full_name(s), static_cast<std::uint16_t>(at->port), 100));
      add_address(answer.additionals, full_name(s), s.cluster_ip);
    }
    for (const auto& e : s.endpoints) {
      if (!s.cluster_ip.empty()) break;
      const auto at = std::ranges::find_if(e.ports, fits);
      if (at == e.ports.end()) continue;
      const std::string target = label_of(e) + "." + full_name(s);
      answer.answers.push_back(srv_record(q_.name, target, static_cast<std::uint16_t>(at->port), 100));
      add_address(answer.additionals, target, e.ip);
    }
    if (answer.answers.empty()) return no_such_name(zone_);
    return wants(q_, DnsType::SRV) ? answer : nothing(zone_);
  }

  const DnsQuery& q_;
  const ServiceTable& table_;
  const ClusterZone& zone_;
};

}  // namespace

std::optional<DnsAnswer> answer_cluster_name(const DnsQuery& query, const ServiceTable& table,
                                             const ClusterZone& zone) {
  if (query.klass != 1) return std::nullopt;
  const Answering answering(query, table, zone);
  constexpr std::string_view kReverse = ".in-addr.arpa";
  if (query.name.ends_with(kReverse))
    return answering.reverse(query.name.substr(0, query.name.size() - kReverse.size()));
  if (query.name == zone.domain)
    return query.type == DnsType::SOA ? found({soa_record(zone.domain)}, zone) : nothing(zone);
  if (!query.name.ends_with("." + zone.domain)) return std::nullopt;
  auto labels = split(std::string_view(query.name).substr(0, query.name.size() - zone.domain.size() - 1), '.');
  const std::string kind = labels.back();
  labels.pop_back();
  if (kind == "svc") return answering.service_name(std::move(labels));
  if (kind == "pod") return answering.pod_name(labels);
  return no_such_name(zone);
}

}  // namespace spoke::cluster
