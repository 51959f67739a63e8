//! What pfSense does with one packet, in the order of `filter.inc`: redirections, rules of the arriving interface, rules
//! on the way out, translations of sources. It reads `config.xml` by a parser that is not hedgerow's, and shares no code
//! with the renderer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hedgerow::{
    model::Network,
    packet::{Family, Packet},
    router::{Dnat, LOCAL, Outcome, Snat, Topology},
};
use ipnet::IpNet;
use roxmltree::{Document, Node};

pub struct Machine<'a> {
    network: &'a Network,
    topology: &'a Topology,
    root: Node<'a, 'a>,
    keys: Vec<String>,
}

/// What was found of a packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    Passes(Outcome),
    Held,
    /// pfSense's own rules decide it before any of ours, or it cannot exist there.
    NotAsked,
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn text<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    child(node, name).and_then(|child| child.text()).unwrap_or("").trim()
}

fn address(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

struct Now<'p> {
    packet: &'p Packet,
    src: IpAddr,
    dst: IpAddr,
    port: u16,
}

impl<'a> Machine<'a> {
    pub fn new(document: &'a Document<'a>, network: &'a Network, topology: &'a Topology) -> Self {
        let keys = network.zones.iter().map(|zone| zone.interface_on("pfsense").unwrap().name.clone()).collect();
        Self { network, topology, root: document.root_element(), keys }
    }

    fn list(&self, path: &[&str], item: &'static str) -> Vec<Node<'a, 'a>> {
        let node = path.iter().try_fold(self.root, |node, name| child(node, name));
        node.map(|node| node.children().filter(|child| child.has_tag_name(item)).collect()).unwrap_or_default()
    }

    fn key(&self, number: u16) -> Option<&str> {
        self.keys.get(usize::from(number).checked_sub(1)?).map(String::as_str)
    }

