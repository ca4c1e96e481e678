// Hadoop's configuration, as far as a submitter needs it.
// Source: Hadoop's Configuration and SparkHadoopUtil (Spark 3.5 to 4.3).
#pragma once

#include "spark/conf.h"
#include "submit/surroundings.h"

namespace spoke::submit {

// core-site.xml of HADOOP_CONF_DIR, over it what the AWS variables say (keys and endpoint), over both spark.hadoop.*.
// Throws Error for a file that is no configuration.
spark::Properties hadoop_conf(const spark::Conf& conf, const Surroundings& around);

// The <property> entries of a Hadoop configuration file. Throws Error naming `file`.
spark::Properties parse_hadoop_xml(std::string_view text, std::string_view file);

}  // namespace spoke::submit
