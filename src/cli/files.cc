#include "cli/files.h"

#include <iostream>
#include <iterator>

#include "base/files.h"
#include "base/strings.h"

namespace spoke::cli {

std::vector<client::Object> read_files(const std::vector<std::string>& files) {
  std::vector<client::Object> out;
  for (const auto& file : files) {
    const std::string text = file == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : read_file(file);
    for (auto& document : client::read_documents(text, file == "-" ? "standard input" : file))
      out.push_back(std::move(document));
  }
  if (out.empty()) fail("there is no Kubernetes object in {}", join(files, ", "));
  return out;
}

std::string told(const client::Applied& applied) {
  const char* change = applied.change == client::Applied::Change::Created      ? "created"
                       : applied.change == client::Applied::Change::Configured ? "configured"
                                                                               : "unchanged";
  return client::display_name(applied.resource, kube::name(applied.object)) + " " + change;
}

}  // namespace spoke::cli
