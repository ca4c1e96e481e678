// uses: spoke_submit
// Submissions over HTTP. What is taken makes a driver with the request's id; everything else is an error that says why.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "submit/create_once.h"
#include "submit/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  try {
    const submit::Request request = submit::parse_request(body);
    const spark::DriverObjects driver = submit::build_request(request, Time());
    fuzz::check(kube::label(driver.pod, submit::kSubmissionIdLabel) == request.id, "the driver has the request's id",
                std::string(body));
  } catch (const Error& e) {
    fuzz::check(*e.what() != '\0', "an error says why", std::string(body));
  }
  return 0;
}
