//! What names and statements mean, in words: for hovers, completions and hints.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{
    model::{
        AddressSet, AddressSource, Host, Meaning, Network, Options, Place, Region, Symbol, Zone, ZoneId,
        address::address,
        service::{Discovery, SameZone, Service, Traffic, Trait},
    },
    packet::Family,
    reach::region_name,
};

/// At most so many things are listed.
const MANY: usize = 12;

/// The first things of a list, and how many more there are.
fn listed(all: &[String]) -> String {
    let shown = all.iter().take(MANY).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > MANY { format!("{shown} and {} more", all.len() - MANY) } else { shown }
}

/// The ranges of a set, as prefixes where they are such.
pub fn ranges(set: &AddressSet) -> Vec<String> {
    let of = |family: Family| {
        set.family(family).ranges().iter().map(move |(from, to)| range(address(family, *from), address(family, *to)))
    };
    of(Family::V4).chain(of(Family::V6)).collect()
}

fn range(from: IpAddr, to: IpAddr) -> String {
    if from == to {
        return from.to_string();
    }
    let nets: Vec<IpNet> = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            ipnet::Ipv4Subnets::new(from, to, 0).take(2).map(|net: Ipv4Net| net.into()).collect()
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            ipnet::Ipv6Subnets::new(from, to, 0).take(2).map(|net: Ipv6Net| net.into()).collect()
        }
        _ => Vec::new(),
    };
    match nets.as_slice() {
        [one] => one.to_string(),
        _ => format!("{from}-{to}"),
    }
}

/// The networks of a zone as the policy knows them: of a delegated one the prefix may be anything.
pub fn networks(zone: &Zone) -> Vec<String> {
    let of = zone.networks.iter().map(|network| match network.delegated {
        Some(number) => format!("delegated {number:x}"),
        None => network.net.to_string(),
    });
    of.collect()
}

/// The addresses of a host as the policy knows them.
pub fn addresses(host: &Host) -> Vec<String> {
    let of = host.addresses.iter().map(|own| match own.suffix {
        Some(suffix) => format!("{suffix} (delegated)"),
        None => own.address.to_string(),
    });
    of.collect()
}

/// Services in a few words: `tcp 80, udp 5353`.
pub fn traffic(list: &[Traffic]) -> String {
    let all: Vec<String> = list.iter().map(Traffic::to_string).collect();
    listed(&all)
}

/// The value of a name in a few words: addresses, ports.
pub fn value(symbol: &Symbol, network: &Network) -> String {
    match &symbol.meaning {
        Meaning::Zone(id) => {
            let Some(zone) = network.zones.get(id.0) else { return String::new() };
            if zone.is_internet() { "the internet".to_owned() } else { listed(&networks(zone)) }
        }
        Meaning::Host(id) => network.hosts.get(id.0).map(|host| listed(&addresses(host))).unwrap_or_default(),
        Meaning::Group(regions) => {
            let of = |region: &Region| {
                let name = region_name(network, region);
                let host = network.hosts.iter().any(|host| host.name == name);
                if host || region.whole || region.place == Place::Router {
                    vec![name]
                } else {
                    ranges(&region.addresses)
                }
            };
            listed(&regions.iter().flatten().flat_map(of).collect::<Vec<_>>())
        }
        Meaning::Ranges(set) => set.as_ref().map(|set| listed(&ranges(set))).unwrap_or_default(),
        Meaning::Service(service) => service.as_ref().map(|service| traffic(&service.traffic)).unwrap_or_default(),
        Meaning::Integration(found) => found.as_ref().map_or_else(String::new, |found| {
            let ways = [("there", &found.there), ("back", &found.back)];
            let ways = ways.into_iter().filter(|(_, list)| !list.is_empty());
            ways.map(|(way, list)| format!("{way}: {}", traffic(list))).collect::<Vec<_>>().join("; ")
        }),
        Meaning::Schedule(id) => network.schedules.get(id.0).map(|found| minutes(&found.minutes)).unwrap_or_default(),
    }
}

