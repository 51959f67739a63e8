//! A name is proxied by Cloudflare, and its host takes connections from others too.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, host},
    },
    cloudflare::{Cloudflare, proxied},
};
use crate::model::{AddressSet, Region};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let names = proxied(subject);
    if names.is_empty() {
        return Outcome::NotApplicable("no proxied name");
    }
    let network = subject.network;
    let cloudflare = Cloudflare::new();
    // Who says when a list was compared with Cloudflare's may know of prefixes that hedgerow does not know yet.
    let own = network.ranges.iter().filter(|list| list.checked.is_some() && cloudflare.is_copied_by(list));
    let mut edges: Vec<AddressSet> = own.map(|list| list.addresses.clone()).collect();
    edges.extend([cloudflare.known, cloudflare.retired]);
    let edges = AddressSet::union_of(&edges);
    let others: Vec<Region> = subject
        .internet()
        .into_iter()
        .map(|region| Region { addresses: region.addresses.minus(&edges), ..region })
        .collect();
    let thrown = subject.thrown_open();
    let mut found = Vec::new();
    for (exposure, proxied) in names {
        let (target, service) = exposure.target();
        let packets = subject.passing(&others, &host(network.host(target)), service);
        let packets = subject.without(packets, thrown);
        let name = exposure.name.as_deref().unwrap_or("the name");
        let diagnostic = error(proxied.span, format!("`{name}` is proxied by Cloudflare, and others get past it"))
            .label("lets in whoever knows the address")
            .help("write `from cloudflare` (`use std.ranges`): the servers of Cloudflare are all that has to get in");
        found.push(Finding::packets(diagnostic, packets));
    }
    Outcome::Decided(found)
}
