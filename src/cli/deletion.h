// Deleting an application, and waiting until it is gone.
#pragma once

#include <string>

#include "cli/session.h"

namespace spoke::cli {

// Deletes the application of that uid (another of the same name stays); `propagation` "Foreground" keeps it until its
// pods are gone. One that is gone already is fine.
net::Task<> delete_application(Session& session, std::string ns, std::string name, std::string uid,
                               std::string propagation);

// Until the application of that uid is gone. Throws Error after a minute, with what holds it.
net::Task<> wait_until_gone(Session& session, std::string ns, std::string name, std::string uid);

}  // namespace spoke::cli
