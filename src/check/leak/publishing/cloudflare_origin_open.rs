//! A name is proxied by Cloudflare, and its host takes connections from others too.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{answering, error},
    },
    proxied,
};
use crate::model::{Cloudflare, Region};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let names = proxied(subject);
    if names.is_empty() {
        return Outcome::NotApplicable("no proxied name");
    }
    let network = subject.network;
    // What was theirs once is told of by `cloudflare-ranges-stale`.
    let cloudflare = Cloudflare::standard();
    let edges = cloudflare.edges(network).union(&cloudflare.retired);
    let others: Vec<Region> = subject
        .internet()
        .into_iter()
        .map(|region| Region { addresses: region.addresses.minus(&edges), ..region })
        .collect();
    let thrown = subject.thrown_open();
    let mut found = Vec::new();
    for (exposure, proxied) in names {
        let (_, service) = exposure.target();
        let packets = subject.passing(&others, &answering(network, exposure), service);
        let packets = subject.without(packets, thrown);
        let name = exposure.name.as_deref().unwrap_or("the name");
        let diagnostic = error(proxied.span, format!("`{name}` is proxied by Cloudflare, and others get past it"))
            .label("lets in whoever knows the address")
            .help("write `from cloudflare` (`use std.ranges`): the servers of Cloudflare are all that has to get in");
        found.push(Finding::packets(diagnostic, packets));
    }
    Outcome::Decided(found)
}
