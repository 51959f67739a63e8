//! What is known of Cloudflare: where its requests come from, and where they came from once.

use jiff::civil::Date;

use super::super::Subject;
use crate::model::{AddressSet, Exposure, NamedRanges, Proxied, standard_ranges};

/// Prefixes of old lists that are still passed on, though Cloudflare has given up a part of them or all.
const RETIRED: [&str; 2] = ["104.16.0.0/12", "199.27.128.0/21"];

/// Where requests for proxied names come from, as far as hedgerow knows.
pub struct Cloudflare {
    pub known: AddressSet,
    /// When that was compared with what Cloudflare says.
    pub checked: Option<Date>,
    /// What belonged to it once, and no longer does.
    pub retired: AddressSet,
}

impl Cloudflare {
    pub fn new() -> Self {
        let (known, checked) = standard_ranges("cloudflare").unwrap_or_default();
        let once = AddressSet::nets(RETIRED.iter().filter_map(|net| net.parse().ok()));
        let retired = once.minus(&known);
        Self { known, checked, retired }
    }

    /// Is a list a copy of Cloudflare's, whole or in part? Such a one holds at least one of its blocks.
    pub fn is_copied_by(&self, list: &NamedRanges) -> bool {
        let blocks = |known: &[(u128, u128)], held: &[(u128, u128)]| {
            known.iter().any(|(from, to)| held.iter().any(|(start, end)| start <= from && to <= end))
        };
        blocks(self.known.v4.ranges(), list.addresses.v4.ranges())
            || blocks(self.known.v6.ranges(), list.addresses.v6.ranges())
    }
}

/// The exposures whose names Cloudflare's servers answer to.
pub fn proxied<'a>(subject: &Subject<'a>) -> Vec<(&'a Exposure, Proxied)> {
    let live = subject.network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none());
    live.filter_map(|exposure| exposure.proxied.map(|proxied| (exposure, proxied))).collect()
}
