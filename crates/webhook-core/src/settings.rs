//! Where a layer gets its settings from: fixed, swappable at run time, or per endpoint.

use std::{fmt, ops::Deref, sync::Arc};

use http::Extensions;

use crate::{
    Facts,
    change::{Cause, ChangeKind, ChangeLog},
    sync::{ArcSwap, Guard},
};

/// A layer's settings, from one of three sources.
///
/// ```
/// use webhook_core::{Settings, change::Cause};
///
/// let (settings, handle) = Settings::swappable(vec!["10.0.0.0/8"]);
/// let request = http::Request::new(());
/// assert_eq!(settings.load(request.extensions()).unwrap().len(), 1);
///
/// // In force from the next request on.
/// handle.replace(vec![], &Cause::new("alice", "the proxy has gone"));
/// assert!(settings.load(request.extensions()).unwrap().is_empty());
/// ```
pub struct Settings<T>(Source<T>);

enum Source<T> {
    Fixed(Arc<T>),
    Swappable(Arc<ArcSwap<T>>),
    PerEndpoint { default: Option<Arc<T>> },
}

impl<T: Send + Sync + 'static> Settings<T> {
    /// The same settings for as long as the layer lives.
    #[must_use]
    pub fn fixed(settings: T) -> Self {
        Self(Source::Fixed(Arc::new(settings)))
    }

    /// Settings that the handle replaces at run time: a request sees the old ones or the new ones,
    /// never half of each.
    #[must_use]
    pub fn swappable(settings: T) -> (Self, SettingsHandle<T>) {
        let shared = Arc::new(ArcSwap::from_pointee(settings));
        (
            Self(Source::Swappable(Arc::clone(&shared))),
            SettingsHandle {
                shared,
                name: "settings".into(),
                log: ChangeLog::default(),
            },
        )
    }

    /// The settings of the request's [`Endpoint`](crate::Endpoint). A request without an endpoint,
    /// or whose endpoint has none of this type, has no settings, and the layer refuses it.
    #[must_use]
    pub const fn per_endpoint() -> Self {
        Self(Source::PerEndpoint { default: None })
    }

    /// As [`Settings::per_endpoint`], with settings for all that have none of their own.
    #[must_use]
    pub fn per_endpoint_or(default: T) -> Self {
        Self(Source::PerEndpoint {
            default: Some(Arc::new(default)),
        })
    }

    /// Whether each endpoint has settings of its own, so that what is kept for one, such as its
    /// bucket, must not serve another.
    #[must_use]
    pub const fn is_per_endpoint(&self) -> bool {
        matches!(self.0, Source::PerEndpoint { .. })
    }

    /// The settings in force for a request with these extensions; `None` where there are none, and
    /// a layer fails closed.
    #[must_use]
    pub fn load(&self, extensions: &Extensions) -> Option<Loaded<'_, T>> {
        match &self.0 {
            Source::Fixed(settings) => Some(Loaded(Held::Borrowed(settings))),
            Source::Swappable(shared) => Some(Loaded(Held::Owned(shared.load_full()))),
            Source::PerEndpoint { default } => {
                match Facts::of(extensions)
                    .and_then(Facts::endpoint)
                    .and_then(crate::Endpoint::get)
                {
                    Some(own) => Some(Loaded(Held::Owned(own))),
                    None => default
                        .as_ref()
                        .map(|default| Loaded(Held::Borrowed(default))),
                }
            }
        }
    }
}

impl<T> Clone for Settings<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Source::Fixed(settings) => Source::Fixed(Arc::clone(settings)),
            Source::Swappable(shared) => Source::Swappable(Arc::clone(shared)),
            Source::PerEndpoint { default } => Source::PerEndpoint {
                default: default.clone(),
            },
        })
    }
}

/// Prints where the settings come from, not the settings, which can hold secrets.
impl<T> fmt::Debug for Settings<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::Fixed(_) => "Settings(fixed)",
            Source::Swappable(_) => "Settings(swappable)",
            Source::PerEndpoint { .. } => "Settings(per endpoint)",
        })
    }
}

/// Replaces [swappable](Settings::swappable) settings at run time.
pub struct SettingsHandle<T> {
    shared: Arc<ArcSwap<T>>,
    name: Arc<str>,
    log: ChangeLog,
}

impl<T> SettingsHandle<T> {
    /// Notes each replacement in this log, as a change of `name`. Default: none is noted.
    #[must_use]
    pub fn with_log(mut self, name: &str, log: ChangeLog) -> Self {
        self.name = name.into();
        self.log = log;
        self
    }

    /// Puts new settings in force for every request that comes from now on. Whoever builds them
    /// checks them first, so that the last good ones stay where the new ones are wrong.
    pub fn replace(&self, settings: T, cause: &Cause) {
        self.shared.store(Arc::new(settings));
        self.log.note(ChangeKind::Replaced, &self.name, cause);
    }

