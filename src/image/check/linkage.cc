#include "image/check/linkage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "image/check/class_file.h"

namespace spoke::image {
namespace {

enum class Why {
  Version,   // Spark ships another version of the library than was asked for
  Shadowed,  // the caller's jar has the class too, and another comes first
  Compiled,  // the caller was compiled with another Spark
};

struct Call {
  size_t from, to;  // jars
  Why why;
  std::string caller;
};

std::string_view package_of(std::string_view name) {
  const auto slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

bool is_of_object(const Member& member) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"getClass", "hashCode", "equals", "clone", "toString", "notify", "notifyAll", "wait", "finalize", "<init>"});
  return std::ranges::find(names, member.name) != names.end();
}

// Those of Java's own that much of Spark inherits from, with all that they have; of others nobody here knows.
std::optional<bool> known_of_java(const std::string& owner, const Member& member) {
  static const std::map<std::string_view, std::string_view> only = {
      {"java/io/Serializable", ""},   {"java/lang/Cloneable", ""},   {"java/lang/AutoCloseable", "close"},
      {"java/io/Closeable", "close"}, {"java/lang/Runnable", "run"}, {"java/lang/Comparable", "compareTo"}};
  if (owner == "java/lang/Object") return is_of_object(member);
  const auto found = only.find(owner);
  return found == only.end() ? std::nullopt : std::optional(found->second == member.name);
}

std::string shown(const MemberUse& use) {
  const std::string owner = dotted(use.owner), member = use.member.str();
  return use.member.name == "<init>" ? owner + member.substr(use.member.name.size()) : owner + "." + member;
}

class Linkage {
 public:
  Linkage(const ClassPath& path, const ReadClasses& read) : path_(path), read_(read) {
    for (size_t jar = 0; jar < path.jars.size(); ++jar)
      for (const std::string& name : path.jars[jar].classes) first_.try_emplace(name, jar);
    for (size_t jar = 0; jar < path.jars.size(); ++jar)
      if (const auto wanted = wanted_version(jar)) other_versions_[jar] = *wanted;
  }

  Findings run() {
    for (size_t jar = 0; jar < path_.jars.size(); ++jar)
      if (!is_sparks(jar)) collect_calls(jar);
    load_called();
    for (const auto& [use, call] : calls_) {
      std::set<std::string> seen;
      if (!has(use.owner, use.member, seen)) missing_[group_of(call)].emplace_back(&use, &call);
    }
    Findings out;
    for (const auto& [_, misses] : missing_) out.push_back(finding(misses));
    return out;
  }

 private:
  using Misses = std::vector<std::pair<const MemberUse*, const Call*>>;
  using Group = std::tuple<Why, size_t, size_t>;

  bool is_sparks(size_t jar) const { return path_.jars[jar].fact.from == JarFact::From::Spark; }

  std::optional<std::string> wanted_version(size_t jar) const {
    const JarFact& fact = path_.jars[jar].fact;
    const auto found = path_.wanted_versions.find(fact.name);
    if (!is_sparks(jar) || fact.version.empty() || found == path_.wanted_versions.end() ||
        found->second == fact.version)
      return std::nullopt;
    return found->second;
  }

  void collect_calls(size_t jar) {
    const bool own = path_.jars[jar].fact.from == JarFact::From::Jars;
    std::unordered_set<std::string_view> shadowed;
    for (const std::string& name : path_.jars[jar].classes)
      if (first_.at(name) != jar) shadowed.insert(name);
    if (shadowed.empty() && other_versions_.empty() && !own) return;
    read_(
        jar, [&](const std::string& name) { return !shadowed.contains(name); },
        [&](const std::string& name, std::string_view bytes) {
          const std::optional<ClassFile> caller = parsed(bytes);
          if (!caller) return;
          for (const MemberUse& use : caller->uses) {
            const auto to = first_.find(use.owner);
            if (to == first_.end() || to->second == jar) continue;
            const auto why = why_of(to->second, name, shadowed.contains(use.owner), own);
            if (why) calls_.try_emplace(use, Call{jar, to->second, *why, name});
          }
        });
  }

  std::optional<Why> why_of(size_t to, std::string_view caller, bool is_shadowed, bool own) {
    if (other_versions_.contains(to) && !is_shadowed) return Why::Version;
    // What goes with the classes that are not loaded is not reached without them.
    if (is_shadowed) return packages(to).contains(package_of(caller)) ? std::nullopt : std::optional(Why::Shadowed);
    if (own && is_sparks(to) && path_.jars[to].fact.name.starts_with("spark-")) return Why::Compiled;
    return std::nullopt;
  }

  const std::unordered_set<std::string_view>& packages(size_t jar) {
    const auto [at, fresh] = packages_.try_emplace(jar);
    if (fresh)
      for (const std::string& name : path_.jars[jar].classes) at->second.insert(package_of(name));
    return at->second;
  }

