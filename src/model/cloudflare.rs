//! What is known of Cloudflare: where its requests come from, and where they came from once.

use jiff::civil::Date;

use super::{AddressSet, NamedRanges, Network, standard_ranges};

/// Prefixes of old lists that are still passed on, though Cloudflare has given up a part of them or all.
const RETIRED: [&str; 2] = ["104.16.0.0/12", "199.27.128.0/21"];

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

    /// Is a list a copy of Cloudflare's, whole or in part? Such a one holds at least one of its blocks.
    #[must_use]
    pub fn is_copied_by(&self, list: &NamedRanges) -> bool {
        let blocks = |known: &[(u128, u128)], held: &[(u128, u128)]| {
            known.iter().any(|(from, to)| held.iter().any(|(start, end)| start <= from && to <= end))
        };
        blocks(self.known.v4.ranges(), list.addresses.v4.ranges())
            || blocks(self.known.v6.ranges(), list.addresses.v6.ranges())
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
