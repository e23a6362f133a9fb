use webhook_core::Reason;

use crate::{candidates::Candidates, scheme::Encoding, verify::Key};

/// What must be shown of a delivery: one claim of each group.
pub(crate) struct Claims {
    pub(crate) groups: Vec<Vec<Claim>>,
    /// The signed timestamp's text, where the body holds it.
    pub(crate) timestamp: Option<Vec<u8>>,
    /// The delivery's id, where the body holds it.
    pub(crate) id: Option<String>,
    /// The event's type, where the body holds it.
    pub(crate) event: Option<String>,
}

/// That one of the signatures is that of one of the texts.
pub(crate) struct Claim {
    pub(crate) texts: Vec<Vec<u8>>,
    pub(crate) signatures: Candidates,
    pub(crate) key: WhichKey,
}

/// Which keys may have made a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhichKey {
    Any,
    /// The one that the provider calls this; keys without a name may have, too.
    Named(Vec<u8>),
    /// The one in this place.
    Slot(usize),
}

impl Claims {
    pub(crate) fn of(claim: Claim) -> Self {
        Self::all(vec![vec![claim]])
    }

    pub(crate) const fn all(groups: Vec<Vec<Claim>>) -> Self {
        Self {
            groups,
            timestamp: None,
            id: None,
            event: None,
        }
    }

    /// Whether the key made what must be shown. Claiming nothing shows nothing.
    pub(crate) fn hold(&self, key: &Key) -> bool {
        let holds = |group: &Vec<Claim>| group.iter().any(|claim| claim.holds(key));
        !self.groups.is_empty() && self.groups.iter().all(holds)
    }
}

impl Claim {
    /// That any key made one of these signatures.
    pub(crate) const fn new(texts: Vec<Vec<u8>>, signatures: Candidates) -> Self {
        Self {
            texts,
            signatures,
            key: WhichKey::Any,
        }
    }

    fn holds(&self, key: &Key) -> bool {
        let made = |text: &Vec<u8>| {
            let tag = key.mac.tag_of(text);
            self.signatures.contain(tag.as_slice())
        };
        key.may_be(&self.key) && self.texts.iter().any(made)
    }
}

/// The one signature that this text is.
pub(crate) fn signature(
    text: &[u8],
    encoding: Encoding,
    length: usize,
) -> Result<Candidates, Reason> {
    if text.is_empty() {
        return Err(Reason::SignatureMissing);
    }
    let mut candidates = Candidates::new(length);
    candidates.push(|out| encoding.decode(text, out));
    if candidates.is_empty() {
        return Err(Reason::SignatureMalformed);
    }
    Ok(candidates)
}
