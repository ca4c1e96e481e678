#include "cli/follow.h"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <istream>
#include <memory>

#include "base/strings.h"
#include "cli/command.h"
#include "cli/deletion.h"
#include "cli/follower.h"
#include "cli/screen.h"
#include "cli/terminal.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cli {
namespace {

namespace asio = boost::asio;

// What goes on while applications are followed.
struct Following {
  Following(Session& s, net::Executor executor) : session(s), changed(executor), signals(executor, SIGINT, SIGTERM) {}

  Session& session;
  Screen screen;
  std::vector<std::unique_ptr<Follower>> followers;
  net::Event changed;  // an end, a signal, an answer
  asio::signal_set signals;
  int signal = 0;     // the last that came and was not dealt with
  int exit_code = 0;  // set by a signal
  bool stop = false;  // leave the applications, as they are
  bool asking = false;
  std::string answer;
  bool answered = false;
  std::exception_ptr failure;  // of one that can be followed no longer
};

net::Task<> follow_one(Following& all, Follower& one) {
  try {
    co_await one.run();
    all.screen.say(one.last_words(all.screen.colour()));
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    all.failure = std::current_exception();
  }
  all.changed.notify();
}

net::Task<> await_signals(Following& all) {
  for (;;) {
    all.signal = co_await all.signals.async_wait(asio::use_awaitable);
    all.changed.notify();
  }
}

net::Task<> await_answer(Following& all) {
  // Opened anew: Asio makes it non-blocking, which standard output on the same terminal must not become.
  asio::posix::stream_descriptor input(all.session.executor);
  asio::streambuf buffer(256);
  boost::system::error_code error;
  const int terminal = ::open("/dev/tty", O_RDONLY | O_CLOEXEC);
  if (terminal >= 0) input.assign(terminal);
  co_await asio::async_read_until(input, buffer, '\n', asio::redirect_error(asio::use_awaitable, error));
  std::istream in(&buffer);
  std::getline(in, all.answer);
  if (error) all.answer = "leave";  // the terminal has gone
  all.answered = true;
  all.changed.notify();
}

std::string names(const Following& all) {
  std::vector<std::string> out;
  for (const auto& one : all.followers)
    if (!one->ended()) out.push_back(one->name());
  return join(out, ", ");
}

void leave(Following& all) {
  all.screen.answered();
  all.screen.say("left running: " + names(all) + " (go on with `spoke logs -f NAME`)\n");
  all.stop = true;
}

net::Task<> delete_them(Following& all) {
  all.screen.answered();
  for (const auto& one : all.followers) {
    if (one->ended()) continue;
    co_await delete_application(all.session, one->ns(), one->name(), one->uid(), "Background");
    all.screen.say(one->name() + " deleted\n");
  }
  all.stop = true;
}

net::Task<> handle_signal(Following& all, net::Scope& scope) {
  const int signal = std::exchange(all.signal, 0);
  all.exit_code = 128 + signal;
  const bool can_ask = signal == SIGINT && all.screen.interactive() && is_terminal(Stream::In);
  if (!can_ask || all.asking) {
    leave(all);
    co_return;
  }
  all.asking = true;
  all.screen.ask("\n" + names(all) + ": [l]eave running, [d]elete, or [c]ontinue following? ");
  scope.spawn("answer", await_answer(all));
}

net::Task<> handle_answer(Following& all, net::Scope& scope) {
  all.answered = all.asking = false;
  const std::string word = lower(trim(all.answer));
  if (word.starts_with('d')) {
    co_await delete_them(all);
  } else if (word.starts_with('l')) {
    leave(all);
  } else if (word.starts_with('c')) {
    all.exit_code = 0;
    all.screen.answered();
  } else {
    all.asking = true;
    all.screen.ask("l, d or c? ");
    scope.spawn("answer", await_answer(all));
  }
}

bool done(const Following& all) {
  for (const auto& one : all.followers)
    if (!one->ended()) return false;
  return true;
}

void show_progress(Following& all) {
  std::vector<Progress> lines;
  for (const auto& one : all.followers)
    if (!one->ended()) lines.push_back(one->progress(now()));
  all.screen.progress(progress_line(lines, all.screen.width() - 1, all.screen.colour()));
}

net::Task<> until_the_end(Following& all, net::Scope& scope) {
  while (!all.stop && !done(all)) {
    show_progress(all);
    co_await all.changed.wait_for(net::Millis(250));
    if (all.failure) std::rethrow_exception(all.failure);
    if (all.signal != 0) co_await handle_signal(all, scope);
    if (all.answered) co_await handle_answer(all, scope);
  }
}

}  // namespace

net::Task<int> follow(Session& session, const std::vector<client::Object>& apps, Time begun, Duration patience) {
  Following all(session, session.executor);
  for (const auto& app : apps) {
    std::string prefix = apps.size() > 1 ? "[" + std::string(kube::name(app)) + "] " : "";
    all.followers.push_back(std::make_unique<Follower>(session, all.screen, app, begun, std::move(prefix), patience));
  }
  net::Scope scope(session.executor);
  for (const auto& one : all.followers) scope.spawn(one->name(), follow_one(all, *one));
  scope.spawn("signals", await_signals(all));
  std::exception_ptr failure;
  try {
    co_await until_the_end(all, scope);
  } catch (...) {
    failure = std::current_exception();
  }
  all.screen.answered();
  all.screen.progress("");
  co_await scope.close();
  if (failure) std::rethrow_exception(failure);
  if (all.exit_code != 0 && all.stop) co_return all.exit_code;
  for (const auto& one : all.followers)
    if (one->exit_code() != 0) co_return one->exit_code();
  co_return 0;
}

}  // namespace spoke::cli
