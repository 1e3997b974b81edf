#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "finops/core/error.h"

namespace finops {

// For this folder only: nobody else sees libcurl.

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;

/// A fresh handle. libcurl's set-up of the process is by the first one: most commands need none.
inline CurlHandle make_curl_handle() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw Error(ErrorKind::kInternal, "libcurl cannot be initialised");
  CurlHandle curl(curl_easy_init());
  if (!curl) throw Error(ErrorKind::kInternal, "libcurl cannot make a handle");
  return curl;
}

template <typename Value>
void set_option(CURL* curl, CURLoption option, Value value) {
  if (curl_easy_setopt(curl, option, value) != CURLE_OK) {
    throw Error(ErrorKind::kInternal, "libcurl refused option " + std::to_string(option));
  }
}

inline void append_to(CurlList& list, const std::string& line) {
  curl_slist* head = list.release();
  curl_slist* longer = curl_slist_append(head, line.c_str());
  list.reset(longer != nullptr ? longer : head);
  if (longer == nullptr) throw Error(ErrorKind::kInternal, "out of memory for libcurl's lists");
}

/// Whether the server's certificate did not hold.
inline bool is_distrust(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_ISSUER_ERROR;
}

}  // namespace finops