    /// Puts in force what `change` makes of the settings in force, and notes it as this kind of change
    /// of `what`, a part of the settings. Where another change comes between, `change` is asked
    /// again, so that none of the two is lost.
    ///
    /// ```
    /// use webhook_core::{Settings, change::{Cause, ChangeKind}};
    ///
    /// let (_settings, handle) = Settings::swappable(vec!["2026-q3", "2026-q4"]);
    /// let cause = Cause::new("alice", "it leaked");
    /// handle.change(ChangeKind::Revoked, "2026-q3", &cause, |ids| match &ids[..] {
    ///     [_] => Err("the last one stays"),
    ///     ids => Ok(ids.iter().copied().filter(|id| *id != "2026-q3").collect()),
    /// })?;
    /// assert_eq!(*handle.current(), ["2026-q4"]);
    /// # Ok::<_, &str>(())
    /// ```
    ///
    /// # Errors
    /// What `change` says; nothing is changed or noted then.
    pub fn change<E>(
        &self,
        kind: ChangeKind,
        what: &str,
        cause: &Cause,
        mut change: impl FnMut(&T) -> Result<T, E>,
    ) -> Result<(), E> {
        let mut seen = self.shared.load_full();
        loop {
            let changed = Arc::new(change(&seen)?);
            let found = self.shared.compare_and_swap(&seen, changed);
            if Arc::ptr_eq(&found, &seen) {
                self.log
                    .note(kind, &format!("{}: {what}", self.name), cause);
                return Ok(());
            }
            seen = Guard::into_inner(found);
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        self.shared.load_full()
    }
}

impl<T> Clone for SettingsHandle<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            name: Arc::clone(&self.name),
            log: self.log.clone(),
        }
    }
}

impl<T> fmt::Debug for SettingsHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SettingsHandle").field(&self.name).finish()
    }
}

/// Settings in force for one request.
pub struct Loaded<'a, T>(Held<'a, T>);

enum Held<'a, T> {
    Borrowed(&'a Arc<T>),
    Owned(Arc<T>),
}

impl<T> Loaded<'_, T> {
    /// The settings, to keep for as long as the request lives.
    #[must_use]
    pub fn into_arc(self) -> Arc<T> {
        match self.0 {
            Held::Borrowed(settings) => Arc::clone(settings),
            Held::Owned(settings) => settings,
        }
    }
}

impl<T> Deref for Loaded<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Held::Borrowed(settings) => settings,
            Held::Owned(settings) => settings,
        }
    }
}

impl<T> fmt::Debug for Loaded<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loaded")
    }
}

#[cfg(all(test, webhook_loom))]
mod model;

#[cfg(test)]
mod tests {
    use http::Extensions;

    use super::Settings;
    use crate::{
        Endpoint, Facts,
        change::{Cause, ChangeKind},
    };

    #[test]
    fn per_endpoint_settings_come_from_the_endpoint_alone() {
        let mut extensions = Extensions::new();
        let strict = Settings::<u32>::per_endpoint();
        let lenient = Settings::per_endpoint_or(7_u32);
        assert!(strict.is_per_endpoint() && lenient.is_per_endpoint());
        assert!(!Settings::fixed(7_u32).is_per_endpoint());
        assert!(strict.load(&extensions).is_none());
        assert_eq!(lenient.load(&extensions).as_deref(), Some(&7));

        Facts::of_mut(&mut extensions).set_endpoint(Endpoint::new("a").with(9_u32));
        assert_eq!(strict.load(&extensions).as_deref(), Some(&9));
        assert_eq!(lenient.load(&extensions).as_deref(), Some(&9));
    }

    #[test]
    fn a_loaded_setting_outlives_its_replacement() {
        let (settings, handle) = Settings::swappable(1_u32);
        let extensions = Extensions::new();
        let old = settings.load(&extensions).unwrap().into_arc();
        handle.replace(2, &Cause::new("test", "once"));
        assert_eq!((*old, *handle.current()), (1, 2));
    }

    #[test]
    fn a_change_between_is_not_lost_and_a_refused_one_changes_nothing() {
        let (_settings, handle) = Settings::swappable(vec![1_u32]);
        let cause = Cause::new("test", "twice");
        let mut asked = 0;
        let changed = handle.change(ChangeKind::Revoked, "a", &cause, |numbers| {
            asked += 1;
            if asked == 1 {
                handle.replace(vec![1, 2], &cause);
            }
            Ok::<_, ()>([&numbers[..], &[3]].concat())
        });
        assert_eq!((changed, asked), (Ok(()), 2));
        assert_eq!(*handle.current(), [1, 2, 3]);

        let refused = handle.change(ChangeKind::Revoked, "a", &cause, |_| Err("no"));
        assert_eq!(refused, Err("no"));
        assert_eq!(*handle.current(), [1, 2, 3]);
    }
}
