// The verbs that change objects, as functions on values: what HTTP asks for, and what the cluster's own controllers do.
//
// Between a look at the store and the write that rests on it there is no co_await: the loop runs nothing else there, so no
// write needs to be tried again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/admission.h"
#include "cluster/api/resource_type.h"
#include "cluster/store/store.h"

namespace spoke::cluster {

enum class FieldValidation { Ignore, Warn, Strict };

struct WriteOptions {
  std::string subresource;  // "" or "status"
  std::string field_manager = "spoke";
  FieldValidation field_validation = FieldValidation::Ignore;
  bool force = false;    // of an apply
  bool dry_run = false;
};

struct Outcome {
  std::string body;  // the object, or a Status
  int code = 200;
  std::vector<std::string> warnings;
};

class Registry {
 public:
  Registry(Store& store, Catalog& catalog, Admission& admission);

  net::Task<Outcome> create(const ResourceType& type, std::string ns, Object object, WriteOptions options);
  net::Task<Outcome> update(const ResourceType& type, std::string ns, std::string name, Object object, WriteOptions options);
  net::Task<Outcome> patch(const ResourceType& type, std::string ns, std::string name, client::PatchType kind, json::value body,
                           WriteOptions options);
  net::Task<Outcome> remove(const ResourceType& type, std::string ns, std::string name, client::DeleteOptions options, bool dry_run);

  // Takes away finalizers of a namespace whose content is gone, which ends it.
  net::Task<> finalize_namespace(std::string name);

  // Writes an object as it is, unchecked: for the server's own steps (binding a pod).
  net::Task<> place(const ResourceType& type, std::string ns, std::string name, Object object);

  // What stands now, writes on their way included. Throws StatusError NotFound.
  Object current(const ResourceType& type, std::string_view ns, std::string_view name) const;

  Store& store() { return store_; }
  Catalog& catalog() { return catalog_; }

 private:
  // Checks body against the type: kind and version, unknown fields, types. May drop fields.
  void decode(const ResourceType& type, Object& object, const WriteOptions& options, std::vector<std::string>& warnings) const;
  void check(const ResourceType& type, const Object* before, const Object& after) const;
  net::Task<Outcome> write(const ResourceType& type, std::string ns, std::string name, const Object* before, Object after,
                           WriteOptions options, std::vector<std::string> warnings);
  net::Task<Outcome> replace(const ResourceType& type, std::string ns, std::string name, Object before, Object after,
                             WriteOptions options, std::vector<std::string> warnings, bool applied);
  net::Task<> erase(const ResourceType& type, std::string ns, std::string name, Object last);

  Store& store_;
  Catalog& catalog_;
  Admission& admission_;
};

Tags tags_of(const ResourceType& type, const Object& object);

// The object as it is stored and sent: kind, apiVersion and metadata first, resourceVersion set.
std::string render(Object object, Revision revision);

}  // namespace spoke::cluster
