// The embedded cluster, for commands that need one and find none.
#pragma once

#include "client/kubeconfig.h"

namespace spoke::cli {

// Starts the embedded cluster of this machine with its operator, as `spoke up` does, and answers how to reach it once
// its API answers. Blocks. Throws Error where it cannot be started.
client::Target start_embedded(const client::KubeconfigChoice& choice);

}  // namespace spoke::cli
