// The verbs that change objects, as functions on values: what HTTP asks for, and what the cluster's own controllers do.
//
// Between a look at the store and the write that rests on it there is no co_await: the loop runs nothing else there, so
// no write needs to be tried again.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/admission.h"
#include "cluster/api/decode.h"
#include "cluster/api/resource_type.h"
#include "cluster/store/store.h"

namespace spoke::cluster {

struct WriteOptions {
  std::string subresource;  // "", "status", "finalize"
  std::string field_manager = "spoke";
  FieldValidation field_validation = FieldValidation::Ignore;
  bool force = false;  // of an apply
  bool dry_run = false;
  std::vector<std::string> duplicates;  // members that the text of the request named twice (json_text.h)
  // Asked last, with what is there (null: nothing) and what would be; throws where that is not permitted.
  std::function<void(const Object* before, const Object& after)> permit;
};

struct Outcome {
  std::string body;  // the object, or a Status
  int code = 200;
  std::vector<std::string> warnings;
};

// Where definitions of custom kinds are kept.
inline constexpr std::string_view kDefinitions = "apiextensions.k8s.io/customresourcedefinitions";

class Registry {
 public:
  Registry(Store& store, Catalog& catalog, Admission& admission);

  net::Task<Outcome> create(const ResourceType& type, std::string ns, Object object, WriteOptions options);
  net::Task<Outcome> update(const ResourceType& type, std::string ns, std::string name, Object object,
                            WriteOptions options);
  net::Task<Outcome> patch(const ResourceType& type, std::string ns, std::string name, client::PatchType kind,
                           json::value body, WriteOptions options);
  net::Task<Outcome> remove(const ResourceType& type, std::string ns, std::string name, client::DeleteOptions options,
                            bool dry_run);

  // Ends a namespace that is being deleted and whose content is gone.
  net::Task<> finalize_namespace(std::string name);

  // Writes an object as it is, unchecked: for the server's own steps (binding a pod).
  net::Task<> place(const ResourceType& type, std::string ns, std::string name, Object object);

  // What stands now, writes on their way included. Throws StatusError NotFound.
  Object current(const ResourceType& type, std::string_view ns, std::string_view name) const;

  Store& store() { return store_; }
  Catalog& catalog() { return catalog_; }

 private:
  net::Task<Outcome> insert(const ResourceType& type, std::string ns, Object object, WriteOptions options,
                            std::vector<std::string> warnings, bool applied);
  net::Task<Outcome> apply(const ResourceType& type, std::string ns, std::string name, json::value body,
                           WriteOptions options);
  // `after` as a client gives it, in the served version.
  net::Task<Outcome> replace(const ResourceType& type, std::string ns, std::string name, Object stored, Object after,
                             WriteOptions options, std::vector<std::string> warnings, bool applied);
  net::Task<Outcome> write(const ResourceType& type, std::string ns, std::string name, const Object* before,
                           Object after, WriteOptions options, std::vector<std::string> warnings);
  // Answers with the last state, at the revision of its end.
  net::Task<std::string> erase(const ResourceType& type, std::string ns, std::string name, Object last);
  // Writes `marked`, which is being deleted, unless nothing of it is new.
  net::Task<Outcome> mark(const ResourceType& type, std::string ns, std::string name, Object marked, bool dry_run);
  void check(const ResourceType& type, const Object* before, const Object& after, const std::string& subresource,
             Causes causes) const;

  Store& store_;
  Catalog& catalog_;
  Admission& admission_;
};

Tags tags_of(const ResourceType& type, const Object& object);

// The object as it is stored and sent: kind, apiVersion and metadata first, resourceVersion set.
std::string render(Object object, Revision revision);

}  // namespace spoke::cluster
