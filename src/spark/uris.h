// Where files of an application are: in the image (local:), somewhere remote, or with the submitter.
// Source: Utils.resolveURI and KubernetesUtils.isLocalAndResolvable (Spark 3.5 to 4.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spoke::spark {

inline constexpr std::string_view kNoResource = "spark-internal";  // SparkLauncher.NO_RESOURCE

// A text with a scheme stays as it is; any other is a path of the submitter and becomes "file:/absolute/path", with its
// #fragment. A relative path is taken from `folder`.
std::string resolve_uri(std::string_view text, std::string_view folder);
// The same for a list with commas between; empty items go.
std::string resolve_uris(std::string_view list, std::string_view folder);

// "file:/a/b%20c" of "/a/b c".
std::string file_uri(std::string_view path);

// Whether it is with the submitter, so that it must be uploaded before a driver can have it.
bool needs_upload(std::string_view uri);

std::string_view without_fragment(std::string_view uri);
std::string_view fragment(std::string_view uri);  // without '#'; empty where there is none

// "/a/b c" of "file:///a/b%20c" and of "file:/a/b c": where a submitter's file is.
std::string local_path(std::string_view uri);

}  // namespace spoke::spark
