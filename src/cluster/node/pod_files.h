// The files by which a pod knows its own name and finds others: /etc/hosts, /etc/hostname, /etc/resolv.conf. Pure.
#pragma once

#include <string>
#include <string_view>

#include "kube/meta.h"

namespace spoke::cluster {

std::string pod_hostname(const kube::Object& pod);  // spec.hostname or the pod's name, at most 63 characters

// `machine_hosts` is the machine's own /etc/hosts, for pods on its network.
std::string hosts_file(const kube::Object& pod, const std::string& pod_ip, const std::string& cluster_domain,
                       std::string_view machine_hosts);

// By dnsPolicy and dnsConfig. `nameserver` answers for the cluster; `machine` is the machine's /etc/resolv.conf.
std::string resolv_conf(const kube::Object& pod, const std::string& nameserver, const std::string& cluster_domain,
                        std::string_view machine);

}  // namespace spoke::cluster
