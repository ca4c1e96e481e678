// Endpoints and EndpointSlice.
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {

void add_endpoints(std::vector<ResourceType>& out) {
  ResourceType endpoints = builtin("", "v1", "endpoints", "Endpoints", true);
  endpoints.short_names = {"ep"};
  endpoints.create_on_update = true;
  endpoints.deprecated = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
  endpoints.defaults = [](Object& o) {
    if (json::value* subsets = json::find(o, "subsets"); subsets != nullptr && subsets->is_array())
      for (auto& subset : subsets->get_array())
        if (json::value* ports = json::find(subset, "ports"); ports != nullptr && ports->is_array())
          for (auto& port : ports->get_array()) default_to(port, "protocol", "TCP");
  };
  endpoints.columns = {{"Endpoints", "string", "", "The set of all endpoints is the union of all subsets."}};
  endpoints.cells = [](const Object& o) {
    std::string text;
    for (const auto& subset : json::list(o, "subsets"))
      for (const auto& port : json::list(subset, "ports"))
        for (const auto& address : json::list(subset, "addresses"))
          text += (text.empty() ? "" : ",") + std::string(json::str(address, "ip")) + ":" +
                  std::to_string(json::num(port, "port"));
    return json::array{text.empty() ? "<none>" : text};
  };
  out.push_back(std::move(endpoints));

  ResourceType slice = builtin("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true);
  slice.has_generation = slice.generation_by_labels = true;
  slice.defaults = [](Object& o) {
    if (json::value* ports = json::find(o, "ports"); ports != nullptr && ports->is_array())
      for (auto& port : ports->get_array()) {
        default_to(port, "protocol", "TCP");
        default_to(port, "name", "");
      }
    if (json::find(o, "endpoints") == nullptr) json::set(o, "endpoints", nullptr);
    if (json::find(o, "ports") == nullptr) json::set(o, "ports", nullptr);
  };
  slice.validate = [](const Object& o, Causes& causes) {
    const std::string_view type = json::str(o, "addressType");
    if (type.empty())
      causes.push_back(kube::required("addressType", ""));
    else if (type != "IPv4" && type != "IPv6" && type != "FQDN")
      causes.push_back(kube::not_supported("addressType", type, {"FQDN", "IPv4", "IPv6"}));
  };
  slice.columns = {
      {"AddressType", "string", "", "addressType specifies the type of address carried by this EndpointSlice."},
      {"Ports", "string", "", "ports specifies the list of network ports exposed by each endpoint in this slice."},
      {"Endpoints", "string", "", "endpoints is a list of unique endpoints in this slice."}};
  slice.cells = [](const Object& o) {
    std::string ports, addresses;
    for (const auto& p : json::list(o, "ports"))
      ports += (ports.empty() ? "" : ",") + std::to_string(json::num(p, "port"));
    for (const auto& e : json::list(o, "endpoints"))
      for (const auto& a : json::list(e, "addresses"))
        if (a.is_string()) addresses += (addresses.empty() ? "" : ",") + json::to_string(a.get_string());
    return json::array{json::str(o, "addressType"), ports.empty() ? "<unset>" : ports,
                       addresses.empty() ? "<unset>" : addresses};
  };
  out.push_back(std::move(slice));
}

}  // namespace spoke::cluster::kinds
