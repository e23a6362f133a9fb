use serde_json::Value;
use webhook_core::Timestamp;

use super::{
    FeedError, MAX_FEED_BYTES, MAX_FEED_NETWORKS, date,
    json::{self, Only},
    lines,
};
use crate::{AddressSet, ListError, Network};

/// How many wrong entries are told.
const TOLD: usize = 16;

/// How a list of networks is written, and which of them are taken.
///
/// Entries have the strict form of [`Network`]; a bare address is one.
///
/// ```
/// use webhook_ip_layer::FeedFormat;
///
/// // Amazon's list, one region of it.
/// let format = FeedFormat::json(["prefixes[].ip_prefix"])
///     .with_date("createDate")
///     .only("region", ["eu-west-1"]);
/// let list = br#"{"createDate": "2023-11-14-22-13-20", "prefixes": [
///     {"ip_prefix": "3.4.12.4/32", "region": "eu-west-1", "service": "AMAZON"},
///     {"ip_prefix": "3.5.140.0/22", "region": "ap-northeast-2", "service": "AMAZON"}
/// ]}"#;
/// let (networks, published) = format.parse(list)?;
/// assert_eq!(networks.len(), 1);
/// assert_eq!(published.unwrap().unix_seconds(), 1_700_000_000);
/// # Ok::<_, webhook_ip_layer::FeedError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFormat {
    // Without a place it is lines.
    places: Vec<String>,
    date: Option<String>,
    only: Vec<Only>,
}

impl FeedFormat {
    /// One entry a line; empty lines and those that begin with `#` do not count.
    #[must_use]
    pub const fn lines() -> Self {
        Self {
            places: Vec::new(),
            date: None,
            only: Vec::new(),
        }
    }

    /// JSON, with its entries at these places. A place is `webhooks.prefixes_ipv4[]`: members with
    /// dots between them, `[]` for every element of a list, `*` for every member of an object that
    /// is an object or a list itself.
    #[must_use]
    pub fn json<I>(places: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            places: places.into_iter().map(Into::into).collect(),
            ..Self::lines()
        }
    }

    /// Says which member of the document tells when it was published, in UTC. Default: none does.
    #[must_use]
    pub fn with_date(mut self, member: impl Into<String>) -> Self {
        self.date = Some(member.into());
        self
    }

    /// Takes only those objects of a list whose `member` is one of these values, or a list that
    /// holds one of them: Amazon's `service` and `region`, Atlassian's `product` and `direction`,
    /// the `name` of an Azure service tag. Default: all.
    #[must_use]
    pub fn only<I>(mut self, member: impl Into<String>, values: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.only.push(Only {
            member: member.into(),
            values: values.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Reads a list: its networks, and when it was published where it says so. A pure function.
    ///
    /// # Errors
    ///
    /// Anything that is not of this format, or beyond the bounds: a list is taken whole or not at
    /// all. That it is empty is for the [handle](super::FeedHandle) to judge.
    pub fn parse(&self, bytes: &[u8]) -> Result<(AddressSet, Option<Timestamp>), FeedError> {
        if bytes.len() > MAX_FEED_BYTES {
            return Err(FeedError::TooLarge);
        }
        if self.places.is_empty() {
            return Ok((networks(&lines::entries(bytes)?)?, None));
        }
        let document: Value = serde_json::from_slice(bytes)
            .map_err(|error| FeedError::malformed(&error.to_string()))?;
        let mut entries = Vec::new();
        for place in &self.places {
            json::collect(&document, place, &self.only, &mut entries)?;
        }
        Ok((networks(&entries)?, self.published(&document)?))
    }

    fn published(&self, document: &Value) -> Result<Option<Timestamp>, FeedError> {
        let Some(value) = self.date.as_ref().and_then(|name| document.get(name)) else {
            return Ok(None);
        };
        let date = value.as_str().and_then(date::parse);
        date.map(Some)
            .ok_or_else(|| FeedError::malformed(&format!("{value} is no date")))
    }
}

fn networks(entries: &[&str]) -> Result<AddressSet, FeedError> {
    if entries.len() > MAX_FEED_NETWORKS {
        return Err(FeedError::TooMany);
    }
    let mut errors = Vec::new();
    let parsed = entries.iter().map_while(|entry| {
        let network = entry.parse::<Network>();
        let told = network.map_err(|error| errors.push(error)).ok();
        (errors.len() < TOLD).then_some(told)
    });
    let set = parsed.flatten().collect();
    if errors.is_empty() {
        Ok(set)
    } else {
        Err(FeedError::BadEntries(ListError::new(errors).of("feed")))
    }
}
