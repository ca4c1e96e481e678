#include "cli/options.h"

#include <algorithm>

#include "base/strings.h"

namespace spoke::cli {

void add_cluster_options(CLI::App& app, client::KubeconfigChoice& choice) {
  app.add_option("-n,--namespace", choice.ns, "the namespace; else that of the context, else default")
      ->type_name(takes::kNamespace)
      ->group("Cluster");
  app.add_option("--context", choice.context, "the context of the kubeconfig; else its current one")
      ->type_name(takes::kContext)
      ->group("Cluster");
  app.add_option("--kubeconfig", choice.kubeconfig, "the kubeconfig; else the files of KUBECONFIG, else ~/.kube/config")
      ->type_name(takes::kFile)
      ->group("Cluster");
}

CLI::Validator not_negative() {
  return CLI::Validator(
      [](const std::string& value) {
        return value.starts_with('-') ? "it must be 0 or more, not " + value : std::string();
      },
      "");
}

void add_output_option(CLI::App& app, std::string& format, const std::vector<std::string>& formats,
                       const std::string& description) {
  const std::string names = join(formats, "|");
  app.add_option("-o,--output", format, description)
      ->type_name(names)
      ->check(CLI::Validator(
          [formats, names](const std::string& value) {
            return std::find(formats.begin(), formats.end(), value) != formats.end()
                       ? std::string()
                       : "\"" + value + "\" is none of " + names;
          },
          ""));
}

}  // namespace spoke::cli
