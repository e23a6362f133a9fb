use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::Path,
};

use clap::{Args, ValueEnum};
use webhook_core::{Secret, SecretError};
use webhook_signature::{KeyRing, Scheme, SecretEncoding};

use super::{bytes_of, in_words_of_the_command_line};
use crate::exit::{Failure, say};

#[derive(Args)]
#[command(next_help_heading = "Secrets")]
pub(crate) struct SecretArgs {
    /// A secret, with its id in front if it has one; the process list shows it to everybody
    #[arg(long, value_name = "[ID=]SECRET", allow_hyphen_values = true)]
    secret: Vec<OsString>,

    /// An environment variable that holds a secret
    #[arg(long, value_name = "[ID=]NAME")]
    secret_env: Vec<OsString>,

    /// A file that holds a secret; one newline at its end is dropped
    #[arg(long, value_name = "[ID=]FILE")]
    secret_file: Vec<OsString>,

    /// How the secret's text becomes the key, if not as the provider has it
    #[arg(long, value_name = "ENCODING", value_enum)]
    secret_encoding: Option<KeyText>,

    /// Accept a secret of fewer than 16 bytes
    #[arg(long)]
    insecure_short_secret: bool,
}

/// Secrets that are not in use any more.
#[derive(Args)]
#[command(next_help_heading = "Retired secrets, which are explained and never accepted")]
pub(crate) struct RetiredArgs {
    /// A secret that is not in use any more: whether the sender still signs with it
    #[arg(
        id = "retired",
        long = "retired-secret",
        value_name = "[ID=]SECRET",
        allow_hyphen_values = true,
        requires = "explain"
    )]
    texts: Vec<OsString>,

    /// An environment variable that holds one
    #[arg(
        id = "retired_env",
        long = "retired-secret-env",
        value_name = "[ID=]NAME",
        requires = "explain"
    )]
    variables: Vec<OsString>,

    /// A file that holds one
    #[arg(
        id = "retired_file",
        long = "retired-secret-file",
        value_name = "[ID=]FILE",
        requires = "explain"
    )]
    files: Vec<OsString>,
}

/// How a secret's text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeyText {
    Raw,
    Hex,
    Base64,
    Whsec,
    Pem,
    SpkiBase64,
    #[value(name = "ed25519-hex")]
    Ed25519Hex,
    #[value(name = "ed25519-base64")]
    Ed25519Base64,
}

impl KeyText {
    /// A public key's text says by itself which of its forms it has.
    const fn encoding(self) -> SecretEncoding {
        match self {
            Self::Raw => SecretEncoding::Raw,
            Self::Hex => SecretEncoding::Hex,
            Self::Base64 => SecretEncoding::Base64,
            Self::Whsec => SecretEncoding::Whsec,
            Self::Pem | Self::SpkiBase64 | Self::Ed25519Hex | Self::Ed25519Base64 => {
                SecretEncoding::PublicKey
            }
        }
    }
}

/// A secret and its id, if it was given one.
struct Given {
    id: Option<String>,
    secret: Secret,
}

impl SecretArgs {
    /// The scheme with the secret's encoding, if that is overridden.
    pub(crate) fn encoded(&self, scheme: Scheme) -> Scheme {
        match self.secret_encoding {
            Some(text) => scheme.with_secret_encoding(text.encoding()),
            None => scheme,
        }
    }

    /// All secrets, with an id for each.
    pub(crate) fn ring(&self) -> Result<KeyRing, Failure> {
        ring_of(self.read()?, ["default", "secret"])?.ok_or_else(|| {
            Failure::usage("no secret; give --secret-env, --secret-file or --secret")
        })
    }

    /// Whether any secret is given.
    pub(crate) const fn is_empty(&self) -> bool {
        self.secret.is_empty() && self.secret_env.is_empty() && self.secret_file.is_empty()
    }

    /// The one secret that signs.
    pub(crate) fn one(&self) -> Result<KeyRing, Failure> {
        match self.secret.len() + self.secret_env.len() + self.secret_file.len() {
            0 | 1 => self.ring(),
            _ => Err(Failure::usage(
                "several secrets; a delivery is signed with one",
            )),
        }
    }

    fn read(&self) -> Result<Vec<Given>, Failure> {
        let reader = Reader {
            allows_short: self.insecure_short_secret,
        };
        reader.read(
            "--secret",
            [&self.secret, &self.secret_env, &self.secret_file],
        )
    }
}

impl RetiredArgs {
    /// The secrets that are not in use any more; `None` where none is given.
    pub(crate) fn ring(&self, secrets: &SecretArgs) -> Result<Option<KeyRing>, Failure> {
        let reader = Reader {
            allows_short: secrets.insecure_short_secret,
        };
        let given = [&self.texts, &self.variables, &self.files];
        ring_of(reader.read("--retired-secret", given)?, ["retired"; 2])
    }
}

/// Reads secrets from where they are.
struct Reader {
    allows_short: bool,
}

