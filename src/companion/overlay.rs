//! Overlay networks: Tailscale's policy file, and what has to be typed in at `ZeroTier`.
//!
//! What is written is what rules allow, and never more: a part of a rule that the file cannot say is left out, and a
//! `deny` takes off all that it touches.

use ipnet::IpNet;
use minijinja::{Error, context};
use serde_json::{Map, Value, json};

use super::{
    Companions, Printer,
    words::{literal, prefixes},
};
use crate::model::{
    Action, AddressSet, Network, Place, Region, Rule, Vpn, VpnKind,
    service::{ICMP, ICMPV6, SCTP, TCP, Traffic, UDP},
};

/// Who may reach what: senders, receivers, and ports as Tailscale writes them.
struct Grant {
    from: Vec<String>,
    to: Vec<String>,
    ports: Vec<String>,
}

pub fn write(network: &Network, vpn: &Vpn, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let zone = &network.zone(vpn.zone).name;
    let routes = announced(network, vpn);
    let grants: Vec<Grant> = network.rules.iter().filter_map(|rule| grant(network, vpn, rule)).collect();
    if vpn.kind == VpnKind::Zerotier {
        let routes = if routes.is_empty() { "none".to_owned() } else { texts(&routes).join(", ") };
        found.by_hand.push(format!("ZeroTier of `{zone}`: its managed routes by this node are {routes}"));
        let flows = grants
            .iter()
            .map(|grant| format!("{} to {} on {}", grant.from.join(", "), grant.to.join(", "), grant.ports.join(", ")));
        let flows: Vec<String> = flows.collect();
        let flows = if flows.is_empty() { "nothing".to_owned() } else { flows.join("; ") };
        let flows = flows.replace("autogroup:member", "every member").replace(&tag(vpn, network), "the node");
        found.by_hand.push(format!("ZeroTier of `{zone}`: its flow rules have to accept {flows}, and answers to it"));
        return Ok(());
    }
    let tag = tag(vpn, network);
    let mut file = Map::new();
    file.insert("tagOwners".to_owned(), json!({ tag.clone(): ["autogroup:admin"] }));
    let list: Vec<Value> =
        grants.into_iter().map(|grant| json!({ "src": grant.from, "dst": grant.to, "ip": grant.ports })).collect();
    file.insert("grants".to_owned(), Value::Array(list));
    let mut approved = Map::new();
    if !routes.is_empty() {
        let owner = |net: String| (net, json!([tag]));
        approved.insert("routes".to_owned(), Value::Object(texts(&routes).into_iter().map(owner).collect()));
    }
    if exit_node(vpn) {
        approved.insert("exitNode".to_owned(), json!([tag]));
    }
    file.insert("autoApprovers".to_owned(), Value::Object(approved));
    if vpn.overlay.share.is_some_and(|(on, _)| on) {
        file.insert("nodeAttrs".to_owned(), json!([{ "target": [tag], "attr": ["funnel"] }]));
    }
    let node = vpn.server.map_or("the router", |server| network.host(server).name.as_str());
    let policy = serde_json::to_string_pretty(&Value::Object(file)).unwrap_or_default();
    let advertise = texts(&routes).join(",");
    let values =
        context! { zone, node, tag => tag.clone(), policy, advertise, exit => exit_node(vpn), addon => vpn.addon };
    found.file(format!("tailscale-{zone}/policy.hujson"), printer.print("tailscale.hujson", values)?);
    found.by_hand.push(format!(
        "Tailscale of `{zone}`: its policy file is one for the whole tailnet; give {node} the tag `{tag}` and put this in at tailscale.com"
    ));
    Ok(())
}

fn texts(nets: &[IpNet]) -> Vec<String> {
    nets.iter().map(ToString::to_string).collect()
}

fn exit_node(vpn: &Vpn) -> bool {
    vpn.overlay.exit_node.is_some_and(|(on, _)| on)
}

/// A tag of the node; Tailscale takes letters, digits and hyphens.
fn tag(vpn: &Vpn, network: &Network) -> String {
    let name = network.zone(vpn.zone).name.chars();
    let name: String =
        name.map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' }).collect();
    format!("tag:hedgerow-{name}")
}

/// The networks that the node announces: as said; unsaid, those that peers of a router reach, and nothing on a host.
fn announced(network: &Network, vpn: &Vpn) -> Vec<IpNet> {
    let own = |net: &IpNet| network.zone(vpn.zone).networks.iter().any(|network| network.net == *net);
    let said = vpn
        .overlay
        .advertises
        .as_ref()
        .map(|(nets, _)| prefixes(&literal(network, &AddressSet::nets(nets.iter().copied()))));
    let unsaid = || if vpn.server.is_none() { network.reached(vpn.zone) } else { Vec::new() };
    said.unwrap_or_else(unsaid).into_iter().filter(|net| !own(net)).collect()
}

