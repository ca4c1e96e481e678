// The four kinds of PATCH, as functions from a document and a patch to a document.
#pragma once

#include "data/json.h"
#include "kube/schema.h"

namespace spoke::kube {

// RFC 6902. Throws StatusError: BadRequest where the patch is malformed, Invalid (422) where a test or a path fails, in
// the words of the API server.
json::value json_patch(const json::value& document, const json::value& patch);

// RFC 7386.
json::value merge_patch(json::value document, const json::value& patch);

// Strategic merge: lists merge by patchMergeKey, `$patch: delete|replace|merge`, `$retainKeys`, `$deleteFromPrimitiveList/x`,
// `$setElementOrder/x`. Source: k8s.io/apimachinery/pkg/util/strategicpatch. Throws StatusError BadRequest.
json::value strategic_merge_patch(const Schema& schema, json::value document, const json::value& patch);

}  // namespace spoke::kube