impl Reader {
    /// From arguments, from variables, and from files.
    fn read(
        &self,
        option: &str,
        [texts, variables, files]: [&Vec<OsString>; 3],
    ) -> Result<Vec<Given>, Failure> {
        if !texts.is_empty() {
            say(format_args!(
                "warning: {option} shows the secret in the process list and in the shell's history; prefer {option}-env or {option}-file",
            ));
        }
        let texts = texts.iter().map(|text| self.argument(option, text));
        let variables = variables.iter().map(|text| self.environment(text));
        let files = files.iter().map(|text| self.file(text));
        texts.chain(variables).chain(files).collect()
    }

    fn argument(&self, option: &str, text: &OsStr) -> Result<Given, Failure> {
        let text = bytes_of(text);
        let (id, secret) = split_id(&text);
        self.given(id, secret.to_vec(), option)
    }

    fn environment(&self, text: &OsStr) -> Result<Given, Failure> {
        let (id, name) = split_id_of_name(text);
        let value = env::var_os(&name);
        let origin = variable(&name);
        let value = value.ok_or_else(|| Failure::usage(format!("{origin} is not set")))?;
        self.given(id, bytes_of(&value), &origin)
    }

    fn file(&self, text: &OsStr) -> Result<Given, Failure> {
        let (id, name) = split_id_of_name(text);
        let path = Path::new(&name);
        let mut bytes = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
            say(format_args!(
                "note: the newline at the end of {} is not part of the secret",
                path.display()
            ));
        }
        self.given(id, bytes, &format!("the file {}", path.display()))
    }

    fn given(&self, id: Option<String>, bytes: Vec<u8>, origin: &str) -> Result<Given, Failure> {
        let secret = if self.allows_short {
            Secret::insecure_short(bytes)
        } else {
            Secret::new(bytes)
        };
        let told = |error: SecretError| {
            let error = error.of(format!("the secret of {origin}"));
            Failure::usage(in_words_of_the_command_line(error))
        };
        Ok(Given {
            id,
            secret: secret.map_err(told)?,
        })
    }
}

/// The variable in words. What is not named as variables are may be the secret itself.
fn variable(name: &OsStr) -> String {
    let is_name = |name: &&str| {
        let mut bytes = name.bytes();
        bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    match name.to_str().filter(is_name) {
        Some(name) => format!("the environment variable {name}"),
        None => "the environment variable of that name (not shown here, as it may be a secret: give the name, not the value)".to_owned(),
    }
}

/// A ring of these, of which the first and the others have such ids where they are given none; `None`
/// of none.
fn ring_of(given: Vec<Given>, [one, other]: [&str; 2]) -> Result<Option<KeyRing>, Failure> {
    let mut given = given.into_iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let id = first.id.unwrap_or_else(|| one.to_owned());
    let ring = KeyRing::new(id, first.secret).map_err(Failure::usage)?;
    let ring = (2..).zip(given).try_fold(ring, |ring, (place, given)| {
        let id = given.id.unwrap_or_else(|| format!("{other}-{place}"));
        ring.with(id, given.secret).map_err(Failure::usage)
    })?;
    Ok(Some(ring))
}

/// The id in front of the first `=`, if what stands there can be one.
///
/// Base64 ends with `=` too. What follows that is nothing, or another `=`: then the text is a
/// secret without an id if it is as long as base64 is, else an id without a secret.
fn split_id(text: &[u8]) -> (Option<String>, &[u8]) {
    const SHORTEST_BASE64: usize = 24;
    let Some((id, rest)) = split_at_equals(text) else {
        return (None, text);
    };
    let is_id = !id.is_empty()
        && id.len() <= 64
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    let digits = text.strip_prefix(b"whsec_").unwrap_or(text);
    let is_base64 = matches!(rest, b"" | b"=")
        && digits.len() >= SHORTEST_BASE64
        && digits.len().is_multiple_of(4)
        && !digits.iter().any(|byte| b"-_.".contains(byte));
    if is_base64 || !is_id {
        return (None, text);
    }
    (Some(String::from_utf8_lossy(id).into_owned()), rest)
}

fn split_at_equals(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (id, rest) = text.split_at_checked(at)?;
    Some((id, rest.strip_prefix(b"=")?))
}

/// As [`split_id`], for the name of a variable or a file.
fn split_id_of_name(text: &OsStr) -> (Option<String>, OsString) {
    let Some(known) = text.to_str() else {
        return (None, text.to_owned());
    };
    match split_id(known.as_bytes()) {
        (Some(id), _) => {
            let name = known.get(id.len() + 1..).unwrap_or_default();
            (Some(id), name.into())
        }
        (None, _) => (None, text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::split_id;

    #[test]
    fn ids_stand_in_front_and_padding_is_none() {
        for (text, id, secret) in [
            ("2026-q4=whsec_abc", Some("2026-q4"), "whsec_abc"),
            ("a=b=c", Some("a"), "b=c"),
            ("a=", Some("a"), ""),
            (
                "production-2026-with-a-long-name=",
                Some("production-2026-with-a-long-name"),
                "",
            ),
            ("no id", None, "no id"),
            ("=x", None, "=x"),
            ("two words=x", None, "two words=x"),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA==",
                None,
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA==",
            ),
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAA=",
                None,
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAA=",
            ),
            (
                "k=MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA==",
                Some("k"),
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA==",
            ),
        ] {
            let (found, rest) = split_id(text.as_bytes());
            assert_eq!((found.as_deref(), rest), (id, secret.as_bytes()), "{text}");
        }
    }
}
