#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>

#include "finops/net/aws/credential_chain.h"
#include "finops/net/http.h"
#include "finops/stores/s3/s3_store.h"
#include "tests/contract/object_store_contract.h"

namespace finops {
namespace {

/// "<endpoint> <access key> <secret> <bucket>" of a running server, by tests/support/servers.py.
struct S3Server {
  std::string endpoint, id, secret, bucket;
};

std::optional<S3Server> server_of(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  S3Server server;
  std::istringstream(text) >> server.endpoint >> server.id >> server.secret >> server.bucket;
  return server;
}

/// Each store has keys of its own in the server's bucket.
std::shared_ptr<ObjectStore> s3_store(const char* variable) {
  static std::atomic<int> stores = 0;
  const auto server = server_of(variable);
  if (!server) return nullptr;
  S3Options options{.bucket = server->bucket, .endpoint_url = server->endpoint};
  options.key_prefix =
      "contract-" + std::to_string(getpid()) + "-" + std::to_string(++stores) + "/";
  options.region = "us-east-1";
  // Short ones, so that ordinary objects need several.
  options.range_bytes = 1 << 20;
  options.first_range_bytes = 100'000;
  options.part_bytes = 5 << 20;
  options.longest_single_copy = 6 << 20;
  return make_s3_store(std::move(options), make_http_client({}),
                       given_credentials({server->id, server->secret, "", {}}, "the test"),
                       system_clock());
}

ObjectStoreCase versitygw() {
  // Its objects are files of a folder.
  return {"Versitygw",
          [] { return s3_store("FINOPS_TEST_VERSITYGW"); },
          {.holds_objects_beside_folders = false,
           .holds_long_names = false,
           .etags_are_new = false,
           .server_shows_replacements = true},
          2'100};
}

ObjectStoreCase moto() {
  return {"Moto",
          [] { return s3_store("FINOPS_TEST_MOTO"); },
          {.holds_line_ends = false, .etags_are_new = false, .server_creates_in_two_steps = true},
          2'100};
}

INSTANTIATE_TEST_SUITE_P(S3, ObjectStoreContract, ::testing::Values(versitygw(), moto()), name_of);
INSTANTIATE_TEST_SUITE_P(S3, OddSlashesContract, ::testing::Values(moto()), name_of);

}  // namespace
}  // namespace finops
