"""A GetCallerIdentity request that somebody signed for us to send: what Google's workload identity federation takes from AWS."""
import hashlib
import hmac
import re
import urllib.parse

NEEDED = {"authorization", "host", "x-amz-date", "x-goog-cloud-target-resource"}


def caller(request, audience, keys):
    """The access key's id of the signer; ValueError for anything that AWS or Google would refuse. `keys` are {id: secret}."""
    headers = {item["key"].lower(): item["value"] for item in request["headers"]}
    missing = NEEDED - headers.keys()
    if missing:
        raise ValueError(f"the header {sorted(missing)[0]} is missing")
    if headers["x-goog-cloud-target-resource"] != audience:
        raise ValueError("x-goog-cloud-target-resource is not the audience")
    url = urllib.parse.urlsplit(request["url"])
    if request["method"] != "POST" or "Action=GetCallerIdentity" not in url.query or headers["host"] != url.netloc:
        raise ValueError("it is no POST of GetCallerIdentity to its host")
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([\w-]+)/sts/aws4_request, ?SignedHeaders=([\w;-]+), ?"
                         r"Signature=([0-9a-f]{64})", headers["authorization"])
    if match is None:
        raise ValueError("the Authorization header is not one of AWS signature version 4")
    key, day, region, names, signature = match.groups()
    # The audience's header need not be signed: Google's own clients add it afterwards.
    if not {"host", "x-amz-date"} <= set(names.split(";")):
        raise ValueError("a header that must be signed is not")
    if key not in keys or not hmac.compare_digest(signature, signed(url, headers, names, day, region, keys[key])):
        raise ValueError("the signature does not match")
    return key


def signed(url, headers, names, day, region, secret):
    query = "&".join(sorted(f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
                            for name, value in urllib.parse.parse_qsl(url.query, keep_blank_values=True)))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names.split(";"))
    request = "\n".join(["POST", url.path or "/", query, lines, names, hashlib.sha256(b"").hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], f"{day}/{region}/sts/aws4_request",
                      hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in (day, region, "sts", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
