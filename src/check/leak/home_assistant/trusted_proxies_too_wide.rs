//! Trusted proxies that are none: each of these addresses may claim to be any client.

use ipnet::IpNet;

use super::{
    super::{Finding, Outcome, Subject, subject::error},
    home::{Home, NO_SETTINGS, believes, homes, listed, may_be_container, written, zones_of},
};
use crate::{
    model::{AddressSet, Install, Network},
    policy::seen::{BRIDGE, LOOPBACK},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    let (mut settings_known, mut any) = (false, false);
    for home in homes(subject) {
        let (Some(http), Some(settings)) = (home.http(), home.settings()) else { continue };
        settings_known = true;
        let fronts = home.fronts(network);
        if fronts.is_empty() {
            continue;
        }
        any = true;
        if believes(&http) != Some(true) {
            continue;
        }
        // A list that Home Assistant refuses is another check's. What stands behind a secret is passed over.
        let list = http.trusted_proxies.as_ref().map(|(_, list)| list.as_slice()).unwrap_or_default();
        if list.iter().filter_map(|said| said.value).any(|listed| listed.host_bits.is_some()) {
            continue;
        }
        let proxies = allowed(&home, network);
        let container = fronts.iter().any(|front| front.seen(network).container);
        for said in list {
            let Some(net) = said.value.map(|listed| listed.net) else { continue };
            let rest = AddressSet::net(net).minus(&proxies);
            if rest.is_empty() || is_below_delegated(&home, network, net) {
                continue;
            }
            if container && may_be_container(network, net) {
                continue;
            }
            let seen: Vec<IpNet> =
                fronts.iter().flat_map(|front| front.seen(network).addresses().collect::<Vec<_>>()).collect();
            let zones: Vec<String> =
                zones_of(network, &rest).iter().map(|zone| format!("`{}`", network.zone(*zone).name)).collect();
            let mut diagnostic = error(said.span, format!("`{}` trusts more than the proxy", written(net)))
                .label("each of these addresses may claim to be any client")
                .also(settings.place, "read for this");
            if !zones.is_empty() {
                diagnostic = diagnostic.note(format!("it takes in addresses of {}", zones.join(", ")));
            }
            let help = format!("write what Home Assistant sees of the proxy: {}", listed(seen));
            diagnostic = diagnostic.help(help);
            // What the policy does not say it may take for something else.
            if let Some(front) = fronts.iter().find(|front| front.is_unsaid()).filter(|_| zones.is_empty()) {
                let saying = front.saying(network, &format!("seen-as {}", written(net)));
                diagnostic = diagnostic.help(format!("or, if this is what it is seen as, say so: `{saying}`"));
            }
            found.push(Finding::fact(diagnostic));
        }
    }
    match (settings_known, any) {
        (false, _) => Outcome::NotApplicable(NO_SETTINGS),
        (_, false) => Outcome::NotApplicable("no proxy before Home Assistant"),
        _ => Outcome::Decided(found),
    }
}

/// Whom it may trust: the proxies under every address that they may be seen as, and the machine itself.
fn allowed(home: &Home<'_>, network: &Network) -> AddressSet {
    let mut nets: Vec<IpNet> = LOOPBACK.map(IpNet::from).to_vec();
    // The supervisor's own bridge: the companion app's manual trusts all of it, and nobody else is in it.
    if !matches!(home.said.and_then(|said| said.install), Some(Install::Container | Install::Core)) {
        nets.push(BRIDGE);
    }
    for front in home.fronts(network) {
        nets.extend(front.seen(network).addresses());
        let host = front.host.map(|host| network.host(host));
        nets.extend(host.into_iter().flat_map(|host| &host.addresses).map(|own| IpNet::from(own.address)));
    }
    AddressSet::nets(nets)
}

/// Is it the one IPv6 address of a proxy below a prefix that the policy does not know?
fn is_below_delegated(home: &Home<'_>, network: &Network, net: IpNet) -> bool {
    let IpNet::V6(net) = net else { return false };
    let low = |address: std::net::Ipv6Addr| u128::from(address) & u128::from(u64::MAX);
    let suffixes =
        home.fronts(network).into_iter().filter_map(|front| front.host).flat_map(|host| &network.host(host).addresses);
    net.prefix_len() == 128 && suffixes.filter_map(|own| own.suffix).any(|suffix| low(suffix) == low(net.addr()))
}
