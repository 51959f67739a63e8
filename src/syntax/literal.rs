//! The literals: addresses, prefixes, ranges, MAC addresses, dates, times, rates and numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::token::Literal;

/// Why a run of characters is no literal.
pub(super) struct Fault {
    pub message: String,
    pub label: String,
    pub help: Option<String>,
}

impl Fault {
    fn new(message: String, label: &str) -> Self {
        Self { message, label: label.to_owned(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A MAC address or IPv6 literal at the start of the text, which may start with a letter, and its length.
pub(super) fn address_like(text: &str) -> Option<(Literal, usize)> {
    let length = text
        .find(|character: char| !(character.is_ascii_hexdigit() || matches!(character, ':' | '.' | '/' | '-')))
        .unwrap_or(text.len());
    let mut run = &text[..length];
    // `fd42::1` may be followed by the colon before the services, or by an arrow.
    while let Some(shorter) = run.strip_suffix(['-', '.', '/']) {
        run = shorter;
    }
    if run.matches(':').count() < 2 {
        return None;
    }
    let next = text[run.len()..].chars().next();
    let ends = |next: Option<char>| next.is_none_or(|next| !(next.is_alphanumeric() || next == '_'));
    let read = |run: &str| mac(run).or_else(|| ipv6_like(run));
    if ends(next)
        && let Some(literal) = read(run)
    {
        return Some((literal, run.len()));
    }
    let shorter = run.strip_suffix(':').filter(|shorter| !shorter.is_empty())?;
    read(shorter).map(|literal| (literal, shorter.len()))
}

/// Does the text start like an IPv6 literal that cannot be read, such as `fd42::/129`? No name holds `::`.
pub(super) fn broken_ipv6(text: &str) -> bool {
    let start = text.trim_start_matches(|character: char| character.is_ascii_hexdigit() || character == ':');
    let run = text.strip_suffix(start).unwrap_or("");
    run.contains("::") && run.split(':').all(|group| group.len() <= 4)
}

fn ipv6_like(run: &str) -> Option<Literal> {
    let address = |text: &str| text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    if let Some((from, to)) = run.split_once('-') {
        return Some(Literal::AddressRange(address(from)?, address(to)?));
    }
    if let Some((base, length)) = run.split_once('/') {
        let length = number(length).and_then(|length| u8::try_from(length).ok()).filter(|length| *length <= 128)?;
        return Some(Literal::Prefix(address(base)?, length));
    }
    address(run).map(Literal::Address)
}

/// The run of characters that belongs to a literal which starts with a digit or a colon.
pub(super) fn run(text: &str) -> &str {
    let bytes = text.as_bytes();
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut end = 0;
    while let Some(&byte) = bytes.get(end) {
        let next = bytes.get(end + 1).copied();
        let joins = match byte {
            b'-' => next.is_some_and(|next| next.is_ascii_alphanumeric() || next == b':'),
            b'.' | b'/' | b':' => {
                next.is_some_and(|next| inner(next) || next == b':')
                    || (byte == b':' && end.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b':'))
            }
            _ => inner(byte),
        };
        if !joins {
            break;
        }
        end += 1;
    }
    let run = &text[..end.max(1)];
    // `10.0.0.1:https`: the services begin at the colon.
    match run.split_once(':') {
        Some((address, after)) if !after.starts_with(':') && address.matches('.').count() == 3 => address,
        _ => run,
    }
}

/// Reads a run as a literal.
pub(super) fn read(run: &str) -> Result<Literal, Fault> {
    if let Some(literal) = mac(run).or_else(|| ipv6_like(run)) {
        return Ok(literal);
    }
    if run.contains("::") || run.split('-').any(|part| part.matches(':').count() > 1) {
        return Err(colons(run));
    }
    if let Some((from, to)) = run.split_once('-') {
        return range(run, from, to);
    }
    if run.contains(':') {
        return time(run).map(Literal::Time);
    }
    if let Some((left, right)) = run.split_once('/') {
        return slash(run, left, right);
    }
    if run.matches('.').count() == 3 {
        return ipv4(run).map(Literal::Address);
    }
    if run.contains('.') {
        return version(run);
    }
    if let Some(value) = number(run) {
        return Ok(Literal::Number(value));
    }
    // The `1a` of `delegated 1a`.
    if run.len() <= 8
        && run.bytes().all(|byte| byte.is_ascii_hexdigit())
        && let Ok(value) = u64::from_str_radix(run, 16)
    {
        return Ok(Literal::Hexadecimal(value));
    }
    Err(not_a_literal(run))
}

fn colons(run: &str) -> Fault {
    if run.split([':', '-']).all(|part| part.len() == 2) {
        return Fault::new(format!("`{run}` is no MAC address"), "expected six pairs of hexadecimal digits")
            .help("write it as 52:54:00:aa:bb:10");
    }
    if let Some((_, length)) = run.split_once('/') {
        return Fault::new(
            format!("`{run}` is no IPv6 prefix"),
            &format!("`/{length}` has to be from /0 to /128 behind a valid address"),
        );
    }
    Fault::new(
        format!("`{run}` is no IPv6 address"),
        "expected eight groups of hexadecimal digits, or `::` for a run of zeros",
    )
}

fn range(run: &str, from: &str, to: &str) -> Result<Literal, Fault> {
    if let Some(date) = date(run) {
        return Ok(date);
    }
    if from.contains('.') {
        let from = ipv4(from)?;
        if number(to).is_some() {
            return Err(Fault::new(format!("`{run}` is no range of addresses"), "the end is not an address")
                .help("write both ends in full, as in 10.0.30.9-10.0.30.20"));
        }
        return Ok(Literal::AddressRange(from, ipv4(to)?));
    }
    if from.contains(':') {
        return Ok(Literal::TimeRange(time(from)?, time(to)?));
    }
    if run.split('-').count() == 6 && run.split('-').all(|part| part.len() == 2) {
        return Err(Fault::new(format!("`{run}` is no MAC address"), "its pairs are parted by `-`")
            .help(format!("write it as {}", run.replace('-', ":"))));
    }
    if let (Some(from), Some(to)) = (number(from), number(to)) {
        return Ok(Literal::NumberRange(from, to));
    }
    if run.matches('-').count() == 2 && run.split('-').all(|part| number(part).is_some()) {
        return Err(Fault::new(format!("`{run}` is no date"), "expected year-month-day").help("write it as 2027-01-31"));
    }
    Err(not_a_literal(run))
}

/// The form of a date; whether the calendar has that day is for the model to say.
fn date(run: &str) -> Option<Literal> {
    let mut parts = run.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    Some(Literal::Date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

fn time(run: &str) -> Result<u16, Fault> {
    let fault = || {
        Fault::new(format!("`{run}` is no time of day"), "expected hours and minutes")
            .help("write it as 07:00 or 21:30; the day ends at 24:00")
    };
    let (hours, minutes) = run.split_once(':').ok_or_else(fault)?;
    if hours.len() > 2 || minutes.len() != 2 {
        return Err(fault());
    }
    let (hours, minutes) = (number(hours).ok_or_else(fault)?, number(minutes).ok_or_else(fault)?);
    if minutes > 59 || hours > 24 || (hours == 24 && minutes > 0) {
        return Err(fault());
    }
    u16::try_from(hours * 60 + minutes).map_err(|_| fault())
}

fn slash(run: &str, left: &str, right: &str) -> Result<Literal, Fault> {
    if left.contains('.') {
        let address = ipv4(left)?;
        return match number(right).and_then(|length| u8::try_from(length).ok()) {
            Some(length) if length <= 32 => Ok(Literal::Prefix(address, length)),
            _ => Err(Fault::new(format!("`{run}` is no IPv4 prefix"), "the length has to be from /0 to /32")
                .help("write it as 10.0.30.0/24")),
        };
    }
    match (number(left), number(right)) {
        (Some(left), Some(right)) => Ok(Literal::Fraction(left, right)),
        (Some(left), None) if right.chars().all(|character| character.is_ascii_alphabetic()) => {
            Ok(Literal::Rate(left, right.to_owned()))
        }
        _ => Err(not_a_literal(run)),
    }
}

fn ipv4(run: &str) -> Result<IpAddr, Fault> {
    if let Ok(address) = run.parse::<Ipv4Addr>() {
        return Ok(IpAddr::V4(address));
    }
    let fault = |label: &str| Fault::new(format!("`{run}` is no IPv4 address"), label);
    if run.matches('.').count() != 3 {
        return Err(fault("expected four numbers with dots between them"));
    }
    for part in run.split('.') {
        match number(part) {
            None => return Err(fault("expected four numbers with dots between them")),
            Some(value) if value > 255 => return Err(fault(&format!("{value} is greater than 255"))),
            Some(_) if part.len() > 1 && part.starts_with('0') => {
                return Err(fault("a leading zero")
                    .help("write each number without leading zeros: some programs read them as octal"));
            }
            Some(_) => {}
        }
    }
    Err(fault("expected four numbers from 0 to 255"))
}

fn mac(run: &str) -> Option<Literal> {
    let mut bytes = [0; 6];
    let mut parts = run.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|part| part.len() == 2)?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(Literal::Mac(bytes))
}

fn version(run: &str) -> Result<Literal, Fault> {
    if run.split('.').all(|part| number(part).is_some()) {
        return Ok(Literal::Version(run.to_owned()));
    }
    Err(not_a_literal(run))
}

fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn not_a_literal(run: &str) -> Fault {
    if number(run).is_none() && run.bytes().all(|byte| byte.is_ascii_digit()) {
        return Fault::new(format!("`{run}` is too large a number"), "expected at most 18446744073709551615");
    }
    let fault = Fault::new(format!("`{run}` is neither a name nor a literal"), "a name starts with a letter");
    let lower = run.to_ascii_lowercase();
    let hour = |part: &str| {
        let digits = part.strip_suffix("am").or_else(|| part.strip_suffix("pm")).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    if lower.split('-').all(hour) {
        return fault.help("a day has 24 hours here, as in 21:00-07:00");
    }
    let bytes: String = run.chars().filter(char::is_ascii_hexdigit).collect();
    if bytes.len() == 12 && run.len() > 12 {
        let parts: Vec<&str> = (0..6).filter_map(|part| bytes.get(2 * part..2 * part + 2)).collect();
        return fault.help(format!("a hardware address is written as {}", parts.join(":").to_ascii_lowercase()));
    }
    fault.help("give it a name that starts with a letter; a text that starts with a digit goes into quotes")
}
