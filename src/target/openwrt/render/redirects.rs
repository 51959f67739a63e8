//! `redirect`: what a zone sends to anyone on some port, given to one host or to the router.

use super::{
    Renderer,
    addresses::{Side, everything, sides},
    closing::Closing,
    forwards::{Joined, PIECES, port_pairs},
    matches,
    uci::{Section, Statement},
    words,
};
use crate::{
    model::{AddressSet, Place, Region, ZoneId, address::Intervals},
    plan::Addresses,
    policy::{Forward, unicast},
};

impl Renderer<'_> {
    pub(super) fn redirect(&mut self, sections: &mut Vec<Section>, closings: &mut Vec<Closing>, joined: &Joined<'_>) {
        let forward = joined.forward;
        if forward.target.is_some_and(|target| self.is_stand_in(target)) {
            self.refuse(
                forward.cause,
                "firewall4 cannot redirect to a host below a prefix that may change",
                "its IPv6 address is not known",
                "give the host an IPv6 address of its own (fd00::/8) before its `suffix`, or no IPv6 address",
            );
            return;
        }
        let targets = forward.target.map(AddressSet::of).unwrap_or_default();
        let anyone = unicast().minus(&targets).family(forward.family).clone();
        for region in &forward.translated {
            let Place::Zone(zone) = region.place else { continue };
            closings.extend(joined.each().map(|forward| Closing::of(&forward, zone)));
            let from =
                Addresses::of(self.network, region.place, region.addresses.family(forward.family), forward.family);
            let Ok(from) = from else {
                self.refuse(
                    forward.cause,
                    "this names a part of a delegated IPv6 network that no router can be told",
                    "holds a range below a prefix that may change",
                    "name single hosts by their `suffix`, or the whole zone",
                );
                continue;
            };
            let literal = self.literal(region.place);
            let pieces: Option<Vec<Option<String>>> = sides(&from, forward.family, &literal)
                .iter()
                .map(|side| match side {
                    Side::Any => Some(vec![None]),
                    Side::Set(set) => {
                        let pieces: Vec<_> = words::addresses(set, forward.family).into_iter().map(Some).collect();
                        (pieces.len() <= PIECES).then_some(pieces)
                    }
                    Side::Masked(_) => None,
                })
                .collect::<Option<Vec<_>>>()
                .map(|pieces| pieces.into_iter().flatten().collect());
            match pieces {
                Some(pieces) => self.hijack(sections, joined, zone, &pieces, &anyone),
                None => self.hijack_by_nft(joined, region, zone, &from, &anyone),
            }
        }
    }

    /// One redirect for each piece of the sources and each range of ports.
    fn hijack(
        &mut self,
        sections: &mut Vec<Section>,
        joined: &Joined<'_>,
        zone: ZoneId,
        pieces: &[Option<String>],
        anyone: &Intervals,
    ) {
        let forward = joined.forward;
        let origin = self.origins.of(forward.cause);
        let (set, negated) = self.set_of(anyone, forward.family, &format!("not taken by {origin}"));
        for piece in pieces {
            for (source_port, port) in port_pairs(&forward.traffic) {
                let section = self
                    .redirect_section(joined, zone)
                    .maybe("src_ip", piece.as_ref())
                    .maybe("src_port", source_port.map(words::port))
                    .set("ipset", format!("{}{set} dest", if negated { "!" } else { "" }))
                    .maybe("src_dport", port.map(words::port))
                    .maybe("dest", forward.zone.map(|zone| self.zone(zone).to_owned()))
                    .maybe("dest_ip", forward.target.map(|target| target.to_string()))
                    .set("reflection", "0")
                    .set("target", "DNAT");
                sections.push(section);
            }
        }
    }

    fn hijack_by_nft(
        &mut self,
        joined: &Joined<'_>,
        region: &Region,
        zone: ZoneId,
        from: &Addresses,
        anyone: &Intervals,
    ) {
        let family = joined.forward.family;
        let literal = self.literal(region.place);
        let except = everything(family).minus(anyone);
        let to = format!("{} daddr != {} ", matches::ip(family), matches::list(&except, family));
        let device = self.device(zone);
        let origin = self.origins.of(joined.forward.cause);
        for source in matches::side(from, family, "saddr", &literal) {
            for forward in joined.each() {
                let kind = matches::traffic(&forward.traffic);
                let end = dnat(&forward);
                self.after.push(Statement::noted(format!("iifname {device} {source}{to}{kind}counter {end}"), &origin));
            }
        }
    }

    /// Does the address lie below a delegated prefix?
    fn is_stand_in(&self, address: std::net::IpAddr) -> bool {
        let mut networks = self.network.zones.iter().flat_map(|zone| &zone.networks);
        networks.any(|network| network.delegated.is_some() && network.net.contains(&address))
    }
}

fn dnat(forward: &Forward) -> String {
    match forward.target {
        Some(target) => format!("dnat {} to {target}", matches::ip(forward.family)),
        None => "redirect".to_owned(),
    }
}
