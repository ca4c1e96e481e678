#include "kube/builtin_types.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::embedded {
extern const std::string_view kubernetes_types;
}

namespace spoke::kube {
namespace {

using Type = Schema::Type;
using Merge = Schema::Merge;

struct Word {
  std::string_view name;
  Type type;
  std::string_view go_type;
};

constexpr Word kWords[] = {
    {"any", Type::Any, "interface {}"},
    {"anyschema", Type::Any, kAnySchema},
    {"bool", Type::Boolean, "bool"},
    {"bytes", Type::Bytes, "[]uint8"},
    {"float64", Type::Number, "float64"},
    {"int", Type::Integer, "int"},
    {"int32", Type::Integer, "int32"},
    {"int64", Type::Integer, "int64"},
    {"intorstring", Type::IntOrString, "intstr.IntOrString"},
    {"microtime", Type::Time, "v1.MicroTime"},
    {"quantity", Type::Quantity, "resource.Quantity"},
    {"string", Type::String, "string"},
    {"time", Type::Time, "v1.Time"},
};

// A line's words, the last of which, after `default`, may hold blanks.
std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (line.empty()) return out;
    const bool rest = out.size() > 1 && out.back() == "default";
    const auto end = rest ? line.size() : std::min(line.find(' '), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

struct Field {
  int line = 0;
  std::vector<std::string_view> words;  // name, type, and what follows
};

struct Struct {
  std::string_view package;
  std::vector<Field> fields;
  std::shared_ptr<Schema> schema = std::make_shared<Schema>();
  bool read = false;
};

// Two passes: the first notes what is declared where, the second makes schemas, each type when it is first referred to.
// Types of fields are shared by their spelling: there is one `string`, one `[]core.Container listmap(name) ...`.
class Reader {
 public:
  explicit Reader(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      ++line_;
      note(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::map<std::string, SchemaPtr, std::less<>> kinds() {
    std::map<std::string, SchemaPtr, std::less<>> out;
    for (const auto& [name, declared] : kinds_) {
      line_ = declared.first;
      out[name] = type("", declared.second);
    }
    return out;
  }

 private:
  [[noreturn]] void bad(std::string_view what) const { fail("kubernetes.types:{}: {}", line_, what); }

  static std::string qualified(std::string_view package, std::string_view name) {
    return name.find('.') == std::string_view::npos ? std::string(package) + "." + std::string(name)
                                                    : std::string(name);
  }

  void note(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    std::vector<std::string_view> w = words(line);
    if (line.front() == ' ') {
      if (current_ == nullptr || w.size() < 2) bad("a field must stand below its type, with a name and a type");
      current_->fields.push_back({line_, std::move(w)});
    } else if (w[0] == "package" && w.size() == 3) {
      package_ = w[1];
      go_packages_[std::string(w[1])] = w[2];
      current_ = nullptr;
    } else if (w[0] == "kind" && w.size() == 5) {
      kinds_.emplace_back(std::string(w[1]) + " " + std::string(w[2]), std::pair(line_, w[4]));
    } else if (w[0] == "alias" && w.size() == 4) {
      aliases_[qualified(package_, w[1])] = {package_, w[3]};
      current_ = nullptr;
    } else if (w[0] == "type" && w.size() >= 2) {
      current_ = &structs_[qualified(package_, w[1])];
      current_->package = package_;
      for (size_t i = 2; i < w.size(); ++i) apply_word(*current_->schema, w[i], "");
    } else {
      bad("neither a package, a kind, an alias nor a type");
    }
  }

  std::string go_name(const std::string& qualified_name) const {
    const auto dot = qualified_name.find('.');
    const auto found = go_packages_.find(qualified_name.substr(0, dot));
    if (found == go_packages_.end()) bad("no such package: " + qualified_name);
    return std::string(found->second) + qualified_name.substr(dot);
  }

  // A type expression, as seen from a package.
  SchemaPtr type(std::string_view package, std::string_view expression) {
    for (const Word& word : kWords)
      if (word.name == expression)
        return shared(std::string(expression), [&](Schema& s) {
          s.type = word.type;
          s.go_type = word.go_type;
        });
    if (expression.starts_with("*")) return pointer(type(package, expression.substr(1)));
    if (expression.starts_with("[]")) {
      const SchemaPtr item = type(package, expression.substr(2));
      return collection(Type::List, "[]", item);
    }
    if (expression.starts_with("map[")) {
      const auto end = expression.find(']');
      if (end == std::string_view::npos) bad("a map without ]");
      const SchemaPtr key = type(package, expression.substr(4, end - 4));
      const SchemaPtr value = type(package, expression.substr(end + 1));
      return collection(Type::Map, "map[" + key->go_type + "]", value);
    }
    const std::string name = qualified(package, expression);
    if (const auto found = structs_.find(name); found != structs_.end()) return read(name, found->second);
    const auto alias = aliases_.find(name);
    if (alias == aliases_.end()) bad("no such type: " + name);
    if (const auto found = shared_.find(name); found != shared_.end()) return found->second;
    auto copy = std::make_shared<Schema>(*type(alias->second.first, alias->second.second));
    copy->go_type = go_name(name);
    return shared_[name] = std::move(copy);
  }

  SchemaPtr pointer(const SchemaPtr& to) {
    SchemaPtr& known = refined_[{"*", to.get()}];
    if (known != nullptr) return known;
    if (unfinished_.contains(to.get())) bad("a type that holds itself cannot be changed by a field");
    auto made = std::make_shared<Schema>(*to);
    made->nullable = true;
    return known = std::move(made);
  }

  // Types of one package may be spelled as those of another: what tells collections apart is the schema they hold.
  SchemaPtr collection(Type kind, const std::string& prefix, const SchemaPtr& item) {
    SchemaPtr& known = collections_[{prefix, item.get()}];
    if (known != nullptr) return known;
    auto made = std::make_shared<Schema>();
    made->type = kind;
    made->items = item;
    made->go_type = prefix + item->go_type;
    return known = std::move(made);
  }

  template <class Fill>
  SchemaPtr shared(const std::string& key, Fill fill) {
    SchemaPtr& known = shared_[key];
    if (known != nullptr) return known;
    auto made = std::make_shared<Schema>();
    fill(*made);
    return known = std::move(made);
  }

  SchemaPtr read(const std::string& name, Struct& what) {
    if (std::exchange(what.read, true)) return what.schema;
    Schema& schema = *what.schema;
    unfinished_.insert(&schema);
    schema.type = Type::Object;
    schema.go_type = go_name(name);
    for (const Field& f : what.fields) {
      line_ = f.line;
      const std::string field(f.words[0]);
      for (size_t i = 2; i < f.words.size() && f.words[i] != "default"; ++i) {
        if (f.words[i] == "required") schema.required.push_back(field);
        if (f.words[i] == "always") schema.always.push_back(field);
        if (is_number(f.words[i])) schema.numbers[std::string(f.words[i].substr(3, f.words[i].size() - 4))] = field;
      }
      schema.properties[field] = with_words(type(what.package, f.words[1]), f);
    }
    unfinished_.erase(&schema);
    return what.schema;
  }

  // Words that say something of the struct that has the field, not of the field's type.
  static bool of_the_struct(std::string_view word) { return word == "required" || word == "always" || is_number(word); }
  static bool is_number(std::string_view word) { return word.starts_with("pb(") && word.ends_with(')'); }

  // The type with what its field adds: how it merges, its default.
  SchemaPtr with_words(const SchemaPtr& base, const Field& f) {
    std::string spelling;
    for (size_t i = 2; i < f.words.size(); ++i)
      if (!of_the_struct(f.words[i])) spelling += std::string(f.words[i]) + " ";
    if (spelling.empty()) return base;
    SchemaPtr& known = refined_[{spelling, base.get()}];
    if (known != nullptr) return known;
    line_ = f.line;
    if (unfinished_.contains(base.get())) bad("a type that holds itself cannot be changed by a field");
    auto copy = std::make_shared<Schema>(*base);
    for (size_t i = 2; i < f.words.size(); ++i) {
      apply_word(*copy, f.words[i], i + 1 < f.words.size() ? f.words[i + 1] : "");
      if (f.words[i] == "default") break;
    }
    return known = std::move(copy);
  }

  void apply_word(Schema& schema, std::string_view word, std::string_view next) const {
    const auto open = word.find('(');
    std::vector<std::string> arguments;
    if (open != std::string_view::npos && word.back() == ')')
      arguments = split(word.substr(open + 1, word.size() - open - 2), ',');
    const std::string_view name = word.substr(0, open);
    if (name == "atomic")
      schema.merge = Merge::Atomic;
    else if (name == "granular")
      schema.merge = Merge::Granular;
    else if (name == "set")
      schema.merge = Merge::Set;
    else if (name == "listmap") {
      schema.merge = Merge::ListMap;
      schema.keys = arguments;
    } else if (name == "patch" && !arguments.empty()) {
      for (const auto& strategy : split(arguments[0], '+')) {
        schema.patch_merge |= strategy == "merge";
        schema.patch_retain_keys |= strategy == "retainKeys";
        schema.patch_replace |= strategy == "replace";
      }
      if (arguments.size() > 1) schema.patch_key = arguments[1];
    } else if (name == "default") {
      schema.otherwise = json::parse(next);
    } else if (!of_the_struct(word)) {
      bad("unknown word " + std::string(word));
    }
  }

  int line_ = 0;
  std::string_view package_;
  Struct* current_ = nullptr;
  std::unordered_map<std::string, std::string_view> go_packages_;
  std::unordered_map<std::string, std::pair<std::string_view, std::string_view>> aliases_;  // package, type
  std::unordered_map<std::string, Struct> structs_;  // by "core.PodSpec"; its elements do not move
  std::vector<std::pair<std::string, std::pair<int, std::string_view>>> kinds_;
  std::unordered_map<std::string, SchemaPtr> shared_;
  std::map<std::pair<std::string, const Schema*>, SchemaPtr> collections_, refined_;
  std::set<const Schema*> unfinished_;
};

}  // namespace

BuiltinTypes BuiltinTypes::parse(std::string_view text) {
  BuiltinTypes out;
  out.kinds_ = Reader(text).kinds();
  return out;
}

const BuiltinTypes& BuiltinTypes::instance() {
  // Never destroyed: an owner that outlives main keeps the circles of JSONSchemaProps reachable, hence no leak.
  static const BuiltinTypes& types = *new BuiltinTypes(parse(embedded::kubernetes_types));
  return types;
}

SchemaPtr BuiltinTypes::find(std::string_view api_version, std::string_view kind) const {
  // DeleteOptions belongs to every group version.
  const std::string name = std::string(kind == "DeleteOptions" ? "v1" : api_version) + " " + std::string(kind);
  const auto found = kinds_.find(name);
  return found != kinds_.end() ? found->second : nullptr;
}

SchemaPtr builtin_schema(std::string_view api_version, std::string_view kind) {
  return BuiltinTypes::instance().find(api_version, kind);
}

}  // namespace spoke::kube
