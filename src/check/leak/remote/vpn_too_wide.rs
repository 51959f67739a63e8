//! Whoever gets into the VPN gets everything.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, is_everything, region, warning},
    vpn_users,
};
use crate::{
    diagnostic::Severity,
    model::{Host, Network, Place, Role, Rule, Vpn, ZoneId},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let Some(zone) = subject.zones(&[Role::Vpn]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no VPN");
    };
    let users = vpn_users(subject);
    let wide = subject.rules(|rule| is_wide(network, rule));
    let mut found = Vec::new();
    let (mut managed, mut private) = (subject.regions(&[Role::Management]), subject.private());
    private.retain(|region| !is_vpn(network, region.place) && !managed.contains(region));
    for (to, severity, what) in [
        (&mut managed, Severity::Error, "VPN clients reach everything in a zone of management"),
        (&mut private, Severity::Warning, "VPN clients reach everything in a zone"),
    ] {
        let packets = subject.anything(&users, to);
        let packets = subject.space().intersect(packets, wide);
        let diagnostic = warning(zone, what)
            .label("every service of every host")
            .note("a lost phone, or a key that was copied, is as good as a cable in that zone")
            .help("name the hosts and services that are needed; mark who administers the network `admin`");
        found.push(Finding::packets(diagnostic, packets).with_severity(severity));
    }
    for vpn in network.vpns.iter().filter(|vpn| vpn.lets_in_as_host()) {
        if let Some(server) = vpn.server {
            found.push(as_host(subject, vpn, network.host(server)));
        }
    }
    Outcome::Decided(found)
}

fn is_vpn(network: &Network, place: Place) -> bool {
    matches!(place, Place::Zone(zone) if network.zone(zone).role == Role::Vpn)
}

/// Does a rule open a whole zone to somebody of a VPN?
fn is_wide(network: &Network, rule: &Rule) -> bool {
    rule.traffic.iter().any(is_everything)
        && rule.from.iter().any(|from| is_vpn(network, from.place))
        && rule.to.iter().any(|to| to.whole && to.place != Place::Router && !is_vpn(network, to.place))
}

fn as_host(subject: &mut Subject<'_>, vpn: &Vpn, server: &Host) -> Finding {
    let network = subject.network;
    let own = host(server);
    let mut reached: Vec<ZoneId> = Vec::new();
    for (id, zone) in network.zone_ids().filter(|(id, zone)| !zone.is_internet() && *id != vpn.zone) {
        let beside = server.zones.contains(&id) && !zone.isolated;
        if beside || !subject.anything(&own, &[region(id)]).is_empty() {
            reached.push(id);
        }
    }
    let names: Vec<String> = reached.iter().map(|zone| format!("`{}`", network.zone(*zone).name)).collect();
    let diagnostic = warning(
        vpn.span,
        format!("every peer comes in as `{}`, with all that it may do: it reaches {}", server.name, names.join(", ")),
    )
    .label("an add-on, which hides its peers behind the address of its host")
    .also(server.span, "the rules of this host are theirs")
    .help("end the tunnel on the router, where each peer has an address of its own that rules can name");
    let worst = reached.iter().any(|zone| network.zone(*zone).role == Role::Management);
    let to = reached.iter().map(|zone| region(*zone)).collect();
    let finding = Finding::ends(diagnostic, vec![region(vpn.zone)], to);
    if worst { finding.with_severity(Severity::Error) } else { finding }
}
