// uses: spoke_operator
// Admission reviews. The first byte chooses the webhook; every review that is one gets an answer with its uid, and a
// patch that is a list of operations.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "check.h"
#include "kube/status.h"
#include "operator/admission.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  if (size == 0) return 0;
  static const std::vector<std::string> paths = op::admission_paths();
  const std::string& path = paths[data[0] % paths.size()];
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const kube::Object quota = json::parse(
      R"({"metadata": {"name": "q", "namespace": "jobs"}, "spec": {"hard": {"limits.cpu": "4", "limits.memory": "8Gi", "cpu": "4", "pods": "9"}}})");
  op::AdmissionOptions options;
  options.quotas = [](std::string_view) { return std::vector<const kube::Object*>{&quota}; };
  try {
    const json::value answer = op::review(path, body, options);
    const json::value asked = json::parse(body);
    fuzz::check(json::str(answer, "response.uid") == json::str(asked, "request.uid"), "the uid is the review's",
                std::string(body));
    const bool allowed = json::flag(answer, "response.allowed");
    fuzz::check(allowed || !json::str(answer, "response.status.message").empty(), "a denial says why",
                std::string(body));
    if (const std::string_view patch = json::str(answer, "response.patch"); !patch.empty())
      fuzz::check(json::parse(*from_base64(patch)).is_array(), "the patch is a list", std::string(body));
  } catch (const kube::StatusError& e) {
    fuzz::check(e.code() == 400, "what is no review is a bad request", std::string(body));
  }
  return 0;
}
