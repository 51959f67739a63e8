//! What is known of Cloudflare: where its requests come from, and where they came from once.

use jiff::civil::Date;

use super::{AddressSet, NamedRanges, Network, standard_ranges};

/// Prefixes of old lists that are still passed on, though Cloudflare has given up a part of them or all.
const RETIRED: [&str; 2] = ["104.16.0.0/12", "199.27.128.0/21"];

/// How many addresses its smallest blocks have: a /22 of IPv4, a /32 of IPv6.
const SMALLEST: (u128, u128) = (1 << 10, 1 << 96);

/// Where requests for proxied names come from, as far as hedgerow knows.
#[derive(Clone, Debug)]
pub struct Cloudflare {
    pub known: AddressSet,
    /// When that was compared with what Cloudflare says.
    pub checked: Option<Date>,
    /// What belonged to it once, and no longer does.
    pub retired: AddressSet,
}

impl Cloudflare {
    /// What the standard library says.
    #[must_use]
    pub fn standard() -> Self {
        let (known, checked) = standard_ranges("cloudflare").unwrap_or_default();
        let once = AddressSet::nets(RETIRED.iter().filter_map(|net| net.parse().ok()));
        let retired = once.minus(&known);
        Self { known, checked, retired }
    }

    /// Is a list a copy of Cloudflare's, whole or in part? Such a one holds as much of it as the smallest of its blocks.
    #[must_use]
    pub fn is_copied_by(&self, list: &NamedRanges) -> bool {
        let shared = self.known.intersect(&list.addresses);
        let count = |ranges: &[(u128, u128)]| {
            ranges.iter().fold(0_u128, |sum, (from, to)| sum.saturating_add((to - from).saturating_add(1)))
        };
        count(shared.v4.ranges()) >= SMALLEST.0 || count(shared.v6.ranges()) >= SMALLEST.1
    }

    /// Where its requests come from, as far as a policy knows. Who says when a list was compared with Cloudflare's may
    /// know of prefixes that hedgerow does not know yet.
    #[must_use]
    pub fn edges(&self, network: &Network) -> AddressSet {
        let own = network.ranges.iter().filter(|list| list.checked.is_some() && self.is_copied_by(list));
        let mut edges: Vec<AddressSet> = own.map(|list| list.addresses.clone()).collect();
        edges.push(self.known.clone());
        AddressSet::union_of(&edges)
    }
}
