//! Takes a value as written and the selector that it is compared with; gives the numbers that it means.

use std::net::IpAddr;

use super::{
    ast::{End, Selector, Value},
    names,
};
use crate::router::number;

/// What a value means for its selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Inclusive ranges of numbers.
    Numbers(Vec<(u128, u128)>),
    /// Interface names; one that ends in `*` means all names that start so.
    Names(Vec<String>),
    /// It cannot be told, such as a host name.
    Unknown,
}

/// The meaning of one value (no set, no concatenation).
pub fn meaning(selector: &Selector, value: &Value) -> Meaning {
    if matches!(selector, Selector::InName | Selector::OutName) {
        return match value {
            Value::Word(name) | Value::Quoted(name) => Meaning::Names(vec![name.clone()]),
            Value::Any => Meaning::Names(vec!["*".to_owned()]),
            _ => Meaning::Unknown,
        };
    }
    if let (Selector::FibOut(End::Src, false), Value::Word(name) | Value::Quoted(name)) = (selector, value)
        && !matches!(name.as_str(), "missing" | "exists")
    {
        return Meaning::Names(vec![name.clone()]);
    }
    ranges(selector, value).map_or(Meaning::Unknown, Meaning::Numbers)
}

fn ranges(selector: &Selector, value: &Value) -> Option<Vec<(u128, u128)>> {
    Some(match value {
        Value::Any => vec![(0, u128::MAX)],
        Value::Range(low, high) => {
            let (low, high) = (single(selector, low)?, single(selector, high)?);
            if low > high && *selector == Selector::Hour {
                return wrapped(low, high);
            }
            vec![(low, high)]
        }
        Value::Prefix(address, length) => vec![prefix(single(selector, address)?, address, *length)?],
        _ => {
            let number = single(selector, value)?;
            vec![(number, number)]
        }
    })
}

/// A time range over midnight. nft 1.0.6 loads it as "not between the end and the start", both included (seen in its
/// netlink output); later versions refuse it.
fn wrapped(low: u128, high: u128) -> Option<Vec<(u128, u128)>> {
    Some(vec![(0, high.checked_sub(1)?), (low + 1, 86_399)])
}

fn prefix(address: u128, written: &Value, length: u128) -> Option<(u128, u128)> {
    let width = match written {
        Value::V4(_) => 32,
        Value::V6(_) => 128,
        _ => return None,
    };
    let host = u32::try_from(u128::checked_sub(width, length)?).ok()?;
    let mask = 1_u128.checked_shl(host).map_or(u128::MAX, |bit| bit - 1);
    Some((address & !mask, address | mask))
}

/// The one number that a constant means.
pub fn single(selector: &Selector, value: &Value) -> Option<u128> {
    let word = match value {
        Value::Number(found) => return plain(selector).then_some(*found),
        Value::V4(address) => return family(selector, false).then(|| number(IpAddr::V4(*address)).1),
        Value::V6(address) => return family(selector, true).then(|| number(IpAddr::V6(*address)).1),
        Value::Flags(flags, _) => {
            let flags: Option<Vec<u128>> = flags.iter().map(|flag| single(selector, flag)).collect();
            return Some(flags?.into_iter().fold(0, |all, flag| all | flag));
        }
        Value::Word(word) | Value::Quoted(word) => word.as_str(),
        _ => return None,
    };
    match selector {
        Selector::NextHeader(_) | Selector::L4proto | Selector::CtProtocol => names::protocol(word),
        Selector::Port(..) | Selector::CtPort(_) => names::service(word),
        Selector::IcmpType(v6) => names::icmp_type(word, *v6),
        Selector::IcmpCode(v6) => names::icmp_code(word, *v6),
        Selector::TcpFlags => names::tcp_flag(word),
        Selector::CtState => names::ct_state(word),
        Selector::CtStatus => names::ct_status(word),
        Selector::EtherType => names::ethertype(word),
        Selector::FibType(..) => names::route_type(word),
        Selector::Day => names::day(word),
        Selector::Hour => time(word),
        Selector::Nfproto => match word {
            "ipv4" => Some(2),
            "ipv6" => Some(10),
            _ => None,
        },
        Selector::CtDirection => match word {
            "original" => Some(0),
            "reply" => Some(1),
            _ => None,
        },
        Selector::FibOut(..) => match word {
            "missing" => Some(0),
            "exists" => Some(1),
            _ => None,
        },
        _ => None,
    }
}

/// May a number stand for the selector's values?
fn plain(selector: &Selector) -> bool {
    !matches!(selector, Selector::Address(..) | Selector::CtAddress(..) | Selector::FibOut(..))
}

fn family(selector: &Selector, v6: bool) -> bool {
    match selector {
        Selector::Address(have, _) | Selector::CtAddress(Some(have), _) => *have == v6,
        Selector::CtAddress(None, _) => true,
        _ => false,
    }
}

/// `HH:MM` or `HH:MM:SS` as seconds of the day.
fn time(text: &str) -> Option<u128> {
    let parts: Option<Vec<u128>> = text.split(':').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [hour, minute] if *hour < 24 && *minute < 60 => Some(hour * 3_600 + minute * 60),
        [hour, minute, second] if *hour < 24 && *minute < 60 && *second < 60 => {
            Some(hour * 3_600 + minute * 60 + second)
        }
        _ => None,
    }
}
