//! Every comparison of a secret, a token, a signature or a key with what a stranger sent.
//!
//! Not among them, because what is compared is known to whoever sends it: digests of a body (Twilio's
//! `bodySHA256`, `Content-Digest`, the claims of a token that verified), the digests that deliveries are
//! told apart by, and public keys.

mod controls;
mod forge;
mod hosts;
mod reasons;
mod signatures;
mod tokens;

use super::Path;
use crate::BoxError;

/// All of them, the controls first.
///
/// # Errors
/// One of the layers cannot be made.
pub fn all() -> Result<Vec<Path>, BoxError> {
    let mut paths = controls::all();
    paths.extend(signatures::all()?);
    paths.extend(tokens::all()?);
    paths.extend(reasons::all()?);
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::timing::{Class, Random};

    #[test]
    fn inputs_of_both_classes_take_the_path_that_is_measured() {
        let mut random = Random::new(3);
        let mut paths = all().unwrap();
        assert!(paths.len() > 20);
        for path in &mut paths {
            for class in [Class::First, Class::Second, Class::First] {
                let taken = path.sample(class, &mut random);
                assert!(taken.is_ok(), "{path:?} {class:?}: {taken:?}");
            }
        }
    }

    #[test]
    fn names_are_distinct() {
        let paths = all().unwrap();
        let mut names: Vec<_> = paths.iter().map(super::Path::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), paths.len());
    }
}
