//! A compiled policy and the network that it speaks of, built from namespaces, with the rendered ruleset loaded.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use hedgerow::{
    compile::{self, Checked, Meant},
    diagnostic::{Diagnostic, Human},
    model::{Network, ZoneId},
    packet::{Field, Packet, Set},
    policy::zone_number,
    router::{Dnat, LOCAL, OTHER, Outcome},
    target::{Target, nftables::read},
    world::Memory,
};
use ipnet::IpNet;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::rig::{Host, Link, Rig, World};

/// Hosts of the internet: documentation addresses, known resolvers, one inside of Cloudflare's ranges in each family.
const INTERNET: [&str; 9] = [
    "203.0.113.9",
    "198.51.100.7",
    "9.9.9.9",
    "8.8.8.8",
    "104.16.0.1",
    "2001:db8:99::9",
    "2600::1",
    "2606:4700::1",
    "64:ff9b::808:808",
];

/// A policy that was compiled: the model with its meaning, and the ruleset.
pub struct Compiled {
    pub checked: Checked,
    pub text: String,
    /// The packets that can open a connection, wherever they go.
    opening: Set,
    /// Those of them that the policy lets nobody send.
    pub denied: Set,
}

pub struct Scene {
    pub compiled: Compiled,
    pub rig: Rig,
    /// Who has which address behind which zone.
    owners: HashMap<(usize, IpAddr), String>,
    /// The zone that the router's default routes lead to.
    uplink: Option<ZoneId>,
    /// Networks whose hosts reach each other without the router, by zone.
    pub direct: Vec<Vec<IpNet>>,
    /// Addresses that the policy does not name, by zone.
    others: Vec<Vec<IpAddr>>,
}

/// What the policy says about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Denied,
    /// Accepted, translated like this, out by this interface.
    Accepted(Outcome, u16),
}

/// The date and time in UTC.
pub fn now() -> DateTime {
    TimeZone::UTC.to_datetime(Timestamp::now())
}

/// The minute of the week.
pub fn minute(now: &DateTime) -> u16 {
    let days = now.weekday().to_monday_zero_offset();
    u16::try_from(i32::from(days) * 1440 + i32::from(now.hour()) * 60 + i32::from(now.minute())).expect("in a week")
}

fn sentence(checked: &Checked, diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|found| Human::new(&checked.sources, false).render(found)).collect::<Vec<_>>().join("\n")
}

impl Compiled {
    /// Compiles the file at `path`; the others are what it may read.
    pub fn new(path: &str, files: &BTreeMap<String, String>) -> Result<Compiled, String> {
        let world = Memory { files: files.clone(), date: now().date() };
        let text = files.get(path).ok_or("there is no such policy")?;
        let mut checked = compile::check(path, text, &world);
        if checked.has_errors() {
            return Err(sentence(&checked, &checked.diagnostics));
        }
        let output =
            compile::render(&mut checked, path, Target::Nftables, &[]).map_err(|errors| sentence(&checked, &errors))?;
        let file = output.files.into_iter().find(|file| file.name.ends_with(".nft")).ok_or("no ruleset")?;
        let meant = checked.meant.as_mut().ok_or("no meaning")?;
        let first = read::first_packets(&meant.standing.topology, &mut meant.space);
        let opening = meant.space.project(first, Field::Out);
        let accepted = meant.meaning.behaviour.all(&mut meant.space);
        let denied = meant.space.minus(first, accepted);
        Ok(Compiled { checked, text: file.text, opening, denied })
    }

    /// A policy of one file.
    pub fn of_text(text: &str) -> Result<Compiled, String> {
        Compiled::new("policy.hedge", &BTreeMap::from([("policy.hedge".to_owned(), text.to_owned())]))
    }

    pub fn network(&self) -> &Network {
        &self.checked.network
    }

    pub fn meant(&self) -> &Meant {
        self.checked.meant.as_ref().expect("it was compiled")
    }

    /// The outcomes under which the policy accepts a packet that leaves by one of these interfaces.
    fn accepted(&self, packet: &Packet, ways: impl Fn(&Outcome) -> Vec<u16>) -> Vec<(Outcome, u16)> {
        let meant = self.meant();
        let mut found = Vec::new();
        for (outcome, set) in &meant.meaning.behaviour.accepted {
            for egress in ways(outcome) {
                let packet = Packet { egress, ..*packet };
                if meant.space.contains(*set, &packet) && meant.space.contains(self.opening, &packet) {
                    found.push((*outcome, egress));
                }
            }
        }
        found
    }
}

