//! What can be told before anything is signed.

use http::HeaderValue;

use super::{SignError, SignRequest};
use crate::{
    custom::Custom,
    scheme::{Part, Scheme},
};

/// Checks that all is there that the scheme signs.
pub(super) fn check(scheme: &Scheme, request: &SignRequest<'_>) -> Result<(), SignError> {
    check_texts(request)?;
    if scheme.text.contains(&Part::Id) {
        let id = request.id().ok_or(SignError::IdMissing)?;
        if scheme.text.after_id().is_some_and(|end| id.contains(end)) {
            return Err(SignError::IdMalformed);
        }
    }
    let needs_id = scheme.custom.is_some_and(Custom::needs_id_header);
    if needs_id && request.id().is_none() {
        return Err(SignError::IdMissing);
    }
    let signs_target = scheme.text.contains(&Part::Target)
        || scheme.text.contains(&Part::Url)
        || scheme.custom.is_some_and(Custom::needs_target);
    if signs_target && request.target().is_none() {
        return Err(SignError::TargetMissing);
    }
    Ok(())
}

pub(crate) fn check_texts(request: &SignRequest<'_>) -> Result<(), SignError> {
    for text in [request.id(), request.event()].into_iter().flatten() {
        if text.is_empty()
            || text.len() > crate::verify::MAX_ID
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(SignError::IdMalformed);
        }
    }
    Ok(())
}

pub(crate) fn header_value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError::IdMalformed)
}
