//! `redirect`

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::Attributes,
        load::Space,
        network::{HostId, Options, Place, Redirect, Region},
        resolve::Resolver,
        service::Traffic,
    },
    packet::Family,
    syntax::tree,
};

impl Resolver<'_> {
    pub(in crate::model::resolve) fn redirect(&mut self, tree: &tree::Redirect, span: Span, space: Space) {
        let attributes = Attributes::new("redirect", &tree.options, self.errors);
        let options = Options {
            because: attributes.quoted("because").map(|text| text.text),
            owner: attributes.quoted("owner").map(|text| text.text),
            ..Options::default()
        };
        let from = self.filled_side(&tree.from, space);
        let traffic = self.traffic(&tree.services, space);
        let to = if tree.to.text == "router" { None } else { Some(self.host_named(&tree.to, space)) };
        let (Some(from), false) = (from, traffic.is_empty()) else { return };
        let to = match to {
            None => None,
            Some(None) => return,
            Some(Some(host)) if self.network.host(host).addresses.is_empty() => {
                if self.broken_hosts.contains(&host) {
                    return;
                }
                self.report(
                    Diagnostic::error(
                        "host-without-address",
                        tree.to.span,
                        format!("host `{}` has no address, so nothing can be given to it", tree.to.text),
                    )
                    .label("which address?")
                    .also(self.network.host(host).span, "declared without `address` or `suffix`")
                    .help("reserve an address for it on the router and write it here"),
                );
                return;
            }
            Some(Some(host)) => Some(host),
        };
        if let Some(stray) = from.iter().find(|region| match region.place {
            Place::Router => true,
            Place::Zone(id) => self.network.zone(id).is_internet(),
        }) {
            self.report(
                Diagnostic::error(
                    "redirect-from-outside",
                    tree.from.span,
                    format!("what {} sends cannot be redirected", self.place_name(stray.place)),
                )
                .label("expected zones and hosts of your own")
                .help(if stray.place == Place::Router {
                    "name the zones and hosts whose packets shall be redirected"
                } else {
                    "what comes from the internet is let in with `expose`"
                }),
            );
            return;
        }
        if traffic.iter().any(|traffic| !traffic.has_ports() || traffic.to.is_empty()) {
            self.report(
                Diagnostic::error("redirect-everything", span, "a redirection needs the ports that it takes")
                    .label("this service is a whole protocol")
                    .help("name services with ports, as in `dns`"),
            );
            return;
        }
        if let Some(host) = to
            && !self.redirectable(host, &from, &traffic, tree, span)
        {
            return;
        }
        self.network.redirects.push(Redirect { span, from, traffic, to, options });
    }

    /// Reports a redirection to a host that it would catch itself, or that has no address of the right family.
    fn redirectable(
        &self,
        id: HostId,
        from: &[Region],
        traffic: &[Traffic],
        tree: &tree::Redirect,
        span: Span,
    ) -> bool {
        let host = self.network.host(id);
        let caught = from.iter().any(|region| match region.place {
            Place::Zone(zone) => !host.address_set(Some(zone)).intersect(&region.addresses).is_empty(),
            Place::Router => false,
        });
        if caught {
            self.report(
                Diagnostic::error(
                    "redirect-loop",
                    tree.to.span,
                    format!("what `{}` sends itself would come back to it", host.name),
                )
                .label("takes the packets")
                .also(tree.from.span, "is among those who send them")
                .help(format!("leave it out: `{} except {}`", self.text(tree.from.span), tree.to.text)),
            );
            return false;
        }
        let sent = |family: Family| {
            from.iter().any(|region| !region.addresses.family(family).is_empty())
                && traffic.iter().any(|traffic| traffic.has_family(family))
        };
        let missed: Vec<Family> = [Family::V4, Family::V6]
            .into_iter()
            .filter(|family| sent(*family) && host.address(*family).is_none())
            .collect();
        let caught = [Family::V4, Family::V6].into_iter().any(|family| sent(family) && host.address(family).is_some());
        let word = |family: &Family| if *family == Family::V4 { "IPv4" } else { "IPv6" };
        match missed.first() {
            None => true,
            Some(_) if !caught => {
                self.report(
                    Diagnostic::error("no-common-family", span, "the two ends have no family of addresses in common")
                        .label(format!("`{}` has no address of their family", host.name))
                        .help("give one of them an address of the other family, or remove the redirection"),
                );
                false
            }
            Some(family) => {
                self.report(
                    Diagnostic::warning(
                        "redirect-one-family",
                        tree.to.span,
                        format!("what is sent by {} is not redirected", word(family)),
                    )
                    .label(format!("`{}` has no {} address", host.name, word(family)))
                    .help(format!("give it one, or deny the service by {}", word(family))),
                );
                true
            }
        }
    }
}
