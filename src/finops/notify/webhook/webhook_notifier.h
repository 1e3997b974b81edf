#pragma once

#include <memory>
#include <string>

#include "finops/core/clock.h"
#include "finops/net/http.h"
#include "finops/notify/notifier.h"

namespace finops {

/// Posts to `url`, in the form of Slack's incoming webhooks: application/json with the message as
/// `text`, and for machines the member `finops` (docs/configuration.md). Who knows the URL can
/// post, so messages name only its host. An attempt takes ten seconds at most; what may pass is
/// tried three times. Throws kInvalidConfig when `url` is no https:// URL (http:// is for this
/// machine only).
std::unique_ptr<Notifier> make_webhook_notifier(const std::string& url,
                                                std::shared_ptr<HttpClient> http, Clock& clock,
                                                std::string finops_version);

}  // namespace finops
