// uses: spoke_registry
//
// What registries and their users say: challenges, Docker's configuration, manifests. Whatever comes, it is read or
// refused with an error that does not quote a secret.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "image/manifest.h"
#include "image/names.h"
#include "image/registry/challenge.h"
#include "image/registry/keyring.h"

namespace {

using namespace spoke;
using namespace spoke::image;
using fuzz::check;

void challenges(std::string_view text) {
  for (const Challenge& challenge : parse_challenges(text))
    check(!challenge.scheme.empty(), "a challenge has a scheme", challenge.scheme);
}

void keyrings(std::string_view text) {
  Keyring keys;
  try {
    keys.add(text);
  } catch (const Error& e) {
    check(std::string_view(e.what()).size() < 300 + text.size(), "an error is short", e.what());
    return;
  }
  for (const char* repository :
       {"docker.io/library/spark", "ghcr.io/team/app", "a.b.example.org:5000/x", "localhost/y"})
    for (const Login& login : keys.find(repository))
      check(!login.user.empty() || !login.identity_token.empty(), "a login is of somebody", login.user);
}

void manifests(const std::string& text) {
  try {
    const Manifest manifest = read_manifest(text, "the manifest");
    for (const Blob& layer : manifest.layers) check(is_digest(layer.digest), "a layer has a digest", layer.digest);
    if (manifest.is_index) check(is_digest(choose_platform(manifest, "amd64").digest), "a platform has a digest", "");
  } catch (const ImageError&) {
  }
  try {
    for (const std::string& one : diff_ids_of(text)) check(is_digest(one), "a layer has a digest", one);
  } catch (const ImageError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  challenges(text);
  keyrings(text);
  manifests(text);
  return 0;
}
