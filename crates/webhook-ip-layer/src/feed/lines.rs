use super::FeedError;

/// One entry a line; white space around it, empty lines and lines that begin with `#` do not count.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<&str>, FeedError> {
    let text = str::from_utf8(bytes).map_err(|_| FeedError::malformed("no UTF-8 text"))?;
    let lines = text
        .lines()
        .map(|line| line.trim_matches([' ', '\t', '\r']));
    Ok(lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect())
}
