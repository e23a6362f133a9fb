//! Time as a parameter: wall time, monotonic time, and the clock that tells both.

mod clock;
mod timestamp;

pub use self::{
    clock::{Clock, ManualClock, Moment, Ticks},
    timestamp::Timestamp,
};
