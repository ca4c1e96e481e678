// The text form of java.util.Properties, in which spark-defaults.conf is written and a driver gets its configuration.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "spark/conf.h"

namespace spoke::spark {

// Properties.store(Writer): the comment and the date as `#` lines, then name=value with Java's escapes, sorted by name.
std::string store_properties(const Properties& properties, std::string_view comment, Time date);

// Properties.load(Reader): `=`, `:` or blanks part name and value, `\` continues a line and escapes, `#` and `!` begin
// a comment; of one name's values the last stands. Throws Error for a malformed \uXXXX.
Properties load_properties(std::string_view text);

// As spark-submit reads a file of properties: blanks around values go.
Properties load_spark_properties(std::string_view text);

}  // namespace spoke::spark
