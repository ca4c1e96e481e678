// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "client/kubeconfig.h"

namespace spoke::cli {

// What an option or argument takes, as help shows it and completion understands it. A FORMAT names its values itself:
// "json|yaml".
namespace takes {
constexpr const char* kFile = "FILE";
constexpr const char* kApplication = "NAME";
constexpr const char* kNamespace = "NAMESPACE";
constexpr const char* kContext = "CONTEXT";
constexpr const char* kNumber = "N";
}  // namespace takes

// --kubeconfig, --context, -n/--namespace.
void add_cluster_options(CLI::App& app, client::KubeconfigChoice& choice);

// Refuses numbers below 0 (CLI11's own check shows the largest double there is).
CLI::Validator not_negative();

// -o/--output, one of `formats`; anything else is a usage error.
void add_output_option(CLI::App& app, std::string& format, const std::vector<std::string>& formats,
                       const std::string& description);

}  // namespace spoke::cli
