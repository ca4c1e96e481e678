// The feature steps: each adds one subject to the driver. One file each, in steps/, named after Spark's class.
// All throw InvalidConf for a configuration that makes no sense.
#pragma once

#include "spark/draft.h"
#include "spark/submission.h"

namespace spoke::spark {

void basic_driver(const Submission& s, Draft& draft);
void driver_kubernetes_credentials(const Submission& s, Draft& draft);
void driver_service(const Submission& s, Draft& draft);
void network_policy(const Submission& s, Draft& draft);
void mount_secrets(const Submission& s, Draft& draft);
void env_secrets(const Submission& s, Draft& draft);
void mount_volumes(const Submission& s, Draft& draft);
void driver_command(const Submission& s, Draft& draft);
void hadoop_conf_driver(const Submission& s, Draft& draft);
void kerberos_conf_driver(const Submission& s, Draft& draft);
void pod_template_config_map(const Submission& s, Draft& draft);
void local_dirs(const Submission& s, Draft& draft);
void volcano(const Submission& s, Draft& draft);

}  // namespace spoke::spark
