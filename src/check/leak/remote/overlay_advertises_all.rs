//! A node tells its overlay network of more than the policy lets it reach.

use ipnet::IpNet;

use super::super::{
    Finding, Outcome, Subject,
    subject::{region, warning},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{AddressSet, Network, Place, Region, Vpn, VpnKind},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let overlays = || network.vpns.iter().filter(|vpn| vpn.kind.is_overlay());
    if overlays().next().is_none() {
        return Outcome::NotApplicable("no overlay network");
    }
    let mut found = Vec::new();
    for vpn in overlays() {
        let mut tell = |diagnostic: Diagnostic| found.push(Finding::place(diagnostic, Place::Zone(vpn.zone)));
        if let Some(diagnostic) = by_default(network, vpn) {
            tell(diagnostic);
            continue;
        }
        if let Some((true, span)) = exit_node(vpn)
            && subject.anything(&[region(vpn.zone)], &subject.internet()).is_empty()
        {
            tell(
                warning(span, "the node offers itself as the way to the internet, which no rule lets its peers take")
                    .label("an exit node")
                    .help("write `exit-node off`, or allow what is meant"),
            );
        }
        let Some((nets, span)) = &vpn.overlay.advertises else { continue };
        if let Some(diagnostic) = announced(subject, vpn, nets, *span) {
            tell(diagnostic);
        }
    }
    Outcome::Decided(found)
}

fn exit_node(vpn: &Vpn) -> Option<(bool, Span)> {
    vpn.overlay.exit_node.or_else(|| is_addon(vpn).then_some((true, vpn.span)))
}

/// The add-on of Tailscale announces everything unless it is told otherwise.
fn is_addon(vpn: &Vpn) -> bool {
    vpn.addon && vpn.kind == VpnKind::Tailscale
}

fn by_default(network: &Network, vpn: &Vpn) -> Option<Diagnostic> {
    let (all, exit) = (vpn.overlay.advertises.is_none(), vpn.overlay.exit_node.is_none());
    if !is_addon(vpn) || !(all || exit) {
        return None;
    }
    let what = match (all, exit) {
        (true, true) => "announces all networks of its host, and itself as the way to the internet",
        (true, false) => "announces all networks of its host",
        _ => "announces itself as the way to the internet",
    };
    let host = vpn.server.map_or("", |server| network.host(server).name.as_str());
    Some(
        warning(vpn.span, format!("the add-on on `{host}` {what}, as it is delivered"))
            .label("nothing says otherwise")
            .note("its options are `advertise_routes` and `advertise_exit_node`; rules of the router do not see what goes through it")
            .help("write `advertises nothing` and `exit-node off`, and set the add-on's options so"),
    )
}

/// Networks that the node announces: all that there are, or some that the policy does not let its peers reach.
fn announced(subject: &mut Subject<'_>, vpn: &Vpn, nets: &[IpNet], span: Span) -> Option<Diagnostic> {
    let network = subject.network;
    let told = AddressSet::nets(nets.iter().copied());
    let others: Vec<_> = network.zone_ids().filter(|(id, zone)| *id != vpn.zone && !zone.is_internet()).collect();
    if others.len() > 1 && others.iter().all(|(_, zone)| told.covers(&zone.network_set())) {
        return Some(
            warning(span, "the node announces every network there is")
                .label("all of them")
                .help("name the one that is needed, or `advertises nothing`: the node itself is reached without"),
        );
    }
    // Add-ons go on under the address of their host, which the router cannot tell from the host itself.
    if vpn.addon {
        return None;
    }
    let closed = |subject: &mut Subject<'_>, (id, zone): &(crate::model::ZoneId, &crate::model::Zone)| {
        let here = told.intersect(&zone.network_set());
        if here.is_empty() {
            return false;
        }
        let to = Region { place: Place::Zone(*id), addresses: here, whole: false };
        subject.anything(&[region(vpn.zone)], &[to]).is_empty()
    };
    let closed: Vec<String> =
        others.iter().filter(|other| closed(subject, other)).map(|(_, zone)| format!("`{}`", zone.name)).collect();
    (!closed.is_empty()).then(|| {
        warning(span, format!("the node announces {}, where no rule lets its peers reach anybody", closed.join(", ")))
            .label("wider than the policy")
            .help("announce only what the rules let peers reach, so that one slip in a rule does not open the rest")
    })
}
