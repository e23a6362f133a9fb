/// Whether a character can break a line, drive a terminal, hide, or turn the direction of writing.
///
/// C0, DEL and C1 controls; line and paragraph separators; marks, embeddings, overrides and
/// isolates of the bidirectional algorithm ([UAX 9](https://www.unicode.org/reports/tr9/)); what
/// has no width; tags; and noncharacters.
pub(crate) const fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}'
    ) || matches!(character as u32 & 0xffff, 0xfffe | 0xffff)
}

#[cfg(test)]
mod tests {
    use super::is_unsafe;

    #[test]
    fn what_shows_as_it_is_is_safe() {
        assert!("aZ09 ~é本🦀\u{a0}\u{fffd}".chars().all(|c| !is_unsafe(c)));
    }

    #[test]
    fn what_does_not_is_unsafe() {
        let unsafe_ones = "\0\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\u{61c}\u{200e}\u{200f}\
            \u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{fdd0}\u{fffe}\u{ffff}\
            \u{1fffe}\u{10ffff}\u{e0041}";
        for character in unsafe_ones.chars() {
            assert!(is_unsafe(character), "{character:?}");
        }
    }
}
