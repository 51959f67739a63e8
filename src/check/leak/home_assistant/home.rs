//! A Home Assistant with what is known of it, for the checks of this folder.

use ipnet::IpNet;

use super::super::{
    Subject,
    subject::{host, router},
};
use crate::{
    model::{
        AddressSet, Exposure, Host, HostId, Http, Listed, Network, Place, Rule, Said, Settings,
        service::{TCP, Traffic},
    },
    packet::Set,
    policy::seen::{self, Front},
};

/// A Home Assistant.
pub struct Home<'a> {
    pub id: HostId,
    pub host: &'a Host,
    pub said: Option<&'a crate::model::HomeAssistant>,
}

/// Why nothing of the `http` settings can be decided.
pub const NO_SETTINGS: &str = "no http settings that hold: `settings from` names none";

/// All of them.
pub fn homes<'a>(subject: &Subject<'a>) -> Vec<Home<'a>> {
    let said = |id: HostId| subject.network.home_assistants.iter().find(|home| home.host == id);
    subject.home_assistants().into_iter().map(|(id, host)| Home { id, host, said: said(id) }).collect()
}

impl<'a> Home<'a> {
    /// The settings that were read.
    pub fn settings(&self) -> Option<&'a Settings> {
        self.said?.settings.as_ref()
    }

    /// The `http` settings that hold: not those in YAML where Home Assistant keeps its own.
    pub fn http(&self) -> Option<Http> {
        let settings = self.settings()?;
        let ignored = settings.in_yaml && self.said?.keeps_settings() == Some(true);
        let none = || Http { span: settings.place, ..Http::default() };
        (!ignored).then(|| settings.http.clone().unwrap_or_else(none))
    }

    pub fn fronts(&self, network: &'a Network) -> Vec<Front<'a>> {
        seen::fronts(network, self.id)
    }

    /// How it is published: by itself, by a proxy or by a tunnel.
    pub fn published(&self, network: &'a Network) -> Vec<&'a Exposure> {
        let own = |exposure: &&Exposure| exposure.host == self.id && seen::asks_for_it(network, exposure);
        let mut found: Vec<&Exposure> = network.exposures.iter().filter(own).collect();
        for front in self.fronts(network) {
            if !found.iter().any(|other| other.span == front.exposure.span) {
                found.push(front.exposure);
            }
        }
        found
    }

    /// Its page.
    pub fn page(&self, network: &Network) -> Vec<Traffic> {
        let port = seen::port(network, self.id);
        vec![Traffic::ports(TCP, port, port)]
    }

    /// The packets from the whole internet to its page, but for a gate that was left open.
    pub fn outside(&self, subject: &mut Subject<'a>) -> Set {
        let (outside, page) = (subject.outside(), self.page(subject.network));
        let packets = subject.passing(&outside, &host(self.host), &page);
        let thrown = subject.thrown_open();
        subject.without(packets, thrown)
    }

    /// The rules that show somebody to it under the router's address.
    pub fn hiding<'n>(&self, network: &'n Network) -> Vec<&'n Rule> {
        let port = seen::port(network, self.id);
        let own = host(self.host);
        let to = |rule: &Rule| {
            rule.to.iter().any(|region| {
                own.iter()
                    .any(|leg| leg.place == region.place && !leg.addresses.intersect(&region.addresses).is_empty())
            })
        };
        let hides = |rule: &&Rule| {
            rule.options.as_router
                && rule.action == crate::model::Action::Allow
                && !rule.expired
                && rule.traffic.iter().any(|traffic| seen::asks(traffic, port))
                && to(rule)
                && rule.from.iter().any(|from| from.place != router().place)
        };
        network.rules.iter().filter(hides).collect()
    }
}

/// Whether X-Forwarded-For is believed. Nothing when only Home Assistant knows.
pub fn believes(http: &Http) -> Option<bool> {
    http.use_x_forwarded_for.as_ref().map_or(Some(false), |said| said.value)
}

/// The trusted proxies. Nothing when a secret is among them, or a network that Home Assistant refuses.
pub fn trusted(http: &Http) -> Option<Vec<&Said<Listed>>> {
    let list = http.trusted_proxies.as_ref().map(|(_, list)| list.as_slice()).unwrap_or_default();
    let whole = list.iter().all(|said| said.value.is_some_and(|listed| listed.host_bits.is_none()));
    whole.then(|| list.iter().collect())
}

/// The addresses of networks.
pub fn set<'s>(list: impl IntoIterator<Item = &'s Said<Listed>>) -> AddressSet {
    AddressSet::nets(list.into_iter().filter_map(|said| said.value).map(|listed| listed.net))
}

/// May it be the address of a container of the machine: one address that nobody in the policy's networks has?
pub fn may_be_container(network: &Network, net: IpNet) -> bool {
    let set = AddressSet::net(net);
    net.prefix_len() == net.max_prefix_len()
        && network.zone_of(net.addr()).is_none()
        && set.intersect(&network.internet()).is_empty()
}

/// `10.0.20.5`, `172.30.33.0/24`
pub fn written(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// `10.0.20.5, 172.30.33.0/24`
pub fn listed(nets: impl IntoIterator<Item = IpNet>) -> String {
    nets.into_iter().map(written).collect::<Vec<_>>().join(", ")
}

/// The router's addresses in the zones of a host.
pub fn router_beside(network: &Network, host: &Host) -> AddressSet {
    let own = host.zones.iter().flat_map(|zone| &network.zone(*zone).addresses);
    AddressSet::nets(own.filter(|own| own.source.is_known()).map(|own| IpNet::from(own.address)))
}

/// The zones, other than the internet's, that a network reaches into.
pub fn zones_of(network: &Network, set: &AddressSet) -> Vec<crate::model::ZoneId> {
    let meets = |zone: &crate::model::Zone| {
        !zone.is_internet()
            && !AddressSet::nets(zone.networks.iter().map(|network| network.net)).intersect(set).is_empty()
    };
    network.zone_ids().filter(|(_, zone)| meets(zone)).map(|(id, _)| id).collect()
}

/// A host's place in findings about it.
pub fn receiver(home: &Home<'_>) -> Vec<crate::model::Region> {
    let legs = home.host.zones.iter().map(|zone| Place::Zone(*zone));
    legs.map(|place| crate::model::Region { place, addresses: home.host.address_set(None), whole: false }).collect()
}
