"""Holds deliveries against the SDKs of PyPI: a case a line on stdin, an answer a line on stdout.

An SDK refuses by raising or by answering False."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs

import slack_sdk.signature
import standardwebhooks
import stripe
import svix.webhooks
import twilio.request_validator


class Form(dict):
    """The fields of a form with all their values, as the web frameworks hand them over."""

    getlist = dict.__getitem__


def verify_twilio(body, headers, secret, name, url):
    form = Form(parse_qs(body, keep_blank_values=True)) if name.startswith("form") else body
    validator = twilio.request_validator.RequestValidator(secret)
    return validator.validate(url, form, headers["x-twilio-signature"])


# How the provider's own SDK verifies, for each preset.
VERIFY = {
    "slack": lambda body, headers, secret, **_: (
        slack_sdk.signature.SignatureVerifier(secret).is_valid_request(body, headers)
    ),
    "standard-webhooks": lambda body, headers, secret, **_: (
        standardwebhooks.Webhook(secret).verify(body, headers, json_parse=False)
    ),
    "stripe": lambda body, headers, secret, **_: (
        stripe.WebhookSignature.verify_header(body, headers["stripe-signature"], secret, 300)
    ),
    "svix": lambda body, headers, secret, **_: svix.webhooks.Webhook(secret).verify(body, headers),
    "twilio": verify_twilio,
}


def sign(preset, name, path, url, secret):
    """The headers of a delivery, signed now."""
    kind = "x-www-form-urlencoded" if name.startswith("form") else "json"
    delivery = ["--body", path, "--url", url, "-H", f"content-type: application/{kind}"]
    signing = ["sign", "--format=json", "--provider", preset, "--secret-env=WEBHOOK_SECRET"]
    command = [os.environ["WEBHOOK_PROGRAM"], *signing, *delivery]
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True)
    if answer.returncode != 0:
        raise RuntimeError(answer.stderr)
    return dict(json.loads(answer.stdout)["headers"])


def changed(body):
    """The body with its last digit or newline changed, so that JSON stays JSON."""
    other = lambda last: " " if last[0] == "\n" else str(int(last[0]) ^ 1)
    return re.sub(r"[0-9\n](?=[^0-9\n]*\Z)", other, body) if re.search(r"[0-9\n]", body) else body + "x"


def refusal(preset, **delivery):
    """Why the SDK refuses the delivery, if it does."""
    try:
        return "answered False" if VERIFY[preset](**delivery) is False else ""
    except Exception as error:
        return repr(error)


def fault(preset, name, path, url, secret):
    body = Path(path).read_bytes().decode()
    headers = sign(preset, name, path, url, secret)
    delivery = {"preset": preset, "headers": headers, "secret": secret, "name": name, "url": url}
    if reason := refusal(body=body, **delivery):
        return f"refused: {reason}"
    return "" if refusal(body=changed(body), **delivery) else "accepted with a changed byte"


for line in sys.stdin:
    source, preset, name, *rest = line.rstrip("\n").split("\t")
    try:
        found = fault(preset, name, *rest)
    except Exception as error:
        found = repr(error)
    title = f"{preset} ({source}): {name}"
    print(f"FAIL  {title}: {found}" if found else f"ok    {title}", flush=True)
