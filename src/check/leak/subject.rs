//! What a check is asked about: the policy, and its packets.

use crate::{
    check::assertion::Bounds,
    diagnostic::{Diagnostic, Severity, Span},
    model::{
        Action, AddressSet, Exposure, Host, HostId, Network, Place, Region, Role, Rule, Zone, ZoneId,
        service::{TCP, Traffic, UDP},
    },
    packet::{Cube, Field, Ranges, Set, Space},
    policy::{Cause, Flow, Meant, between, flow_set},
};

/// The policy with its packets.
pub struct Subject<'a> {
    pub network: &'a Network,
    pub meant: &'a mut Meant,
    /// Every packet that crosses the router, with the destination of after translation, whatever the time, the rate and
    /// the date: without what stays in a zone, and without what always passes.
    pub passing: Set,
}

/// The runner names the check.
const UNNAMED: &str = "";
/// The port of Home Assistant's page.
const PAGE: (u16, u16) = (8123, 8123);
/// Whom a household has no reason to trust.
const UNTRUSTED: [Role; 6] = [Role::Guest, Role::Iot, Role::Camera, Role::Media, Role::Voip, Role::Kids];
/// What was made for inside alone. Message brokers: MQTT (8883 with TLS, 1884 and 8884 in web sockets); databases:
/// `MySQL`, `PostgreSQL`, `Redis`, `InfluxDB`, `Elasticsearch`, `memcached`, `MongoDB`; shares: `SMB`, `AFP`, `rsync`, `NFS`, `iSCSI`.
pub const BACK_ENDS: [u16; 17] =
    [1883, 1884, 8883, 8884, 3306, 5432, 6379, 8086, 9200, 11211, 27017, 139, 445, 548, 873, 2049, 3260];
/// Where people work.
const PEOPLE: [Role; 3] = [Role::Trusted, Role::Work, Role::Kids];

impl<'a> Subject<'a> {
    pub(super) fn new(network: &'a Network, meant: &'a mut Meant, bounds: &Bounds) -> Self {
        let passing = bounds.crossing(network, meant);
        Self { network, meant, passing }
    }

    pub fn space(&mut self) -> &mut Space {
        &mut self.meant.space
    }

    /// The packets that pass from some regions to others on some traffic.
    pub fn passing(&mut self, from: &[Region], to: &[Region], traffic: &[Traffic]) -> Set {
        let space = &mut self.meant.space;
        let asked = between(from, to, traffic, space);
        space.intersect(asked, self.passing)
    }

    /// What comes in from outside to some public ports and passes, with the destination that it has in the end.
    /// Nobody out there can ask for a private IPv4 address: that takes a translation.
    pub fn coming_in(&mut self, public: &[Traffic]) -> Set {
        let outside = self.outside();
        let Meant { meaning, space, .. } = &mut *self.meant;
        let mut asked = Vec::new();
        for region in &outside {
            if let Place::Zone(zone) = region.place {
                let number = Ranges::single(crate::policy::zone_number(zone).into());
                let here = Cube::any().with(Field::In, number);
                asked.extend(public.iter().map(|traffic| traffic.narrow(here.clone())));
            }
        }
        let asked = space.cubes_union(asked);
        let mut found = Vec::new();
        let private =
            AddressSet { v4: AddressSet::all().minus(&crate::model::address::public()).v4, ..AddressSet::default() };
        let zones = self.network.zone_ids().map(|(id, _)| Place::Zone(id));
        let to: Vec<Region> = zones.map(|place| Region { place, addresses: private.clone(), whole: false }).collect();
        let unasked = between(&outside, &to, &[Traffic::ANY], space);
        for (outcome, packets) in &meaning.behaviour.accepted {
            let mut packets = space.intersect(*packets, asked);
            if outcome.dnat.is_none() {
                packets = space.minus(packets, unasked);
            }
            found.push(meaning.in_the_end(outcome, packets, space));
        }
        let found = space.union_all(found);
        space.intersect(found, self.passing)
    }

    /// All packets that pass from some regions to others.
    pub fn anything(&mut self, from: &[Region], to: &[Region]) -> Set {
        self.passing(from, to, &[Traffic::ANY])
    }

    /// What of a set is IPv4, or IPv6.
    pub fn family(&mut self, set: Set, family: crate::packet::Family) -> Set {
        let space = &mut self.meant.space;
        let only = space.cube(&Cube::any().with(Field::Family, Ranges::single(family as u64)));
        space.intersect(set, only)
    }

    /// All zones of some roles.
    #[must_use]
    pub fn zones(&self, roles: &[Role]) -> Vec<(ZoneId, &'a Zone)> {
        let network = self.network;
        network.zone_ids().filter(|(_, zone)| roles.contains(&zone.role)).collect()
    }

    /// All zones but the internet's.
    #[must_use]
    pub fn private(&self) -> Vec<Region> {
        self.network.zone_ids().filter(|(_, zone)| !zone.is_internet()).map(|(id, _)| region(id)).collect()
    }

