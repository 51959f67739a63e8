//! A question by a public name, as a browser asks it: which exposure has the name, and what it leads to from where
//! somebody asks. From outside that is the router's own address or the host by IPv6, or somebody who stands before it;
//! from inside what split DNS or a hairpin makes of it.

use std::net::IpAddr;

use serde::Serialize;

use super::question::Question;
use crate::{
    diagnostic::Span,
    model::{
        AddressSet, Cloudflare, Exposure, Host, Network, Place, Region, Tunnel,
        address::public,
        service::{TCP, Traffic},
    },
};

/// What a public name comes to in a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByName {
    pub name: String,
    /// Where it leads from there.
    pub leads_to: String,
    /// Which exposure it is; nothing for the name of a host.
    #[serde(skip)]
    pub exposure: Option<Span>,
    /// Does a tunnel bring the packets, past the router?
    #[serde(skip)]
    pub by_tunnel: bool,
}

/// A name and a port as somebody types them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) name: String,
    /// Has it a scheme, so that it can be nothing else?
    pub(super) url: bool,
    port: Option<u16>,
}

impl Typed {
    /// `https://ha.example.org:8443/lovelace`, `ha.example.org`, `ha.example.org:8443`
    pub(super) fn read(text: &str) -> Option<Self> {
        let (usual, rest) = match text.split_once("://") {
            Some(("https" | "wss", rest)) => (Some(443), rest),
            Some(("http" | "ws", rest)) => (Some(80), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let url = usual.is_some();
        let place = if url { rest.split(['/', '?', '#']).next()? } else { rest };
        let (name, port) = match place.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (place, usual),
        };
        let word = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let is_name = name.contains('.') && name.split('.').all(word) && name.parse::<IpAddr>().is_err();
        is_name.then(|| Self { name: name.to_ascii_lowercase(), url, port })
    }

    /// Does anything of the policy have the name?
    pub(super) fn is_known(&self, network: &Network) -> bool {
        self.exposure(network).is_some() || self.host(network).is_some()
    }

    /// The exposure that is meant: of several with one name the one on this port.
    fn exposure<'n>(&self, network: &'n Network) -> Option<&'n Exposure> {
        let named = |exposure: &&Exposure| {
            exposure.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&self.name)) && !exposure.expired
        };
        let all: Vec<&Exposure> = network.exposures.iter().filter(named).collect();
        let fits =
            |exposure: &&&Exposure| self.port.is_some() && exposure.ports().map(|(public, _)| public) == self.port;
        all.iter().find(fits).or(all.first()).copied()
    }

    fn host<'n>(&self, network: &'n Network) -> Option<&'n Host> {
        network
            .hosts
            .iter()
            .find(|host| host.dns_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&self.name)))
    }

    /// The question that it is: `from` as it was asked, `traffic` where a service was named.
    pub(super) fn question(
        &self,
        network: &Network,
        from: Vec<Region>,
        traffic: Option<Vec<Traffic>>,
    ) -> Option<Question> {
        let Some(exposure) = self.exposure(network) else {
            let host = self.host(network)?;
            let traffic = traffic.or(on_port(self.port)).unwrap_or_else(|| vec![Traffic::ANY]);
            let leads_to = host.name.clone();
            let by_name = ByName { name: self.name.clone(), leads_to, exposure: None, by_tunnel: false };
            return Some(Question {
                from,
                to: legs(host),
                traffic,
                unaddressed: None,
                by_name: Some(by_name),
                others: Vec::new(),
            });
        };
        let mut ways = Way::all(network, exposure, &from).into_iter();
        let asked = |way| self.by_way(exposure, way, traffic.clone());
        let first = asked(ways.next()?);
        Some(Question { others: ways.map(asked).collect(), ..first })
    }

    fn by_way(&self, exposure: &Exposure, way: Way, traffic: Option<Vec<Traffic>>) -> Question {
        let port = self.port.or(exposure.ports().map(|(public, inner)| if way.inner { inner } else { public }));
        let usual = if way.inner || exposure.port.is_none() { exposure.target().1.to_vec() } else { Vec::new() };
        let traffic = traffic.or(on_port(port)).unwrap_or(usual);
        let by_name = ByName {
            name: self.name.clone(),
            leads_to: way.words,
            exposure: Some(exposure.span),
            by_tunnel: way.by_tunnel,
        };
        Question { from: way.from, to: way.to, traffic, unaddressed: None, by_name: Some(by_name), others: Vec::new() }
    }
}

