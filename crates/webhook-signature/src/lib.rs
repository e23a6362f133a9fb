//! Webhook signatures as data: verify and sign deliveries of many providers, without sockets or clocks.
