use std::fmt;

use http::HeaderName;

use crate::scheme::Scheme;

/// What is known of a provider: its scheme, and how well it is known.
///
/// How a provider introduces itself to an endpoint, and which statuses make it give up, become
/// part of it.
#[derive(Clone, Debug)]
pub struct Preset {
    pub(super) title: &'static str,
    pub(super) scheme: Scheme,
    pub(super) evidence: Evidence,
    pub(super) source: &'static str,
    pub(super) notes: &'static str,
}

/// How a preset is known to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// Nobody's code or page was read.
    GeneralKnowledge,
    /// Somebody else's verifier or notes were read.
    ThirdParty,
    /// The provider's documentation was read.
    OfficialDoc,
    /// The provider's own code was read.
    OfficialSdk,
}

impl Evidence {
    /// The evidence's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GeneralKnowledge => "general-knowledge",
            Self::ThirdParty => "third-party",
            Self::OfficialDoc => "official-doc",
            Self::OfficialSdk => "official-sdk",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Preset {
    #[cfg(feature = "public-key")]
    pub(crate) const fn new(
        title: &'static str,
        scheme: Scheme,
        evidence: Evidence,
        source: &'static str,
        notes: &'static str,
    ) -> Self {
        Self {
            title,
            scheme,
            evidence,
            source,
            notes,
        }
    }

    /// The preset's name: lower case, with dashes.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scheme.name().as_str()
    }

    /// The provider's name as it is written.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// A copy of the scheme, to use as it is or to change. Copying it allocates nothing.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme.clone()
    }

    /// The header that the delivery's id stands in. Ask the [scheme](Scheme::covers_id) whether it
    /// is signed.
    #[must_use]
    pub const fn id_header(&self) -> Option<&HeaderName> {
        self.scheme.id_header()
    }

    /// The header that the event's type stands in.
    #[must_use]
    pub const fn event_header(&self) -> Option<&HeaderName> {
        self.scheme.event_header()
    }

    /// How the preset is known to be right.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// What was read.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// What to know when using it; may be empty.
    #[must_use]
    pub const fn notes(&self) -> &'static str {
        self.notes
    }
}

impl From<&Preset> for Scheme {
    fn from(preset: &Preset) -> Self {
        preset.scheme()
    }
}
