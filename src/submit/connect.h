// A Spark Connect server on Kubernetes. spark-submit refuses one in cluster mode, and start-connect-server.sh leaves
// its process behind, which would end a pod; so it is a driver's pod that runs the server itself, in the foreground,
// with a Service of a name that stays.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spark/driver.h"
#include "spark/submission.h"

namespace spoke::submit {

// Of labels: of one server's pod and Service, or of all servers'.
std::string connect_selector(std::string_view name);
std::string all_connect_servers();
bool is_connect(const kube::Object& object, std::string_view name);  // whether it has the labels of that server

// Throws Error where a server cannot be called so.
void check_connect_name(const std::string& name);

std::string connect_service(std::string_view name);  // "NAME-server", the Service's name and the pod's
std::string connect_name(const kube::Object& pod);
std::uint16_t connect_port(const kube::Object& pod);  // on which it serves, 15002
// "sc://NAME-server.NAMESPACE.svc:15002", as pods of the cluster reach it.
std::string connect_address(const kube::Object& pod);

// Whether it takes connections; whether it has ended or is about to.
bool connect_ready(const kube::Object& pod);
bool connect_ended(const kube::Object& pod);

// The properties of such a server. Throws Error where the name cannot be one, or the port.
void configure_connect_server(spark::Conf& conf, const spark::Rules& rules, const std::string& name);
// What `spoke connect` does beside submitting, as rules of a Role.
json::array connect_rights();

// The readiness probe, and the Service.
void add_connect_service(spark::DriverObjects& driver);

}  // namespace spoke::submit