/// Times of the week: `mon 07:00-21:00, …`.
fn minutes(list: &[(u16, u16)]) -> String {
    const DAYS: [&str; 8] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "sun"];
    let time = |minute: u16| format!("{:02}:{:02}", minute % 1440 / 60, minute % 60);
    let day = |minute: u16| DAYS.get(usize::from(minute / 1440)).copied().unwrap_or("");
    let one = |(from, to): &(u16, u16)| {
        let last = to.saturating_sub(1);
        let end = if to % 1440 == 0 { "24:00".to_owned() } else { time(*to) };
        let until = if day(*from) == day(last) { end } else { format!("{} {end}", day(last)) };
        format!("{} {}-{until}", day(*from), time(*from))
    };
    // The same on every day of the week.
    let daily = |list: &[(u16, u16)]| {
        let (from, to) = *list.first()?;
        let same = list.len() == 7
            && list.iter().zip(0..).all(|(found, number)| *found == (from + number * 1440, to + number * 1440));
        (same && to <= 1440)
            .then(|| format!("every day {}-{}", time(from), if to == 1440 { "24:00".to_owned() } else { time(to) }))
    };
    daily(list).unwrap_or_else(|| listed(&list.iter().map(one).collect::<Vec<_>>()))
}

/// The conditions of a rule.
pub fn options(options: &Options, network: &Network) -> Vec<String> {
    let during = options.during.and_then(|(id, _)| network.schedules.get(id.0));
    let mut list = Vec::new();
    list.extend(during.map(|schedule| format!("only {} (`{}`)", minutes(&schedule.minutes), schedule.name)));
    list.extend(options.until.map(|(date, _)| format!("until {date}")));
    list.extend(options.limit.map(|(limit, _)| format!("at most {} a {}", limit.count, limit.unit.word())));
    list.extend(options.as_router.then(|| "the receiver sees the router's address".to_owned()));
    list.extend(options.because.clone());
    list.extend(options.who_asked());
    list
}

/// Everything that is worth knowing of a name, as Markdown.
pub fn about(symbol: &Symbol, network: &Network) -> String {
    let mut text = format!("**{} `{}`**", symbol.meaning.word(), symbol.name);
    let mut line = |key: &str, value: String| {
        if !value.is_empty() {
            text += &format!("\n- {key}{}{value}", if key.is_empty() { "" } else { " " });
        }
    };
    line("", String::new());
    match &symbol.meaning {
        Meaning::Zone(id) => {
            if let Some(zone) = network.zones.get(id.0) {
                zone_lines(*id, zone, network, &mut line);
            }
        }
        Meaning::Host(id) => {
            if let Some(host) = network.hosts.get(id.0) {
                let zones = host.zones.iter().filter_map(|id| network.zones.get(id.0));
                line("in", zones.map(|zone| format!("`{}`", zone.name)).collect::<Vec<_>>().join(", "));
                line("", listed(&addresses(host)));
                line("DNS name", host.dns_name.clone().unwrap_or_default());
                let runs: Vec<String> = host.runs.iter().map(|(name, found)| format!("{name} ({found})")).collect();
                line("runs", listed(&runs));
            }
        }
        Meaning::Service(Some(service)) => {
            line("", traffic(&service.traffic));
            line("", traits(service));
        }
        Meaning::Integration(Some(found)) => {
            line("the left side opens", traffic(&found.there));
            line("the right side opens", traffic(&found.back));
            line(
                "found by",
                match found.discovery {
                    Some(Discovery::Mdns) => "mdns".to_owned(),
                    Some(Discovery::Ssdp) => "ssdp".to_owned(),
                    Some(Discovery::Broadcast) => "broadcast".to_owned(),
                    None => String::new(),
                },
            );
            line(
                "",
                match found.same_zone {
                    Some(SameZone::Required) => "works inside one zone only".to_owned(),
                    Some(SameZone::Advised) => "works best inside one zone".to_owned(),
                    None => String::new(),
                },
            );
            line("", found.because.clone().unwrap_or_default());
        }
        _ => line("", value(symbol, network)),
    }
    text
}

fn zone_lines(id: ZoneId, zone: &Zone, network: &Network, line: &mut impl FnMut(&str, String)) {
    line("role", zone.role.name().to_owned());
    line("", listed(&networks(zone)));
    let own: Vec<String> = zone
        .addresses
        .iter()
        .map(|own| match own.source {
            AddressSource::Dhcp => "whatever DHCP gives".to_owned(),
            AddressSource::Tunnel => "the end of a DS-Lite tunnel".to_owned(),
            AddressSource::Pppoe => "whatever PPPoE gives".to_owned(),
            AddressSource::Delegated => "below the delegated prefix".to_owned(),
            AddressSource::Written | AddressSource::Default => own.address.to_string(),
        })
        .collect();
    line("router", listed(&own));
    line("interface", zone.interface.as_ref().map(|found| found.name.clone()).unwrap_or_default());
    line("VLAN", zone.vlan.map(|(number, _)| number.to_string()).unwrap_or_default());
    line("", if zone.isolated { "its hosts are kept apart".to_owned() } else { String::new() });
    let hosts: Vec<String> =
        network.hosts.iter().filter(|host| host.zones.contains(&id)).map(|host| host.name.clone()).collect();
    line("hosts", listed(&hosts));
}

