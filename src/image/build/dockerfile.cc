#include "image/build/dockerfile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "data/json.h"
#include "image/names.h"
#include "image/spark_image.h"

namespace spoke::image {
namespace {

struct Instruction {
  int line = 0;
  std::string name;  // in capitals
  std::string rest;
};

[[noreturn]] void refuse(int line, const std::string& why) { throw RecipeError(fmt::format("line {}: {}", line, why)); }

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

// Comments gone, lines that go on ("\" at the end) joined.
std::vector<Instruction> instructions(std::string_view text) {
  std::vector<Instruction> out;
  std::string whole;
  int number = 0, begun = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++number;
    std::string_view line = trim(raw);
    if (line.starts_with('#') || line.empty()) continue;  // in the middle of an instruction, too
    if (whole.empty()) begun = number;
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    whole += line;
    if (goes_on) {
      whole += ' ';
      continue;
    }
    const auto blank = std::min(whole.find_first_of(" \t"), whole.size());
    out.push_back({begun, upper(std::string_view(whole).substr(0, blank)),
                   std::string(trim(std::string_view(whole).substr(blank)))});
    whole.clear();
  }
  if (!whole.empty()) refuse(begun, "the file ends where the line goes on");
  return out;
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Reader {
 public:
  Reader(const std::map<std::string, std::string>& arguments, const FindFiles& find, const DockerBaseOf& base_of)
      : arguments_(arguments), find_(find), base_of_(base_of) {}

  Dockerfile run(std::string_view text) {
    for (const Instruction& one : instructions(text)) {
      line_ = one.line;
      read(one);
    }
    if (out_.recipe.base.empty()) throw RecipeError("there is no FROM");
    // Docker forgets a base's command where there is another entry point.
    if (out_.recipe.entrypoint && !out_.recipe.command) out_.recipe.command.emplace();
    return std::move(out_);
  }

 private:
  using Words = std::vector<std::string>;

  void read(const Instruction& one) {
    if (one.name == "ARG") return read_argument(one.rest);
    if (one.name == "FROM") return read_from(one.rest);
    if (out_.recipe.base.empty()) refuse(line_, one.name + " before FROM");
    Recipe& recipe = out_.recipe;
    if (one.name == "COPY" || one.name == "ADD") return read_copy(one);
    if (one.name == "ENV") return read_pairs(one.rest, recipe.env, true);
    if (one.name == "LABEL") return read_pairs(one.rest, recipe.labels, false);
    if (one.name == "USER") recipe.user = unquoted(one.rest);
    if (one.name == "WORKDIR") recipe.workdir = absolute(unquoted(one.rest));
    if (one.name == "ENTRYPOINT") recipe.entrypoint = command(one.rest);
    if (one.name == "CMD") recipe.command = command(one.rest);
    if (one.name == "RUN") refuse_run(one.rest);
    static constexpr auto known = std::to_array<std::string_view>({"USER", "WORKDIR", "ENTRYPOINT", "CMD"});
    if (std::ranges::find(known, one.name) != known.end()) return;
    // What Kubernetes has its own words for.
    static constexpr auto empty =
        std::to_array<std::string_view>({"EXPOSE", "HEALTHCHECK", "MAINTAINER", "STOPSIGNAL", "VOLUME"});
    if (std::ranges::find(empty, one.name) == empty.end())
      refuse(line_, fmt::format("{} is not read here; Docker builds such a file", one.name));
    out_.notes.push_back(fmt::format("line {}: {} changes nothing in a pod, and is left out", line_, one.name));
  }

  void read_argument(const std::string& rest) {
    const auto equals = rest.find('=');
    const std::string name(trim(std::string_view(rest).substr(0, equals)));
    if (const auto told = arguments_.find(name); told != arguments_.end())
      variables_[name] = told->second;
    else if (equals != std::string::npos)
      variables_[name] = unquoted(rest.substr(equals + 1));
  }

  void read_from(const std::string& rest) {
    if (!out_.recipe.base.empty())
      refuse(line_, "FROM again: stages are built by Docker; build what a stage makes before, and COPY it");
    Words words = split_words(rest);
    std::erase_if(words, [](const std::string& word) { return word.starts_with("--platform="); });
    if (words.empty()) refuse(line_, "FROM names no image");
    if (words.size() > 1 && upper(words[1]) != "AS")
      refuse(line_, fmt::format("FROM has \"{}\" after the image", words[1]));
    try {
      out_.recipe.base = words[0] == "scratch" ? words[0] : parse_reference(words[0]).str();
    } catch (const Error& e) {
      refuse(line_, e.what());
    }
    variables_.clear();  // arguments before FROM are for FROM alone
    if (out_.recipe.base == "scratch") return;
    base_ = base_of_(out_.recipe.base);
    variables_ = base_.environment;
  }

  void read_copy(const Instruction& one) {
    RecipeFile owner;
    std::string rest = one.rest;
    while (rest.starts_with("--")) {
      const auto end = std::min(rest.find_first_of(" \t"), rest.size());
      read_copy_option(one.name, unquoted(rest.substr(0, end)), owner);
      rest = std::string(trim(std::string_view(rest).substr(end)));
    }
    Words words = rest.starts_with('[') ? json_words(rest) : split_words(rest);
    if (words.size() < 2) refuse(line_, one.name + " needs a source and a place");
    const std::string place = words.back();
    words.pop_back();
    std::vector<ContextFile> sources;
    for (const std::string& word : words) {
      if (word.starts_with("<<"))
        refuse(line_, one.name + " of text that stands in the file; put it into a file of its own");
      if (one.name == "ADD" && (word.find("://") != std::string::npos || word.starts_with("git@")))
        refuse(
            line_,
            fmt::format("ADD {} fetches it; a recipe names Maven's artifacts under maven, other files have to be there",
                        word));
      const std::vector<ContextFile> found = find_(word);
      if (found.empty()) refuse(line_, fmt::format("{}: there is no {} beside the Dockerfile", one.name, word));
      sources.insert(sources.end(), found.begin(), found.end());
    }
    if (sources.size() > 1 && !place.ends_with('/'))
      refuse(line_, fmt::format("{} of several files goes to a folder: write {}/", one.name, place));
    for (const ContextFile& source : sources) put(one.name, source, place, owner);
  }

  void read_copy_option(const std::string& name, const std::string& option, RecipeFile& owner) {
    if (option.starts_with("--chown=")) {
      const Words ids = split(option.substr(8), ':');
      owner.user = number(ids.front(), 10, "--chown");
      owner.group = ids.size() > 1 ? number(ids[1], 10, "--chown") : 0;
    } else if (option.starts_with("--chmod=")) {
      owner.mode = number(option.substr(8), 8, "--chmod");
    } else if (option.starts_with("--from=")) {
      refuse(line_, fmt::format("{} {} takes it from another image or stage; build that before, and copy its files",
                                name, option));
    } else if (option != "--link") {
      refuse(line_, fmt::format("{} {} is not read here", name, option));
    }
  }

  unsigned number(std::string_view text, int base, std::string_view option) const {
    unsigned out = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    if (wrong != std::errc() || end != text.data() + text.size())
      refuse(line_, fmt::format("{}: \"{}\" must be a number; who has that name is not known outside of the image",
                                option, text));
    return out;
  }

  void put(const std::string& name, const ContextFile& source, const std::string& place, const RecipeFile& owner) {
    constexpr auto archives =
        std::to_array<std::string_view>({".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst"});
    if (name == "ADD" &&
        std::ranges::any_of(archives, [&](std::string_view end) { return source.path.ends_with(end); }))
      refuse(line_, fmt::format("ADD unpacks {}; unpack it before, and COPY the folder", source.path));
    RecipeFile file = owner;
    file.from = source.path;
    file.to = absolute(place);
    // Of a folder Docker copies what is in it.
    if (source.is_folder || place == "." || place.ends_with("/."))
      while (file.to.size() > 1 && file.to.ends_with('/')) file.to.pop_back();
    if (!source.is_folder && (place == "." || place.ends_with("/."))) file.to += '/';
    // A file that is copied to a folder goes into it, with a slash at the end or without.
    if (!source.is_folder && !file.to.ends_with('/') && is_folder(file.to)) file.to += '/';
    const Path whole = Path(file.place()).lexically_normal();
    for (Path above = source.is_folder ? whole : whole.parent_path(); above.has_relative_path();
         above = above.parent_path())
      folders_.insert(above.string());
    const bool as_it_is =
        owner.user == 0 && owner.group == 0 && !owner.mode && whole.filename() == Path(source.path).filename();
    if (!source.is_folder && as_it_is && whole.parent_path() == Path(spark_path) / "jars" &&
        whole.extension() == ".jar")
      out_.recipe.jars.push_back(source.path);
    else
      out_.recipe.files.push_back(std::move(file));
  }

  bool is_folder(const std::string& path) const {
    const std::string normal = Path(path).lexically_normal();
    return normal == "/" || folders_.contains(normal) || base_.has_folder(normal);
  }

  // NAME=VALUE..., or NAME and the rest.
  void read_pairs(const std::string& rest, std::map<std::string, std::string>& to, bool are_variables) {
    const auto first = std::min(rest.find_first_of(" \t="), rest.size());
    if (first == 0 || first == rest.size()) refuse(line_, fmt::format("\"{}\" must be NAME=VALUE", rest));
    std::vector<std::pair<std::string, std::string>> read;
    if (rest[first] != '=') {
      read.emplace_back(rest.substr(0, first), unquoted(std::string(trim(std::string_view(rest).substr(first)))));
    } else {
      for (const std::string& word : split_words(rest)) {
        const auto equals = word.find('=');
        if (equals == 0 || equals == std::string::npos) refuse(line_, fmt::format("\"{}\" must be NAME=VALUE", word));
        read.emplace_back(word.substr(0, equals), word.substr(equals + 1));
      }
    }
    for (auto& [name, value] : read) {
      if (are_variables) variables_[name] = value;
      to[name] = std::move(value);
    }
  }

  [[noreturn]] void refuse_run(const std::string& rest) const {
    std::string where = "what it makes has to be there before, and is copied";
    const auto has = [&](std::string_view word) { return rest.find(word) != std::string::npos; };
    if (has("pip install") || has("pip3 install")) where = "a recipe names Python's packages under python.requirements";
    if (has("apt-get") || has("apt ") || has("apk "))
      where = "a recipe on debian:bookworm names Debian's packages under packages";
    if (has("/maven2/") || has("mvn ")) where = "a recipe names Maven's artifacts under maven";
    refuse(line_, fmt::format("RUN {}{}: nothing runs in an image here; {}", rest.substr(0, 60),
                              rest.size() > 60 ? "..." : "", where));
  }

  Words command(const std::string& rest) const {
    if (rest.starts_with('[')) return json_words(rest);
    return {"/bin/sh", "-c", rest};
  }

  Words json_words(const std::string& text) const {
    json::value v;
    try {
      v = json::parse(text);
    } catch (const Error&) {
    }
    Words out;
    if (v.is_array())
      for (const json::value& item : v.get_array())
        if (item.is_string()) out.push_back(json::to_string(item.get_string()));
    if (!v.is_array() || out.size() != v.get_array().size())
      refuse(line_, fmt::format("{} must be a list of texts in double quotes", text));
    return out;
  }

  std::string absolute(const std::string& place) const {
    if (place.starts_with('/')) return place;
    const std::string below = out_.recipe.workdir.value_or(base_.working_dir.empty() ? "/" : base_.working_dir);
    return below + (below.ends_with('/') ? "" : "/") + (place == "." ? "" : place);
  }

  std::string value_of(const std::string& name, bool may_lack) {
    const auto found = variables_.find(name);
    if (found != variables_.end()) return found->second;
    if (!may_lack) out_.notes.push_back(fmt::format("line {}: ${} is not set", line_, name));
    return "";
  }

  // $NAME, ${NAME}, ${NAME:-OTHERWISE}, ${NAME:+INSTEAD} at `at`, which moves behind it.
  std::string variable(std::string_view text, size_t& at) {
    const bool braced = at + 1 < text.size() && text[at + 1] == '{';
    size_t begin = at + (braced ? 2 : 1), end = begin;
    while (end < text.size() && is_name(text[end])) ++end;
    const std::string name(text.substr(begin, end - begin));
    if (name.empty()) refuse(line_, fmt::format("\"{}\" names no variable", text.substr(at)));
    at = end;
    if (!braced) return value_of(name, false);
    const auto close = text.find('}', end);
    if (close == std::string_view::npos) refuse(line_, fmt::format("\"{}\" has no }}", text.substr(begin)));
    const std::string_view how = text.substr(end, close - end);
    at = close + 1;
    std::string value = value_of(name, !how.empty());
    if (how.empty()) return value;
    if (how.starts_with(":-")) return value.empty() ? std::string(how.substr(2)) : value;
    if (how.starts_with(":+")) return value.empty() ? "" : std::string(how.substr(2));
    refuse(line_, fmt::format("${{{}{}}} is not read here", name, how));
  }

  // One word, or all words: quotes and variables as Docker's builder reads them.
  Words read_words(std::string_view text, bool one) {
    Words out;
    std::string word;
    bool begun = false;
    char quote = 0;
    for (size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (quote == 0 && !one && (c == ' ' || c == '\t')) {
        if (begun) out.push_back(std::exchange(word, ""));
        begun = false;
        ++i;
        continue;
      }
      begun = true;
      if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
        word += text[i + 1];
        i += 2;
      } else if (quote == 0 ? c == '"' || c == '\'' : c == quote) {
        quote = quote == 0 ? c : '\0';
        ++i;
      } else if (c == '$' && quote != '\'') {
        word += variable(text, i);
      } else {
        word += c;
        ++i;
      }
    }
    if (quote != 0) refuse(line_, fmt::format("a quote has no end: {}", text));
    if (begun) out.push_back(std::move(word));
    return out;
  }

  Words split_words(std::string_view text) { return read_words(text, false); }
  std::string unquoted(std::string_view text) {
    Words words = read_words(text, true);
    return words.empty() ? "" : std::move(words.front());
  }

  const std::map<std::string, std::string>& arguments_;
  const FindFiles& find_;
  const DockerBaseOf& base_of_;
  DockerBase base_;
  std::set<std::string> folders_;  // that the file has made so far
  std::map<std::string, std::string> variables_;
  Dockerfile out_;
  int line_ = 0;
};

}  // namespace

Dockerfile parse_dockerfile(std::string_view text, const std::map<std::string, std::string>& arguments,
                            const FindFiles& find, const DockerBaseOf& base_of) {
  return Reader(arguments, find, base_of).run(text);
}

bool is_dockerfile(std::string_view text) {
  for (const std::string& raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    const std::string first = upper(line.substr(0, line.find_first_of(" \t")));
    return first == "FROM" || first == "ARG";
  }
  return false;
}

}  // namespace spoke::image
