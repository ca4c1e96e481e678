#include "image/image_config.h"

namespace spoke::image {

std::vector<std::string> string_list(const json::value& v, std::string_view path) {
  std::vector<std::string> out;
  for (const json::value& item : json::list(v, path))
    if (item.is_string()) out.emplace_back(json::to_string(item.get_string()));
  return out;
}

json::array to_json(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& item : list) out.emplace_back(item);
  return out;
}

ImageConfig config_from_json(const json::value& v) {
  return {.entrypoint = string_list(v, "Entrypoint"),
          .cmd = string_list(v, "Cmd"),
          .env = string_list(v, "Env"),
          .user = std::string(json::str(v, "User")),
          .working_dir = std::string(json::str(v, "WorkingDir"))};
}

json::value to_json(const ImageConfig& config) {
  return json::object{{"Entrypoint", to_json(config.entrypoint)},
                      {"Cmd", to_json(config.cmd)},
                      {"Env", to_json(config.env)},
                      {"User", config.user},
                      {"WorkingDir", config.working_dir}};
}

}  // namespace spoke::image