fn traits(service: &Service) -> String {
    let word = |found: &Trait| match found {
        Trait::LoginNone => "asks for no login",
        Trait::Plaintext => "not encrypted",
        Trait::Management => "administers a device",
        Trait::Discovery => "inside one zone only",
    };
    service.traits.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// One side of a rule: names, with the addresses of each that is not too wide.
pub fn side(regions: &[Region], network: &Network) -> String {
    let one = |region: &Region| {
        let name = region_name(network, region);
        let Place::Zone(id) = region.place else { return format!("`{name}`") };
        let Some(zone) = network.zones.get(id.0) else { return format!("`{name}`") };
        let delegated = zone.networks.iter().any(|network| network.delegated.is_some());
        let host = network.hosts.iter().find(|host| host.name == name);
        let numbers = match host {
            Some(host) => addresses(host),
            None if zone.is_internet() => Vec::new(),
            None if region.whole => networks(zone),
            None if delegated => Vec::new(),
            None => ranges(&region.addresses),
        };
        let same = numbers.len() == 1 && numbers.first().is_some_and(|number| name.starts_with(number.as_str()));
        if numbers.is_empty() || same { format!("`{name}`") } else { format!("`{name}` ({})", listed(&numbers)) }
    };
    listed(&regions.iter().map(one).collect::<Vec<_>>())
}

/// What a statement is for.
pub fn statement(word: &str) -> &'static str {
    match word {
        "use" => "takes in a module of the standard library, or a file",
        "router" => "the device itself",
        "zone" => "a network segment behind one interface: a VLAN, a VPN, an uplink",
        "host" => "a device with an address of its own",
        "group" => "a name for hosts, prefixes and ranges",
        "service" => "a name for protocols and ports",
        "integration" => "what two sides need of each other, for `<->`",
        "schedule" => "times of the week, for `during`",
        "ranges" => "a name for a list of prefixes, written here or read from a file",
        "allow" => "lets connections be opened; whatever no rule allows is denied",
        "deny" => "denies connections, whatever else allows them",
        "expose" => "makes one service of one host reachable from outside",
        "vpn" => "opens the port of a VPN; what its zone may reach is said by rules",
        "redirect" => "takes what somebody sends to anyone on a service, and gives it to a host",
        "reflect" => "lets devices of one zone be found in another one",
        "home-assistant" => "which Home Assistant runs on a host",
        "never" => "to be proven: no such packet is let through, `~>` nor through any chain of hosts",
        "always" => "to be proven: every such packet is let through",
        "only" => "to be proven: nobody else is let through",
        "exposed" => "to be proven: the whole list of what the internet can open",
        "check" => "asks for a check of the catalogue, or is one with assertions of its own",
        "waive" => "accepts findings of a check, with a reason",
        _ => "",
    }
}

/// What a name stands for that every policy has.
pub fn built_in(word: &str, network: &Network) -> Option<String> {
    let zones = |fits: &dyn Fn(&Zone) -> bool| {
        let names: Vec<String> =
            network.zones.iter().filter(|zone| fits(zone)).map(|zone| format!("`{}`", zone.name)).collect();
        if names.is_empty() { "no zone of this policy".to_owned() } else { listed(&names) }
    };
    Some(match word {
        "any" => "**`any`**: every zone and the router".to_owned(),
        "router" => "**`router`**: the device itself, on every address that it has".to_owned(),
        "internet" => format!(
            "**`internet`**: every public address beyond {} that is none of the policy's own",
            zones(&Zone::is_internet)
        ),
        "private" => {
            format!("**`private`**: every zone but those of the internet: {}", zones(&|zone| !zone.is_internet()))
        }
        _ => {
            let role = word.strip_prefix("role.")?;
            format!("**`{word}`**: every zone of the role: {}", zones(&|zone| zone.role.name() == role))
        }
    })
}
