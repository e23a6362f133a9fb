use http::request::Parts;
use webhook_core::{Reason, Timestamp, Verification};

use super::{
    begin::Claimed,
    digest::{BodyAs, Running},
    document, form,
    keys::Keys,
    message, paddle,
    rules::{Place, Rules, TokenRules},
    sns, token,
};
use crate::scheme::{Covered, Scheme};

/// A delivery whose head passed and whose body is still to come.
pub(crate) struct Pending {
    running: Running,
    now: Timestamp,
    task: Task,
}

/// What is left to do once the body is there.
enum Task {
    Signature(Claimed),
    Message(message::Claimed),
    /// The token is verified; its claim must be the body's digest.
    Bound(token::Bound),
    Detached(token::Detached),
    Document(document::Head),
}

impl Pending {
    pub(crate) fn begin(
        scheme: &Scheme,
        covered: Covered,
        keys: &Keys,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let (task, body) = match scheme.rules() {
            None | Some(Rules::Header(_)) => {
                let claimed = Claimed::new(scheme, covered, parts, now)?;
                let body = claimed.body;
                (Task::Signature(claimed), body)
            }
            Some(Rules::Message) => {
                let claimed = message::Claimed::new(scheme, covered, parts, now)?;
                (Task::Message(claimed), BodyAs::HexSha256)
            }
            Some(Rules::Token(rules)) => Self::token(scheme, covered, keys, rules, parts, now)?,
            Some(Rules::Sns | Rules::SortedForm) => (
                Task::Document(document::Head::new(scheme, covered, parts)),
                BodyAs::Raw,
            ),
        };
        Ok(Self {
            running: Running::of(body),
            now,
            task,
        })
    }

    fn token(
        scheme: &Scheme,
        covered: Covered,
        keys: &Keys,
        rules: &TokenRules,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<(Task, BodyAs), Reason> {
        let Place::Header(prefix) = rules.place else {
            let head = document::Head::new(scheme, covered, parts);
            return Ok((Task::Document(head), BodyAs::Raw));
        };
        Ok(
            match token::begin(scheme, covered, keys, rules, prefix, parts, now)? {
                token::Begun::Bound(bound) => (Task::Bound(bound), BodyAs::HexSha256),
                token::Begun::Detached(detached) => (Task::Detached(detached), BodyAs::Raw),
            },
        )
    }

    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.running.update(bytes);
    }

    /// Finishes with the whole body, all of which was given to [`update`](Self::update) before.
    pub(crate) fn finish(
        self,
        scheme: &Scheme,
        keys: &Keys,
        body: &[&[u8]],
    ) -> Result<Verification, Reason> {
        match self.task {
            Task::Signature(claimed) => match claimed.body {
                BodyAs::Raw => claimed.verify(scheme, keys, body, self.now),
                BodyAs::HexSha256 | BodyAs::Crc32 => {
                    let digest = self.running.text();
                    claimed.verify(scheme, keys, &[digest.as_bytes()], self.now)
                }
                BodyAs::Field(name) => {
                    let value = form::field(&body.concat(), name);
                    let value = value.ok_or(Reason::SignatureMismatch)?;
                    claimed.verify(scheme, keys, &[value.as_bytes()], self.now)
                }
            },
            Task::Message(claimed) => claimed.verify(scheme, keys, self.running.sha256(), self.now),
            Task::Bound(bound) => {
                let is_empty = body.iter().all(|piece| piece.is_empty());
                bound.verify(scheme, self.running.sha256(), is_empty)
            }
            Task::Detached(detached) => detached.verify(scheme, keys, body, self.now),
            Task::Document(head) => {
                let body = body.concat();
                match scheme.rules() {
                    Some(Rules::Sns) => sns::verify(scheme, keys, head, &body, self.now),
                    Some(Rules::SortedForm) => paddle::verify(scheme, keys, head, &body, self.now),
                    Some(Rules::Token(rules)) => {
                        token::verify_body(scheme, keys, rules, head, &body, self.now)
                    }
                    _ => Err(Reason::Misconfigured),
                }
            }
        }
    }
}
