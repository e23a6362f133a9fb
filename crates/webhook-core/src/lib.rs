//! What every webhook layer shares: the buffered body, rejections, the delivery record, client addresses, settings, clock and secrets.
