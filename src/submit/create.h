// Making a driver's objects, safe by order: the pod first, for its uid owns the rest, then all the rest at once, so
// that the kubelet hardly waits for a ConfigMap; where something fails in between, the pod goes again. Source:
// Client.run (Spark 3.5 to 4.3).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/api.h"
#include "spark/driver.h"

namespace spoke::submit {

// What was made, as the API server has it: the pod, then the rest.
struct Created {
  kube::Object pod;
  std::vector<kube::Object> others;
};

// The API server has refused an object. what() says which, why and what to do about it.
class NotCreated : public Error {
 public:
  NotCreated(const std::string& what, int code, bool taken = false) : Error(what), code_(code), taken_(taken) {}
  int code() const { return code_; }     // of its answer
  bool taken() const { return taken_; }  // by something else of that name

 private:
  int code_;
  bool taken_;
};

// The submitter may not do it. what() says which verb on which resource and namespace is missing.
class Forbidden : public NotCreated {
 public:
  Forbidden(const std::string& what, std::string role) : NotCreated(what, 403), role_(std::move(role)) {}
  const std::string& role() const { return role_; }  // YAML: a Role that would allow it

 private:
  std::string role_;
};

// Throws NotCreated, Forbidden among them, or Error where something is left: which object the API server refused, why
// and what to do about it. `more_rights` are rules that the Role of a Forbidden is to have beside the submission's own.
net::Task<Created> create_driver(client::Api& api, spark::DriverObjects objects, json::array more_rights = {});

// Throws what an API server's refusal of `object`, one of `objects`, comes down to; `verb` is what was asked, `role`
// what a Forbidden is to have.
[[noreturn]] void refuse(const spark::DriverObjects& objects, const kube::Object& object, std::string_view verb,
                         const kube::StatusError& e, const std::string& role);

// A Role that allows everything which this submission does, its waiting and `--kill` included, as YAML.
std::string role_for(const spark::DriverObjects& objects, const json::array& more_rights);

}  // namespace spoke::submit
