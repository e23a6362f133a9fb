use super::Delivery;

/// The body, with a line break of the network's form for each run of line breaks.
pub(super) fn texts(delivery: &Delivery<'_>) -> Vec<Vec<u8>> {
    let mut text = Vec::with_capacity(delivery.body.len());
    let mut behind_one = false;
    for &byte in delivery.body {
        let is_break = matches!(byte, b'\r' | b'\n');
        if !is_break {
            text.push(byte);
        } else if !behind_one {
            text.extend_from_slice(b"\r\n");
        }
        behind_one = is_break;
    }
    vec![text]
}
