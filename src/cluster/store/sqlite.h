// The little of SQLite that the store needs, with errors that say what to do.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"

namespace spoke::cluster {

class Database;

// A prepared statement. bind(1, ...) counts from one, column(0) from zero, as SQLite does.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);  // must live until step()
  bool step();                                     // whether there is a row
  void reset();
  void execute() {
    step();
    reset();
  }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  explicit Database(const Path& file);  // makes it 0600 where it is not there
  void execute(const char* sql);
  [[noreturn]] void fail_with(int code) const;
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* d) const { sqlite3_close(d); }
  };
  Path file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace spoke::cluster
