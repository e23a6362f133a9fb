//! A tower layer that lets only webhook deliveries with a valid signature through.
