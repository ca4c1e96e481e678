// What the kinds that make pods from a template have in common. Source: pkg/apis/apps/validation,
// pkg/apis/batch/validation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

void default_template(Object& o);  // spec.template, as a pod's spec

// The template as a pod, and that its labels are what spec.selector selects. `kind` "deployment", for messages.
void validate_template(const Object& o, std::string_view kind, Causes& causes);
// ... of pods that are to run for ever.
void validate_lasting_template(const Object& o, std::string_view kind, Causes& causes);

// A count that may be left out; where it is there, not below zero.
void validate_count(const Object& o, const std::string& path, Causes& causes);

// That a member of the spec is what it was: "field is immutable".
void validate_unchanged(const Object& before, const Object& after, const std::string& path, Causes& causes);

// kubectl's wide columns of a template: names of containers, and images.
std::vector<Column> template_columns();
void template_cells(const Object& o, json::array& cells);

// "a=b,c in (d,e)", as kubectl shows spec.selector of these kinds.
std::string label_selector_text(const Object& o);

}  // namespace spoke::cluster::kinds
