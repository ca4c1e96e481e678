#include "image/layer_writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image/archive_reader.h"
#include "image/test_archives.h"

namespace spoke::image {
namespace {

using test::file;
using test::folder;
using test::hardlink;
using test::Item;
using test::symlink;

class LayerWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(layer().c_str(), 0700), 0);
    write_file(scratch_.path() / "outside", "untouched");
  }

  void write(const std::vector<Item>& items) {
    const std::string tar = test::make_tar(items);
    bool given = false;
    ArchiveReader reader(ArchiveReader::Format::Tar, [&]() -> std::string_view {
      return std::exchange(given, true) ? std::string_view{} : std::string_view(tar);
    });
    LayerWriter writer(layer());
    while (archive_entry* entry = reader.next()) writer.add(entry, reader);
    writer.finish();
  }

  std::string refusal(const std::vector<Item>& items) {
    try {
      write(items);
    } catch (const Error& e) {
      EXPECT_EQ(read_file(scratch_.path() / "outside"), "untouched");
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch_.path()), {}), 2) << "only layer and outside";
      return e.what();
    }
    return "";
  }

  Path layer() const { return scratch_.path() / "layer"; }

  struct stat look(const std::string& path) const {
    struct stat s{};
    EXPECT_EQ(::lstat((layer() / path).c_str(), &s), 0) << path;
    return s;
  }
  bool there(const std::string& path) const {
    struct stat s{};
    return ::lstat((layer() / path).c_str(), &s) == 0;
  }
  bool is_whiteout(const std::string& path) const {
    const struct stat s = look(path);
    return S_ISCHR(s.st_mode) && s.st_rdev == makedev(0, 0);
  }
  bool is_opaque(const std::string& path) const {
    char value = 0;
    const Path folder = layer() / path;
    return (::lgetxattr(folder.c_str(), "trusted.overlay.opaque", &value, 1) == 1 ||
            ::lgetxattr(folder.c_str(), "user.overlay.opaque", &value, 1) == 1) &&
           value == 'y';
  }

  test::Scratch scratch_;
};

TEST_F(LayerWriterTest, FilesFoldersAndLinks) {
  write({folder("./", 0755), folder("usr/"), folder("usr/bin/", 0555), file("usr/bin/a", "#!", 04755),
         symlink("bin", "usr/bin"), hardlink("usr/bin/b", "usr/bin/a"), symlink("abs", "/etc/passwd"),
         file("deep/er/x", "y"), file("empty")});
  EXPECT_EQ(read_file(layer() / "usr/bin/a"), "#!");
  EXPECT_EQ(look("usr/bin").st_mode & 07777, ::geteuid() == 0 ? 0555U : 0755U);
  EXPECT_EQ(look("usr/bin/a").st_mode & 07777, 04755U);
  EXPECT_EQ(look("usr/bin/a").st_mtim.tv_sec, 1700000000);
  EXPECT_EQ(look("usr/bin").st_mtim.tv_sec, 1700000000);
  EXPECT_EQ(look("usr/bin/a").st_ino, look("usr/bin/b").st_ino);
  EXPECT_EQ(std::filesystem::read_symlink(layer() / "bin"), "usr/bin");
  EXPECT_EQ(std::filesystem::read_symlink(layer() / "abs"), "/etc/passwd");
  EXPECT_EQ(read_file(layer() / "deep/er/x"), "y");
  EXPECT_EQ(look("empty").st_size, 0);
}

TEST_F(LayerWriterTest, NamesAreBytes) {
  write({file("gr\xc3\xbc\xc3\x9f", "1"), file("latin-\xfc", "2"),
         file(std::string(200, 'n') + "/" + std::string(200, 'm'), "3")});
  EXPECT_EQ(read_file(layer() / "gr\xc3\xbc\xc3\x9f"), "1");
  EXPECT_EQ(read_file(layer() / "latin-\xfc"), "2");
  EXPECT_EQ(read_file(layer() / std::string(200, 'n') / std::string(200, 'm')), "3");
}

TEST_F(LayerWriterTest, OwnersAreKeptByRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "root gives files away";
  write({{"f", S_IFREG, "x", 04750, false, {}, 185}, {"d", S_IFDIR, "", 01777, false, {}, 185}});
  EXPECT_EQ(look("f").st_uid, 185U);
  EXPECT_EQ(look("f").st_mode & 07777, 04750U) << "chown clears set-user-id, which comes after it";
  EXPECT_EQ(look("d").st_mode & 07777, 01777U);
}

TEST_F(LayerWriterTest, WhiteoutsBecomeOverlays) {
  write({folder("etc"), file("etc/.wh.passwd"), file(".wh.opt"), folder("var"), file("var/.wh..wh..opq"),
         file("var/new", "n"), file("a/b/.wh.c"), file(".wh..wh.plnk"), folder("same"), file(".wh.same"),
         file(".wh.again"), folder("again"), file(".wh.f"), file("f", "new"), file(".wh.way"), file("way/in", "x")});
  EXPECT_TRUE(is_whiteout("etc/passwd"));
  EXPECT_TRUE(is_whiteout("opt"));
  EXPECT_TRUE(is_whiteout("a/b/c"));
  EXPECT_TRUE(is_opaque("var"));
  EXPECT_EQ(read_file(layer() / "var/new"), "n");
  EXPECT_FALSE(there("var/.wh..wh..opq"));
  EXPECT_FALSE(there(".wh..wh.plnk"));
  EXPECT_FALSE(is_opaque("etc"));
  // A name that is hidden and there again: what was below it stays hidden, in whichever order the two come.
  for (const char* name : {"same", "again", "way"}) EXPECT_TRUE(S_ISDIR(look(name).st_mode) && is_opaque(name)) << name;
  EXPECT_EQ(read_file(layer() / "f"), "new");
}

