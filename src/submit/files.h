// The submitter's own files, as far as a submission needs them here: globs, a jar's main class, folders of
// configuration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spark/conf.h"
#include "submit/surroundings.h"

namespace spoke::submit {

// A list of URIs with commas between; those with a glob (* [ab]) become the files that it matches, folders
// among them are dropped. Only paths and file: URIs can be globs here. Source: DependencyUtils.resolveGlobPaths.
// Throws Error for a glob of another scheme, and for one with a #name that matches several files.
std::string resolve_globs(std::string_view list, const Surroundings& around);

// Main-Class of a jar's manifest; nothing where it names none. Throws Error where the jar cannot be read or
// has no manifest.
std::optional<std::string> main_class_of(const Path& jar);

// The regular files in a folder, name and content. Of one that is larger than what a ConfigMap holds, only the
// beginning is read: enough to see that it is too large.
spark::Properties read_folder(const Path& folder);

}  // namespace spoke::submit
