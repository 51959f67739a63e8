//! What proxies and tunnels lead everybody to. The router sees no packet from outside go there itself: one connection
//! ends at the proxy or at the tunnel's provider, and another begins.

use super::{Subject, subject::host};
use crate::{
    diagnostic::Span,
    model::{
        Host, Network, Place, Region,
        service::{Traffic, Trait},
    },
};

/// Something that everybody out there is led to, and nobody asks who it is.
pub struct Led<'a> {
    pub by: By,
    /// The statement that does it.
    pub span: Span,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// As the policy writes it.
    pub text: &'a str,
    named: &'a [(String, Vec<Traffic>)],
}

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Proxy,
    /// Where it is opened.
    Tunnel(Span),
}

impl By {
    /// As messages begin.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proxy => "a proxy",
            Self::Tunnel(_) => "a tunnel",
        }
    }

    /// How somebody is made to ask who it is.
    #[must_use]
    pub const fn gate(self) -> &'static str {
        match self {
            Self::Proxy => "let the proxy ask first, by `client-certificates` or `sign-in`",
            Self::Tunnel(_) => "write `access on` where the provider asks who it is",
        }
    }
}

/// A service that something leads to, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known<'a> {
    pub name: &'a str,
    pub how: How<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How<'a> {
    /// The policy leads there by this name.
    Named,
    /// This host says that it runs it.
    Runs(&'a str),
    /// The library knows nothing else on this port, and the policy has a number only.
    Number(u8, u16),
}

/// A service of more ports is a bundle of several programs' ports, which tells of each of them little.
const BUNDLE: u32 = 16;

impl<'a> Led<'a> {
    /// The services of a trait that it leads to.
    #[must_use]
    pub fn known(&self, network: &'a Network, wanted: Trait) -> Vec<Known<'a>> {
        let mut found: Vec<Known<'a>> = Vec::new();
        for (name, _) in self.named.iter().filter(|(name, _)| network.is(name, wanted)) {
            found.push(Known { name, how: How::Named });
        }
        let meets = |traffic: &Traffic| self.traffic.iter().any(|asked| asked.meets(traffic));
        for host in there(network, &self.to) {
            let fitting = host.runs.iter().filter(|(name, traffic)| network.is(name, wanted) && meets(traffic));
            for (name, _) in fitting {
                if found.iter().all(|known| known.name != name) {
                    found.push(Known { name, how: How::Runs(&host.name) });
                }
            }
        }
        if found.is_empty() && self.to.iter().all(|region| region.place != Place::Router) {
            found.extend(by_number(network, &self.to, &self.traffic, self.named, wanted));
        }
        found
    }
}

/// The services of a trait that single ports stand for, where the library knows nothing else there.
pub fn by_number<'a>(
    network: &'a Network,
    to: &[Region],
    traffic: &[Traffic],
    named: &[(String, Vec<Traffic>)],
    wanted: Trait,
) -> Vec<Known<'a>> {
    // Whoever gives it a name, or says what the host has there, knows it better.
    let said: Vec<&Traffic> = there(network, to)
        .flat_map(|host| &host.runs)
        .map(|(_, traffic)| traffic)
        .chain(named.iter().flat_map(|(_, traffic)| traffic))
        .collect();
    let mut found = Vec::new();
    for (protocol, port) in traffic.iter().flat_map(numbers) {
        let one = Traffic::ports(protocol, port, port);
        if said.iter().any(|traffic| traffic.meets(&one)) {
            continue;
        }
        let all = || network.services.iter().filter(|(_, traffic)| traffic.iter().any(|listed| listed.meets(&one)));
        let bundle = |traffic: &[Traffic]| {
            let count = |(from, to): &(u16, u16)| u32::from(to - from) + 1;
            traffic.iter().any(|one| one.to.is_empty())
                || traffic.iter().flat_map(|one| &one.to).map(count).sum::<u32>() > BUNDLE
        };
        let mut listening: Vec<&'a str> =
            all().filter(|(_, traffic)| !bundle(traffic)).map(|(name, _)| name.as_str()).collect();
        if listening.is_empty() {
            listening = all().map(|(name, _)| name.as_str()).collect();
        }
        if let Some(name) = listening.first().copied()
            && listening.iter().all(|name| network.is(name, wanted))
        {
            found.push(Known { name, how: How::Number(protocol, port) });
        }
    }
    found
}

/// The hosts of some regions.
fn there<'a>(network: &'a Network, to: &[Region]) -> impl Iterator<Item = &'a Host> {
    network.hosts.iter().filter(move |host| {
        to.iter().any(|region| {
            matches!(region.place, Place::Zone(zone) if !host.address_set(Some(zone)).intersect(&region.addresses).is_empty())
        })
    })
}

/// The single ports of a traffic.
fn numbers(traffic: &Traffic) -> impl Iterator<Item = (u8, u16)> {
    let protocol = traffic.protocol.filter(|_| traffic.has_ports());
    let single = traffic.to.iter().filter(|(from, to)| from == to).map(|(port, _)| *port);
    single.filter_map(move |port| protocol.map(|protocol| (protocol, port)))
}

/// How a number is told, and what helps where it is something else.
#[must_use]
pub fn guessed(port: u16, name: &str) -> String {
    format!(
        "known by the number {port} alone, the port of `{name}`: if it is something else, give it a name by `service`"
    )
}

impl<'a> Subject<'a> {
    /// All that proxies and tunnels lead everybody to, without what somebody asks at the door for.
    #[must_use]
    pub fn led(&self) -> Vec<Led<'a>> {
        let network = self.network;
        let mut found = Vec::new();
        for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.through.is_some()) {
            // Who comes by Cloudflare is everybody, whatever addresses are let in.
            let everybody = exposure.from_anywhere || exposure.proxied.is_some();
            if everybody && !exposure.is_gated() {
                let (to, traffic) = (host(network.host(exposure.host)), exposure.service.clone());
                let (span, text, named) = (exposure.span, exposure.service_text.as_str(), exposure.named.as_slice());
                found.push(Led { by: By::Proxy, span, to, traffic, text, named });
            }
        }
        for one in network.led_by_tunnels() {
            let by = By::Tunnel(one.tunnel.span);
            found.push(Led { by, span: one.span, to: one.to, traffic: one.traffic, text: one.text, named: one.named });
        }
        found
    }
}