fn grant(network: &Network, vpn: &Vpn, rule: &Rule) -> Option<Grant> {
    let options = &rule.options;
    let always = options.during.is_none() && options.limit.is_none();
    // On the router the rule itself is asked, too; what no router sees would be open all the time.
    if rule.action != Action::Allow || rule.expired || !(always || vpn.server.is_none()) {
        return None;
    }
    let zone = network.zone(vpn.zone);
    let senders = rule.from.iter().find(|from| from.place == Place::Zone(vpn.zone))?;
    let whole = zone.network_set().minus(&senders.addresses).is_empty();
    let from = if whole { vec!["autogroup:member".to_owned()] } else { nets(&literal(network, &senders.addresses)) };
    let ports: Vec<String> = rule.traffic.iter().flat_map(ports).collect();
    let mut to = Vec::new();
    for region in &rule.to {
        let region = &denied(network, vpn, rule, senders, region);
        to.extend(match region.place {
            Place::Router if vpn.server.is_none() && !region.addresses.is_empty() => vec![tag(vpn, network)],
            Place::Router => Vec::new(),
            Place::Zone(id) if id == vpn.zone => Vec::new(),
            Place::Zone(id) if network.zone(id).is_internet() => {
                let all = exit_node(vpn) && network.internet().minus(&region.addresses).is_empty();
                if all { vec!["autogroup:internet".to_owned()] } else { Vec::new() }
            }
            Place::Zone(_) => inside(network, vpn, &region.addresses),
        });
    }
    to.dedup();
    (!from.is_empty() && !to.is_empty() && !ports.is_empty()).then_some(Grant { from, to, ports })
}

/// Receivers inside: the node itself by its tag, the others where it announces them.
fn inside(network: &Network, vpn: &Vpn, addresses: &AddressSet) -> Vec<String> {
    let own: Vec<_> = vpn.server.map_or_else(Vec::new, |server| network.host(server).written().collect());
    let node = own.iter().any(|address| addresses.contains(*address));
    let announced = AddressSet::nets(announced(network, vpn));
    let others = literal(network, addresses).intersect(&announced);
    let mut found = if node { vec![tag(vpn, network)] } else { Vec::new() };
    found.extend(nets(&others));
    found
}

fn nets(set: &AddressSet) -> Vec<String> {
    let text =
        |net: &IpNet| if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() };
    prefixes(set).iter().map(text).collect()
}

/// A receiver without what some `deny` holds back from any of the senders on any of the ports.
fn denied(network: &Network, vpn: &Vpn, rule: &Rule, senders: &Region, region: &Region) -> Region {
    let mut left = region.clone();
    let touches = |deny: &&Rule| {
        let senders = deny.from.iter().any(|from| {
            from.place == Place::Zone(vpn.zone) && !from.addresses.intersect(&senders.addresses).is_empty()
        });
        senders && deny.traffic.iter().any(|one| rule.traffic.iter().any(|two| meet(one, two)))
    };
    for deny in network.rules.iter().filter(|deny| deny.action == Action::Deny && !deny.expired).filter(touches) {
        for to in deny.to.iter().filter(|to| to.place == region.place) {
            left.addresses = left.addresses.minus(&to.addresses);
        }
    }
    left
}

fn meet(one: &Traffic, two: &Traffic) -> bool {
    let protocol = one.protocol.is_none() || two.protocol.is_none() || one.protocol == two.protocol;
    let ports = one.to.is_empty()
        || two.to.is_empty()
        || one.to.iter().any(|(from, to)| two.to.iter().any(|(low, high)| from <= high && low <= to));
    protocol && ports
}

/// Ports as Tailscale writes them; what it cannot say is left out: source ports, and single types of ICMP.
fn ports(traffic: &Traffic) -> Vec<String> {
    if !traffic.from.is_empty() {
        return Vec::new();
    }
    let name = match traffic.protocol {
        None => return vec!["*".to_owned()],
        Some(TCP) => "tcp",
        Some(UDP) => "udp",
        Some(SCTP) => "sctp",
        Some(ICMP) if traffic.to.is_empty() => return vec!["icmp:*".to_owned()],
        Some(ICMP | ICMPV6) => return Vec::new(),
        Some(other) => return vec![format!("{other}:*")],
    };
    if traffic.to.is_empty() {
        return vec![format!("{name}:*")];
    }
    let range =
        |(from, to): &(u16, u16)| if from == to { format!("{name}:{from}") } else { format!("{name}:{from}-{to}") };
    traffic.to.iter().map(range).collect()
}
