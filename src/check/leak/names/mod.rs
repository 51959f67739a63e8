//! Name resolution and time.

mod dns_bypass;
mod ha_dot_fallback;
mod no_dns_path;
mod no_ntp_path;

use super::{Decided::Asked, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("dns-bypass-encrypted", Note, Asked(dns_bypass::encrypted)),
    leak!("dns-bypass-plain", Warning, Asked(dns_bypass::plain)),
    leak!("ha-dot-fallback", Note, Asked(ha_dot_fallback::run)),
    leak!("no-dns-path", Error, Asked(no_dns_path::run)),
    leak!("no-ntp-path", Warning, Asked(no_ntp_path::run)),
];
