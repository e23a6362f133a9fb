use super::FeedFormat;

/// Where a provider publishes its addresses, and how.
#[derive(Debug)]
#[non_exhaustive]
pub struct Provider {
    /// The provider's name, that of its signature preset where there is one.
    pub name: &'static str,
    /// Where the list is published.
    pub url: &'static str,
    form: Form,
    only: &'static [(&'static str, &'static str)],
}

#[derive(Debug)]
enum Form {
    Lines,
    Json {
        places: &'static [&'static str],
        date: Option<&'static str>,
    },
}

impl Provider {
    const fn lines(name: &'static str, url: &'static str) -> Self {
        Self {
            name,
            url,
            form: Form::Lines,
            only: &[],
        }
    }

    const fn json(name: &'static str, url: &'static str, places: &'static [&'static str]) -> Self {
        Self {
            name,
            url,
            form: Form::Json { places, date: None },
            only: &[],
        }
    }

    const fn dated(self, member: &'static str) -> Self {
        let form = match self.form {
            Form::Lines => Form::Lines,
            Form::Json { places, .. } => Form::Json {
                places,
                date: Some(member),
            },
        };
        Self { form, ..self }
    }

    const fn only(self, only: &'static [(&'static str, &'static str)]) -> Self {
        Self { only, ..self }
    }

    const fn amazon(name: &'static str) -> Self {
        let url = "https://ip-ranges.amazonaws.com/ip-ranges.json";
        Self::json(
            name,
            url,
            &["prefixes[].ip_prefix", "ipv6_prefixes[].ipv6_prefix"],
        )
        .dated("createDate")
    }

    const fn atlassian(name: &'static str, only: &'static [(&'static str, &'static str)]) -> Self {
        Self::json(name, "https://ip-ranges.atlassian.com/", &["items[].cidr"])
            .dated("creationDate")
            .only(only)
    }

    const fn google(name: &'static str, url: &'static str) -> Self {
        Self::json(
            name,
            url,
            &["prefixes[].ipv4Prefix", "prefixes[].ipv6Prefix"],
        )
        .dated("creationTime")
    }

    /// How the list is written, with the filters that pick the provider's own senders.
    #[must_use]
    pub fn format(&self) -> FeedFormat {
        let format = match self.form {
            Form::Lines => FeedFormat::lines(),
            Form::Json { places, date } => {
                let format = FeedFormat::json(places.iter().copied());
                match date {
                    Some(member) => format.with_date(member),
                    None => format,
                }
            }
        };
        self.only.iter().fold(format, |format, (member, value)| {
            format.only(*member, [*value])
        })
    }
}

/// The provider of this name.
#[must_use]
pub fn provider(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// The providers that publish their addresses in a form that a program can read, in the order of
/// names.
///
/// A list of a whole cloud (`aws`, `azure`, `google-cloud`) holds every customer of that cloud. Take
/// the service and the region that you know from it with [`FeedFormat::only`], and trust it no
/// further than that.
pub static PROVIDERS: [Provider; 24] = [
    Provider::atlassian("atlassian", &[("direction", "egress")]),
    Provider::amazon("aws"),
    // There is no service key for SNS; `AMAZON` holds all of them.
    Provider::amazon("aws-sns").only(&[("service", "AMAZON")]),
    // The page of service tag 56519 names the file of the week.
    Provider::json(
        "azure",
        "https://www.microsoft.com/en-us/download/details.aspx?id=56519",
        &["values[].properties.addressPrefixes[]"],
    ),
    Provider::atlassian(
        "bitbucket-cloud",
        &[("product", "bitbucket"), ("direction", "egress")],
    ),
    Provider::json(
        "buildkite",
        "https://api.buildkite.com/v2/meta",
        &["webhook_ips[]"],
    ),
    Provider::lines(
        "checkout",
        "https://checkout.com/docs/public/files/ip-lists/webhooks-live.txt",
    ),
    Provider::lines(
        "checkout-sandbox",
        "https://checkout.com/docs/public/files/ip-lists/webhooks-sandbox.txt",
    ),
    Provider::json(
        "cloudflare",
        "https://api.cloudflare.com/client/v4/ips",
        &["result.ipv4_cidrs[]", "result.ipv6_cidrs[]"],
    ),
    Provider::lines("cloudflare-ipv4", "https://www.cloudflare.com/ips-v4"),
    Provider::lines("cloudflare-ipv6", "https://www.cloudflare.com/ips-v6"),
    Provider::json(
        "datadog",
        "https://ip-ranges.datadoghq.com",
        &["webhooks.prefixes_ipv4[]", "webhooks.prefixes_ipv6[]"],
    )
    .dated("modified"),
    Provider::json(
        "fastly",
        "https://api.fastly.com/public-ip-list",
        &["addresses[]", "ipv6_addresses[]"],
    ),
    Provider::json("github", "https://api.github.com/meta", &["hooks[]"]),
    Provider::google("google", "https://www.gstatic.com/ipranges/goog.json"),
    Provider::google(
        "google-cloud",
        "https://www.gstatic.com/ipranges/cloud.json",
    ),
    Provider::atlassian("jira", &[("product", "jira"), ("direction", "egress")]),
    // One query parameter, `clientrequestid`, has to be a UUID.
    Provider::json(
        "microsoft-graph",
        "https://endpoints.office.com/endpoints/worldwide",
        &["[].ips[]"],
    ),
    Provider::json(
        "okta",
        "https://s3.amazonaws.com/okta-ip-ranges/ip_ranges.json",
        &["*.ip_ranges[]"],
    ),
    Provider::json(
        "paddle",
        "https://api.paddle.com/ips",
        &["data.ipv4_cidrs[]"],
    ),
    Provider::json(
        "pagerduty",
        "https://developer.pagerduty.com/ip-safelists/webhooks-us-service-region-json",
        &["[]"],
    ),
    Provider::json(
        "pagerduty-eu",
        "https://developer.pagerduty.com/ip-safelists/webhooks-eu-service-region-json",
        &["[]"],
    ),
    Provider::json(
        "stripe",
        "https://stripe.com/files/ips/ips_webhooks.json",
        &["WEBHOOKS[]"],
    ),
    Provider::atlassian("trello", &[("product", "trello"), ("direction", "egress")]),
];
