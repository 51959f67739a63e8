//! Schedules and DHCP.

use super::{
    Renderer,
    document::{Pool, Reservation, Schedule, TimeRange},
    interfaces::is_key,
    words,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        Place, ScheduleId, ZoneId,
        service::{Traffic, UDP},
    },
    packet::Family,
    plan::Line,
};

const DAY: u16 = 24 * 60;
/// pfSense looks at the clock four times an hour.
const QUARTER: u16 = 15;

impl Renderer<'_> {
    /// The name of a schedule, which is written once.
    pub(super) fn schedule(&mut self, id: ScheduleId, span: Span) -> String {
        let Some(schedule) = self.network.schedules.get(id.0) else { return String::new() };
        let name = words::alias(&schedule.name, false, &schedule.minutes);
        if self.document.schedules.iter().any(|known| known.name == name) {
            return name;
        }
        if schedule.minutes.iter().any(|(from, to)| from % QUARTER != 0 || to % QUARTER != 0) {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    span,
                    "pfsense looks at schedules at every quarter of an hour only",
                )
                .label("begins or ends between two quarters")
                .help("let the schedule begin and end at :00, :15, :30 or :45"),
            );
        }
        let mut hours: Vec<(String, Vec<String>)> = Vec::new();
        for day in 0..7 {
            for (from, to) in &schedule.minutes {
                let (from, to) = ((*from).max(day * DAY), (*to).min((day + 1) * DAY));
                if from >= to {
                    continue;
                }
                let clock = |minute: u16| format!("{}:{:02}", minute / 60, minute % 60);
                let text = format!("{}-{}", clock(from - day * DAY), clock(to - day * DAY));
                let number = (day + 1).to_string();
                match hours.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, days)) => days.push(number),
                    None => hours.push((text, vec![number])),
                }
            }
        }
        self.document.schedules.push(Schedule {
            name: name.clone(),
            label: format!("{:013x}", words::number(&(&name, &schedule.minutes))),
            descr: words::description(&format!("{}{}", words::MARK, schedule.name)),
            ranges: hours.into_iter().map(|(hours, days)| TimeRange { days: days.join(","), hours }).collect(),
        });
        name
    }

    pub(super) fn dhcp(&mut self) {
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| !zone.is_internet() && zone.behind.is_none()) {
            let key = self.key(id);
            let tunnel = Self::is_tunnel(zone) || !is_key(&key);
            if let Some(theirs) = self.base.pools.iter().find(|pool| pool.key == key).cloned() {
                self.reserve(id, &theirs);
                continue;
            }
            let mut pools = zone
                .dhcp
                .iter()
                .filter(|(from, _)| from.is_ipv4())
                .map(|(from, to)| (from.to_string(), to.to_string()));
            if let Some((from, to)) = pools.next()
                && !tunnel
            {
                let more = pools.collect();
                let hosts = self.reservations(id);
                let enabled = self.answers_dhcp(id);
                self.document.pools.push(Pool { key: key.clone(), enabled, from, to, more, hosts });
            }
            if self.fresh && !tunnel && zone.networks.iter().any(|network| !network.net.network().is_ipv4()) {
                self.document.advertised.push(key);
            }
        }
    }

    pub(super) fn reservations(&self, id: ZoneId) -> Vec<Reservation> {
        let hosts = self.network.hosts.iter().filter(|host| host.zones.contains(&id));
        hosts
            .filter_map(|host| {
                let mac = host.reserved_by()?.map(|byte| format!("{byte:02x}")).join(":");
                let address = host.address_set(Some(id));
                let (first, _) = address.v4.ranges().first()?;
                Some(Reservation {
                    span: host.span,
                    mac,
                    address: crate::model::address::address(Family::V4, *first).to_string(),
                    name: words::name(&host.name).replace('_', "-").to_lowercase(),
                    descr: words::description(&format!("{}{}", words::MARK, host.name)),
                })
            })
            .collect()
    }

    /// May clients of a zone ask the router for an address? A DHCP server of pfSense opens that by itself.
    pub(super) fn answers_dhcp(&self, id: ZoneId) -> bool {
        let Some(pair) = self.book.pairs.get(&(Place::Zone(id), Place::Router)) else { return false };
        let covers = |traffic: &Traffic| match traffic.protocol {
            None => true,
            Some(UDP) => traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&67)),
            Some(_) => false,
        };
        let asks = |line: &Line| line.family == Family::V4 && covers(&line.traffic) && line.from.literal.contains(0);
        let free = |line: &&Line| line.options.during.is_none();
        pair.allowed.iter().filter(free).any(asks) && !pair.denied.iter().any(asks)
    }
}
