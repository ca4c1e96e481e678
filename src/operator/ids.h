// What chance decides for a submission, made from its id: who repeats a submission after a crash makes the same
// objects.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "spark/names.h"

namespace spoke::op {

// `submitted` is status.lastSubmissionAttemptTime, which is written together with the id.
spark::Ids ids_of(std::string_view submission_id, Time submitted);

// `name`-`suffix`; where that is longer than a label may be, with a part of the name's hash in place of its end. As
// kubeflow names what it makes beside the pods (generateName).
std::string suffixed_name(const std::string& name, std::string_view suffix);

}  // namespace spoke::op
