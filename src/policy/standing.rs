//! Where the router of a policy stands, and what of its surroundings the meaning depends on.

use jiff::{civil::Date, tz::TimeZone};

use crate::{
    model::{Network, Schedule, ZoneId},
    packet::Ranges,
    router::{Interface, Topology},
};

const WEEK: i64 = 7 * 24 * 60;

/// The surroundings of a policy on one target.
#[derive(Clone, Debug)]
pub struct Standing {
    /// One interface for each zone, in the order of the zones.
    pub topology: Topology,
    /// Minutes east of UTC that schedules are written in, on the day of the compilation.
    pub offset: i64,
}

impl Standing {
    /// The standing on a target; a zone without an interface there is known by its own name in quotes.
    #[must_use]
    pub fn new(network: &Network, target: &str, today: Date) -> Self {
        let zone = network.router.timezone.as_ref().and_then(|(name, _)| TimeZone::get(name).ok());
        let noon = today.at(12, 0, 0, 0);
        let offset = zone
            .and_then(|zone| {
                zone.to_timestamp(noon).ok().map(|timestamp| i64::from(zone.to_offset(timestamp).seconds()) / 60)
            })
            .unwrap_or(0);
        Self { topology: Topology::default(), offset }.on(network, target)
    }

    /// The same on another target: only the names of the interfaces differ, so that a meaning stays what it is.
    #[must_use]
    pub fn on(&self, network: &Network, target: &str) -> Self {
        let interfaces = network.zone_ids().map(|(id, zone)| Interface {
            name: network
                .interface_on(id, target)
                .map_or_else(|| format!("\"{}\"", zone.name), |interface| interface.name.clone()),
            tunnel: zone.ds_lite_device().filter(|_| target == "openwrt"),
            behind: zone.behind.as_ref().map(|behind| behind.link.0),
            networks: if network.is_hidden(id) {
                Vec::new()
            } else {
                zone.networks.iter().map(|network| network.net).collect()
            },
            addresses: zone.addresses.iter().map(|own| own.address).collect(),
            internet: zone.is_internet(),
            upstream: zone.upstream.clone(),
        });
        Self { topology: Topology { interfaces: interfaces.collect(), offset: self.offset }, offset: self.offset }
    }

    /// The minutes of the week, in UTC, of a schedule.
    #[must_use]
    pub fn minutes(&self, schedule: &Schedule) -> Ranges {
        let mut pairs = Vec::new();
        for (from, to) in &schedule.minutes {
            let start = (i64::from(*from) - self.offset).rem_euclid(WEEK);
            let end = start + i64::from(*to) - i64::from(*from);
            let bound = |value: i64| u64::try_from(value).unwrap_or(0);
            pairs.push((bound(start), bound(end.min(WEEK) - 1)));
            if end > WEEK {
                pairs.push((0, bound(end - WEEK - 1)));
            }
        }
        Ranges::from_pairs(pairs)
    }
}

/// The number of a zone's interface in [`crate::packet::Field::In`].
#[must_use]
pub fn zone_number(zone: ZoneId) -> u16 {
    u16::try_from(zone.0 + 1).unwrap_or(u16::MAX - 1)
}
