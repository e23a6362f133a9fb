//! Whether the time that a refusal takes tells anything of a secret, after
//! [dudect](https://eprint.iacr.org/2016/1123).
//!
//! - [`Path`]: one comparison of secrets, through the family's public interface, and the two classes of
//!   input that are told apart where it leaks: as a rule, wrong in the first byte or in the last.
//! - [`trial`]: many samples of both classes, mixed at random, and Welch's t between them.
//! - [`judge`]: a real path holds where |t| stays under 5 in three trials of three; a control, which is
//!   known to leak, must exceed 20, or the measurement would see nothing.
//! - [`paths`]: all that are measured, and [`report`]: what is told of them.
//!
//! It is a measurement of a build on a machine, so it is a program and no test. Whatever else the
//! machine does meets both classes alike: it blurs them, and cannot set them apart.

pub mod judge;
mod path;
pub mod paths;
mod random;
pub mod report;
pub mod trial;
mod welch;

pub use self::{
    path::{Class, Kind, Path},
    random::Random,
    welch::{Moments, t},
};
