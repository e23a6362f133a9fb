//! The presets of this feature, in the order of their names.

mod documents;
mod pieces;
mod signatures;
mod tokens;

pub use self::{
    documents::{AWS_SNS, MAILCHANNELS, PADDLE_CLASSIC, PAYPAL, TRAVIS_CI},
    signatures::{
        DISCORD, FAL, HIGHLEVEL, KICK, SENDGRID, STANDARD_WEBHOOKS_ASYMMETRIC, TELNYX, WISE,
    },
    tokens::{
        CONSTANT_CONTACT, FUSIONAUTH, KINDE, LIVEKIT, MESSAGEBIRD, MONDAY, NETLIFY, PLAID, SALEOR,
        TRUELAYER, VONAGE, WIX,
    },
};
use crate::Preset;

pub(crate) static ALL: [&Preset; 25] = [
    &AWS_SNS,
    &CONSTANT_CONTACT,
    &DISCORD,
    &FAL,
    &FUSIONAUTH,
    &HIGHLEVEL,
    &KICK,
    &KINDE,
    &LIVEKIT,
    &MAILCHANNELS,
    &MESSAGEBIRD,
    &MONDAY,
    &NETLIFY,
    &PADDLE_CLASSIC,
    &PAYPAL,
    &PLAID,
    &SALEOR,
    &SENDGRID,
    &STANDARD_WEBHOOKS_ASYMMETRIC,
    &TELNYX,
    &TRAVIS_CI,
    &TRUELAYER,
    &VONAGE,
    &WISE,
    &WIX,
];
