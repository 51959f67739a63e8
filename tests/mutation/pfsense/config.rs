//! `config.xml` by a parser that is not hedgerow's: interfaces, aliases, and the ends of rules.

use std::net::IpAddr;

use hedgerow::{packet::Family, router::Topology};
use ipnet::IpNet;
use roxmltree::Node;

use super::judge::{End, Own, Place};

pub fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.has_tag_name(name))
}

pub fn has(node: Node, name: &str) -> bool {
    child(node, name).is_some()
}

pub fn text<'a>(node: Node<'a, 'a>, name: &str) -> &'a str {
    child(node, name).and_then(|child| child.text()).unwrap_or("").trim()
}

pub fn at<'a>(node: Node<'a, 'a>, path: &[&str]) -> Option<Node<'a, 'a>> {
    path.iter().try_fold(node, |node, name| child(node, name))
}

pub fn list<'a>(node: Node<'a, 'a>, path: &[&str], item: &'static str) -> Vec<Node<'a, 'a>> {
    let found = at(node, path);
    found.map(|node| node.children().filter(|child| child.has_tag_name(item)).collect()).unwrap_or_default()
}

/// An enabled interface.
pub struct Port<'a> {
    pub key: &'a str,
    pub node: Node<'a, 'a>,
    /// Of the topology.
    pub number: u16,
    pub v4: Option<IpNet>,
    pub v6: Option<IpNet>,
    pub vips: Vec<(IpNet, bool)>,
}

impl Port<'_> {
    /// Has it a gateway for IPv4?
    pub fn outward(&self) -> bool {
        let device = text(self.node, "if");
        ["dhcp", "pppoe", "pptp", "l2tp", "ppp"].contains(&text(self.node, "ipaddr"))
            || !text(self.node, "gateway").is_empty()
            || device.starts_with("ovpn")
            || device.starts_with("ipsec")
    }

    /// Has it a gateway for this family?
    pub fn has_gateway(&self, family: Family) -> bool {
        let device = text(self.node, "if");
        match family {
            Family::V4 => self.outward(),
            Family::V6 => {
                ["slaac", "dhcp6", "6to4", "6rd"].contains(&text(self.node, "ipaddrv6"))
                    || !text(self.node, "gatewayv6").is_empty()
                    || device.starts_with("ovpn")
                    || device.starts_with("ipsec")
            }
        }
    }

    fn nets(&self, further: bool) -> Vec<IpNet> {
        let vips = self.vips.iter().map(|vip| vip.0).filter(|net| further || net.addr().is_ipv4());
        self.v4.into_iter().chain(self.v6).chain(vips).map(|net| net.trunc()).collect()
    }
}

pub struct Config<'a> {
    pub root: Node<'a, 'a>,
    pub ports: Vec<Port<'a>>,
    pub own: Vec<Own>,
    /// Do further addresses of IPv6 belong to the network of their interface?
    further: bool,
    /// Groups that stand for one tunnel, by their names, with the number of the tunnel.
    groups: Vec<(String, u16)>,
}

/// Why a rule stands in the file and not in pf.
pub enum Gone {
    /// pfSense leaves it out.
    Skipped,
    /// pf takes none of the rules, or it is more than this judge knows.
    Refused(String),
}

pub fn refused<T>(what: &str) -> Result<T, Gone> {
    Err(Gone::Refused(what.to_owned()))
}

