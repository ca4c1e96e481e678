// The checks of a pod's spec, part by part. Source: pkg/apis/core/validation/validation.go.
#pragma once

#include <set>
#include <string>

#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

using Names = std::set<std::string, std::less<>>;

// Answers the names of the volumes.
Names validate_volumes(const json::value& spec, const std::string& at, Causes& causes);
void validate_containers(const json::value& spec, const std::string& at, const Names& volumes, Causes& causes);
// nodeSelector, tolerations, affinity, topology spread, gates.
void validate_scheduling(const json::value& spec, const std::string& at, Causes& causes);

bool goes_up(std::string_view path);  // whether a part of it is ".."
void check_user(const json::value& security_context, const std::string& at, Causes& causes);

}  // namespace spoke::cluster::kinds
