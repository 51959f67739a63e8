//! Addresses and interfaces of iptables in nft's words.

pub fn address(family: &str, end: &str, not: &str, value: &str) -> Option<String> {
    if value.contains(',') {
        return None;
    }
    let Some((address, mask)) = value.split_once('/') else { return Some(format!("{family} {end} {not}{value}")) };
    if let Ok(length) = mask.parse::<u8>() {
        return Some(if length == 0 { everything(not) } else { format!("{family} {end} {not}{address}/{length}") });
    }
    // `10.0.0.0/255.0.0.0`, which need not be a prefix.
    let mask: std::net::Ipv4Addr = mask.parse().ok()?;
    let bits = mask.to_bits();
    if bits.leading_ones() + bits.trailing_zeros() >= 32 {
        let length = bits.leading_ones();
        return Some(if length == 0 { everything(not) } else { format!("{family} {end} {not}{address}/{length}") });
    }
    let op = if not.is_empty() { "==" } else { "!=" };
    Some(format!("{family} {end} & {mask} {op} {address}"))
}

/// A condition that always holds, or never.
fn everything(not: &str) -> String {
    if not.is_empty() { String::new() } else { "meta l4proto { 0-255 } meta l4proto != 0-255".to_owned() }
}

/// `eth+` is every name that begins with `eth`.
pub fn interface(key: &str, not: &str, value: &str) -> Option<String> {
    let fits = |name: &str| !name.contains(['"', '*', ' ']);
    match value.strip_suffix('+') {
        Some("") => Some(everything(not)),
        Some(stem) if fits(stem) => Some(format!("{key} {not}\"{stem}*\"")),
        None if fits(value) => Some(format!("{key} {not}\"{value}\"")),
        _ => None,
    }
}
