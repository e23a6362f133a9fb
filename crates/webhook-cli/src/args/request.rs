use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use http::{Method, request::Parts};

use super::{HeaderArgs, Headers, Strictness, Url};
use crate::exit::Failure;

#[derive(Args)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArgs {
    /// The request's method
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    method: String,

    /// The URL as the sender saw it, for schemes that sign it
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    #[command(flatten)]
    headers: HeaderArgs,

    /// The body, byte for byte; `-` is stdin [default: empty]
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
}

/// A request as it was given.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Option<Url>,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    /// The file that the body came from.
    pub(crate) body_file: Option<PathBuf>,
}

impl RequestArgs {
    pub(crate) fn read(&self) -> Result<Request, Failure> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| Failure::usage(format!("`{}` is no method", self.method)))?;
        let file = self.body.as_deref();
        Ok(Request {
            method,
            url: self.url.as_deref().map(Url::parse).transpose()?,
            headers: self.headers.read(Strictness::Refuse)?,
            body: file.map(read_body).transpose()?.unwrap_or_default(),
            body_file: file.filter(|path| !is_stdin(path)).map(Path::to_owned),
        })
    }
}

impl Request {
    /// The request's head, as a receiver sees it.
    pub(crate) fn parts(&self) -> Parts {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = self.method.clone();
        parts.headers = self.headers.map.clone();
        if let Some(url) = &self.url {
            parts.uri = url.target().clone();
        }
        parts
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read_body(path: &Path) -> Result<Vec<u8>, Failure> {
    let body = if is_stdin(path) {
        let mut body = Vec::new();
        io::stdin().lock().read_to_end(&mut body).map(|_| body)
    } else {
        fs::read(path)
    };
    body.map_err(|error| Failure::unreadable(path, &error))
}
