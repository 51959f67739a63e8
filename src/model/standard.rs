//! What the standard library says, for those who want to know whether a policy uses it or not.

use jiff::civil::Date;

use super::{AddressSet, STANDARD};
use crate::{
    diagnostic::SourceId,
    syntax::{
        self,
        token::{Kind, Literal},
        tree::{Ranges, RangesSource, StatementKind, TermKind},
    },
};

/// A list of the standard library's ranges, and the day on which it was compared with its publisher's.
#[must_use]
pub fn standard_ranges(name: &str) -> Option<(AddressSet, Option<Date>)> {
    let (_, text) = STANDARD.iter().find(|(module, _)| *module == "std.ranges")?;
    let parse = syntax::parse(SourceId::default(), text);
    let lists: Vec<&Ranges> = parse
        .file
        .statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Ranges(ranges) => Some(ranges),
            _ => None,
        })
        .collect();
    find(&lists, name, 0)
}

fn find(lists: &[&Ranges], name: &str, depth: usize) -> Option<(AddressSet, Option<Date>)> {
    let list = lists.iter().find(|list| list.name.text == name).filter(|_| depth < 8)?;
    let RangesSource::Terms(terms) = &list.source else { return None };
    let mut checked = list.body.attributes.iter().find_map(|attribute| match attribute.arguments.first()?.kind {
        Kind::Literal(Literal::Date(year, month, day)) => Date::new(year, month, day).ok(),
        _ => None,
    });
    let mut sets = Vec::new();
    for term in terms {
        match &term.kind {
            TermKind::Name(name) => {
                let (set, date) = find(lists, name, depth + 1)?;
                sets.push(set);
                checked = [checked, date].into_iter().flatten().min();
            }
            TermKind::Address(address) => sets.push(AddressSet::of(*address)),
            TermKind::Prefix(address, length) => {
                sets.push(AddressSet::net(ipnet::IpNet::new(*address, *length).ok()?));
            }
            TermKind::Range(from, to) => sets.push(AddressSet::range(*from, *to)),
        }
    }
    Some((AddressSet::union_of(&sets), checked))
}
