//! Name resolution and time.

mod dns_bypass;
mod ha_dot_fallback;
mod hairpin_missing;
mod no_dns_path;
mod no_ntp_path;
mod split_dns_port_mismatch;

use super::{
    Decided::{Asked, Compiled},
    Leak, leak,
};

pub const CHECKS: &[Leak] = &[
    leak!("dns-bypass-encrypted", Note, Asked(dns_bypass::encrypted)),
    leak!("dns-bypass-plain", Warning, Asked(dns_bypass::plain)),
    leak!("ha-dot-fallback", Note, Asked(ha_dot_fallback::run)),
    leak!("hairpin-missing", Warning, Asked(hairpin_missing::run)),
    leak!("hairpin-opens-path", Error, Compiled),
    leak!("no-dns-path", Error, Asked(no_dns_path::run)),
    leak!("no-ntp-path", Warning, Asked(no_ntp_path::run)),
    leak!("split-dns-port-mismatch", Warning, Asked(split_dns_port_mismatch::run)),
];