    fn own(&self) -> impl Iterator<Item = IpAddr> {
        self.network.zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address)
    }

    fn alias(&self, name: &str) -> Vec<&'a str> {
        let found = self.list(&["aliases"], "alias").into_iter().find(|alias| text(*alias, "name") == name);
        text(found.unwrap_or_else(|| panic!("no alias {name}")), "address").split(' ').collect()
    }

    fn within(&self, word: &str, kind: &str, at: IpAddr) -> bool {
        let literal = |word: &str| word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from)).ok();
        if word == "any" {
            return true;
        }
        if kind == "network" {
            if word == "(self)" {
                return self.own().any(|own| own == at);
            }
            let (key, ip) = word.strip_suffix("ip").map_or((word, false), |key| (key, true));
            if let Some(zone) = self.keys.iter().position(|known| known == key) {
                let zone = &self.network.zones[zone];
                if ip {
                    return zone
                        .addresses
                        .iter()
                        .find(|own| own.address.is_ipv4() == at.is_ipv4())
                        .is_some_and(|own| own.address == at);
                }
                return zone.networks.iter().any(|net| net.net.contains(&at));
            }
        }
        if let Some(net) = literal(word) {
            return net.contains(&at);
        }
        self.alias(word).into_iter().any(|item| literal(item).unwrap().contains(&at))
    }

    fn ports(&self, words: &str, port: u16) -> bool {
        let one = |words: &str| {
            let (from, to) = words.split_once([':', '-']).unwrap_or((words, words));
            let parse = |word: &str| word.parse::<u16>().ok();
            Some((parse(from)?..=parse(to)?).contains(&port))
        };
        words.is_empty() || one(words).unwrap_or_else(|| self.alias(words).into_iter().any(|item| one(item).unwrap()))
    }

    fn side(&self, node: Node<'a, 'a>, at: IpAddr, port: u16, ports: bool) -> bool {
        let hit = if child(node, "any").is_some() {
            true
        } else if let Some(word) = child(node, "network") {
            self.within(word.text().unwrap(), "network", at)
        } else {
            self.within(text(node, "address"), "address", at)
        };
        (hit != child(node, "not").is_some()) && (!ports || self.ports(text(node, "port"), port))
    }

    fn family(node: Node, packet: &Packet) -> bool {
        match text(node, "ipprotocol") {
            "inet46" => true,
            "inet" => packet.family == Family::V4,
            "inet6" => packet.family == Family::V6,
            other => panic!("{other}"),
        }
    }

    fn protocol(node: Node, packet: &Packet) -> bool {
        let number = match text(node, "protocol") {
            "" | "any" => return true,
            "tcp/udp" => return matches!(packet.proto, 6 | 17),
            "tcp" => 6,
            "udp" => 17,
            "sctp" => 132,
            "icmp" if packet.family == Family::V4 => 1,
            "icmp" => 58,
            "igmp" => 2,
            "ipv6" => 41,
            "gre" => 47,
            "esp" => 50,
            "ah" => 51,
            "ospf" => 89,
            "pim" => 103,
            "carp" => 112,
            other => other.parse().unwrap(),
        };
        packet.proto == number
    }

    fn icmp(node: Node, packet: &Packet) -> bool {
        let types = text(node, "icmptype");
        let number = |word: &str| {
            let v4 = [
                ("echorep", 0),
                ("unreach", 3),
                ("squench", 4),
                ("redir", 5),
                ("echoreq", 8),
                ("routeradv", 9),
                ("routersol", 10),
                ("timex", 11),
                ("paramprob", 12),
                ("timereq", 13),
                ("timerep", 14),
            ];
            let v6 = [
                ("unreach", 1),
                ("toobig", 2),
                ("timex", 3),
                ("paramprob", 4),
                ("echoreq", 128),
                ("echorep", 129),
                ("routersol", 133),
                ("routeradv", 134),
                ("neighbrsol", 135),
                ("neighbradv", 136),
                ("redir", 137),
            ];
            let words = if packet.family == Family::V4 { v4 } else { v6 };
            words.iter().find(|(known, _)| *known == word).map_or_else(|| word.parse().unwrap(), |(_, number)| *number)
        };
        types.is_empty()
            || types.split(',').any(|item| {
                let (kind, code) = item.split_once(" code ").map_or((item, None), |(kind, code)| (kind, Some(code)));
                number(kind) == packet.dst_port >> 8
                    && code.is_none_or(|code| code.parse::<u16>().unwrap() == packet.dst_port & 0xff)
            })
    }

    fn schedule(&self, node: Node<'a, 'a>, minute: u16) -> bool {
        let name = text(node, "sched");
        if name.is_empty() {
            return true;
        }
        let schedule =
            self.list(&["schedules"], "schedule").into_iter().find(|known| text(*known, "name") == name).unwrap();
        let (day, now) = (minute / 1440 + 1, minute % 1440);
        schedule.children().filter(|range| range.has_tag_name("timerange")).any(|range| {
            let clock = |word: &str| {
                let (hour, minute) = word.split_once(':').unwrap();
                hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
            };
            let (from, to) = text(range, "hour").split_once('-').unwrap();
            text(range, "position").split(',').any(|known| known == day.to_string())
                && (clock(from)..clock(to)).contains(&now)
        })
    }

    fn matches(&self, rule: Node<'a, 'a>, now: &Now, minute: u16) -> bool {
        let has_ports = matches!(now.packet.proto, 6 | 17 | 132);
        Self::family(rule, now.packet)
            && Self::protocol(rule, now.packet)
            && (!text(rule, "protocol").starts_with("icmp") || Self::icmp(rule, now.packet))
            && self.side(child(rule, "source").unwrap(), now.src, now.packet.src_port, has_ports)
            && self.side(child(rule, "destination").unwrap(), now.dst, now.port, has_ports)
            && self.schedule(rule, minute)
    }

    /// `local` is the minute of the week on the router's clock.
    pub fn decide(&self, packet: &Packet, local: u16) -> Seen {
        let (src, dst) = (address(packet.family, packet.src), address(packet.family, packet.dst));
        let mut now = Now { packet, src, dst, port: packet.dst_port };
        let invented = packet.ingress == LOCAL && !self.own().any(|own| own == src);
        if invented || packet.ingress == u16::MAX || packet.egress == u16::MAX || self.before_ours(&now) {
            return Seen::NotAsked;
        }
        let mut outcome = Outcome::default();
        let mut tag = "";
        if packet.ingress != LOCAL {
            let arriving = self.key(packet.ingress).unwrap();
            if let Some((to, port)) = self.redirected(&now, arriving) {
                let changed = (port != now.port).then_some(port);
                let zone = &self.network.zones[usize::from(packet.ingress) - 1];
                let first = zone.addresses.iter().find(|own| own.address.is_ipv4() == to.is_ipv4());
                let router = first.is_some_and(|own| own.address == to);
                outcome.dnat = Some(if router {
                    Dnat::ToRouter { port: changed }
                } else {
                    Dnat::To { address: to, port: changed }
                });
                (now.dst, now.port) = (to, port);
            }
            if !self.topology.routes(now.dst).contains(&packet.egress) {
                return Seen::Held;
            }
            let rules = self.list(&["filter"], "rule").into_iter();
            let rule = rules
                .filter(|rule| text(*rule, "interface") == arriving && child(*rule, "floating").is_none())
                .find(|rule| self.matches(*rule, &now, local));
            let Some(rule) = rule.filter(|rule| text(*rule, "type") == "pass") else { return Seen::Held };
            tag = text(rule, "tag");
            let gateway = text(rule, "gateway");
            if !gateway.is_empty() && !self.leads(gateway, packet.egress) {
                return Seen::Held;
            }
        }
        if packet.egress == LOCAL {
            return Seen::Passes(outcome);
        }
        let leaving = self.key(packet.egress).unwrap();
        if outcome.dnat.is_none() && packet.ingress == packet.egress && self.one_link(&now) {
            return Seen::NotAsked;
        }
        let rules = self.list(&["filter"], "rule").into_iter().filter(|rule| child(*rule, "floating").is_some());
        let mut rules = rules.filter(|rule| text(*rule, "interface").split(',').any(|key| key == leaving));
        let out = rules.find(|rule| {
            let tagged = text(*rule, "tagged");
            (tagged.is_empty() || tagged == tag) && self.matches(*rule, &now, local)
        });
        if out.is_some_and(|rule| text(rule, "type") != "pass") {
            return Seen::Held;
        }
        outcome.snat = self.translated(&now, leaving);
        Seen::Passes(outcome)
    }

    /// What pfSense decides before it asks any rule of ours, and what FreeBSD does not know.
    fn before_ours(&self, now: &Now) -> bool {
        let packet = now.packet;
        let port0 = matches!(packet.proto, 6 | 17) && (packet.src_port == 0 || packet.dst_port == 0);
        let near: IpNet = "169.254.0.0/16".parse().unwrap();
        let nat64: IpNet = "64:ff9b::/96".parse().unwrap();
        let apipa = near.contains(&now.src) || near.contains(&now.dst) || nat64.contains(&now.dst);
        let icmp6 = packet.family == Family::V6
            && packet.proto == 58
            && matches!(packet.dst_port >> 8, 1 | 2 | 128..=136 | 143);
        let nets = || self.network.zones.iter().flat_map(|zone| &zone.networks).map(|net| net.net);
        let anycast = nets().any(|net| !net.network().is_ipv4() && [now.src, now.dst].contains(&net.network()));
        let dhcp = packet.proto == 17
            && matches!((packet.src_port, packet.dst_port), (67, 68) | (68, 67) | (547, 546) | (546, 547));
        let loopback = now.src.is_loopback() || now.dst.is_loopback();
        port0 || apipa || icmp6 || anycast || dhcp || loopback
    }

    fn one_link(&self, now: &Now) -> bool {
        let nets = self.network.zones.iter().flat_map(|zone| &zone.networks);
        nets.into_iter().any(|net| net.net.contains(&now.src) && net.net.contains(&now.dst))
    }

    fn leads(&self, gateway: &str, out: u16) -> bool {
        let zone = &self.network.zones[usize::from(out) - 1];
        let interfaces = child(self.root, "interfaces").unwrap();
        let descr = text(child(interfaces, self.key(out).unwrap()).unwrap(), "descr");
        zone.is_internet()
            && gateway.strip_prefix(descr).is_some_and(|rest| ["_DHCP", "_DHCP6", "_PPPOE", "GW"].contains(&rest))
    }

    fn redirected(&self, now: &Now, arriving: &str) -> Option<(IpAddr, u16)> {
        let has_ports = matches!(now.packet.proto, 6 | 17 | 132);
        let rule = self.list(&["nat"], "rule").into_iter().find(|rule| {
            text(*rule, "interface") == arriving
                && Self::family(*rule, now.packet)
                && Self::protocol(*rule, now.packet)
                && self.side(child(*rule, "source").unwrap(), now.src, now.packet.src_port, has_ports)
                && self.side(child(*rule, "destination").unwrap(), now.dst, now.port, has_ports)
        })?;
        if child(rule, "nordr").is_some() {
            return None;
        }
        let outside = text(child(rule, "destination").unwrap(), "port");
        let first = outside.split('-').next().unwrap().parse::<u16>().ok();
        let inside = text(rule, "local-port").parse::<u16>().ok();
        let port = match (first, inside) {
            (Some(first), Some(inside)) => inside + (now.port - first),
            _ => now.port,
        };
        Some((text(rule, "target").parse().unwrap(), port))
    }

    fn translated(&self, now: &Now, leaving: &str) -> Option<Snat> {
        let has_ports = matches!(now.packet.proto, 6 | 17 | 132);
        let rule = self.list(&["nat", "outbound"], "rule").into_iter().find(|rule| {
            let (source, destination) = (child(*rule, "source").unwrap(), child(*rule, "destination").unwrap());
            text(*rule, "interface") == leaving
                && Self::family(*rule, now.packet)
                && Self::protocol(*rule, now.packet)
                && self.within(text(source, "network"), "network", now.src)
                && (child(destination, "any").is_some()
                    || self.within(text(destination, "network"), "network", now.dst))
                && (!has_ports
                    || (self.ports(text(*rule, "sourceport"), now.packet.src_port)
                        && self.ports(text(*rule, "dstport"), now.port)))
        })?;
        let target = text(rule, "target");
        Some(if target.is_empty() { Snat::Masquerade } else { Snat::To { address: target.parse().unwrap() } })
    }
}