impl Scene {
    pub fn new(compiled: Compiled) -> Result<Scene, String> {
        let network = compiled.network();
        let internet = |failover: bool| {
            network.zone_ids().find(|(_, zone)| zone.is_internet() && zone.failover == failover).map(|(id, _)| id)
        };
        let uplink = internet(false).or_else(|| internet(true));
        let (mut world, mut owners) = (World::default(), HashMap::new());
        let (mut direct, mut others) = (Vec::new(), Vec::new());
        for (id, _) in network.zone_ids() {
            let (link, near) = link(network, id, uplink == Some(id));
            for host in &link.hosts {
                owners.extend(host.addresses.iter().map(|address| ((id.0, *address), host.name.clone())));
            }
            others.push(link.hosts.last().map(|host| host.addresses.clone()).unwrap_or_default());
            world = world.link(link);
            direct.push(near);
        }
        let mut rig = Rig::new(&world)?;
        rig.load(&compiled.text)?;
        let scene = Scene { compiled, rig, owners, uplink, direct, others };
        scene.route_by_source()?;
        Ok(scene)
    }

    pub fn network(&self) -> &Network {
        self.compiled.network()
    }

    /// Zones with an uplink of their own get a table of routes, as an administrator would set it up.
    fn route_by_source(&self) -> Result<(), String> {
        for (id, zone) in self.network().zone_ids() {
            let Some(egress) = zone.egress.as_ref().filter(|egress| Some(egress.zone) != self.uplink) else { continue };
            let (table, out) = ((100 + id.0).to_string(), self.interface(egress.zone));
            let from = self.interface(id);
            for (family, default, via) in [("-4", "0.0.0.0/0", "169.254.255.254"), ("-6", "::/0", "fe80::2")] {
                let ip = |args: &str| {
                    let args: Vec<&str> = std::iter::once(family).chain(args.split(' ')).collect();
                    self.rig.router_run("ip", &args, "").map_err(|error| format!("ip {args:?}: {error}"))
                };
                ip(&format!("route add {default} via {via} dev {out} onlink table {table}"))?;
                ip(&format!("rule add pref 500 iif {from} lookup main suppress_prefixlength 0"))?;
                ip(&format!("rule add pref 600 iif {from} lookup {table}"))?;
            }
        }
        Ok(())
    }

    pub fn interface(&self, id: ZoneId) -> &str {
        self.network().zone(id).interface_on("nftables").map_or("", |interface| interface.name.as_str())
    }

    /// The uplink that a packet for the internet leaves by.
    fn way_out(&self, ingress: u16) -> Option<u16> {
        let zone = usize::from(ingress).checked_sub(1).and_then(|index| self.network().zones.get(index));
        let egress = zone.and_then(|zone| zone.egress.as_ref()).map(|egress| egress.zone);
        egress.or(self.uplink).map(zone_number)
    }

    /// Is the zone the one that answers to internet addresses find their way back by?
    pub fn is_uplink(&self, id: ZoneId) -> bool {
        self.uplink == Some(id)
    }

    /// Addresses behind a zone that the policy does not name.
    pub fn others(&self, id: ZoneId) -> &[IpAddr] {
        self.others.get(id.0).map_or(&[], Vec::as_slice)
    }

