//! Minutes of the week as the days and hours of a rule.
//!
//! firewall4 writes `meta hour "22:00:00"-"23:59:59"`, and nft cannot load hours that cross midnight.

use crate::packet::Ranges;

const DAY: u64 = 24 * 60;
/// In the order of the minutes of the week.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Hours of some days, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// `22:00:00` and `23:59:59`; none is the whole day.
    pub hours: Option<(String, String)>,
    /// `Mon Tue`; none is every day.
    pub days: Option<String>,
}

/// Slices that together hold these minutes; nothing crosses midnight.
pub fn slices(minutes: &Ranges) -> Vec<Slice> {
    let mut found: Vec<((u64, u64), Vec<&str>)> = Vec::new();
    for (day, name) in (0..).zip(DAYS) {
        let whole = Ranges::range(day * DAY, day * DAY + DAY - 1);
        for (from, to) in minutes.intersect(&whole).iter() {
            let slice = (from - day * DAY, to - day * DAY);
            match found.iter_mut().find(|(known, _)| *known == slice) {
                Some((_, days)) => days.push(name),
                None => found.push((slice, vec![name])),
            }
        }
    }
    let clock = |minute: u64, second: u64| format!("{:02}:{:02}:{second:02}", minute / 60, minute % 60);
    found
        .into_iter()
        .map(|((from, to), days)| Slice {
            hours: ((from, to) != (0, DAY - 1)).then(|| (clock(from, 0), clock(to, 59))),
            days: (days.len() < DAYS.len()).then(|| days.join(" ")),
        })
        .collect()
}

/// The same for nft, which takes seconds since midnight whatever time zone it runs in.
pub fn nft(minutes: &Ranges) -> Vec<String> {
    let mut found: Vec<((u64, u64), Vec<String>)> = Vec::new();
    for day in 0..7 {
        let whole = Ranges::range(day * DAY, day * DAY + DAY - 1);
        for (from, to) in minutes.intersect(&whole).iter() {
            let slice = (from - day * DAY, to - day * DAY);
            // Sunday is 0 for nft, Monday for us.
            let number = ((day + 1) % 7).to_string();
            match found.iter_mut().find(|(known, _)| *known == slice) {
                Some((_, days)) => days.push(number),
                None => found.push((slice, vec![number])),
            }
        }
    }
    let mut texts = Vec::new();
    for ((from, to), days) in found {
        let mut text = String::new();
        if days.len() < DAYS.len() {
            text += &format!("meta day {} ", super::words::one_of(&days));
        }
        if (from, to) != (0, DAY - 1) {
            text += &format!("meta hour {}-{} ", from * 60, to * 60 + 59);
        }
        texts.push(text);
    }
    texts
}
