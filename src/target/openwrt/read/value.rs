//! The values of options as firewall4 takes them (`parse_…` in fw4.uc). `None` is a value that it refuses.

/// The number that ucode makes of a text (`+text`): decimal, `0x`, `0o` or `0b`, perhaps with a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Whole(i64),
    Fraction,
}

/// Parses a number as ucode converts a string; the empty one is 0.
pub fn number(text: &str) -> Option<Number> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() {
        return (base == 10 && text.is_empty()).then_some(Number::Whole(0));
    }
    if digits.chars().all(|digit| digit.is_digit(base)) {
        let value = i64::from_str_radix(digits, base).unwrap_or(i64::MAX);
        return Some(Number::Whole(if minus { -value } else { value }));
    }
    let plain = base == 10 && digits.starts_with(|c: char| c.is_ascii_digit());
    (plain && digits.parse::<f64>().is_ok()).then_some(Number::Fraction)
}

/// A whole number; fractions are cut to 0, which only matters where they make no sense.
pub fn int(text: &str) -> Option<i64> {
    number(text).map(|number| match number {
        Number::Whole(value) => value,
        Number::Fraction => 0,
    })
}

/// The first choice that begins with the text, whatever the case of its letters: `acc` is `accept`.
pub fn choice(text: &str, choices: &[&'static str]) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    choices.iter().find(|choice| choice.to_ascii_lowercase().starts_with(&text)).copied()
}

pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "on" | "true" | "yes" => Some(true),
        "0" | "off" | "false" | "no" => Some(false),
        _ => None,
    }
}

pub fn policy(text: &str) -> Option<&'static str> {
    choice(text, &["accept", "reject", "drop"])
}

pub fn target(text: &str) -> Option<&'static str> {
    const TARGETS: [&str; 10] =
        ["accept", "reject", "drop", "notrack", "helper", "mark", "dscp", "dnat", "snat", "masquerade"];
    choice(text, &TARGETS)
}

/// 4, 6, or 0 for both.
pub fn family(text: &str) -> Option<u8> {
    match text {
        "any" | "all" | "*" => Some(0),
        "inet" => Some(4),
        _ if text.contains('4') => Some(4),
        _ if text.contains('6') => Some(6),
        _ => None,
    }
}

/// `[a-zA-Z_.]`, then also digits, `/` and `-`.
pub fn identifier(text: &str) -> Option<String> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '.';
    let next = |c: char| first(c) || c.is_ascii_digit() || c == '/' || c == '-';
    (text.starts_with(first) && text.chars().all(next)).then(|| text.to_owned())
}

/// A value that may be negated with `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maybe<T> {
    pub invert: bool,
    pub value: T,
}

/// What `trim` of ucode takes away.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

pub fn inverted(text: &str) -> Option<Maybe<&str>> {
    let (invert, value) = match text.trim_start_matches([' ', '\t']).strip_prefix('!') {
        Some(rest) => (true, trim(rest)),
        None => (false, trim(text)),
    };
    (!value.is_empty()).then_some(Maybe { invert, value })
}

/// A device name; none for `*`.
pub fn device(text: &str) -> Option<Maybe<Option<String>>> {
    let Maybe { invert, value } = inverted(text)?;
    Some(Maybe { invert, value: (value != "*").then(|| value.to_owned()) })
}

/// A protocol by its name in lower case; none for any.
pub type Protocol = Option<String>;

/// One protocol, or two for `tcpudp`. firewall4 reads a `!` and then forgets about it.
pub fn protocol(text: &str) -> Option<Vec<Protocol>> {
    let value = inverted(text)?.value.to_ascii_lowercase();
    let one = |name: &str| Some(vec![Some(name.to_owned())]);
    match value.as_str() {
        "all" | "any" | "*" => Some(vec![None]),
        "1" | "icmp" => one("icmp"),
        "58" | "icmpv6" | "ipv6-icmp" => one("ipv6-icmp"),
        "tcpudp" => Some(vec![Some("tcp".to_owned()), Some("udp".to_owned())]),
        "6" => one("tcp"),
        "17" => one("udp"),
        other => one(other),
    }
}

pub fn mac(text: &str) -> Option<Maybe<String>> {
    let Maybe { invert, value } = inverted(text)?;
    let bytes: Vec<&str> = value.split([':', '-']).collect();
    let good = bytes.len() == 6
        && bytes.iter().all(|byte| matches!(byte.len(), 1 | 2) && byte.chars().all(|c| c.is_ascii_hexdigit()));
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{:0>2}", byte.to_ascii_lowercase())).collect();
    good.then(|| Maybe { invert, value: bytes.join(":") })
}

/// A port, or a range of ports in order.
pub type Ports = (u32, u32);

pub fn port(text: &str) -> Option<Maybe<Ports>> {
    let Maybe { invert, value } = inverted(text)?;
    let one = |text: &str| {
        let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten().filter(|port| *port <= 65_535)
    };
    let (first, last) = match value.split_once(['-', ':']) {
        Some((first, last)) => (one(first)?, one(last)?),
        None => (one(value)?, one(value)?),
    };
    (first <= last).then_some(Maybe { invert, value: (first, last) })
}