/// What is asked for on a port.
fn on_port(port: Option<u16>) -> Option<Vec<Traffic>> {
    port.map(|port| vec![Traffic::ports(TCP, port, port)])
}

/// Where a name leads.
struct Way {
    from: Vec<Region>,
    to: Vec<Region>,
    words: String,
    /// Is it asked on the port inside?
    inner: bool,
    by_tunnel: bool,
}

impl Way {
    /// By each uplink that takes the exposure, of those by which somebody asks; from inside the name may stand for any.
    fn all(network: &Network, exposure: &Exposure, from: &[Region]) -> Vec<Self> {
        let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
        let from_outside = from.iter().any(outside);
        let mut found: Vec<Self> = Vec::new();
        for uplink in exposure.on.iter().map(|zone| Place::Zone(*zone)) {
            let here: Vec<Region> =
                from.iter().filter(|region| !outside(region) || region.place == uplink).cloned().collect();
            if !from_outside || here.iter().any(outside) {
                let way = Self::of(network, exposure, here, Some(uplink));
                // Where no uplink has a part in it, one answer is enough.
                if !found.iter().any(|known| known.words == way.words) {
                    found.push(way);
                }
            }
        }
        if found.is_empty() { vec![Self::of(network, exposure, from.to_vec(), None)] } else { found }
    }

    fn of(network: &Network, exposure: &Exposure, from: Vec<Region>, uplink: Option<Place>) -> Self {
        let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
        let outside = from.iter().any(outside);
        match &exposure.tunnel {
            Some(tunnel) if outside => return Self::by_tunnel(network, exposure, tunnel, from),
            _ if outside && exposure.proxied.is_some() => return Self::by_cloudflare(network, exposure, uplink),
            _ if outside => return Self::by_uplink(network, exposure, from, uplink),
            _ => {}
        }
        if exposure.splits_dns() {
            let (name, addresses) = network.inside(exposure);
            let to = exposure.target().0.map_or_else(|| vec![router(&addresses)], |host| legs(network.host(host)));
            let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let words = format!("{} ({name}), by split DNS", shown.join(", "));
            return Self { from, to, words, inner: true, by_tunnel: false };
        }
        if exposure.tunnel.is_some() || exposure.proxied.is_some() {
            let who = if exposure.tunnel.is_some() { "the provider of the tunnel" } else { "Cloudflare" };
            let edges = Cloudflare::standard().edges(network);
            let theirs = |region: Region| Region {
                addresses: if exposure.proxied.is_some() {
                    region.addresses.intersect(&edges)
                } else {
                    region.addresses
                },
                ..region
            };
            let to = internet(network).into_iter().map(theirs).collect();
            let words = format!("{who}, out there and back in");
            return Self { from, to, words, inner: false, by_tunnel: false };
        }
        let mut way = Self::by_uplink(network, exposure, Vec::new(), uplink);
        way.words += if exposure.is_on_router() { "" } else { ", and back in by a hairpin" };
        Self { from, ..way }
    }

