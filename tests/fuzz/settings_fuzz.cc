// Texts from a submitter's machine: URLs and proxies, Hadoop's XML, AWS' profiles, submission ids, lists of URIs. Each
// is read or refused with an error.
//
// uses: spoke_submit

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "check.h"
#include "net/proxy.h"
#include "net/url.h"
#include "s3/credentials.h"
#include "s3/store.h"
#include "spark/uris.h"
#include "submit/hadoop_conf.h"
#include "submit/submitted.h"

namespace {

template <class Read>
void attempt(const Read& read) {
  try {
    read();
  } catch (const spoke::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  attempt([&] {
    const net::Url url = net::parse_url(text);
    fuzz::check(!url.host.empty() && url.port >= 0 && url.port < 65536, "a URL has a host and a port that can be");
  });
  attempt([&] { net::parse_proxy(text); });
  attempt([&] { net::bypasses_proxy("10.1.2.3", "443", text); });
  attempt([&] { net::bypasses_proxy("a.example.org", "443", text); });
  attempt([&] { submit::parse_hadoop_xml(text, "core-site.xml"); });
  attempt([&] { s3::parse_profile(text, "default", true); });
  attempt([&] { s3::parse_location(text); });
  attempt([&] {
    fuzz::check(!submit::parse_submission_id(text).name.empty() || text.ends_with('*'), "an id names a pod");
  });
  attempt([&] {
    const std::string uri = spark::resolve_uri(text, "/folder");
    fuzz::check(uri.find(':') != std::string::npos, "a URI has a scheme", uri);
  });
  return 0;
}