/// A rate; the negation is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub rate: u64,
    pub unit: &'static str,
}

pub fn rate(text: &str) -> Option<Rate> {
    let value = inverted(text)?.value;
    let (count, unit) = match value.split_once('/') {
        Some((count, unit)) if !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            (count, choice(unit, &["second", "minute", "hour", "day"])?)
        }
        Some(_) => return None,
        None => (value, "second"),
    };
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Rate { rate: count.parse().unwrap_or(u64::MAX), unit })
}

fn part(text: &str, longest: usize) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `7`, `07:30`, `07:30:15` as `07:30:15`.
pub fn time(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    let at = |index: usize| parts.get(index).map_or(Some(0), |text| part(text, 2));
    let (hour, minute, second) = (at(0)?, at(1)?, at(2)?);
    (hour < 24 && minute < 60 && second < 60).then(|| format!("{hour:02}:{minute:02}:{second:02}"))
}

/// `2026`, `2026-05`, `2026-05-01`, `2026-05-01T07:30`
pub fn date(text: &str) -> Option<String> {
    let (days, hours) = text.split_once('T').map_or((text, None), |(days, hours)| (days, Some(hours)));
    let parts: Vec<&str> = days.split('-').collect();
    if parts.len() > 3 || hours.is_some() && parts.len() < 3 || parts.first()?.len() != 4 {
        return None;
    }
    let year = part(parts.first()?, 4)?;
    let at = |index: usize| parts.get(index).map_or(Some(1), |text| part(text, 2));
    let (month, day) = (at(1)?, at(2)?);
    let time = time(hours.unwrap_or("0"))?;
    ((1970..=2038).contains(&year) && month <= 12 && day <= 31)
        .then(|| format!("{year:04}-{:02}-{:02} {time}", month.max(1), day.max(1)))
}

pub fn weekdays(text: &str) -> Option<Maybe<Vec<&'static str>>> {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let Maybe { invert, value } = inverted(text)?;
    let days: Option<Vec<_>> =
        value.split([' ', '\t']).filter(|day| !day.is_empty()).map(|day| choice(day, &DAYS)).collect();
    let mut days = days?;
    days.sort_unstable();
    days.dedup();
    Some(Maybe { invert, value: days })
}

/// Days of the month; firewall4 checks and then ignores them.
pub fn monthdays(text: &str) -> Option<()> {
    let value = inverted(text)?.value;
    let good =
        |day: &str| number(day).is_none_or(|day| day == Number::Fraction || matches!(day, Number::Whole(1..=31)));
    value.split([' ', '\t']).filter(|day| !day.is_empty()).all(good).then_some(())
}

/// A mark and its mask.
pub fn mark(text: &str) -> Option<Maybe<(i64, i64)>> {
    let Maybe { invert, value } = inverted(text)?;
    let one = |text: &str| match number(text)? {
        Number::Whole(value) if (0..=0xffff_ffff).contains(&value) && !text.starts_with(['+', '-', ' ']) => Some(value),
        _ => None,
    };
    let (mark, mask) = match value.split_once('/') {
        Some((mark, mask)) if !mask.is_empty() => (one(mark)?, one(mask)?),
        Some(_) => return None,
        None => (one(value)?, 0xffff_ffff),
    };
    Some(Maybe { invert, value: (mark, mask) })
}

/// A class or number of differentiated services.
pub fn dscp(text: &str) -> Option<Maybe<i64>> {
    const CLASSES: [(&str, i64); 23] = [
        ("CS0", 0),
        ("CS1", 8),
        ("CS2", 16),
        ("CS3", 24),
        ("CS4", 32),
        ("CS5", 40),
        ("CS6", 48),
        ("CS7", 56),
        ("BE", 0),
        ("LE", 1),
        ("AF11", 10),
        ("AF12", 12),
        ("AF13", 14),
        ("AF21", 18),
        ("AF22", 20),
        ("AF23", 22),
        ("AF31", 26),
        ("AF32", 28),
        ("AF33", 30),
        ("AF41", 34),
        ("AF42", 36),
        ("AF43", 38),
        ("EF", 46),
    ];
    let Maybe { invert, value } = inverted(text)?;
    let upper = value.to_ascii_uppercase();
    let class = CLASSES.iter().find(|(name, _)| *name == upper).map(|(_, code)| *code);
    let value = class.or_else(|| int(value).filter(|code| (0..=63).contains(code)))?;
    Some(Maybe { invert, value })
}

/// A set, by its name, with the directions of its fields where they are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUse {
    pub name: String,
    /// True is the destination.
    pub directions: [Option<bool>; 3],
}

pub fn set_use(text: &str) -> Option<Maybe<SetUse>> {
    let Maybe { invert, value } = inverted(text)?;
    let end = value.find([' ', '\t']).unwrap_or(value.len());
    let (name, rest) = value.split_at(end);
    let mut directions = [None; 3];
    for (direction, word) in directions.iter_mut().zip(trim(rest).split([' ', '\t', ','])) {
        *direction = match word {
            "dst" | "dest" => Some(true),
            "src" => Some(false),
            _ => None,
        };
    }
    Some(Maybe { invert, value: SetUse { name: name.to_owned(), directions } })
}
