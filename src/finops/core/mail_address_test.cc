#include "finops/core/mail_address.h"

#include <gtest/gtest.h>

#include <string>

namespace finops {
namespace {

TEST(MailAddressTest, IsAMailboxAndNothingElse) {
  for (const char* good : {"finops@mail.example", "a.b+c_d=e@x", "o'neill@a-b.example.org"}) {
    EXPECT_TRUE(is_mail_address(good)) << good;
  }
  for (const char* bad :
       {"",        "@",       "finops",      "finops@", "@mail.example", "a@b@c",
        "a b@c",   "a@b c",   "a@b\r\nX: y", "a\n@b",   "<a@b>",         "A <a@b>",
        "a@b,c@d", "a..b@c",  ".a@b",        "a.@b",    "a@.b",          "a@b.",
        "a@-b",    "\"a\"@b", "größe@b",     "a@größe", "a@[127.0.0.1]"}) {
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  }
  EXPECT_FALSE(is_mail_address(std::string("a\0@b", 4)));
  EXPECT_FALSE(is_mail_address(std::string(65, 'a') + "@b"));
  EXPECT_FALSE(is_mail_address("a@" + std::string(253, 'b')));
}

}  // namespace
}  // namespace finops
