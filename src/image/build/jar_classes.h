// The classes in jars: what a check of linkage reads.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/files.h"
#include "image/check/linkage.h"

namespace spoke::image {

// Names alone, but for one. Of a jar for several Javas (META-INF/versions) what is for all. Throws Error where it is no
// jar.
ClassJar list_classes(const Path& jar, const JarFact& fact);

// The same of a jar that is looked at again and again; remembered in the folder `known` until the jar changes.
ClassJar list_classes(const Path& jar, const JarFact& fact, const Path& known);

// Each class that is wanted, with its bytes; larger ones than a class can be are passed over.
void read_classes(const Path& jar, const std::function<bool(const std::string& name)>& wanted,
                  const std::function<void(const std::string& name, std::string_view bytes)>& each);

}  // namespace spoke::image
