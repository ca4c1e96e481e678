#include "submit/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "spark/conf_dir.h"
#include "spark/uris.h"
#include "submit/options.h"

namespace spoke::submit {
namespace {

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw BadArguments(fmt::format(format, std::forward<Args>(args)...));
}

// Shells and servers that take spark-submit's options and their own in any order (SparkSubmitCommandBuilder).
constexpr std::array<std::string_view, 3> kMixedArguments = {
    "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver",
    "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2",
    "org.apache.spark.sql.connect.service.SparkConnectServer",
};

struct Word {
  std::string name;
  std::optional<std::string> value;  // what stands after `=`
};

// "--name=value", where both are something and the value is one line: the pattern (--[^=]+)=(.+).
Word split_word(const std::string& word) {
  const auto at = word.find('=');
  if (!word.starts_with("--") || at == std::string::npos || at < 3 || at + 1 == word.size()) return {word, {}};
  for (const std::string_view line_end : {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"})
    if (word.find(line_end, at) != std::string::npos) return {word, {}};
  return {word.substr(0, at), word.substr(at + 1)};
}

// What becomes of a word on its way to spark-submit's JVM: bin/spark-class drops carriage returns, and what is no UTF-8
// is replaced.
std::string as_java_has_it(std::string word) {
  std::erase(word, '\r');
  return spark::decode_utf8(word);
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Arguments read() {
    for (; i_ < words_.size(); ++i_)
      if (!take()) break;
    for (size_t i = i_ + 1; i < words_.size(); ++i) out_.args.push_back(as_java_has_it(words_[i]));
    out_.for_spark.insert(out_.for_spark.end(),
                          words_.begin() + static_cast<std::ptrdiff_t>(std::min(i_, words_.size())), words_.end());
    if (out_.action == Action::Submit && !out_.resource && !mixed_) refuse("Missing application resource.");
    if (mixed_ && !out_.resource) out_.resource = spark::kNoResource;
    return std::move(out_);
  }

 private:
  // False where the main resource was found: all after it is the application's.
  bool take() {
    const size_t first = i_;
    Word word = split_word(words_[i_]);
    const Option* option = find_option(word.name);
    if (option == nullptr) return unknown(word.name);
    if (!option->value.empty() && !word.value && !option->value_optional) {
      if (++i_ == words_.size()) refuse("Missing argument for option '{}'.", word.name);
      word.value = words_[i_];
    }
    apply(*option, as_java_has_it(word.value.value_or("")));
    if (!is_own(*option))
      for (size_t k = first; k <= i_; ++k) out_.for_spark.push_back(words_[k]);
    return true;
  }

  bool unknown(const std::string& name) {
    const std::string& word = words_[i_];
    if (mixed_) {
      out_.args.push_back(as_java_has_it(word));
      out_.for_spark.push_back(word);
      return true;
    }
    if (word.starts_with('-')) refuse("Unrecognized option: {}", name);
    out_.resource = as_java_has_it(word);
    return false;
  }

  void apply(const Option& option, std::string value) {
    switch (option.id) {
      case Id::Property: out_.named[std::string(option.property)] = std::move(value); break;
      case Id::AsConf: out_.conf[std::string(option.property)] = std::move(value); break;
      case Id::Conf: set_conf(value); break;
      case Id::Master: out_.master = std::move(value); break;
      case Id::Remote: out_.remote = std::move(value); break;
      case Id::DeployMode:
        if (value != "client" && value != "cluster") refuse(R"(--deploy-mode must be either "client" or "cluster")");
        out_.deploy_mode = std::move(value);
        break;
      case Id::Class:
        mixed_ = mixed_ || std::find(kMixedArguments.begin(), kMixedArguments.end(), value) != kMixedArguments.end();
        out_.main_class = std::move(value);
        break;
      case Id::PropertiesFile: out_.properties_file = std::move(value); break;
      case Id::ExtraPropertiesFile: out_.extra_properties_files.push_back(std::move(value)); break;
      case Id::LoadSparkDefaults: out_.load_spark_defaults = true; break;
      case Id::ProxyUser: out_.proxy_user = std::move(value); break;
      case Id::Kill: act(Action::Kill, std::move(value)); break;
      case Id::Status: act(Action::Status, std::move(value)); break;
      case Id::Verbose: out_.verbose = true; break;
      case Id::Version: special(Action::Version); break;
      case Id::Help: special(Action::Help); break;
      case Id::UsageError: special(Action::UsageError); break;
      case Id::TotalExecutorCores: out_.total_executor_cores = std::move(value); break;
      case Id::Ignored: break;
      default: apply_own(option, std::move(value)); break;
    }
  }

  void apply_own(const Option& option, std::string value) {
    switch (option.id) {
      case Id::SparkVersion: out_.spark_version = std::move(value); break;
      case Id::DryRun:
        if (!value.empty() && value != "client" && value != "server")
          refuse("--dry-run must be either client or server, not \"{}\"", value);
        out_.dry_run = value == "server" ? DryRun::Server : DryRun::Client;
        break;
      case Id::AsApplication: out_.as_application = true; break;
      case Id::Follow: out_.follow = true; break;
      case Id::ExitCode:
        if (value != "driver" && value != "spark")
          refuse("--exit-code must be either driver or spark, not \"{}\"", value);
        out_.spark_exit_code = value == "spark";
        break;
      case Id::Jvm: out_.jvm = true; break;
      case Id::Namespace: out_.ns = std::move(value); break;
      case Id::Context: out_.context = std::move(value); break;
      case Id::Kubeconfig: out_.kubeconfig = std::move(value); break;
      default: break;
    }
  }

  void set_conf(const std::string& text) {
    const auto at = text.find('=');
    if (at == std::string::npos) refuse("Invalid argument to --conf: {}", text);
    out_.conf[text.substr(0, at)] = text.substr(at + 1);
  }

  // What needs no application: the rest of the line is read all the same.
  void special(Action action) {
    if (out_.action == Action::Submit) out_.action = action;
  }

  void act(Action action, std::string id) {
    const auto word = [](Action a) { return a == Action::Kill ? "KILL" : "REQUEST_STATUS"; };
    if ((out_.action == Action::Kill || out_.action == Action::Status) && out_.action != action)
      refuse("Action cannot be both {} and {}.", word(out_.action), word(action));
    out_.action = action;
    out_.submission_id = std::move(id);
  }

  const std::vector<std::string>& words_;
  size_t i_ = 0;
  bool mixed_ = false;
  Arguments out_;
};

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) { return Reader(words).read(); }

}  // namespace spoke::submit
