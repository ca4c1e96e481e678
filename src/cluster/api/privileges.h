// What RBAC asks beyond the rules of the request itself: nobody grants what they do not hold, nobody acts as another
// without the right to. Source: pkg/registry/rbac and the impersonation filter of the API server.
#pragma once

#include "cluster/api/auth.h"
#include "cluster/api/resource_type.h"
#include "net/http.h"

namespace spoke::cluster {

// Of a Role, ClusterRole or binding about to be written (`before` null: created): whoever writes it holds each
// permission in it, or may `escalate` or `bind`. Other kinds pass. Throws StatusError Forbidden.
void refuse_escalation(Authorizer& authorizer, const Store& store, const Identity& who, const ResourceType& type,
                       const Object* before, const Object& after);

// As whom a request acts: `who`, or the one that its Impersonate- headers name. Throws StatusError Forbidden, or
// BadRequest where they name no user.
Identity acting_as(Authorizer& authorizer, Identity who, const net::Headers& headers);

}  // namespace spoke::cluster
