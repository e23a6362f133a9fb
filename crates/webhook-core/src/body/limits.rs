use std::time::Duration;

/// How much of a body is taken, and for how long it is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    max_bytes: u64,
    max_frames: u32,
    deadline: Duration,
}

impl BodyLimits {
    /// The default limit on a body's bytes: 1 MiB.
    pub const DEFAULT_MAX_BYTES: u64 = 1024 * 1024;
    /// The default limit on a body's frames, empty ones included.
    ///
    /// A server hands over what one read from the socket gave, so that a megabyte comes in some
    /// dozens of frames; only a sender that means it sends thousands.
    pub const DEFAULT_MAX_FRAMES: u32 = 16_384;
    /// The default deadline of a whole body: 10 seconds.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

    /// Limits the bytes, trailers aside; default 1 MiB. A body of exactly this size is taken.
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Limits the frames, empty ones included; default 16,384.
    #[must_use]
    pub const fn with_max_frames(mut self, frames: u32) -> Self {
        self.max_frames = frames;
        self
    }

    /// Limits the time from the moment a layer starts to read to the last byte; default 10 s. It is
    /// one deadline for the whole body: a byte now and then does not push it ahead.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The limit on bytes.
    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// The limit on frames.
    #[must_use]
    pub const fn max_frames(&self) -> u32 {
        self.max_frames
    }

    /// The deadline of the whole body.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            max_bytes: Self::DEFAULT_MAX_BYTES,
            max_frames: Self::DEFAULT_MAX_FRAMES,
            deadline: Self::DEFAULT_DEADLINE,
        }
    }
}
