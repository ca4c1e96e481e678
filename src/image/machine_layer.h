// The one layer of local/spark: what a container's root needs besides the machine's /usr, which is bound.
#pragma once

#include "base/files.h"
#include "image/machine.h"

namespace spoke::image {

inline constexpr int spark_uid = 185;  // of Apache's own images, user and group

// A folder below `store`, made when there is none for the machine as it stands: a few milliseconds otherwise. In it:
// /etc with what libraries, Java and Python look for, copied where everyone may read it, with users root and spark, and
// without keys, passwords and the machine's identity; /bin, /lib, ... as the machine has them; /tmp, /var, /home/spark;
// /opt/entrypoint.sh and the places below /opt/spark where Spark is bound. Throws Error.
Path machine_layer(const Machine& machine, const Path& store);

}  // namespace spoke::image
