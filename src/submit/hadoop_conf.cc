#include "submit/hadoop_conf.h"

#include <pugixml.hpp>

#include "base/strings.h"

namespace spoke::submit {

spark::Properties parse_hadoop_xml(std::string_view text, std::string_view file) {
  pugi::xml_document document;
  if (const auto result = document.load_buffer(text.data(), text.size()); !result)
    fail("{} is no XML: {} at byte {}", file, result.description(), result.offset);
  const auto root = document.child("configuration");
  if (!root) fail("{} is no configuration of Hadoop's: it has no <configuration>", file);
  spark::Properties properties;
  for (const auto property : root.children("property")) {
    const std::string name(trim(property.child("name").text().as_string()));
    if (!name.empty() && property.child("value")) properties[name] = property.child("value").text().as_string();
  }
  return properties;
}

spark::Properties hadoop_conf(const spark::Conf& conf, const Surroundings& around) {
  spark::Properties properties;
  if (const auto dir = around.variable("HADOOP_CONF_DIR"))
    if (const Path file = around.path_of(*dir) / "core-site.xml"; const auto text = try_read_file(file))
      properties = parse_hadoop_xml(*text, file.string());
  const auto access = around.variable("AWS_ACCESS_KEY_ID"), secret = around.variable("AWS_SECRET_ACCESS_KEY");
  if (access && secret && !access->empty() && !secret->empty()) {
    properties["fs.s3a.access.key"] = *access;
    properties["fs.s3a.secret.key"] = *secret;
    if (const auto token = around.variable("AWS_SESSION_TOKEN")) properties["fs.s3a.session.token"] = *token;
  }
  if (const auto endpoint = around.variable("AWS_ENDPOINT_URL")) properties["fs.s3a.endpoint"] = *endpoint;
  for (const auto& [name, value] : conf.with_prefix("spark.hadoop.")) {
    properties[name] = conf.text("spark.hadoop." + name, value);
  }
  return properties;
}

}  // namespace spoke::submit
