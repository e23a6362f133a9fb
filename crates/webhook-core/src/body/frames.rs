use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use super::BufferedBody;

/// Frames under this size are gathered into one buffer: a handle alone costs 32 bytes, and can pin
/// a whole read buffer besides.
const SMALL: usize = 512;

/// The frames of a body that is coming in. The first is kept as it came, for the common body that
/// has no second.
#[derive(Default)]
pub(super) enum Frames {
    #[default]
    None,
    One(Bytes),
    Many(Many),
}

#[derive(Default)]
pub(super) struct Many {
    kept: Vec<Bytes>,
    /// Small frames that come after those.
    gathered: BytesMut,
}

impl Frames {
    #[inline]
    pub(super) fn push(&mut self, frame: Bytes) {
        if frame.is_empty() {
            return;
        }
        match self {
            Self::None => *self = Self::One(frame),
            Self::One(first) => {
                let mut many = Many::default();
                many.keep(std::mem::take(first));
                many.keep(frame);
                *self = Self::Many(many);
            }
            Self::Many(many) => many.keep(frame),
        }
    }

    /// What came so far, in its order.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let (kept, last) = match self {
            Self::None => (&[][..], &[][..]),
            Self::One(first) => (std::slice::from_ref(first), &[][..]),
            Self::Many(many) => (&many.kept[..], &many.gathered[..]),
        };
        kept.iter().map(AsRef::as_ref).chain([last])
    }

    #[inline]
    pub(super) fn finish(self, trailers: Option<Box<HeaderMap>>) -> BufferedBody {
        let body = match self {
            Self::None => BufferedBody::default(),
            Self::One(first) => BufferedBody::new(first),
            Self::Many(many) => return many.finish(trailers),
        };
        body.with_trailers_of(trailers)
    }
}

impl Many {
    fn keep(&mut self, frame: Bytes) {
        if frame.len() < SMALL {
            self.gathered.extend_from_slice(&frame);
            return;
        }
        self.flush();
        self.kept.push(frame);
    }

    fn flush(&mut self) {
        if !self.gathered.is_empty() {
            self.kept.push(self.gathered.split().freeze());
        }
    }

    fn finish(mut self, trailers: Option<Box<HeaderMap>>) -> BufferedBody {
        self.flush();
        if self.kept.len() > 1 {
            return BufferedBody::from_parts(self.kept, trailers);
        }
        let single = self.kept.pop().unwrap_or_default();
        BufferedBody::new(single).with_trailers_of(trailers)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{Frames, SMALL};

    proptest! {
        #[test]
        fn frames_of_any_size_come_out_joined(sizes in proptest::collection::vec(0..3 * SMALL, 0..20)) {
            let mut frames = Frames::default();
            let mut expected = Vec::new();
            for (n, size) in sizes.into_iter().enumerate() {
                let frame = vec![u8::try_from(n).unwrap(); size];
                expected.extend_from_slice(&frame);
                frames.push(frame.into());
            }
            let body = frames.finish(None);
            prop_assert_eq!(body.len(), expected.len());
            prop_assert_eq!(body.chunks().collect::<Vec<_>>().concat(), expected.clone());
            prop_assert_eq!(body.into_bytes(), expected);
        }
    }

    #[test]
    fn one_byte_frames_do_not_become_handles() {
        let mut frames = Frames::default();
        for _ in 0..10_000 {
            frames.push(Bytes::from_static(b"x"));
        }
        let body = frames.finish(None);
        assert_eq!(body.as_single().map(Bytes::len), Some(10_000));
    }

    #[test]
    fn a_single_frame_is_handed_on_as_it_is() {
        let frame = Bytes::from(vec![7; 10]);
        let place = frame.as_ptr();
        let mut frames = Frames::default();
        frames.push(Bytes::new());
        frames.push(frame);
        assert_eq!(frames.finish(None).into_bytes().as_ptr(), place);
    }
}