    /// To the router's address on the uplink by which somebody comes, and to the host by IPv6.
    fn by_uplink(network: &Network, exposure: &Exposure, from: Vec<Region>, zone: Option<Place>) -> Self {
        let uplink = match zone {
            Some(Place::Zone(zone)) => Some(network.zone(zone)),
            _ => None,
        };
        let target = exposure.target().0.map(|host| network.host(host));
        let v4 = exposure.ipv4 != Some(false);
        let own: Vec<IpAddr> = uplink.iter().flat_map(|zone| &zone.addresses).map(|own| own.address).collect();
        let own: Vec<IpAddr> = own
            .into_iter()
            .filter(|own| if own.is_ipv4() { v4 } else { target.is_none() && exposure.ipv6 != Some(false) })
            .collect();
        let mut to = vec![router(&own)];
        let mut words: Vec<String> = Vec::new();
        if let Some(uplink) = uplink.filter(|_| !own.is_empty()) {
            words.push(format!("the router's address on `{}`", uplink.name));
        }
        if let Some(host) = target.filter(|_| exposure.ipv6 != Some(false)) {
            let six: Vec<Region> = legs(host)
                .into_iter()
                .map(|leg| Region {
                    addresses: AddressSet { v6: leg.addresses.v6.intersect(&public().v6), ..AddressSet::default() },
                    ..leg
                })
                .filter(|leg| !leg.addresses.is_empty())
                .collect();
            if !six.is_empty() {
                words.push(format!("`{}` itself by IPv6", host.name));
            }
            to.extend(six);
        }
        Self { from, to, words: words.join(", and "), inner: false, by_tunnel: false }
    }

    fn by_cloudflare(network: &Network, exposure: &Exposure, uplink: Option<Place>) -> Self {
        let edges = Cloudflare::standard().edges(network);
        let from = internet(network).into_iter();
        let from = from.filter(|region| Some(region.place) == uplink);
        let from = from.map(|region| Region { addresses: region.addresses.intersect(&edges), ..region }).collect();
        let way = Self::by_uplink(network, exposure, from, uplink);
        Self { words: format!("Cloudflare, whose servers ask {}", way.words), ..way }
    }

    fn by_tunnel(network: &Network, exposure: &Exposure, tunnel: &Tunnel, from: Vec<Region>) -> Self {
        let name = &network.host(tunnel.host).name;
        let words = if tunnel.by_router {
            format!("`{name}`, to which the router opens a tunnel")
        } else {
            format!("the provider of the tunnel that `{name}` opens")
        };
        Self { from, to: legs(network.host(exposure.host)), words, inner: true, by_tunnel: true }
    }
}

fn router(addresses: &[IpAddr]) -> Region {
    let own = addresses.iter().fold(AddressSet::default(), |set, own| set.union(&AddressSet::of(*own)));
    Region { place: Place::Router, addresses: own, whole: false }
}

fn legs(host: &Host) -> Vec<Region> {
    let leg = |zone: &crate::model::ZoneId| Region {
        place: Place::Zone(*zone),
        addresses: host.address_set(Some(*zone)),
        whole: false,
    };
    host.zones.iter().map(leg).filter(|region| !region.addresses.is_empty()).collect()
}

fn internet(network: &Network) -> Vec<Region> {
    let addresses = network.internet();
    let zones = network.zone_ids().filter(|(_, zone)| zone.is_internet());
    zones.map(|(id, _)| Region { place: Place::Zone(id), addresses: addresses.clone(), whole: false }).collect()
}

#[cfg(test)]
mod tests {
    use super::Typed;

    #[test]
    fn what_somebody_types_is_a_name() {
        let read = |text: &str| Typed::read(text).map(|typed| (typed.name, typed.port));
        let is = |name: &str, port| Some((name.to_owned(), port));
        assert_eq!(read("ha.example.org"), is("ha.example.org", None));
        assert_eq!(read("https://HA.example.org/lovelace?x=1"), is("ha.example.org", Some(443)));
        assert_eq!(read("http://ha.example.org"), is("ha.example.org", Some(80)));
        assert_eq!(read("https://ha.example.org:8443/"), is("ha.example.org", Some(8443)));
        assert_eq!(read("ha.example.org:8123"), is("ha.example.org", Some(8123)));
        for no in
            ["ha", "10.0.0.1", "10.0.0.0/8", "https://[fd42::1]/", "ftp://ha.example.org", "a..b", "ha.example.org:x"]
        {
            assert_eq!(read(no), None, "{no}");
        }
    }
}
