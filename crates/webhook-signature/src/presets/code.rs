//! Code hosting, builds and deployments.

use super::{
    Preset,
    spec::{basic, hmac, token, unsigned},
    texts::TIMESTAMP_DOT_BODY,
};
use crate::scheme::Primitive;

/// GitHub: HMAC-SHA256 in `X-Hub-Signature-256`.
pub static GITHUB: Preset = hmac("github", "GitHub")
    .header("x-hub-signature-256")
    .prefix("sha256=")
    .id("x-github-delivery")
    .event("x-github-event")
    .doc("github/docs: content/webhooks/using-webhooks/validating-webhook-deliveries.md")
    .notes("No timestamp, so replay is only stopped by X-GitHub-Delivery. With content type form, the MAC covers the urlencoded body and the JSON is in field `payload`. Redelivery keeps the delivery id. Official JS SDK refuses an empty body and any upper-case hex.")
    .addresses("https://api.github.com/meta JSON object, key `hooks` = array of CIDR strings (v4 and v6); ranges were last extended on 2026-10-29 (github.blog changelog)")
    .preset();

/// GitHub (legacy SHA-1): HMAC-SHA1 in `X-Hub-Signature`.
pub static GITHUB_SHA1: Preset = hmac("github-sha1", "GitHub (legacy SHA-1)")
    .with(Primitive::HmacSha1)
    .header("x-hub-signature")
    .prefix("sha1=")
    .id("x-github-delivery")
    .event("x-github-event")
    .third_party("google/go-github: github/messages_test.go")
    .notes("Sent beside the SHA-256 header. Some libraries pick the algorithm from the prefix (sha1, sha256, sha512): a downgrade if SHA-1 is not switched off.")
    .preset();

/// GitLab (secret token): the secret itself in `X-Gitlab-Token`.
pub static GITLAB: Preset = token("gitlab", "GitLab (secret token)")
    .header("x-gitlab-token")
    .id("x-gitlab-event-uuid")
    .event("x-gitlab-event")
    .doc("gitlabhq/gitlabhq: doc/user/project/integrations/webhooks.md")
    .notes("Plain comparison; body is not authenticated. Idempotency-Key is also sent and is stable over retries; X-Gitlab-Webhook-UUID identifies the hook.")
    .addresses("GitLab.com: docs.gitlab.com/user/gitlab_com (fixed ranges in prose)")
    .preset();

/// GitLab (signing token): HMAC-SHA256 in `webhook-signature`.
pub static GITLAB_SIGNING_TOKEN: Preset = hmac("gitlab-signing-token", "GitLab (signing token)")
    .standard()
    .event("x-gitlab-event")
    .doc("https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944 and 231325")
    .notes("Standard Webhooks wire format; webhook-id equals Idempotency-Key; the token is whsec_ + base64 of exactly 32 bytes; may be configured together with X-Gitlab-Token.")
    .preset();

/// Bitbucket Cloud: HMAC-SHA256 in `X-Hub-Signature`.
pub static BITBUCKET_CLOUD: Preset = hmac("bitbucket-cloud", "Bitbucket Cloud")
    .header("x-hub-signature")
    .prefix("sha256=")
    .id("x-request-uuid")
    .event("x-event-key")
    .third_party("nuxt-webhook-validators bitbucket.js, adnanh/webhook issue 662; https://bitbucket.org/blog/enhanced-webhook-security announces it")
    .notes("Same header NAME as GitHub's SHA-1 header but carries sha256. Unsigned when no secret is set. X-Hook-UUID identifies the hook and is no secret. X-Attempt-Number counts retries.")
    .addresses("https://ip-ranges.atlassian.com/ JSON: items[].cidr with product[] and direction[] to filter on")
    .preset();

/// Bitbucket Data Center: HMAC-SHA256 in `X-Hub-Signature`.
pub static BITBUCKET_SERVER: Preset = hmac("bitbucket-server", "Bitbucket Data Center")
    .header("x-hub-signature")
    .prefix("sha256=")
    .id("x-request-id")
    .event("x-event-key")
    .third_party("@coderabbitai/bitbucket type docs quoting Atlassian")
    .notes("Algorithm is a server setting (HMACSha256 by default); HTTP Basic may be used instead.")
    .challenge("The connection test sends event diagnostics:ping with body {\"test\":true}; it may arrive unsigned: answer 200")
    .preset();

/// Gitea: HMAC-SHA256 in `X-Gitea-Signature`.
pub static GITEA: Preset = hmac("gitea", "Gitea")
    .header("x-gitea-signature")
    .id("x-gitea-delivery")
    .event("x-gitea-event")
    .third_party("go-gitea/gitea: services/webhook/deliver.go (not re-read here); go-playground/webhooks gitea")
    .notes("Also sends X-Gogs-Signature {hex}, X-Hub-Signature sha1={hex} and X-Hub-Signature-256 sha256={hex} over the same body, and an optional Authorization header. Signature header is present and empty when no secret is set.")
    .preset();

/// Forgejo: HMAC-SHA256 in `X-Forgejo-Signature`.
pub static FORGEJO: Preset = hmac("forgejo", "Forgejo")
    .header("x-forgejo-signature")
    .id("x-forgejo-delivery")
    .event("x-forgejo-event")
    .third_party("docs.rs isb-apps webhook module; Gitea-compatible headers")
    .notes("Sends the Gitea, Gogs and GitHub header families too.")
    .preset();

