#include "finops/notify/email/mail_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr TimePoint kTime{std::chrono::sys_days(std::chrono::year(2026) / 6 / 1)};

std::string text_of_mail(const std::string& subject, const std::string& text) {
  return rfc5322_text({.from = "finops@mail.example",
                       .to = {"a@x.example", "b@y.example"},
                       .subject = subject,
                       .text = text,
                       .time = kTime,
                       .id = "1@mail.example"});
}

std::string body_of(const std::string& mail) { return mail.substr(mail.find("\r\n\r\n") + 4); }

TEST(MailMessageTest, HasTheHeadersOfAMailThatAProgramSends) {
  EXPECT_EQ(text_of_mail("2 new problems", "one\ntwo"),
            "Date: Mon, 01 Jun 2026 00:00:00 +0000\r\n"
            "Message-ID: <1@mail.example>\r\n"
            "From: finops <finops@mail.example>\r\n"
            "To: a@x.example,\r\n b@y.example\r\n"
            "Subject: 2 new problems\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "one\r\ntwo\r\n");
}

TEST(MailMessageTest, ASubjectCannotBeginAnotherHeader) {
  const std::string mail = text_of_mail("a\r\nBcc: everybody@x.example\n\nbody", "text");
  EXPECT_THAT(mail, HasSubstr("Subject: a  Bcc: everybody@x.example  body\r\n"));
  EXPECT_THAT(mail, Not(HasSubstr("\nBcc")));
  EXPECT_EQ(body_of(mail), "text\r\n");
}

TEST(MailMessageTest, ASubjectOfOtherLettersIsEncodedInWholeCharacters) {
  EXPECT_THAT(text_of_mail("Größe = 1_2", ""),
              HasSubstr("Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe_=3D_1=5F2?=\r\n"));
  EXPECT_THAT(text_of_mail("=?utf-8?Q?x?=", ""), Not(HasSubstr("Subject: =?utf-8?Q?x?=\r\n")));
  std::string coins;
  for (int i = 0; i < 30; ++i) coins += "💶";
  const std::string mail = text_of_mail(coins, "");
  std::istringstream lines(mail.substr(mail.find("Subject: ")));
  std::string line, all;
  for (bool is_first = true; std::getline(lines, line) && (is_first || line.starts_with(' '));
       is_first = false) {
    EXPECT_LE(line.size(), 78u) << line;  // with the CR
    const std::size_t begin = line.find("?Q?") + 3;
    const std::string word = line.substr(begin, line.find("?=", begin) - begin);
    EXPECT_EQ(word.size() % 12, 0u) << "cut within a character: " << line;
    all += word;
  }
  EXPECT_EQ(all.size(), 30u * 12);
}

TEST(MailMessageTest, ALongTextKeepsItsLinesShortAndItsBytes) {
  const std::string blanks = text_of_mail("s", "ends with a blank \n\ttab\n= € .");
  EXPECT_EQ(body_of(blanks), "ends with a blank=20\r\n\ttab\r\n=3D =E2=82=AC .\r\n");
  const std::string body = body_of(text_of_mail("s", std::string(500, 'x') + std::string(60, '=')));
  std::istringstream lines(body);
  std::string line, joined;
  while (std::getline(lines, line)) {
    ASSERT_TRUE(line.ends_with('\r'));
    line.pop_back();
    EXPECT_LE(line.size(), 76u);
    if (line.ends_with('=')) line.pop_back();
    joined += line;
  }
  std::string expected(500, 'x');
  for (int i = 0; i < 60; ++i) expected += "=3D";
  EXPECT_EQ(joined, expected);
}

TEST(MailMessageTest, IsAsciiWithoutControlCharacters) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const char c : text_of_mail(all, all)) {
    EXPECT_TRUE((c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' || c == '\t')
        << static_cast<int>(c);
  }
}

}  // namespace
}  // namespace finops
