//! A tunnel leads everybody to the router, to a storage, or to whatever is asked for.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, runs},
    },
    tunnels::tunnels,
};
use crate::model::{CatchAll, Host, Led, Place, Role, service::Trait};

/// Services by which a storage is known.
const STORAGE: [&str; 5] = ["smb", "nfs", "dsm", "iscsi", "rsync"];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let tunnels = tunnels(subject);
    if tunnels.is_empty() {
        return Outcome::NotApplicable("no tunnel");
    }
    let help = "take it out, or let the provider ask who it is, and write `access on`";
    let mut found = Vec::new();
    for (_, tunnel) in tunnels {
        let caught = match &tunnel.catch_all {
            _ if tunnel.access => None,
            CatchAll::Off => None,
            CatchAll::On(span) => Some((*span, "something that the policy does not name")),
            CatchAll::To(target) => Some((target.span, target.text.as_str())),
        };
        if let Some((span, to)) = caught {
            let diagnostic = error(span, format!("the tunnel leads every name that it is asked for to {to}"))
                .label("nobody is asked who it is")
                .help(help);
            found.push(Finding::fact(diagnostic));
        }
    }
    for led in subject.network.led_by_tunnels() {
        let Some(what) = what(subject, &led) else { continue };
        let diagnostic = error(led.span, format!("the tunnel leads everybody to {what}"))
            .label(format!("publishes {}", led.text))
            .also(led.tunnel.span, "goes out here")
            .help(help);
        found.push(Finding::ends(diagnostic, subject.outside(), led.to));
    }
    Outcome::Decided(found)
}

/// What of it should not be there for everybody.
fn what(subject: &Subject<'_>, led: &Led<'_>) -> Option<String> {
    let network = subject.network;
    let homes: Vec<&str> = subject.home_assistants().iter().map(|(_, home)| home.name.as_str()).collect();
    for region in &led.to {
        let Place::Zone(id) = region.place else { return Some("the router".to_owned()) };
        let zone = network.zone(id);
        let here = |host: &&Host| !host.address_set(Some(id)).intersect(&region.addresses).is_empty();
        let hosts: Vec<&Host> = network.hosts.iter().filter(here).collect();
        let known =
            hosts.iter().fold(crate::model::AddressSet::default(), |set, host| set.union(&host.address_set(Some(id))));
        if zone.role == Role::Management || !region.addresses.minus(&known).is_empty() {
            return Some(format!("a part of zone `{}`", zone.name));
        }
        for host in hosts {
            if STORAGE.iter().any(|service| runs(host, service)) && !homes.contains(&host.name.as_str()) {
                return Some(format!("the storage `{}`", host.name));
            }
            let managed = host.runs.iter().any(|(name, traffic)| {
                network.is(name, Trait::Management) && led.traffic.iter().any(|asked| asked.meets(traffic))
            });
            if managed {
                return Some(format!("what administers `{}`", host.name));
            }
        }
    }
    None
}