    /// The whole internet, upstream networks and all else that comes in by an uplink.
    #[must_use]
    pub fn outside(&self) -> Vec<Region> {
        self.regions(&[Role::Internet])
    }

    /// Everything that a rule calls `internet`.
    #[must_use]
    pub fn internet(&self) -> Vec<Region> {
        let addresses = self.network.internet();
        let zones = self.zones(&[Role::Internet]).into_iter();
        zones.map(|(id, _)| Region { place: Place::Zone(id), addresses: addresses.clone(), whole: false }).collect()
    }

    /// All of the zones of some roles, and the groups of those roles in other zones.
    #[must_use]
    pub fn regions(&self, roles: &[Role]) -> Vec<Region> {
        self.zones(roles).into_iter().map(|(id, _)| region(id)).collect()
    }

    /// Guests, devices, cameras and children.
    #[must_use]
    pub fn untrusted(&self) -> Vec<Region> {
        self.regions(&UNTRUSTED)
    }

    /// The zones of people.
    #[must_use]
    pub fn people(&self) -> Vec<Region> {
        self.regions(&PEOPLE)
    }

    /// The packets of the rules that fit, before anything is denied.
    pub fn rules(&mut self, fits: impl Fn(&Rule) -> bool) -> Set {
        self.of_rules(Action::Allow, fits)
    }

    /// The packets that the rules which fit hold back.
    pub fn denied(&mut self, fits: impl Fn(&Rule) -> bool) -> Set {
        self.of_rules(Action::Deny, fits)
    }

    fn of_rules(&mut self, action: Action, fits: impl Fn(&Rule) -> bool) -> Set {
        let network = self.network;
        let Meant { standing, meaning, limits, space, .. } = &mut *self.meant;
        let of =
            |flow: &&Flow| matches!(flow.cause, Cause::Rule(index, _) if network.rules.get(index).is_some_and(&fits));
        let flows = if action == Action::Allow { &meaning.flows.allowed } else { &meaning.flows.denied };
        let flows: Vec<Flow> = flows.iter().filter(of).cloned().collect();
        flow_set(network, standing, limits, space, &flows)
    }

    /// What proxies inside may ask of the hosts behind them, which the exposures say and no rule: they choose the address.
    pub fn by_proxies(&mut self) -> Set {
        let network = self.network;
        let inside = |place: Place| !matches!(place, Place::Zone(zone) if network.zone(zone).is_internet());
        let Meant { standing, meaning, limits, space, .. } = &mut *self.meant;
        let of = |flow: &&Flow| matches!(flow.cause, Cause::Exposure(..)) && inside(flow.from.place);
        let flows: Vec<Flow> = meaning.flows.allowed.iter().filter(of).cloned().collect();
        flow_set(network, standing, limits, space, &flows)
    }

    /// What the internet may open to whole zones, or of all that a host has: a gate that was left open, and not a service
    /// that is published.
    pub fn thrown_open(&mut self) -> Set {
        let network = self.network;
        let wide = self.rules(|rule| {
            let outside = rule
                .from
                .iter()
                .any(|from| matches!(from.place, Place::Zone(zone) if network.zone(zone).is_internet()));
            let everything = rule.traffic.iter().any(is_everything);
            outside && rule.to.iter().any(|to| (to.whole || everything) && to.place != Place::Router)
        });
        let (outside, private) = (self.outside(), self.private());
        let packets = self.anything(&outside, &private);
        self.space().intersect(packets, wide)
    }

    /// What passes from some regions to others but what some rules let through.
    pub fn without(&mut self, packets: Set, taken: Set) -> Set {
        self.meant.space.minus(packets, taken)
    }

    /// The hosts that run Home Assistant: by their own words, because they run its service, or because the policy leads
    /// to its port on this very host.
    #[must_use]
    pub fn home_assistants(&self) -> Vec<(HostId, &'a Host)> {
        let said = |id: HostId| self.network.home_assistants.iter().any(|home| home.host == id);
        self.hosts().filter(|(id, host)| said(*id) || runs(host, "home-assistant") || self.led_to(*id)).collect()
    }

