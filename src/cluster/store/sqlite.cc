#include "cluster/store/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"

namespace spoke::cluster {

Database::Database(const Path& file) : file_(file) {
  // SQLite would make the file with the umask's mode; secrets are in it.
  const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) fail_errno("open " + file.string());
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail_with(code);
  sqlite3_extended_result_codes(handle, 1);
}

void Database::fail_with(int code) const {
  switch (code & 0xff) {
    case SQLITE_FULL:
      fail("the disk that holds {} is full: nothing was written; free some space and try again", file_.string());
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      fail("{} is corrupt ({}): restore it from a copy, or start anew with `spoke down` and `spoke up`", file_.string(),
           sqlite3_errmsg(handle_.get()));
    case SQLITE_BUSY:
    case SQLITE_LOCKED: fail("{} is in use by another process", file_.string());
    default: fail("{}: {}", file_.string(), sqlite3_errmsg(handle_.get()));
  }
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_with(code);
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database.handle(), sql, -1, &statement, nullptr);
  statement_.reset(statement);
  if (code != SQLITE_OK) database.fail_with(code);
}

Statement& Statement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), at, value);
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  // A null pointer would bind NULL, not the empty text.
  sqlite3_bind_text64(statement_.get(), at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3_reset(statement_.get());
  database_.fail_with(code);
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {data != nullptr ? data : "", static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

}  // namespace spoke::cluster
