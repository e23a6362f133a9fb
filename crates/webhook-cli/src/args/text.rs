//! Texts of the command line as bytes, and of the libraries in the command line's words.

use std::ffi::OsStr;

/// The bytes of an argument, as they were given.
pub(crate) fn bytes_of(text: &OsStr) -> Vec<u8> {
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStrExt::as_bytes(text).to_vec()
    }
    #[cfg(not(unix))]
    {
        text.to_string_lossy().into_owned().into_bytes()
    }
}

/// The libraries' errors name the setter that is the fix; here it is an option.
const WORDS: [(&str, &str); 10] = [
    ("`Secret::insecure_short`", "`--insecure-short-secret`"),
    (
        "`with_base_url(\"https://hooks.example.com\")`",
        "`--url https://hooks.example.com/path`",
    ),
    ("`with_id`", "`--id`"),
    ("`with_target`", "`--url`"),
    ("`with_headers`", "`-H`"),
    ("`with_event`", "`--event`"),
    ("`with_secret_encoding`", "`--secret-encoding`"),
    (
        ", or let a trusted proxy tell it, `with_url_from_trusted_proxy()`",
        "",
    ),
    ("`with_base_url`", "`--url`"),
    (
        "`header(\"x-acme-signature\")`",
        "`--signature-header x-acme-signature`",
    ),
];

/// An error of a library with the options that are its fix.
pub(crate) fn in_words_of_the_command_line(error: impl std::fmt::Display) -> String {
    WORDS
        .iter()
        .fold(error.to_string(), |text, (setter, option)| {
            text.replace(setter, option)
        })
}
