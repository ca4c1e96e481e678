// From a document to an object of a kind, as the API server's decoders do it: kind and version, types, unknown fields,
// canonical form.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "cluster/api/resource_type.h"

namespace spoke::cluster {

enum class FieldValidation { Ignore, Warn, Strict };

// The document is none of this kind. A create or update answers with refusal(), a patch with refusal_of_patch().
class Undecodable : public std::exception {
 public:
  Undecodable(std::string kind, std::string version, std::string why)
      : kind_(std::move(kind)), version_(std::move(version)), why_(std::move(why)) {}
  const char* what() const noexcept override { return why_.c_str(); }
  kube::StatusError refusal(const ResourceType& type) const;
  // `patched` is what the patch made, as the API server shows it.
  kube::StatusError refusal_of_patch(const json::value& patched) const;

 private:
  std::string kind_, version_, why_;
};

// A refusal that warnings go with.
class WarnedRefusal : public kube::StatusError {
 public:
  WarnedRefusal(const kube::StatusError& refusal, std::vector<std::string> warnings)
      : StatusError(refusal), warnings_(std::move(warnings)) {}
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::vector<std::string> warnings_;
};

// Answers warnings. `duplicates` are the members that the text named twice (json_text.h). May drop fields. Throws
// Undecodable, or StatusError where there is one way only to say it.
std::vector<std::string> decode(const Catalog& catalog, const ResourceType& type, Object& object,
                                FieldValidation validation, const std::vector<std::string>& duplicates = {});

// An object as Go's encoder writes it: of custom kinds only the metadata is Go's.
void to_canonical(const ResourceType& type, Object& object);

}  // namespace spoke::cluster
