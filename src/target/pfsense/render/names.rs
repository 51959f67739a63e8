//! Names that the resolver answers by itself: those of hosts, and of exposures where the host itself answers inside.

use std::{collections::BTreeSet, net::IpAddr};

use super::{Renderer, base, document::Override, words};
use crate::diagnostic::{Diagnostic, Span};

impl Renderer<'_> {
    pub(super) fn names(&mut self) {
        let network = self.network;
        let hosts = network.hosts.iter().filter_map(|host| {
            let own = host.addresses.iter().filter(|own| own.suffix.is_none()).map(|own| own.address);
            Some((host.dns_name.as_deref()?, (host.name.as_str(), own.collect()), host.span))
        });
        let exposures = network
            .exposures
            .iter()
            .filter(|exposure| exposure.splits_dns())
            .filter_map(|exposure| Some((exposure.name.as_deref()?, network.inside(exposure), exposure.span)));
        let mut done = BTreeSet::new();
        for (name, (host, addresses), span) in hosts.chain(exposures) {
            if done.insert(name.to_ascii_lowercase()) {
                self.name(name, (host, addresses.into_iter().collect()), span);
            }
        }
    }

    fn name(&mut self, name: &str, (host, addresses): (&str, BTreeSet<IpAddr>), span: Span) {
        if addresses.is_empty() {
            return;
        }
        let told = |addresses: &BTreeSet<IpAddr>| {
            let all: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            all.join(",")
        };
        let theirs = self.base.overrides.iter().filter(|known| !known.ours && known.is(name));
        let theirs: Vec<&base::Override> = theirs.collect();
        if !theirs.is_empty() {
            let found: BTreeSet<IpAddr> = theirs.iter().flat_map(|known| &known.addresses).copied().collect();
            if found != addresses {
                let page = if self.base.dnsmasq { "Services > DNS Forwarder" } else { "Services > DNS Resolver" };
                self.errors.push(
                    Diagnostic::error(
                        "base-differs",
                        span,
                        format!("the base answers `{name}` with {}, and not with {}", told(&found), told(&addresses)),
                    )
                    .label(format!("is answered with the address of `{host}`"))
                    .help(format!("take its host override out in pfSense ({page}) and save a new backup, or correct the address here")),
                );
            }
            return;
        }
        let (label, domain) = name.split_once('.').unwrap_or(("", name));
        self.document.names.push(Override {
            host: label.to_owned(),
            domain: domain.to_owned(),
            addresses: told(&addresses),
            descr: words::description(&format!("{}{}", words::MARK, host)),
        });
    }
}
