#include "spark/driver_ports.h"

namespace spoke::spark {

std::vector<DriverPort> driver_ports(const Submission& s, std::int64_t block_manager) {
  std::vector<DriverPort> ports = {
      {"driver-rpc-port", s.conf.plain_integer("spark.driver.port", kDriverPort)},
      {"blockmanager", block_manager},
      {"spark-ui", s.conf.integer("spark.ui.port", 4040)},
  };
  if (s.rules.connect_port)
    ports.push_back({"spark-connect", s.conf.plain_integer("spark.connect.grpc.binding.port", 15002)});
  return ports;
}

}  // namespace spoke::spark
