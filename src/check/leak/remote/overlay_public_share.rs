//! What looks like a private network publishes to the whole internet.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    if !network.vpns.iter().any(|vpn| vpn.kind.is_overlay()) {
        return Outcome::NotApplicable("no overlay network");
    }
    let mut found = Vec::new();
    for vpn in &network.vpns {
        let Some((true, span)) = vpn.overlay.share else { continue };
        let who = vpn.server.map_or("the router", |server| network.host(server).name.as_str());
        let diagnostic = warning(span, format!("Funnel publishes a service of `{who}` to the whole internet"))
            .label("public, no VPN")
            .note("no port of the router is opened for it, so `exposed` does not show it")
            .help("switch it off and let your devices join the tailnet; or treat it as public: passwords, second factors, `login-attempts`");
        found.push(Finding::place(diagnostic, Place::Zone(vpn.zone)));
    }
    Outcome::Decided(found)
}
