//! `meta hour` and `meta day`, in minutes of the week in UTC (`nft_meta_hour`, `nft_meta_weekday` in net/netfilter/
//! `nft_meta.c`; the kernel's own time zone is taken to be UTC, as it is unless a boot script sets it).

use crate::packet::{Bounds, Cube, Field, Ranges, Set, Space};

const DAY: u64 = 24 * 60;

/// Seconds of the day as minutes of every day: a minute that is only partly in a range is only possibly in it.
pub fn hours(space: &mut Space, ranges: &[(u128, u128)]) -> Bounds {
    // One minute can be made up of several ranges, so the seconds are united first.
    let seconds = Ranges::from_pairs(ranges.iter().map(|&(low, high)| (cut(low), cut(high))));
    let whole: Vec<_> = seconds
        .iter()
        .filter_map(|(low, high)| {
            let first = low.div_ceil(60);
            let last = ((high + 1) / 60).checked_sub(1)?;
            (first <= last).then_some((first, last))
        })
        .collect();
    let touched: Vec<_> = seconds.iter().map(|(low, high)| (low / 60, high / 60)).collect();
    let (surely, possibly) = (every_day(&whole), every_day(&touched));
    Bounds { surely: minutes(space, surely), possibly: minutes(space, possibly) }
}

/// Days from Sunday, 0.
pub fn days(space: &mut Space, ranges: &[(u128, u128)]) -> Set {
    let days = ranges.iter().flat_map(|&(low, high)| low..=high.min(6));
    let pairs = days.filter_map(|day| u64::try_from(day).ok()).map(|day| {
        let start = (day + 6) % 7 * DAY;
        (start, start + DAY - 1)
    });
    minutes(space, Ranges::from_pairs(pairs))
}

fn cut(second: u128) -> u64 {
    u64::try_from(second).unwrap_or(u64::MAX).min(86_399)
}

fn every_day(minutes: &[(u64, u64)]) -> Ranges {
    Ranges::from_pairs(
        (0..7).flat_map(|day| minutes.iter().map(move |(low, high)| (day * DAY + low, day * DAY + high))),
    )
}

fn minutes(space: &mut Space, ranges: Ranges) -> Set {
    space.cube(&Cube::any().with(Field::Minute, ranges))
}
