use webhook_core::{AddressError, ClientAddr, Reason};

use crate::{Access, AccessList, ClientAddressConfig};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// The lists permit the client.
    Passed,
    /// There is no list.
    Skipped,
    Refused(Reason),
}

impl Judgement {
    /// Holds a client against every list there is; each must permit it.
    ///
    /// A client that cannot be told is refused wherever a list, a source or a trusted proxy is
    /// configured. With nothing configured there is nothing to guard, and it stays unknown.
    pub(crate) fn of(
        client: Result<ClientAddr, AddressError>,
        address: &ClientAddressConfig,
        lists: [Option<&AccessList>; 2],
    ) -> Self {
        if client.is_err() && address.is_configured() {
            return Self::Refused(Reason::IpUnresolved);
        }
        let client = client.map(|client| client.ip()).ok();
        let mut judgement = Self::Skipped;
        for list in lists
            .into_iter()
            .flatten()
            .filter(|list| list.is_configured())
        {
            match list.judge(client) {
                Access::Allowed => judgement = Self::Passed,
                Access::Unknown => return Self::Refused(Reason::IpUnresolved),
                Access::Denied | Access::NotAllowed => return Self::Refused(Reason::IpDenied),
            }
        }
        judgement
    }

    pub(crate) const fn is_refusal(self) -> bool {
        matches!(self, Self::Refused(_))
    }
}
