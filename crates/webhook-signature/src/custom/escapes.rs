//! The forms in which a URL may have been before a client escaped it.

/// The longest body that is hashed once for each form of its URL.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// The most characters of which each is taken both ways.
const MAX_CHARS: usize = 3;

/// The target as it was sent, and with characters that clients escape written out: any of them if
/// they are few and `each` says so, else all of them. What was escaped before the client saw it looks
/// the same.
pub(super) fn forms(target: &str, each: bool) -> Vec<Vec<u8>> {
    let pieces = pieces(target);
    let chars = pieces.iter().filter(|piece| piece.char.is_some()).count();
    let masks = match chars {
        0 => vec![0],
        1..=MAX_CHARS if each => (0..1_u32 << chars).collect(),
        _ => vec![0, u32::MAX],
    };
    let form = |mask: u32| {
        let (mut form, mut at) = (Vec::with_capacity(target.len()), 0_u32);
        for piece in &pieces {
            let Some(char) = &piece.char else {
                form.extend_from_slice(piece.sent.as_bytes());
                continue;
            };
            // Beyond the mask's bits they are all alike.
            let is_written_out = mask >> at.min(31) & 1 == 1;
            form.extend_from_slice(if is_written_out {
                char
            } else {
                piece.sent.as_bytes()
            });
            at += 1;
        }
        form
    };
    masks.into_iter().map(form).collect()
}

/// A stretch of the target, and the character that it escapes, if a client may have escaped it.
struct Piece<'a> {
    sent: &'a str,
    char: Option<Vec<u8>>,
}

fn pieces(mut rest: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or_default();
        let char = escaped(escape);
        let length = char.as_ref().map_or(1, |char| char.len() * 3);
        let (sent, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        pieces.push(Piece {
            sent: before,
            char: None,
        });
        pieces.push(Piece { sent, char });
        rest = behind;
    }
    pieces.push(Piece {
        sent: rest,
        char: None,
    });
    pieces
}

/// The bytes of the character whose escape begins here.
fn escaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4);
    let mut escapes = text.as_bytes().chunks_exact(3);
    while bytes.len() < 4 {
        let [b'%', high, low] = escapes.next()? else {
            return None;
        };
        let digit = |digit: u8| char::from(digit).to_digit(16);
        bytes.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
        match std::str::from_utf8(&bytes) {
            Ok(char) => return char.chars().all(is_escaped_by_clients).then_some(bytes),
            Err(error) if error.error_len().is_some() => return None,
            Err(_) => {}
        }
    }
    None
}

fn is_escaped_by_clients(char: char) -> bool {
    !char.is_ascii_graphic() || "\"<>\\^`{|}".contains(char)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::forms;

    fn texts(target: &str, each: bool) -> Vec<String> {
        let forms = forms(target, each).into_iter();
        forms.map(|form| String::from_utf8(form).unwrap()).collect()
    }

    #[test]
    fn each_character_that_clients_escape_is_taken_both_ways() {
        assert_eq!(texts("/a?b=c", true), ["/a?b=c"]);
        // What no client escapes stays as it is.
        assert_eq!(
            texts("/%2F%25%41?%3D%26%zz%4", true),
            ["/%2F%25%41?%3D%26%zz%4"]
        );
        assert_eq!(
            texts("/%20?%C3%A9", true),
            ["/%20?%C3%A9", "/ ?%C3%A9", "/%20?é", "/ ?é"]
        );
        assert_eq!(texts("/%20?%c3%a9", false), ["/%20?%c3%a9", "/ ?é"]);
        assert_eq!(texts("/%C3%20", true), ["/%C3%20", "/%C3 "]);
        let many = "%20".repeat(40);
        assert_eq!(texts(&many, true), [many.clone(), " ".repeat(40)]);
    }

    proptest! {
        #[test]
        fn no_target_panics(target in "[%a-f0-9?é]{0,40}", each: bool) {
            let forms = forms(&target, each);
            prop_assert!(forms.len() <= 8);
            prop_assert_eq!(&forms[0], target.as_bytes());
        }
    }
}
