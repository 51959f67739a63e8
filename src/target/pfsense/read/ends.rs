//! Sources and destinations of rules (`filter_generate_address`, `filter_generate_port`).

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::{
    aliases::{self, Meaning},
    ast::{Addresses, Atom, End, Ports},
    config::{Config, shown},
    names,
    xml::Node,
};
use crate::{packet::Family, router::Unreadable};

/// Why pfSense leaves a rule out.
pub type Skipped = String;

/// What came of something: it, or why pfSense leaves the rule out; or why pf refuses all rules.
pub type Made<T> = Result<Result<T, Skipped>, Unreadable>;

/// Protocols whose ports rules may name.
pub fn has_ports(protocol: &str) -> bool {
    ["tcp", "udp", "tcp/udp", "sctp"].contains(&protocol.to_lowercase().as_str())
}

/// Of several networks, 2.7 writes `{ !a !b }` for `not`, and that is everything.
fn unsure(word: &str, atoms: Vec<Atom>, family: Family) -> Vec<Atom> {
    let fits = |atom: &&Atom| matches!(atom, Atom::Net(net) if net.addr().is_ipv4() == (family == Family::V4));
    if !["wan", "lan"].contains(&word) || atoms.iter().filter(fits).count() < 2 {
        return atoms;
    }
    let perhaps = |atom| match atom {
        Atom::Net(net) => Atom::Perhaps(net),
        other => other,
    };
    atoms.into_iter().map(perhaps).collect()
}

impl Config {
    /// The addresses of `source` or `destination`.
    pub fn end(&self, rule: &Node, side: &str, family: Family) -> Made<End> {
        let empty = Node::default();
        let node = rule.get(side).unwrap_or(&empty);
        let not = node.has("not");
        let (network, address) = (node.text("network"), node.text("address"));
        if node.has("any") {
            return Ok(Ok(End::ANY));
        }
        if !network.is_empty() {
            let found = self.network(network, family);
            return Ok(found
                .map(|atoms| if not && self.interfaces.old { unsure(network, atoms, family) } else { atoms })
                .map(|atoms| End { addresses: Addresses::Of(atoms), not, ports: None })
                .ok_or_else(|| format!("`{}` has no address of its family in {side}", shown(network))));
        }
        if address.is_empty() {
            return Ok(Err(format!("its {side} is empty")));
        }
        let atoms = if address.starts_with("::") {
            vec![self.below_prefix(rule, address)]
        } else {
            match self.aliases.address(address) {
                Meaning::Addresses(atoms) => atoms,
                Meaning::Nothing => return Ok(Err(format!("there is no alias `{}`", shown(address)))),
                Meaning::Refused(why) => {
                    return Err(Unreadable::new(format!(
                        "line {}: `{}` is {why} where an address should stand, and pf refuses all rules",
                        node.line,
                        shown(address)
                    )));
                }
            }
        };
        if not && self.aliases.is_macro(address) {
            return Err(Unreadable::new(format!(
                "line {}: `{}` is no list of addresses by its type, and pf takes no `not` before it, and refuses all rules",
                node.line,
                shown(address)
            )));
        }
        if let ([Atom::Net(net)], Some(_)) = (atoms.as_slice(), aliases::literal(address))
            && net.addr().is_ipv4() != (family == Family::V4)
        {
            return Err(Unreadable::new(format!(
                "line {}: `{}` is of the other address family than its rule, and pf refuses all rules",
                node.line,
                shown(address)
            )));
        }
        Ok(Ok(End { addresses: Addresses::Of(atoms), not, ports: None }))
    }

    /// The host part of an address, below the prefix of the rule's interface.
    fn below_prefix(&self, rule: &Node, address: &str) -> Atom {
        let own = self.interfaces.get(rule.text("interface")).and_then(|interface| interface.v6);
        match (own, address.parse::<Ipv6Addr>()) {
            (Some(IpNet::V6(own)), Ok(host)) => {
                let bits = own.network().to_bits() | (host.to_bits() & own.hostmask().to_bits());
                Atom::Net(IpNet::from(IpAddr::V6(Ipv6Addr::from_bits(bits))))
            }
            _ => Atom::Unknown,
        }
    }

    /// What a keyword stands for: nothing if pfSense finds no address, and leaves the rule out.
    pub fn network(&self, word: &str, family: Family) -> Option<Vec<Atom>> {
        if word == "(self)" {
            return Some(vec![Atom::Own]);
        }
        if let Some(key) = word.strip_suffix("ip").filter(|key| ["wan", "lan"].contains(key) || key.contains("opt")) {
            let address = self.interfaces.get(key)?.address(family)?;
            return Some(vec![Atom::Net(IpNet::from(address.addr()))]);
        }
        let interface = self.interfaces.get(word)?;
        let macros = ["wan", "lan"].contains(&word)
            || word.rfind("opt").is_some_and(|at| word[at + 3..].chars().all(|letter| letter.is_ascii_digit()))
            || self.interfaces.is_group(word);
        let networks = interface.networks();
        if word == "pppoe" {
            return Some(vec![Atom::Unknown]);
        }
        let first = interface.v6.map(|net| net.trunc());
        let old = self.interfaces.old && !["wan", "lan"].contains(&word);
        let atom = |net: IpNet| {
            if old && net.addr().is_ipv6() && first != Some(net) { Atom::Perhaps(net) } else { Atom::Net(net) }
        };
        (macros && !networks.is_empty()).then(|| networks.into_iter().map(atom).collect())
    }

    /// The ports of one end: `Ok(Ok(None))` for any.
    pub fn ports(&self, protocol: &str, word: &str) -> Made<Option<Ports>> {
        if word.is_empty() || !has_ports(protocol) {
            return Ok(Ok(None));
        }
        if let Some((from, to)) = names::ports(&word.replace('-', ":")) {
            let all = (from, to) == (1, u16::MAX) && from != to;
            return Ok(Ok((!all).then(|| Ports { ranges: vec![(from, to)], unknown: false })));
        }
        match self.aliases.ports(word) {
            Ok(found) => Ok(found.map(Some).ok_or_else(|| format!("there is no port in `{}`", shown(word)))),
            Err(why) => Err(Unreadable::new(format!("`{}` is {why}, and pf refuses all rules", shown(word)))),
        }
    }

    /// Addresses and ports of one end.
    pub fn whole_end(&self, rule: &Node, side: &str, family: Family) -> Made<End> {
        let end = match self.end(rule, side, family)? {
            Ok(end) => end,
            Err(why) => return Ok(Err(why)),
        };
        let word = rule.get(side).map_or("", |node| node.text("port"));
        Ok(self.ports(rule.text("protocol"), word)?.map(|ports| End { ports, ..end }))
    }
}
