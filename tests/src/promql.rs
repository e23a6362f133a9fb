//! Which metrics and labels an expression of `PromQL` names.
//!
//! It is no parser: it knows where names, strings and labels stand, and that brackets match. Whether
//! Prometheus takes an expression is for `promtool` to say.

/// What an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its selectors of metrics.
    pub metrics: Vec<Selector>,
    /// The labels of `by (…)` and the like.
    pub grouped_by: Vec<String>,
}

/// A metric, with the labels that it is selected by.
#[derive(Debug, PartialEq, Eq)]
pub struct Selector {
    /// The metric's name.
    pub name: String,
    /// The labels' names.
    pub labels: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text,
    Mark(char),
}

/// Words that stand before a list of labels.
const GROUPS: [&str; 4] = ["by", "without", "on", "ignoring"];
/// The functions and operators that our expressions use, and the units of a time.
const WORDS: [&str; 14] = [
    "abs",
    "and",
    "count",
    "h",
    "histogram_quantile",
    "increase",
    "max",
    "min",
    "offset",
    "or",
    "rate",
    "sum",
    "time",
    "unless",
];

/// The metrics, all of them `webhook_…`, and labels that an expression names.
///
/// # Errors
/// Says what is wrong with it: brackets that do not match, or a word that is neither.
pub fn selectors(expression: &str) -> Result<Named, String> {
    let mut named = Named::default();
    let mut brackets = Vec::new();
    let mut word_before = String::new();
    for token in tokens(expression)? {
        match token {
            // The list of a group is told from other brackets by a sign of its own.
            Token::Mark('(') if GROUPS.contains(&word_before.as_str()) => brackets.push('b'),
            Token::Mark(open @ ('(' | '{' | '[')) => brackets.push(open),
            Token::Mark(close @ (')' | '}' | ']')) => match (brackets.pop(), close) {
                (Some('(' | 'b'), ')') | (Some('{'), '}') | (Some('['), ']') => {}
                (open, _) => return Err(format!("{close} closes {open:?}")),
            },
            Token::Word(word) => {
                named.take(&word, brackets.last().copied())?;
                word_before = word;
                continue;
            }
            Token::Text | Token::Mark(_) => {}
        }
        word_before.clear();
    }
    if brackets.is_empty() {
        Ok(named)
    } else {
        Err(format!("{brackets:?} are not closed"))
    }
}

impl Named {
    /// Takes a word by where it stands.
    fn take(&mut self, word: &str, bracket: Option<char>) -> Result<(), String> {
        match bracket {
            // A time.
            Some('[') => {}
            Some('{') => match self.metrics.last_mut() {
                Some(selector) => selector.labels.push(word.to_owned()),
                None => return Err(format!("{word} stands before any metric")),
            },
            Some('b') => self.grouped_by.push(word.to_owned()),
            _ if word.starts_with("webhook_") => self.metrics.push(Selector {
                name: word.to_owned(),
                labels: Vec::new(),
            }),
            _ if GROUPS.contains(&word) || WORDS.contains(&word) => {}
            _ => return Err(format!("{word} is not known")),
        }
        Ok(())
    }
}

fn tokens(expression: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.chars().peekable();
    while let Some(first) = rest.next() {
        if first == '"' {
            // No expression of ours escapes a quote.
            if !rest.by_ref().any(|character| character == '"') {
                return Err("a string does not end".to_owned());
            }
            tokens.push(Token::Text);
        } else if first.is_ascii_alphabetic() || first == '_' {
            let mut word = String::from(first);
            while let Some(next) = rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_')
            {
                word.push(next);
            }
            tokens.push(Token::Word(word));
        } else if !first.is_whitespace() {
            tokens.push(Token::Mark(first));
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::{Selector, selectors};

    #[test]
    fn metrics_labels_and_groups_are_found() {
        let named = selectors(
            r#"sum by (provider, le) (rate(webhook_a{reason=~"x|y", stage="ip"}[5m])) > 24 * webhook_b offset 24h"#,
        );
        let named = named.unwrap();
        let selector = |name: &str, labels: &[&str]| Selector {
            name: name.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        assert_eq!(
            named.metrics,
            [
                selector("webhook_a", &["reason", "stage"]),
                selector("webhook_b", &[])
            ]
        );
        assert_eq!(named.grouped_by, ["provider", "le"]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in ["sum(webhook_a", "sum(webhook_a]", "up", "webhook_a{b=\"c}"] {
            assert!(selectors(wrong).is_err(), "{wrong}");
        }
    }
}
