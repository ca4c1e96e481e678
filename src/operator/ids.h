// What chance decides for a submission, made from its id: who repeats a submission after a crash makes the same
// objects. And what the id itself says: which spec the submission was made from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "data/json.h"
#include "spark/names.h"

namespace spoke::op {

// `submitted` is status.lastSubmissionAttemptTime, which is written together with the id.
spark::Ids ids_of(std::string_view submission_id, Time submitted);

// Twelve hexadecimal digits for all of a spec that another attempt is needed for: not suspend, timeToLiveSeconds,
// restartPolicy and the unused failureRetries and retryInterval, nor, under dynamic allocation, executor.instances.
std::string fingerprint(const json::value& spec);

// A submission id that bears a fingerprint: the UUID as one of version 8 (RFC 9562: for uses of one's own), with the
// fingerprint at its end. So an edit is seen by whoever has the application before them, also after a restart, and
// under a CustomResourceDefinition that has no field for it.
std::string with_fingerprint(std::string uuid, std::string_view fingerprint);
std::optional<std::string_view> fingerprint_in(std::string_view submission_id);  // nothing in another operator's id

// `name`-`suffix`; where that is longer than a label may be, with a part of the name's hash in place of its end. As
// kubeflow names what it makes beside the pods (generateName).
std::string suffixed_name(const std::string& name, std::string_view suffix);

}  // namespace spoke::op
