// Server-side apply of the documents of a file, whatever kinds they are.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/api.h"
#include "client/http_api.h"

namespace spoke::client {

// Which resource a kind is, asked of the API server once for each group version.
class RestMapper {
 public:
  explicit RestMapper(HttpApi& api) : api_(api) {}

  // Throws Error where the server does not know the kind.
  Task<Resource> find(std::string_view api_version, std::string_view kind);
  // A CustomResourceDefinition was applied: kinds that are not there yet may come.
  void definition_came() {
    known_.clear();
    expecting_ = true;
  }
  bool expecting() const { return expecting_; }
  void forget() { known_.clear(); }

 private:
  HttpApi& api_;
  bool expecting_ = false;
  std::map<std::string, std::vector<Resource>, std::less<>> known_;  // by group version
};

// The resources in an APIResourceList, subresources left out.
std::vector<Resource> parse_resource_list(const json::value& answer, std::string_view api_version);

// YAML or JSON, several documents, Lists taken apart. Throws Error where one is no Kubernetes object; `from` names the
// text in it.
std::vector<Object> read_documents(std::string_view text, const std::string& from);

struct Applied {
  enum class Change { Created, Configured, Unchanged };
  Resource resource;
  Object object;
  Change change = Change::Created;
};

struct ApplyOptions {
  std::string field_manager = "spoke";
  std::string ns = "default";  // for objects that name none
  bool ns_is_binding = false;  // --namespace was given: an object that names another is refused, as kubectl does
  bool force = false;          // takes over fields that others manage
};

// Objects with generateName instead of a name are created. A kind that its CustomResourceDefinition, applied through
// the same mapper, is only just bringing is waited for, 10 s at most.
Task<Applied> apply_object(HttpApi& api, RestMapper& mapper, Object object, const ApplyOptions& options);

// "sparkapplication.sparkoperator.k8s.io/spark-pi", as kubectl names things.
std::string display_name(const Resource& resource, std::string_view name);

}  // namespace spoke::client
