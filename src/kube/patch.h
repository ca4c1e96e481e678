// The four kinds of PATCH, as functions from a document and a patch to a document. (Apply is in kube/apply.h.)
#pragma once

#include "data/json.h"
#include "kube/schema.h"

namespace spoke::kube {

// RFC 6902, as far as the API server keeps to it: `replace` of a member that is not there adds it, an index may be
// negative and counts from the end then, and the value of `replace` at "" is the whole document. Throws StatusError:
// BadRequest where the patch is malformed, RequestEntityTooLarge where it has more than 10000 operations or makes too
// much work, Invalid (422, which does not say why) where a test or a path fails, where `copy` adds more than 3 MiB, or
// where the document becomes deeper than json::parse reads.
json::value json_patch(const json::value& document, const json::value& patch);

// RFC 7386, but that what is new loses its nulls inside of lists too. Throws StatusError BadRequest where the patch is
// no object.
json::value merge_patch(json::value document, const json::value& patch);

// Strategic merge: lists merge by patchMergeKey, `$patch: delete|replace`, `$retainKeys`, `$deleteFromPrimitiveList/x`,
// `$setElementOrder/x`. Where the schema knows nothing, objects merge and lists are replaced. Source:
// k8s.io/apimachinery/pkg/util/strategicpatch. Throws StatusError BadRequest, Invalid (422), or, where the API server
// answers with an error that it has no reason for, one of code 500.
json::value strategic_merge_patch(const Schema& schema, json::value document, const json::value& patch);

// Takes out the members that are null, at any depth; the nulls of lists stay.
void discard_nulls(json::value& value);

}  // namespace spoke::kube
