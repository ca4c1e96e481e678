// Class files for tests, as a compiler would write them: the JVM Specification's chapter 4.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "image/check/class_file.h"
#include "image/check/linkage.h"

namespace spoke::image {

class TestClass {
 public:
  explicit TestClass(std::string_view name, std::string_view super = "java/lang/Object")
      : name_(class_of(name)), super_(super.empty() ? 0 : class_of(super)) {}

  TestClass& java(int version) { return java_ = version, *this; }
  TestClass& interface() { return flags_ |= 0x0200, *this; }
  TestClass& implements(std::string_view name) { return interfaces_.push_back(class_of(name)), *this; }
  TestClass& has(const Member& member) { return members_.emplace_back(member), *this; }
  TestClass& uses(std::string_view owner, const Member& member) {
    const int described = add(12, {text(member.name), text(member.descriptor)});
    add(member.is_method() ? 10 : 9, {class_of(owner), described});
    return *this;
  }
  // Two places of the pool.
  TestClass& holds_long() {
    pool_ += std::string("\x05") + std::string(8, '\x7f');
    count_ += 2;
    return *this;
  }

  std::string bytes() {
    std::string fields, methods;
    int field_count = 0, method_count = 0;
    for (const Member& member : members_) {
      std::string& to = member.is_method() ? methods : fields;
      ++(member.is_method() ? method_count : field_count);
      to += u2(1) + u2(text(member.name)) + u2(text(member.descriptor)) + u2(1) + u2(text("Attribute")) + u2(0) +
            u2(3) + "abc";
    }
    std::string interfaces;
    for (const int one : interfaces_) interfaces += u2(one);
    return std::string("\xCA\xFE\xBA\xBE") + u2(0) + u2(java_ + 44) + u2(count_) + pool_ + u2(flags_) + u2(name_) +
           u2(super_) + u2(static_cast<int>(interfaces_.size())) + interfaces + u2(field_count) + fields +
           u2(method_count) + methods + u2(0);
  }

 private:
  static std::string u2(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }

  int add(int tag, const std::vector<int>& indices) {
    pool_ += static_cast<char>(tag);
    for (const int one : indices) pool_ += u2(one);
    return count_++;
  }
  int text(std::string_view value) {
    const auto [at, fresh] = texts_.try_emplace(std::string(value), count_);
    if (fresh) {
      pool_ += '\x01' + u2(static_cast<int>(value.size())) + std::string(value);
      ++count_;
    }
    return at->second;
  }
  int class_of(std::string_view name) {
    const int named = text(name);
    return add(7, {named});
  }

  std::string pool_;
  int count_ = 1, java_ = 17, flags_ = 0x21;
  std::map<std::string, int> texts_;
  int name_, super_;
  std::vector<int> interfaces_;
  std::vector<Member> members_;
};

// A class path of jars with class files.
struct TestClassPath {
  size_t jar(const std::string& name, const std::string& version, JarFact::From from) {
    path.jars.push_back({.fact = {.group = "", .name = name, .version = version, .from = from}, .classes = {}});
    return path.jars.size() - 1;
  }
  void put(size_t jar, const std::string& name, std::string bytes) {
    path.jars[jar].classes.push_back(name);
    bytes_[{jar, name}] = std::move(bytes);
  }
  ReadClasses read() const {
    return [this](size_t jar, const auto& wanted, const auto& each) {
      for (const std::string& name : path.jars.at(jar).classes)
        if (wanted(name)) each(name, bytes_.at({jar, name}));
    };
  }

  ClassPath path;

 private:
  std::map<std::pair<size_t, std::string>, std::string> bytes_;
};

}  // namespace spoke::image
