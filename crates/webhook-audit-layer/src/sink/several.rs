//! Sinks made of functions and of other sinks.

use std::sync::Arc;

use webhook_core::change::Change;

use super::Sink;
use crate::{Acknowledgement, AuditRecord, Ended};

impl<F: Fn(AuditRecord)> Sink for F {
    fn record(&self, record: AuditRecord) {
        self(record);
    }
}

impl<K: Sink + ?Sized> Sink for Arc<K> {
    fn record(&self, record: AuditRecord) {
        (**self).record(record);
    }

    fn ended(&self, request: Ended) {
        (**self).ended(request);
    }

    fn is_awaited(&self) -> bool {
        (**self).is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        (**self).record_awaited(record)
    }

    fn change(&self, change: Change) {
        (**self).change(change);
    }
}

/// `None` forgets every record.
impl<K: Sink> Sink for Option<K> {
    fn record(&self, record: AuditRecord) {
        if let Some(sink) = self {
            sink.record(record);
        }
    }

    fn ended(&self, request: Ended) {
        if let Some(sink) = self {
            sink.ended(request);
        }
    }

    fn is_awaited(&self) -> bool {
        self.as_ref().is_some_and(Sink::is_awaited)
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        self.as_ref()?.record_awaited(record)
    }

    fn change(&self, change: Change) {
        if let Some(sink) = self {
            sink.change(change);
        }
    }
}

/// Each in turn.
impl<K: Sink> Sink for Vec<K> {
    fn record(&self, record: AuditRecord) {
        if let Some((last, others)) = self.split_last() {
            for sink in others {
                sink.record(record.clone());
            }
            last.record(record);
        }
    }

    fn ended(&self, request: Ended) {
        if let Some((last, others)) = self.split_last() {
            for sink in others {
                sink.ended(request.clone());
            }
            last.ended(request);
        }
    }

    fn is_awaited(&self) -> bool {
        self.iter().any(Sink::is_awaited)
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let (last, others) = self.split_last()?;
        let others = others
            .iter()
            .map(|sink| sink.record_awaited(record.clone()));
        let others = Acknowledgement::all(others);
        Acknowledgement::all([others, last.record_awaited(record)])
    }

    fn change(&self, change: Change) {
        for sink in self {
            sink.change(change.clone());
        }
    }
}

/// First the left, then the right.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn record(&self, record: AuditRecord) {
        self.0.record(record.clone());
        self.1.record(record);
    }

    fn ended(&self, request: Ended) {
        self.0.ended(request.clone());
        self.1.ended(request);
    }

    fn is_awaited(&self) -> bool {
        self.0.is_awaited() || self.1.is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let left = self.0.record_awaited(record.clone());
        Acknowledgement::all([left, self.1.record_awaited(record)])
    }

    fn change(&self, change: Change) {
        self.0.change(change.clone());
        self.1.change(change);
    }
}

/// From left to right.
impl<A: Sink, B: Sink, C: Sink> Sink for (A, B, C) {
    fn record(&self, record: AuditRecord) {
        self.0.record(record.clone());
        self.1.record(record.clone());
        self.2.record(record);
    }

    fn ended(&self, request: Ended) {
        self.0.ended(request.clone());
        self.1.ended(request.clone());
        self.2.ended(request);
    }

    fn is_awaited(&self) -> bool {
        self.0.is_awaited() || self.1.is_awaited() || self.2.is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let left = self.0.record_awaited(record.clone());
        let middle = self.1.record_awaited(record.clone());
        Acknowledgement::all([left, middle, self.2.record_awaited(record)])
    }

    fn change(&self, change: Change) {
        self.0.change(change.clone());
        self.1.change(change.clone());
        self.2.change(change);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use webhook_core::{
        Clock, DeliveryRecord,
        change::{Cause, Change, ChangeKind, ChangeLog},
    };

    use super::Sink;
    use crate::{Acknowledgement, AuditRecord, Ended, conclusion::End, record::sample};

    /// A sink that notes what it is given.
    #[derive(Clone, Default)]
    struct Noted {
        words: Arc<Mutex<Vec<&'static str>>>,
        is_awaited: bool,
    }

    impl Noted {
        fn awaited() -> Self {
            Self {
                is_awaited: true,
                ..Self::default()
            }
        }

        fn note(&self, word: &'static str) {
            self.words.lock().unwrap().push(word);
        }
    }

    impl Sink for Noted {
        fn record(&self, _: AuditRecord) {
            self.note("record");
        }

        fn ended(&self, _: Ended) {
            self.note("ended");
        }

        fn is_awaited(&self) -> bool {
            self.is_awaited
        }

        fn record_awaited(&self, _: AuditRecord) -> Option<Acknowledgement> {
            self.note("awaited");
            None
        }

        fn change(&self, _: Change) {
            self.note("change");
        }
    }

    /// Gives one of each, and looks that every one of `all` got it.
    fn assert_given(sink: impl Sink + Send + Sync + 'static, all: &[&Noted]) {
        let sink = Arc::new(sink);
        sink.record(sample());
        let (clock, record) = (Clock::system(), DeliveryRecord::default());
        sink.ended(Ended::new(record, End::Gone, clock.moment()));
        assert!(sink.record_awaited(sample()).is_none());
        let changed = Arc::clone(&sink);
        let log = ChangeLog::new(clock, move |change| changed.change(change));
        log.note(ChangeKind::Reset, "all", &Cause::new("alice", "test"));
        for noted in all {
            let words = std::mem::take(&mut *noted.words.lock().unwrap());
            assert_eq!(words, ["record", "ended", "awaited", "change"]);
        }
    }

    #[test]
    fn everything_reaches_every_sink() {
        let (a, b, c) = (Noted::default(), Noted::default(), Noted::default());
        assert_given(Arc::new(a.clone()), &[&a]);
        assert_given(Some(a.clone()), &[&a]);
        assert_given(None::<Noted>, &[]);
        assert_given(vec![a.clone(), b.clone(), c.clone()], &[&a, &b, &c]);
        assert_given(Vec::<Noted>::new(), &[]);
        assert_given((a.clone(), b.clone()), &[&a, &b]);
        assert_given((a.clone(), b.clone(), c.clone()), &[&a, &b, &c]);
    }

    #[test]
    fn a_response_waits_where_one_of_them_wants_it() {
        let (quiet, awaited) = (Noted::default, Noted::awaited);
        assert!(Arc::new(awaited()).is_awaited() && !Arc::new(quiet()).is_awaited());
        assert!(Some(awaited()).is_awaited() && !Some(quiet()).is_awaited());
        assert!(!None::<Noted>.is_awaited() && !Vec::<Noted>::new().is_awaited());
        assert!(!(|_: AuditRecord| ()).is_awaited());
        for place in 0..4 {
            let sink = |at| if at == place { awaited() } else { quiet() };
            let is_one = place < 3;
            assert_eq!(vec![sink(0), sink(1), sink(2)].is_awaited(), is_one);
            assert_eq!((sink(0), sink(1), sink(2)).is_awaited(), is_one);
            assert_eq!((sink(0), sink(1)).is_awaited(), place < 2);
        }
    }
}
