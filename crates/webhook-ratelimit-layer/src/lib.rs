//! A tower layer that limits webhook deliveries by network, endpoint or header, in bounded memory.
