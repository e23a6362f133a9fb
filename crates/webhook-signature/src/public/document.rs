use http::request::Parts;

use super::begin::Facts;
use crate::scheme::{Covered, Scheme};

/// What is known of a delivery whose body holds the signature, before the body is there.
pub(crate) struct Head(pub(crate) Facts);

impl Head {
    pub(crate) fn new(scheme: &Scheme, covered: Covered, parts: &Parts) -> Self {
        Self(Facts::of_headers(scheme, covered, &parts.headers))
    }
}