TEST_F(LayerWriterTest, ALaterEntryReplacesAnEarlierOne) {
  write({file("f", "long content"), file("f", "new"), symlink("l", "f"), file("l", "file now"), folder("d", 0700),
         folder("d", 0711), hardlink("h", "f"), hardlink("h", "f")});
  EXPECT_EQ(read_file(layer() / "f"), "new");
  EXPECT_EQ(read_file(layer() / "l"), "file now");
  EXPECT_EQ(look("d").st_mode & 07777, 0711U);
  EXPECT_EQ(look("h").st_ino, look("f").st_ino);
}

TEST_F(LayerWriterTest, PathsThatLeadOutAreRefused) {
  EXPECT_EQ(refusal({file("/outside", "x")}), "/outside: its path is absolute");
  EXPECT_EQ(refusal({file("../outside", "x")}), "../outside: its path leads out of the layer with ..");
  EXPECT_NE(refusal({file("a/../../outside", "x")}), "");
  EXPECT_NE(refusal({file("a/..", "x")}), "");
  EXPECT_NE(refusal({folder("..", 0777)}), "");
  EXPECT_NE(refusal({folder("/", 0777)}), "");
  EXPECT_NE(refusal({file(std::string(300, 'x'), "x")}), "");
}

TEST_F(LayerWriterTest, NoWayLeadsThroughALink) {
  EXPECT_EQ(refusal({symlink("up", ".."), file("up/outside", "x")}),
            "up/outside: its path leads through a symbolic link");
  EXPECT_NE(refusal({symlink("abs", scratch_.path()), file("abs/outside", "x")}), "");
  EXPECT_NE(refusal({symlink("l", "."), file("l/x", "x")}), "") << "even where it stays inside";
  EXPECT_NE(refusal({folder("d"), symlink("d/up", "../.."), folder("d/up/e/f")}), "");
  EXPECT_NE(refusal({symlink("w", ".."), file("w/.wh.outside")}), "");
  EXPECT_NE(refusal({file("f", "x"), file("f/g", "x")}), "") << "nor through a file";
}

TEST_F(LayerWriterTest, AFileReplacesALinkAndNeverItsTarget) {
  write({symlink("l", "../outside"), file("l", "mine")});
  EXPECT_EQ(read_file(scratch_.path() / "outside"), "untouched");
  EXPECT_EQ(read_file(layer() / "l"), "mine");
  write({symlink("d", ".."), folder("d", 0777)});
  EXPECT_TRUE(S_ISDIR(look("d").st_mode)) << "a folder takes the link's place";
}

TEST_F(LayerWriterTest, HardLinksStayInTheLayer) {
  for (const char* target : {"../outside", "/etc/passwd", "absent", "", "a/../../outside", "."})
    EXPECT_NE(refusal({hardlink("h", *target == 0 ? "./" : target)}), "") << target;
  EXPECT_NE(refusal({symlink("up", ".."), hardlink("h", "up/outside")}), "");
  EXPECT_NE(refusal({folder("d"), hardlink("h", "d")}), "");
  EXPECT_NE(refusal({file(".wh.w"), hardlink("h", "w")}), "");
}

TEST_F(LayerWriterTest, HostileWhiteoutsAreRefused) {
  for (const char* name : {".wh.", ".wh..", ".wh...", "a/.wh.."}) EXPECT_NE(refusal({file(name)}), "") << name;
}

TEST_F(LayerWriterTest, OverlayAttributesAreDropped) {
  write({{"f",
          S_IFREG,
          "x",
          0644,
          false,
          {{"user.note", "kept"},
           {"trusted.overlay.redirect", "/etc"},
           {"user.overlay.redirect", "/etc"},
           {"trusted.overlay.metacopy", ""},
           {"security.selinux", "x"}}}});
  char buffer[256];
  const ssize_t n = ::listxattr((layer() / "f").c_str(), buffer, sizeof buffer);
  ASSERT_GE(n, 0);
  EXPECT_EQ(std::string(buffer, static_cast<size_t>(n)), std::string("user.note\0", 10));
}

TEST_F(LayerWriterTest, DevicesAreRootsPipesAreAnyones) {
  write({{"null", S_IFCHR, "", 0666}, {"pipe", S_IFIFO, "", 0622}});
  EXPECT_EQ(there("null"), ::geteuid() == 0);
  EXPECT_TRUE(S_ISFIFO(look("pipe").st_mode));
  EXPECT_EQ(look("pipe").st_mode & 07777, 0622U);
}

}  // namespace
}  // namespace spoke::image