  static std::optional<ClassFile> parsed(std::string_view bytes) {
    try {
      return parse_class(bytes);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  // What is called, and all that it inherits from.
  void load_called() {
    std::set<std::string> wanted;
    for (const auto& [use, _] : calls_) wanted.insert(use.owner);
    constexpr int kDeepest = 100;  // real ones have some dozen
    for (int depth = 0; depth < kDeepest && !wanted.empty(); ++depth) {
      std::map<size_t, std::set<std::string>> by_jar;
      for (const std::string& name : wanted) by_jar[first_.at(name)].insert(name);
      std::set<std::string> above;
      for (const auto& [jar, names] : by_jar)
        read_(
            jar, [&](const std::string& name) { return names.contains(name); },
            [&](const std::string& name, std::string_view bytes) {
              std::optional<ClassFile> one = parsed(bytes);
              if (!one) return;
              one->uses.clear();
              above.insert(one->super);
              above.insert(one->interfaces.begin(), one->interfaces.end());
              loaded_.insert_or_assign(name, *std::move(one));
            });
      tried_.merge(wanted);
      std::erase_if(above, [&](const std::string& name) { return tried_.contains(name) || !first_.contains(name); });
      wanted = std::move(above);
    }
  }

  // What nobody here knows, such as Java's own classes, is taken to have it.
  bool has(const std::string& owner, const Member& member, std::set<std::string>& seen) const {
    if (const auto known = known_of_java(owner, member)) return *known;
    if (!seen.insert(owner).second) return false;
    const auto found = loaded_.find(owner);
    if (found == loaded_.end()) return true;
    const ClassFile& one = found->second;
    if (std::ranges::any_of(one.members, [&](const Member& own) { return is_relocated(own, member); })) return true;
    if (member.name == "<init>") return false;
    if (one.is_interface && is_of_object(member)) return true;
    return (!one.super.empty() && has(one.super, member, seen)) ||
           std::ranges::any_of(one.interfaces, [&](const std::string& name) { return has(name, member, seen); });
  }

  // A finding for each library that Spark ships; else for each jar that calls.
  static Group group_of(const Call& call) {
    return call.why == Why::Version    ? Group{call.why, call.to, 0}
           : call.why == Why::Shadowed ? Group{call.why, call.from, call.to}
                                       : Group{call.why, call.from, 0};
  }

  // Where a class that it takes is of the provider's packages and of a later version, that is missed first.
  std::string error_of(const MemberUse& use, size_t to) {
    for (const std::string& name : classes_of(use.member.descriptor))
      if (!first_.contains(name) && packages(to).contains(package_of(name))) return "NoClassDefFoundError";
    return use.member.is_method() ? "NoSuchMethodError" : "NoSuchFieldError";
  }

  Finding finding(const Misses& misses) {
    const auto& [use, call] = misses.front();
    const JarFact &from = path_.jars[call->from].fact, &to = path_.jars[call->to].fact;
    const std::string lacking = fmt::format("{}, which {} uses, is not there and fails with {}", shown(*use),
                                            dotted(call->caller), error_of(*use, call->to));
    switch (call->why) {
      case Why::Version: {
        std::set<size_t> callers;
        for (const auto& [_, one] : misses) callers.insert(one->from);
        return {"linkage", coordinates(to),
                fmt::format("is what Spark ships, and {}{} asks for {}: {}", coordinates(from),
                            callers.size() == 1 ? "" : fmt::format(", as {} more do,", callers.size() - 1),
                            other_versions_.at(call->to), lacking),
                fmt::format("take a release that was made for {} {}, or one that has its own inside (shaded)", to.name,
                            to.version)};
      }
      case Why::Shadowed:
        return {"linkage", coordinates(from),
                fmt::format("has classes inside that {} has too, and those are loaded: {}", coordinates(to), lacking),
                "take a release without them, or with them under names of its own (shaded)"};
      case Why::Compiled: break;
    }
    return {"linkage", coordinates(from),
            fmt::format("was compiled with another Spark than {}: {}", to.version, lacking),
            fmt::format("compile it with Spark {}", to.version)};
  }

  const ClassPath& path_;
  const ReadClasses& read_;
  std::unordered_map<std::string_view, size_t> first_;  // the jar that a class is loaded from
  std::map<size_t, std::string> other_versions_;        // of Spark's jars, what was asked for
  std::unordered_map<size_t, std::unordered_set<std::string_view>> packages_;
  std::map<MemberUse, Call> calls_;
  std::unordered_map<std::string, ClassFile> loaded_;
  std::set<std::string> tried_;
  std::map<Group, Misses> missing_;
};

void check_java_of(const ClassPath& path, Findings& out) {
  for (const ClassJar& jar : path.jars)
    if (path.java != 0 && jar.java > path.java)
      out.push_back(
          {"java", coordinates(jar.fact),
           fmt::format(
               "has classes for Java {}, and the image has Java {}: they fail with UnsupportedClassVersionError",
               jar.java, path.java),
           fmt::format("take Java {}, or a release for Java {}", jar.java, path.java)});
}

}  // namespace

Findings check_linkage(const ClassPath& path, const ReadClasses& read) {
  Findings out;
  check_java_of(path, out);
  std::ranges::move(Linkage(path, read).run(), std::back_inserter(out));
  return out;
}

}  // namespace spoke::image
