//! The header `Forwarded` (RFC 7239 section 4), strictly.
//!
//! Commas and semicolons inside quotes belong to the quoted text: `for=203.0.113.7;host="a,for=x"` is
//! one hop. A quote that is open at the end of a line makes the whole header an error, because what
//! an honest proxy added may then have become part of a stranger's text.

mod element;
mod split;

pub(super) use self::{
    element::{client, parameter},
    split::elements,
};
