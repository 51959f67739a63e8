//! The router's own page (uhttpd): it is the user's, and stays as it is; where it listens on a port that the policy gives to
//! somebody else, one of the two would not start.

use super::{
    Renderer,
    base::{self, Found},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        Exposure,
        service::{TCP, Traffic},
    },
    router::File,
};

/// The package, which is read and never written.
const PACKAGE: &str = "uhttpd";

impl Renderer<'_> {
    /// Holds the page of the user's router against what the policy says of it, and against what listens on the router.
    pub(super) fn page(&mut self, base: &[File]) {
        let there = base::of(base, PACKAGE);
        let pages: Vec<(u16, &Found, &str)> = there
            .iter()
            .filter(|section| section.kind == PACKAGE)
            .flat_map(|section| ["listen_http", "listen_https"].map(|option| (section, option)))
            .flat_map(|(section, option)| {
                section.values(option).into_iter().filter_map(port).map(move |port| (port, section, option))
            })
            .collect();
        let Some((_, first, _)) = pages.first() else { return };
        let listens: Vec<String> = {
            let mut ports: Vec<u16> = pages.iter().map(|(port, ..)| *port).collect();
            ports.sort_unstable();
            ports.dedup();
            ports.iter().map(ToString::to_string).collect()
        };
        let line = first.line;
        let mut differs = |span: Span, what: String, help: String| {
            self.errors.push(
                Diagnostic::error("base-differs", span, what)
                    .label(format!("line {line} of your file {PACKAGE} says where the page listens"))
                    .help(help),
            );
        };
        let network = self.network;
        let exposures = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.is_on_router());
        let place = |exposure: &Exposure| exposure.through.as_ref().map_or(exposure.span, |through| through.span);
        let proxies = exposures.map(|exposure| (place(exposure), "this proxy", exposure.opens()));
        let vpns = network.vpns.iter().filter(|vpn| vpn.server.is_none());
        let vpns = vpns.map(|vpn| (vpn.span, "this VPN", vpn.listen.clone()));
        let mut in_the_way = false;
        for (span, who, opens) in proxies.chain(vpns) {
            let taken = |port: u16| {
                let within = |one: &Traffic| one.to.iter().any(|(from, to)| (*from..=*to).contains(&port));
                opens.iter().any(|one| one.protocol == Some(TCP) && within(one))
            };
            if let Some((port, section, option)) = pages.iter().find(|(port, ..)| taken(*port)) {
                let name = if section.name.is_empty() {
                    format!("@{PACKAGE}[{}]", section.index)
                } else {
                    section.name.clone()
                };
                in_the_way = true;
                differs(
                    span,
                    format!("the router's page listens on tcp {port}, where {who} should"),
                    format!(
                        "move it on the router: `uci -q delete {PACKAGE}.{name}.{option}`{}, save the file again; `page` in `router` says where it listens then",
                        if *option == "listen_https" {
                            format!(", `uci add_list {PACKAGE}.{name}.{option}='0.0.0.0:8443'`")
                        } else {
                            String::new()
                        }
                    ),
                );
            }
        }
        if let Some((ports, span)) = &self.network.router.page
            && !in_the_way
            && let Some(port) = ports.iter().find(|port| !pages.iter().any(|(own, ..)| own == *port))
        {
            differs(
                *span,
                format!("the router's page does not listen on {port}, but on {}", listens.join(" and ")),
                "correct it here, or there".to_owned(),
            );
        }
    }
}

/// `0.0.0.0:80`, `[::]:443`, `8080`
fn port(text: &str) -> Option<u16> {
    text.rsplit(':').next().and_then(|port| port.parse().ok())
}
