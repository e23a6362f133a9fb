//! The program `webhook`.

fn main() {}
