#include "cluster/api/service_addresses.h"

#include <arpa/inet.h>

#include "base/strings.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster {

using kinds::default_to;

namespace {

constexpr std::int64_t kFirstPort = 30000, kLastPort = 32767;  // --service-node-port-range

std::uint32_t to_number(std::string_view address) {
  in_addr a{};
  return ::inet_pton(AF_INET, std::string(address).c_str(), &a) == 1 ? ntohl(a.s_addr) : 0;
}

std::string to_text(std::uint32_t address) {
  const in_addr a{htonl(address)};
  char text[INET_ADDRSTRLEN];
  ::inet_ntop(AF_INET, &a, text, sizeof text);
  return text;
}

kube::StatusError refused(const Object& service, kube::Cause cause) {
  return kube::invalid("", "Service", kube::name(service), {std::move(cause)});
}

std::set<std::int64_t> ports_of(const Object& service) {
  std::set<std::int64_t> out;
  for (const auto& port : json::list(service, "spec.ports"))
    if (const auto number = json::num(port, "nodePort"); number != 0) out.insert(number);
  if (const auto number = json::num(service, "spec.healthCheckNodePort"); number != 0) out.insert(number);
  return out;
}

}  // namespace

ServiceAddresses::ServiceAddresses(std::string_view network) {
  const auto parts = split(network, '/');
  network_ = to_number(parts.at(0));
  size_ = 1U << (32 - static_cast<unsigned>(to_int(parts.at(1)).value_or(32)));
}

void ServiceAddresses::take(const Object& service) {
  if (const auto ip = to_number(json::str(service, "spec.clusterIP")); ip != 0) addresses_.insert(ip);
  ports_.merge(ports_of(service));
}

void ServiceAddresses::release(const Object& service) {
  addresses_.erase(to_number(json::str(service, "spec.clusterIP")));
  for (const auto port : ports_of(service)) ports_.erase(port);
}

void ServiceAddresses::allocate(const Object* before, Object& service) {
  if (before != nullptr) release(*before);
  try {
    choose_address(service, before);
    choose_ports(service, before);
  } catch (...) {
    if (before != nullptr) take(*before);
    throw;
  }
  take(service);
}

void ServiceAddresses::choose_address(Object& service, const Object* before) {
  std::string ip(json::str(service, "spec.clusterIP"));
  const bool kept = before != nullptr && ip == json::str(*before, "spec.clusterIP");
  if (json::str(service, "spec.type") == "ExternalName") {  // has none; one of its time as another type goes
    if (!ip.empty() && !kept)
      throw refused(service, kube::forbidden_field("spec.clusterIPs", "may not be set for ExternalName services"));
    json::remove(service, "spec.clusterIP");
    json::remove(service, "spec.clusterIPs");
    return;
  }
  if (ip.empty()) {
    if (addresses_.size() + 2 >= size_) throw kube::internal_error("failed to allocate a serviceIP: range is full");
    do {
      cursor_ = cursor_ % (size_ - 2) + 1;
    } while (addresses_.contains(network_ + cursor_));
    ip = to_text(network_ + cursor_);
  } else if (ip != "None" && !kept) {
    const auto wanted = to_number(ip);
    const auto unavailable = [&](std::string_view why) {
      return refused(service, kube::invalid_value("spec.clusterIPs", json::array{json::value(ip)},
                                                  fmt::format("failed to allocate IP {}: {}", ip, why)));
    };
    if (wanted == 0)
      throw refused(service, kube::invalid_value("spec.clusterIPs[0]", json::value(ip),
                                                 "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
    if (wanted <= network_ || wanted >= network_ + size_ - 1)
      throw unavailable(fmt::format("the provided IP ({}) is not in the valid range. The range of valid IPs is {}/{}",
                                    ip, to_text(network_), 32 - __builtin_ctz(size_)));
    if (addresses_.contains(wanted)) throw unavailable("provided IP is already allocated");
  }
  json::set(service, "spec.clusterIP", ip);
  json::set(service, "spec.clusterIPs", json::array{json::value(ip)});
  // A headless Service without a selector stands for addresses of either family that somebody else will name.
  const bool any_family = ip == "None" && json::members(service, "spec.selector").empty();
  default_to(service, "spec.ipFamilyPolicy", any_family ? "RequireDualStack" : "SingleStack");
  if (json::list(service, "spec.ipFamilies").empty())
    json::set(service, "spec.ipFamilies", any_family ? json::array{"IPv4", "IPv6"} : json::array{"IPv4"});
}

std::int64_t ServiceAddresses::free_port() {
  if (ports_.size() > static_cast<size_t>(kLastPort - kFirstPort))
    throw kube::internal_error("failed to allocate a nodePort: range is full");
  do {
    port_cursor_ = (port_cursor_ + 1) % (kLastPort - kFirstPort + 1);
  } while (ports_.contains(kFirstPort + port_cursor_));
  return kFirstPort + port_cursor_;
}

void ServiceAddresses::choose_ports(Object& service, const Object* before) {
  const std::string_view type = json::str(service, "spec.type");
  const bool balanced = type == "LoadBalancer";
  if (type != "NodePort" && !balanced) return;
  const std::set<std::int64_t> had = before != nullptr ? ports_of(*before) : std::set<std::int64_t>();
  std::set<std::int64_t> mine;
  const auto grab = [&](std::int64_t number, const std::string& field) {
    const auto invalid = [&](std::string_view why) {
      return refused(service, kube::invalid_value(field, json::value(number), why));
    };
    if (number < kFirstPort || number > kLastPort)
      throw invalid(fmt::format("provided port is not in the valid range. The range of valid ports is {}-{}",
                                kFirstPort, kLastPort));
    // One number may serve several protocols of a Service.
    if (ports_.contains(number) && !had.contains(number) && !mine.contains(number))
      throw invalid("provided port is already allocated");
    mine.insert(number);
    ports_.insert(number);
  };
  const bool give = !balanced || json::flag(service, "spec.allocateLoadBalancerNodePorts", true);
  try {
    if (json::value* list = json::find(service, "spec.ports"); list != nullptr && list->is_array()) {
      size_t i = 0;
      for (const auto& port : list->get_array()) {
        const std::string field = "spec.ports[" + std::to_string(i++) + "].nodePort";
        if (const auto number = json::num(port, "nodePort"); number != 0) grab(number, field);
      }
      for (auto& port : list->get_array())
        if (give && json::num(port, "nodePort") == 0) {
          const auto number = free_port();
          json::set(port, "nodePort", number);
          grab(number, "");
        }
    }
    if (!balanced || json::str(service, "spec.externalTrafficPolicy") != "Local") return;
    if (const auto number = json::num(service, "spec.healthCheckNodePort"); number != 0)
      return grab(number, "spec.healthCheckNodePort");
    const auto number = free_port();
    json::set(service, "spec.healthCheckNodePort", number);
    grab(number, "");
  } catch (...) {
    for (const auto number : mine) ports_.erase(number);
    throw;
  }
}

}  // namespace spoke::cluster
