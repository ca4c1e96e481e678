// The kinds that the operator serves.
#pragma once

#include "client/api.h"

namespace spoke::op {

// Their CustomResourceDefinitions, as in api/.
const std::vector<json::value>& crds();

// Applies them (server-side, by force: they are the operator's), and waits until the API server serves them. Throws
// StatusError Forbidden where that is not allowed; whoever installs the operator has done it then.
net::Task<> install_crds(client::Api& api);

}  // namespace spoke::op
