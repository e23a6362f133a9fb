//! What several commands take: a scheme, secrets, a request.

mod headers;
mod request;
mod scheme;
mod secrets;
mod text;
mod url;

pub(crate) use self::{
    headers::{HeaderArgs, HeaderLines, Headers, Strictness},
    request::{Request, RequestArgs},
    scheme::{SchemeArgs, preset},
    secrets::{RetiredArgs, SecretArgs},
    text::{bytes_of, in_words_of_the_command_line},
    url::Url,
};
