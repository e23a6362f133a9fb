//! What data cannot say: signed texts that are rebuilt from a form or a URL, and signatures that
//! stand in the body.
//!
//! Each function takes the whole body once it is there, bounds what it reads of it, and answers
//! with [`Claims`]: the texts that must have been signed, and the signatures that must be theirs.
//! Keys, comparison and freshness are the same for all of them.

mod adyen;
mod box_com;
mod braintree;
mod claims;
mod contentful;
mod definition;
mod delivery;
mod dropbox_sign;
mod escapes;
mod figma;
mod hook0;
mod hygraph;
mod kontent_ai;
mod linear;
mod mailgun;
mod mercado_pago;
mod message_bird;
mod microsoft_graph;
mod plivo;
mod pusher;
mod signer;
mod trello;
mod twilio;
mod url;
mod vonage_sms;

pub(crate) use self::{
    claims::{Claim, Claims, WhichKey},
    definition::Custom,
    delivery::{Delivery, Head},
    signer::{Content, Signer},
};
