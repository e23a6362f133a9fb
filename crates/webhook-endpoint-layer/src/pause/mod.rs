//! The switch that takes endpoints, or all of them, off the air for a while.

mod layer;
mod service;
mod switch;

pub(crate) use self::switch::OPEN_END;
pub use self::{
    layer::PauseLayer,
    service::Pause,
    switch::{PauseSwitch, Paused},
};