    /// The hosts of all zones, and the router.
    pub fn everybody(&self) -> Vec<IpAddr> {
        let network = self.network();
        let routers = network.zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address);
        let hosts = network.hosts.iter().flat_map(|host| &host.addresses).map(|address| address.address);
        routers.chain(hosts).chain(self.others.iter().flatten().copied()).collect()
    }

    /// The IPv4 broadcast and IPv6 anycast addresses of the networks that the router is in: they are the router's.
    pub fn ends_of_networks(&self) -> Vec<IpAddr> {
        let topology = &self.compiled.meant().standing.topology;
        let nets = topology
            .interfaces
            .iter()
            .zip(&self.direct)
            .flat_map(|(interface, near)| interface.links().filter(|net| near.contains(net)));
        nets.filter_map(|net| match net {
            IpNet::V4(net) => (net.prefix_len() < 31).then(|| net.broadcast().into()),
            IpNet::V6(net) => (net.prefix_len() < 127).then(|| net.network().into()),
        })
        .collect()
    }

    /// Is it the broadcast address of a network that the rig's router has no leg in?
    pub fn is_far_end(&self, address: IpAddr) -> bool {
        let nets = self.network().zones.iter().zip(&self.direct);
        nets.flat_map(|(zone, near)| zone.networks.iter().map(|network| network.net).filter(|net| !near.contains(net)))
            .any(|net| net.addr().is_ipv4() && net.broadcast() == address)
    }

    /// The link-local addresses of the router and of the segments, which no policy can know, and the anycast address of
    /// the link-local network.
    pub fn is_link_local_of_the_rig(&self, address: IpAddr) -> bool {
        ["fe80::", "fe80::1", "fe80::2"].iter().any(|own| own.parse() == Ok(address))
    }

    /// Does the router send packets for this address back to the zone? The answer then comes past it.
    pub fn shares(&self, id: ZoneId, address: IpAddr) -> bool {
        self.ways(zone_number(id), address) == [zone_number(id)]
    }

    /// Where the router sends packets for an address.
    pub fn ways(&self, ingress: u16, address: IpAddr) -> Vec<u16> {
        let mut ways = self.compiled.meant().standing.topology.routes(address);
        if ways.contains(&OTHER) {
            ways = self.way_out(ingress).into_iter().collect();
        }
        ways
    }

    /// What the policy says about a packet, wherever routing sends it.
    ///
    /// # Errors
    /// If it says two things.
    pub fn verdict(&self, packet: &Packet) -> Result<Verdict, String> {
        let dst = hedgerow::model::address::address(packet.family, packet.dst);
        let found = self.compiled.accepted(packet, |outcome| match outcome.dnat {
            None => self.ways(packet.ingress, dst),
            Some(Dnat::To { address, .. }) => self.ways(packet.ingress, address),
            Some(Dnat::ToRouter { .. }) => vec![LOCAL],
        });
        match found.as_slice() {
            [] => Ok(Verdict::Denied),
            [(outcome, out)] => Ok(Verdict::Accepted(*outcome, *out)),
            several => Err(format!("the policy says two things: {several:?}")),
        }
    }

    /// The name under which the rig reports what arrives at an address behind an interface.
    pub fn owner(&self, egress: u16, address: IpAddr) -> String {
        let Some(index) = usize::from(egress).checked_sub(1) else { return crate::rig::ROUTER.to_owned() };
        self.owners.get(&(index, address)).cloned().unwrap_or_else(|| self.interface(ZoneId(index)).to_owned())
    }
}

/// The name of a host of the rig that sends from whatever address a probe asks for.
pub fn anybody(network: &Network, id: ZoneId) -> String {
    format!("{}/any", network.zone(id).name)
}

/// A zone as a link, and those of its networks within which the router is not asked.
fn link(network: &Network, id: ZoneId, uplink: bool) -> (Link, Vec<IpNet>) {
    let zone = network.zone(id);
    let name = zone.interface_on("nftables").map_or("", |interface| interface.name.as_str());
    let mut link = Link { name: name.to_owned(), default_route: uplink, ..Link::default() };
    let nets: Vec<IpNet> =
        zone.networks.iter().map(|network| network.net).chain(zone.upstream.iter().copied()).collect();
    let mut near: Vec<IpNet> = Vec::new();
    for own in &zone.addresses {
        // A second IPv4 network lies behind the link, so that hosts of the first ask the router for it.
        let taken = own.address.is_ipv4() && near.iter().any(|known| known.addr().is_ipv4());
        let fits = |net: &&IpNet| net.contains(&own.address) && !taken;
        let net = nets.iter().find(fits);
        near.extend(net);
        let length = net.map_or_else(|| IpNet::from(own.address).prefix_len(), IpNet::prefix_len);
        link.router_addresses.push(IpNet::new(own.address, length).expect("a length that fits"));
    }
    link.routes = nets.iter().filter(|net| !near.contains(net)).copied().collect();
    let mut taken: Vec<IpAddr> = zone.addresses.iter().map(|own| own.address).collect();
    for host in network.hosts.iter().filter(|host| host.zones.contains(&id)) {
        let own = host.addresses.iter().filter(|address| address.zone == id).map(|address| address.address);
        let addresses: Vec<IpAddr> = own.filter(|address| !taken.contains(address)).collect();
        taken.extend(&addresses);
        link.hosts.push(Host { name: format!("{}/{}", zone.name, host.name), addresses });
    }
    let mut any: Vec<IpAddr> = Vec::new();
    for net in &nets {
        any.extend(net.hosts().skip(2).filter(|address| !taken.contains(address)).take(2));
    }
    if zone.is_internet() {
        let hosts = INTERNET.iter().map(|text| text.parse().expect("an address"));
        any.extend(hosts.filter(|address| !taken.contains(address)));
    }
    link.hosts.push(Host { name: anybody(network, id), addresses: any });
    (link, near)
}
