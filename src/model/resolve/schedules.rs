//! `schedule NAME = mon-fri 21:00-07:00`

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, nearest},
    model::{address::Intervals, network::Schedule},
    syntax::tree::{Name, ScheduleSpan},
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;

impl Resolver<'_> {
    pub(super) fn schedules(&mut self) {
        for index in 0..self.schedule_trees.len() {
            let Some(placed) = self.schedule_trees.get(index) else { continue };
            let (tree, span) = (placed.tree, placed.span);
            let mut minutes = Vec::new();
            for part in &tree.spans {
                minutes.extend(self.minutes(part));
            }
            let merged =
                Intervals::new(minutes.into_iter().map(|(from, to)| (u128::from(from), u128::from(to) - 1)).collect());
            let narrow = |value: u128| u16::try_from(value).unwrap_or(WEEK);
            let minutes = merged.ranges().iter().map(|(from, to)| (narrow(*from), narrow(*to) + 1)).collect();
            self.network.schedules.push(Schedule { name: tree.name.text.clone(), span, minutes });
        }
    }

    /// Ranges of minutes of the week, the end exclusive.
    fn minutes(&self, part: &ScheduleSpan) -> Vec<(u16, u16)> {
        if part.from == part.to || (part.from == DAY && part.to == 0) {
            self.report(
                Diagnostic::error("empty-schedule", part.span, "this time starts and ends at once")
                    .label("no minute lies in it")
                    .help("write the whole day as 00:00-24:00"),
            );
            return Vec::new();
        }
        let mut found = Vec::new();
        for day in self.days(part) {
            let start = day * DAY;
            if part.from < part.to {
                found.push((start + part.from, start + part.to));
            } else {
                found.push((start + part.from, start + DAY));
                let next = (start + DAY) % WEEK;
                if part.to > 0 {
                    found.push((next, next + part.to));
                }
            }
        }
        found.retain(|(from, to)| from < to);
        found
    }

    fn days(&self, part: &ScheduleSpan) -> Vec<u16> {
        if part.days.is_empty() {
            return (0..7).collect();
        }
        let mut days = Vec::new();
        for name in &part.days {
            match name.text.split_once('-') {
                None => days.extend(self.day(&name.text, name)),
                Some((from, to)) => {
                    if let (Some(from), Some(to)) = (self.day(from, name), self.day(to, name)) {
                        let count = (to + 7 - from) % 7;
                        days.extend((0..=count).map(|step| (from + step) % 7));
                    }
                }
            }
        }
        days
    }

    fn day(&self, word: &str, name: &Name) -> Option<u16> {
        if let Some(index) = DAYS.iter().position(|day| *day == word) {
            return u16::try_from(index).ok();
        }
        let error =
            Diagnostic::error("unknown-day", name.span, format!("there is no day `{word}`")).label("unknown day");
        self.report(match nearest(word, DAYS) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("the days are mon, tue, wed, thu, fri, sat, sun"),
        });
        None
    }
}