impl<'a> Config<'a> {
    pub fn new(root: Node<'a, 'a>, topology: &Topology, further: bool) -> Result<Self, String> {
        let own = vec![Own::default(); topology.interfaces.len()];
        let mut config = Self { root, ports: Vec::new(), own, further, groups: Vec::new() };
        let assigned = child(root, "interfaces").ok_or("no interfaces")?;
        // What lies behind a host has no interface of its own.
        for (number, interface) in topology.interfaces().filter(|(_, interface)| interface.behind.is_none()) {
            let name = interface.name.to_lowercase();
            let mut nodes = assigned.children().filter(Node::is_element);
            let all = nodes.clone();
            let node = nodes.find(|node| node.tag_name().name() == name).or_else(|| {
                all.clone()
                    .find(|node| text(*node, "if") == interface.name || text(*node, "descr").to_lowercase() == name)
            });
            let Some(node) = node else {
                config.groups.push((interface.name.clone(), number));
                // A tunnel that is not assigned has the addresses that its program gives it.
                let own = &mut config.own[usize::from(number) - 1];
                own.all.clone_from(&interface.addresses);
                own.v4 = own.all.iter().find(|own| own.is_ipv4()).copied();
                own.v6 = own.all.iter().find(|own| own.is_ipv6()).copied();
                continue;
            };
            if !has(node, "enable") {
                return Err("an interface of the topology is switched off".to_owned());
            }
            let key = node.tag_name().name();
            for (name, most) in [("subnet", 32), ("subnetv6", 128)] {
                if text(node, name).parse::<u32>().is_ok_and(|bits| bits > most) {
                    return Err("no network has so many bits".to_owned());
                }
            }
            let vips: Vec<(IpNet, bool)> = list(root, &["virtualip"], "vip")
                .into_iter()
                .filter(|vip| text(*vip, "interface") == key)
                .filter_map(|vip| {
                    let net = format!("{}/{}", text(vip, "subnet"), text(vip, "subnet_bits")).parse().ok()?;
                    Some((net, ["ipalias", "carp"].contains(&text(vip, "mode"))))
                })
                .collect();
            let mut running = Vec::new();
            let tunnel =
                ["ovpn", "tun_wg", "wg", "ipsec", "tailscale"].iter().any(|start| text(node, "if").starts_with(start));
            let mut address = |word: &str, bits: &str, v4: bool| {
                if let Some(written) = word.parse::<IpAddr>().ok().filter(|own| own.is_ipv4() == v4) {
                    let bits = bits.parse().unwrap_or(if v4 { 32 } else { 128 });
                    return IpNet::new(written, bits).ok();
                }
                if word.is_empty() && !tunnel {
                    return None;
                }
                // What the provider gives has a stand-in in the topology.
                let mine: Vec<IpAddr> = interface.addresses.iter().filter(|own| own.is_ipv4() == v4).copied().collect();
                running.extend(mine.clone());
                let taken = |own: &IpAddr| vips.iter().any(|vip| vip.0.addr() == *own);
                let own = mine.iter().find(|own| !taken(own)).or(mine.first())?;
                let links = crate::ground::links(interface).filter(|net| net.contains(own));
                let bits = links.map(IpNet::prefix_len).max().unwrap_or(if v4 { 32 } else { 128 });
                IpNet::new(*own, bits).ok()
            };
            let v4 = address(text(node, "ipaddr"), text(node, "subnet"), true);
            let v6 = address(text(node, "ipaddrv6"), text(node, "subnetv6"), false);
            let mut all = running;
            all.extend(v4.into_iter().chain(v6).map(|net| net.addr()));
            all.extend(vips.iter().filter(|vip| vip.1).map(|vip| vip.0.addr()));
            config.own[usize::from(number) - 1] =
                Own { v4: v4.map(|net| net.addr()), v6: v6.map(|net| net.addr()), all };
            config.ports.push(Port { key, node, number, v4, v6, vips });
        }
        // In the order of the file.
        let order = |port: &Port| assigned.children().position(|node| node == port.node);
        config.ports.sort_by_key(order);
        if assigned.children().filter(|node| has(*node, "enable")).count() > config.ports.len() {
            return Err("more interfaces than the topology has".to_owned());
        }
        Ok(config)
    }

