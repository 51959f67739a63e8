//! Schedules: pfSense loads the rules anew four times an hour, and leaves out those whose time it is not
//! (`filter_get_time_based_rule_status`).

use jiff::{civil::date, tz::TimeZone};

use super::{ast::Minutes, config::Config};
use crate::packet::{Field, Ranges};

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
const QUARTER: i64 = 15;

/// Minutes that a time zone is ahead of UTC: the one that is said to hold, if it is one of the zone's; all of them
/// otherwise.
pub fn offsets(name: &str, now: i64) -> Vec<i64> {
    let zone = if name.is_empty() { Some(TimeZone::UTC) } else { TimeZone::get(name).ok() };
    let Some(zone) = zone else { return vec![now] };
    let mut found = Vec::new();
    for month in 1..=12 {
        if let Ok(noon) = zone.to_timestamp(date(2026, month, 15).at(12, 0, 0, 0)) {
            found.push(i64::from(zone.to_offset(noon).seconds()) / 60);
        }
    }
    found.sort_unstable();
    found.dedup();
    if found.contains(&now) { vec![now] } else { found }
}

/// When a schedule holds; nothing if there is none of this name, and the rule always holds.
pub fn minutes(config: &Config, name: &str) -> Option<Minutes> {
    let schedule = config.root.all(&["schedules"], "schedule").find(|node| node.text("name") == name)?;
    let mut surely: Option<Ranges> = None;
    let mut possibly = Ranges::empty();
    for offset in &config.offsets {
        let (mut sure, mut maybe) = (Vec::new(), Vec::new());
        for range in schedule.children.iter().filter(|child| child.name == "timerange") {
            let minutes = of_range(range.text("hour"), range.text("position"), *offset);
            // Days of a month are no part of a week: they may be now or not.
            if range.text("month").is_empty() && range.text("day").is_empty() {
                sure.extend(minutes.clone());
            }
            maybe.extend(minutes);
        }
        let sure = Ranges::from_pairs(sure);
        surely = Some(surely.map_or_else(|| sure.clone(), |have| have.intersect(&sure)));
        possibly = possibly.union(&Ranges::from_pairs(maybe));
    }
    let full = Ranges::full(Field::Minute);
    Some(Minutes { surely: surely.unwrap_or_default().intersect(&full), possibly: possibly.intersect(&full) })
}

/// The minutes of the week, in UTC, of hours (`8:00-17:30`, the end excluded) on some days (`1,2`, 1 is Monday).
fn of_range(hours: &str, days: &str, offset: i64) -> Vec<(u64, u64)> {
    let (from, to) = match hours.split_once('-') {
        Some((from, to)) => (clock(from), clock(to)),
        None if hours.is_empty() => (Some(0), Some(DAY)),
        None => (None, None),
    };
    let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
    let mut found = Vec::new();
    for day in 0..7 {
        let named = days.is_empty() || days.split(',').any(|word| word.trim().parse() == Ok(day + 1));
        if !named {
            continue;
        }
        // What held when a quarter of an hour began holds until it ends.
        for start in (0..DAY).step_by(15).filter(|start| (from..to).contains(start)) {
            let at = (day * DAY + start - offset).rem_euclid(WEEK);
            found.extend((at..at + QUARTER).map(|minute| minute.rem_euclid(WEEK)).filter_map(|minute| {
                let minute = u64::try_from(minute).ok()?;
                Some((minute, minute))
            }));
        }
    }
    found
}

/// `17:30` as minutes of the day.
fn clock(word: &str) -> Option<i64> {
    let (hour, minute) = word.trim().split_once(':')?;
    let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
    ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
}
