#include "image/build/python.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace spoke::image {
namespace {

// A Python of that version that has pip.
std::string find_python(const std::string& version) {
  const std::string tells = "import sys, pip; print('%d.%d' % sys.version_info[:2])";
  for (const std::string& python : {"/usr/bin/python" + version, "python" + version, std::string("python3")})
    if (!find_program(python).empty() && trim(run({python, "-c", tells}).output) == version) return python;
  fail(
      "there is no Python {} with pip on this machine, which the image has; install the packages python{} and "
      "python3-pip",
      version, version);
}

std::string last_error(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text, '\n'))
    if (line.starts_with("ERROR: ")) out = line.substr(7);
  return out.empty() ? std::string(trim(text)) : out;
}

}  // namespace

std::string Requirements::key() const {
  std::string text = fmt::format("python 1\n{} {}\n{}\n", python, architecture, join(lines, "\n"));
  for (const Path& file : files) text += "\n" + read_file(file);
  return sha256_hex(text);
}

bool Requirements::is_whole() const {
  const auto refers = [](std::string_view line) {
    return line.starts_with('-') || line.starts_with('.') || line.starts_with('/') ||
           line.find("file:") != std::string_view::npos || line.find(".whl") != std::string_view::npos;
  };
  for (const std::string& line : lines)
    if (refers(line)) return false;
  for (const Path& file : files)
    for (const std::string& line : split(read_file(file), '\n'))
      if (refers(trim(line))) return false;
  return true;
}

Requirements requirements_of(const std::vector<std::string>& requirements, const Path& folder) {
  Requirements out;
  for (const std::string& line : requirements) {
    if (std::filesystem::is_regular_file(folder / line))
      out.files.push_back(folder / line);
    else if (line.ends_with(".txt"))
      fail("python.requirements: there is no file {}", (folder / line).string());
    else if (line.find_first_of("\r\n") != std::string::npos)
      fail("python.requirements: \"{}...\" has a line break; each is a line of its own",
           line.substr(0, line.find_first_of("\r\n")));
    else if (line.starts_with('-'))
      fail("python.requirements: \"{}\" is an option of pip; put it into a file of requirements", line);
    else
      out.lines.push_back(line);
  }
  return out;
}

std::vector<std::string> pip_arguments(const std::string& python, const std::string& machine) {
  std::vector<std::string> out{"--no-compile", "--only-binary=:all:", "--implementation",
                               "cp",           "--python-version",    python};
  // pip takes what is named and no older kind by itself. Debian 11's glibc is 2.31.
  for (const char* kind :
       {"manylinux_2_31", "manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014"}) {
    out.emplace_back("--platform");
    out.push_back(fmt::format("{}_{}", kind, machine));
  }
  return out;
}

std::string debian_packages_of(const std::string& python) {
  return fmt::format("/usr/local/lib/python{}/dist-packages", python);
}

void install_requirements(const Requirements& requirements, const Path& target) {
  std::vector<std::string> argv{find_python(requirements.python), "-m",       "pip",          "install",
                                "--disable-pip-version-check",    "--target", target.string()};
  const std::string machine = requirements.architecture == "arm64" ? "aarch64" : "x86_64";
  for (std::string& argument : pip_arguments(requirements.python, machine)) argv.push_back(std::move(argument));
  for (const Path& file : requirements.files) {
    argv.emplace_back("--requirement");
    argv.push_back(file.string());
  }
  argv.insert(argv.end(), requirements.lines.begin(), requirements.lines.end());
  const Finished done = run(argv);
  if (done.exit_code != 0)
    fail("pip could not get wheels for Python {} of {}: {}", requirements.python, join(requirements.lines, ", "),
         last_error(done.errors));
}

}  // namespace spoke::image