    pub fn port(&self, key: &str) -> Option<&Port<'a>> {
        self.ports.iter().find(|port| port.key == key)
    }

    /// The number of an interface, or of the one tunnel of a group.
    pub fn number(&self, key: &str) -> Option<u16> {
        let group = || self.groups.iter().find(|(name, _)| name == key).map(|(_, number)| *number);
        self.port(key).map(|port| port.number).or_else(group)
    }

    pub fn system(&self, name: &str) -> bool {
        at(self.root, &["system", name]).is_some()
    }

    /// The words of an alias, those within it among them.
    pub fn alias(&self, name: &str, depth: usize) -> Option<(&'a str, Vec<&'a str>)> {
        let node = list(self.root, &["aliases"], "alias").into_iter().find(|alias| text(*alias, "name") == name)?;
        let mut words = Vec::new();
        for word in text(node, "address").split_whitespace() {
            match self.alias(word, depth + 1) {
                Some((_, inner)) if depth < 8 => words.extend(inner),
                _ => words.push(word),
            }
        }
        Some((text(node, "type"), words))
    }

    /// An address, a network or a list of them.
    pub fn addresses(&self, word: &str) -> Result<Option<Vec<IpNet>>, Gone> {
        if let Some(net) = literal(word) {
            return Ok(Some(vec![net]));
        }
        let Some((kind, words)) = self.alias(word, 0) else { return Ok(None) };
        if kind == "port" {
            return refused("a list of ports in the place of an address");
        }
        let nets: Option<Vec<IpNet>> = words.into_iter().map(literal).collect();
        nets.map(Some).ok_or_else(|| Gone::Refused("an alias of names".to_owned()))
    }

    /// `lan`, `lanip`, `(self)`; nothing if there is none.
    pub fn network(&self, word: &str, v4: bool) -> Option<Place> {
        if word == "(self)" {
            return Some(Place::Own);
        }
        if let Some(port) = self.port(word) {
            // These two words are read by code of their own, which minds further addresses in every version.
            let nets = port.nets(self.further || ["wan", "lan"].contains(&word));
            return (!nets.is_empty()).then_some(Place::Nets(nets));
        }
        let port = self.port(word.strip_suffix("ip")?)?;
        let own = if v4 { port.v4 } else { port.v6 };
        own.map(|own| Place::Nets(vec![own.addr().into()]))
    }

    pub fn numbers(&self, word: &str, protocol: &str) -> Result<Option<Vec<(u16, u16)>>, Gone> {
        if word.is_empty() || !["tcp", "udp", "tcp/udp", "sctp"].contains(&protocol) {
            return Ok(None);
        }
        if let Some(range) = range(word) {
            return Ok((range != (1, 65535)).then(|| vec![range]));
        }
        let Some((_, words)) = self.alias(word, 0) else { return Err(Gone::Skipped) };
        let ranges: Option<Vec<_>> = words.into_iter().map(range).collect();
        let ranges = ranges.ok_or_else(|| Gone::Refused("an alias of names".to_owned()))?;
        if ranges.is_empty() { Err(Gone::Skipped) } else { Ok(Some(ranges)) }
    }

    /// `source` or `destination` of a rule of the filter, or of a forward.
    pub fn end(&self, rule: Node<'a, 'a>, side: &str, family: Family) -> Result<End, Gone> {
        let v4 = family == Family::V4;
        let node = child(rule, side).ok_or(Gone::Skipped)?;
        let mut end = End { not: has(node, "not"), ..End::default() };
        let (network, address) = (text(node, "network"), text(node, "address"));
        if has(node, "any") {
            end.not = false;
        } else if !network.is_empty() {
            end.place = self.network(network, v4).ok_or(Gone::Skipped)?;
        } else {
            let nets = self.addresses(address)?.ok_or(Gone::Skipped)?;
            if literal(address).is_some_and(|net| net.addr().is_ipv4() != v4) {
                return refused("an address of the other family");
            }
            end.place = Place::Nets(nets);
        }
        end.ports = self.numbers(text(node, "port"), &text(rule, "protocol").to_lowercase())?;
        Ok(end)
    }
}

pub fn literal(word: &str) -> Option<IpNet> {
    word.parse::<IpNet>().map(|net| net.trunc()).or_else(|_| word.parse::<IpAddr>().map(IpNet::from)).ok()
}

fn range(word: &str) -> Option<(u16, u16)> {
    let (from, to) = word.split_once([':', '-']).unwrap_or((word, word));
    let (from, to): (u16, u16) = (from.parse().ok()?, to.parse().ok()?);
    Some(if from <= to { (from, to) } else { (to, from) })
}

/// Nothing for any.
pub fn protocols(word: &str, family: Family) -> Result<Vec<u8>, Gone> {
    Ok(match word {
        "" | "any" => Vec::new(),
        "tcp/udp" => vec![6, 17],
        "tcp" => vec![6],
        "udp" => vec![17],
        "icmp" if family == Family::V4 => vec![1],
        "icmp" | "ipv6-icmp" => vec![58],
        "igmp" => vec![2],
        "gre" => vec![47],
        "esp" => vec![50],
        "ah" => vec![51],
        "sctp" => vec![132],
        "ipv6" => vec![41],
        "ospf" => vec![89],
        "pim" => vec![103],
        "carp" => vec![112],
        other => match other.parse() {
            Ok(number) => vec![number],
            Err(_) => return refused("no protocol that is known here"),
        },
    })
}