    /// Does an exposure or a rule name Home Assistant's port, and this host alone?
    fn led_to(&self, id: HostId) -> bool {
        let page = |traffic: &[Traffic]| traffic.iter().any(|one| one.protocol == Some(TCP) && one.to.contains(&PAGE));
        let own = self.network.host(id).address_set(None);
        let alone = |to: &[Region]| {
            let inside = |region: &Region| {
                region.place != Place::Router && !region.whole && region.addresses.minus(&own) == AddressSet::default()
            };
            !to.is_empty() && to.iter().all(inside)
        };
        let exposures = self.network.exposures.iter().filter(|exposure| !exposure.expired);
        let mut rules = self.network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired);
        exposures.into_iter().any(|exposure| exposure.host == id && page(&exposure.service))
            || rules.any(|rule| page(&rule.traffic) && alone(&rule.to))
    }

    /// What the integrations that devices of a zone declare send to Home Assistant by themselves: from all of a zone of
    /// devices in which nothing stands that does not, from the very device elsewhere.
    pub fn callbacks(&mut self, zone: ZoneId) -> Set {
        let homes: Vec<Region> = self.home_assistants().iter().flat_map(|(_, found)| host(found)).collect();
        let calls = |device: &Host| device.integrations.iter().any(|integration| !integration.value.back.is_empty());
        let here = || self.hosts().map(|(_, device)| device).filter(|device| device.zones.contains(&zone));
        let devices = self.network.zone(zone).role.is_devices() && here().all(calls);
        let mut sets = Vec::new();
        for device in here().collect::<Vec<_>>() {
            let from = if devices { vec![region(zone)] } else { host(device) };
            for integration in &device.integrations {
                sets.push(self.passing(&from, &homes, &integration.value.back));
            }
        }
        self.space().union_all(sets)
    }

    /// The packets of the rules that name a service, and not all ports of a protocol.
    pub fn named_services(&mut self) -> Set {
        self.rules(|rule| !rule.traffic.iter().any(is_everything))
    }

    /// The hosts with their numbers.
    pub fn hosts(&self) -> impl Iterator<Item = (HostId, &'a Host)> + use<'a> {
        self.network.hosts.iter().enumerate().map(|(index, host)| (HostId(index), host))
    }

    /// How bad it is that somebody in this zone reaches it: worst from outside.
    #[must_use]
    pub fn by_sender(&self, zone: ZoneId, untrusted: Severity, trusted: Severity) -> Severity {
        let role = self.network.zone(zone).role;
        if role == Role::Internet || UNTRUSTED.contains(&role) { untrusted } else { trusted }
    }
}

/// Is this a role that nobody has a reason to trust?
#[must_use]
pub fn is_untrusted(role: Role) -> bool {
    UNTRUSTED.contains(&role)
}

/// Is this a whole protocol, or all of them?
#[must_use]
pub fn is_everything(traffic: &Traffic) -> bool {
    let all = |ports: &[(u16, u16)]| ports.is_empty() || ports.iter().any(|(from, to)| *from <= 1 && *to == u16::MAX);
    matches!(traffic.protocol, None | Some(TCP | UDP)) && all(&traffic.to) && all(&traffic.from)
}

/// Is it a message broker's, a database's or a share's, and nothing else's?
#[must_use]
pub fn is_back_end(traffic: &Traffic) -> bool {
    let known = |(from, to): &(u16, u16)| (*from..=*to).all(|port| BACK_ENDS.contains(&port));
    traffic.protocol == Some(TCP) && !traffic.to.is_empty() && traffic.to.iter().all(known)
}

/// Does one side of a rule hold all of a zone in one of its families, by its name or by its networks?
#[must_use]
pub fn covers(side: &[Region], network: &Network, zone: ZoneId) -> bool {
    let here = side.iter().filter(|region| region.place == Place::Zone(zone));
    let named = here.clone().fold(AddressSet::default(), |set, region| set.union(&region.addresses));
    let networks = network.zone(zone).network_set();
    let left = networks.minus(&named);
    here.clone().any(|region| region.whole)
        || (!networks.v4.is_empty() && left.v4.is_empty())
        || (!networks.v6.is_empty() && left.v6.is_empty())
}

/// Where a Home Assistant listens.
#[must_use]
pub fn page(home: &Host) -> Vec<Traffic> {
    let own = home.runs.iter().filter(|(name, _)| name.rsplit('.').next() == Some("home-assistant"));
    let own: Vec<Traffic> = own.map(|(_, traffic)| traffic.clone()).collect();
    if own.is_empty() { vec![Traffic::ports(TCP, 8123, 8123)] } else { own }
}

/// All of a zone.
#[must_use]
pub fn region(zone: ZoneId) -> Region {
    Region { place: Place::Zone(zone), addresses: AddressSet::all(), whole: true }
}

/// The router, on each of its addresses.
#[must_use]
pub fn router() -> Region {
    Region { place: Place::Router, addresses: AddressSet::all(), whole: true }
}

/// A host, on each of its addresses.
#[must_use]
pub fn host(host: &Host) -> Vec<Region> {
    let leg =
        |zone: &ZoneId| Region { place: Place::Zone(*zone), addresses: host.address_set(Some(*zone)), whole: false };
    host.zones.iter().map(leg).filter(|region| region.addresses != AddressSet::default()).collect()
}

/// Who answers to an exposure: a host, or the router where its own proxy does.
#[must_use]
pub fn answering(network: &Network, exposure: &Exposure) -> Vec<Region> {
    exposure.target().0.map_or_else(|| vec![router()], |target| host(network.host(target)))
}

/// Does a host say that it runs a service of this name?
#[must_use]
pub fn runs(host: &Host, service: &str) -> bool {
    host.runs.iter().any(|(name, _)| name.rsplit('.').next() == Some(service))
}

/// A place to underline: a statement, up to its body.
#[must_use]
pub fn warning(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(UNNAMED, span, message)
}

/// The same as an error.
#[must_use]
pub fn error(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(UNNAMED, span, message)
}
