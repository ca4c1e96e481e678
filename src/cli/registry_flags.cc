#include "cli/registry_flags.h"

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/options.h"
#include "net/url.h"

namespace spoke::cli {

void RegistryFlags::add_to(CLI::App& app) {
  app.add_option("--registry-mirror", mirrors,
                 "ask the server at URL for images of the registry HOST first; may be repeated")
      ->allow_extra_args(false)
      ->type_name("HOST=URL");
  app.add_option("--insecure-registry", insecure,
                 "let the registry HOST[:PORT] have plain HTTP or anybody's certificate; may be repeated")
      ->allow_extra_args(false)
      ->type_name("HOST");
}

image::RegistryOptions RegistryFlags::read() const {
  image::RegistryOptions out;
  for (const std::string& mirror : mirrors) {
    const auto equals = mirror.find('=');
    const std::string url = equals == std::string::npos ? "" : mirror.substr(equals + 1);
    try {
      if (equals == 0 || url.empty()) fail("it is not HOST=URL");
      const net::Url parsed = net::parse_url(url);
      if (parsed.scheme != "https" && parsed.scheme != "http") fail("its URL is neither https:// nor http://");
      if (!parsed.user.empty()) fail("credentials have their place in Docker's config.json");
    } catch (const Error& e) {
      throw UsageError(
          fmt::format("--registry-mirror takes HOST=URL, as in docker.io=https://mirror.example.org: {}", e.what()));
    }
    out.mirrors[mirror.substr(0, equals)].push_back(url);
  }
  out.insecure.insert(insecure.begin(), insecure.end());
  return out;
}

image::Registries RegistryFlags::registries() const { return {image::Keyring::of_user(), read()}; }

}  // namespace spoke::cli