/// Gogs: HMAC-SHA256 in `X-Gogs-Signature`.
pub static GOGS: Preset = hmac("gogs", "Gogs")
    .header("x-gogs-signature")
    .id("x-gogs-delivery")
    .event("x-gogs-event")
    .sdk("gogs/gogs: internal/database/webhook.go")
    .notes("Bare lower-case hex, no prefix.")
    .preset();

/// Azure DevOps service hooks: user and password in `Authorization`.
pub static AZURE_DEVOPS: Preset = basic("azure-devops", "Azure DevOps service hooks")
    .third_party("go-playground/webhooks azuredevops")
    .notes("No signature; Basic credentials or a custom header configured per subscription; event type is body eventType, id is body id.")
    .preset();

/// npm hooks: HMAC-SHA256 in `x-npm-signature`.
pub static NPM: Preset = hmac("npm", "npm hooks")
    .header("x-npm-signature")
    .prefix("sha256=")
    .sdk("npm/npm-hook-receiver: index.js")
    .notes("Service retired for new hooks.")
    .preset();

/// Docker Hub: nothing to verify.
pub static DOCKER_HUB: Preset = unsigned("docker-hub", "Docker Hub")
    .third_party("go-playground/webhooks docker")
    .notes("NOT VERIFIABLE: nothing is signed. Check the host of callback_url before it is used.")
    .challenge("none; optionally POST to callback_url of the body to confirm")
    .preset();

/// Snyk: HMAC-SHA256 in `X-Hub-Signature`.
pub static SNYK: Preset = hmac("snyk", "Snyk")
    .header("x-hub-signature")
    .prefix("sha256=")
    .event("x-snyk-event")
    .third_party("trigger.dev research notes citing docs.snyk.io")
    .notes("Third meaning of X-Hub-Signature.")
    .preset();

/// Doppler: HMAC-SHA256 in `X-Doppler-Signature`.
pub static DOPPLER: Preset = hmac("doppler", "Doppler")
    .header("x-doppler-signature")
    .prefix("sha256=")
    .third_party("@hookflo/tern platform table")
    .notes("Optional.")
    .preset();

/// CircleCI: HMAC-SHA256 in `circleci-signature`.
pub static CIRCLECI: Preset = hmac("circleci", "CircleCI")
    .header("circleci-signature")
    .list(b',', b'=', "v1")
    .event("circleci-event-type")
    .doc("circleci/circleci-docs: docs/guides/modules/integration/pages/outbound-webhooks.adoc")
    .notes("List of versions; docs: check only the latest to stop downgrades. No timestamp. Docs print four test vectors.")
    .preset();

/// Buildkite: HMAC-SHA256 in `X-Buildkite-Signature`.
pub static BUILDKITE: Preset = hmac("buildkite", "Buildkite")
    .header("x-buildkite-signature")
    .stamped(b',', "timestamp", "signature")
    .text(&TIMESTAMP_DOT_BODY)
    .event("x-buildkite-event")
    .doc("buildkite/docs: pages/apis/webhooks/_webhook_signature.md")
    .notes("Alternatively X-Buildkite-Token holds the secret itself.")
    .addresses("api.buildkite.com/v2/meta JSON, key webhook_ips")
    .preset();

/// Vercel: HMAC-SHA1 in `x-vercel-signature`.
pub static VERCEL: Preset = hmac("vercel", "Vercel")
    .with(Primitive::HmacSha1)
    .header("x-vercel-signature")
    .third_party("simstudioai/sim and nuxt-webhook-validators vercel.js")
    .notes("SHA-1; @hookflo/tern lists SHA-256, which is wrong. Log drains use the same header.")
    .preset();

/// Heroku: HMAC-SHA256 in `Heroku-Webhook-Hmac-SHA256`.
pub static HEROKU: Preset = hmac("heroku", "Heroku")
    .header("heroku-webhook-hmac-sha256")
    .base64()
    .third_party("nuxt-webhook-validators heroku.js")
    .notes("An Authorization value may be set beside it.")
    .preset();

/// HCP Terraform: HMAC-SHA512 in `X-TFE-Notification-Signature`.
pub static TERRAFORM_CLOUD: Preset = hmac("terraform-cloud", "HCP Terraform")
    .with(Primitive::HmacSha512)
    .header("x-tfe-notification-signature")
    .doc("https://developer.hashicorp.com/terraform/cloud-docs/api-docs/notification-configurations (Notification Authenticity)")
    .notes("SHA-512. Signed only where the notification has a token.")
    .challenge("A verification POST with trigger `verification` is sent on creation; any 2xx passes")
    .preset();

/// Sonatype Nexus: HMAC-SHA1 in `X-Nexus-Webhook-Signature`.
pub static SONATYPE_NEXUS: Preset = hmac("sonatype-nexus", "Sonatype Nexus")
    .with(Primitive::HmacSha1)
    .header("x-nexus-webhook-signature")
    .id("x-nexus-webhook-delivery")
    .event("x-nexus-webhook-id")
    .third_party("fluxcd/flux-recv: nexus.go")
    .notes("The MAC is over the JSON as Nexus serialises it.")
    .preset();

/// LaunchDarkly: HMAC-SHA256 in `X-LD-Signature`.
pub static LAUNCHDARKLY: Preset = hmac("launchdarkly", "LaunchDarkly")
    .header("x-ld-signature")
    .doc("https://launchdarkly.com/docs/home/infrastructure/webhooks")
    .notes("Signed only where the webhook has a secret.")
    .preset();
