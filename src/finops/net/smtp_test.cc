#include "finops/net/smtp.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(SmtpServerTest, IsReadFromAUrl) {
  const auto plain = SmtpServer::parse("smtp://Mail.Example:2525");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "mail.example");
  EXPECT_EQ(plain->port, 2525);
  EXPECT_FALSE(plain->has_tls_at_once);
  EXPECT_EQ(SmtpServer::parse("smtp://mail.example/")->port, 587);
  EXPECT_EQ(SmtpServer::parse("smtps://mail.example")->port, 465);
  EXPECT_TRUE(SmtpServer::parse("smtps://mail.example")->has_tls_at_once);
  EXPECT_EQ(SmtpServer::parse("smtps://mail.example:443")->port, 443);
  EXPECT_EQ(SmtpServer::parse("smtp://[::1]:25")->host, "::1");
  EXPECT_EQ(SmtpServer::parse("smtp://[::1]")->port, 587);
}

TEST(SmtpServerTest, NothingElseIsOne) {
  for (const char* text :
       {"", "mail.example", "http://mail.example", "smtp://", "smtp://:25", "smtp://h:0",
        "smtp://h:65536", "smtp://h:x", "smtp://h:", "smtp://u:p@h", "smtp://h/x", "smtp://h/x:25",
        "smtp://h?x", "smtp://h//", "smtp://a b", "smtp://h\r\nX", "SMTP://h"}) {
    EXPECT_FALSE(SmtpServer::parse(text)) << text;
  }
}

}  // namespace
}  // namespace finops
