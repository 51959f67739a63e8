//! Small mistakes in a proven ruleset: the proof must notice every one that a packet notices.

use hedgerow::{
    compile::Meant,
    model::Network,
    packet::Packet,
    router::{File, Outcome},
    target::{Target, nftables::read::read},
    verify::{self, Kind, describe},
};

use super::{
    oracle::Oracle,
    rng::Rng,
    run::{Totals, verdict},
};

/// The ruleset with one small change, and its line.
fn change(rules: &str, rng: &mut Rng) -> Option<(String, String)> {
    let mut lines: Vec<String> = rules.lines().map(str::to_owned).collect();
    let rule = |line: &&String| {
        let text = line.trim();
        !text.is_empty() && !text.starts_with('#') && !text.ends_with('{') && !text.starts_with('}')
    };
    let places: Vec<usize> = (0..lines.len()).filter(|at| rule(&&lines[*at])).collect();
    if places.is_empty() {
        return None;
    }
    for _ in 0..20 {
        let at = *rng.pick(&places);
        let line = lines[at].clone();
        let code = line.split(" comment ").next().unwrap_or(&line).to_owned();
        let tail = line[code.len()..].to_owned();
        let new = match rng.below(5) {
            0 => String::new(),
            1 => swap(&code, rng)? + &tail,
            2 => port(&code, rng) + &tail,
            3 => widen(&code) + &tail,
            _ => code.replace("!= ", "") + &tail,
        };
        if new != line {
            lines[at] = new.clone();
            return Some((lines.join("\n") + "\n", format!("{}\n  -> {}", line.trim(), new.trim())));
        }
    }
    None
}

fn swap(code: &str, rng: &mut Rng) -> Option<String> {
    let pairs = [
        ("accept", "drop"),
        ("drop", "accept"),
        ("saddr", "daddr"),
        ("iifname", "oifname"),
        ("dport", "sport"),
        ("tcp", "udp"),
        ("goto refuse", "accept"),
        ("ipv4", "ipv6"),
        ("masquerade", "accept"),
    ];
    let start = rng.below(pairs.len());
    let found = (0..pairs.len()).map(|at| pairs[(start + at) % pairs.len()]).find(|(from, _)| code.contains(from));
    Some(found.map_or_else(|| code.to_owned(), |(from, to)| code.replacen(from, to, 1)))
}

/// Another last number of the line.
fn port(code: &str, rng: &mut Rng) -> String {
    let digits = |character: char| character.is_ascii_digit();
    let Some(end) = code.rfind(digits).map(|at| at + 1) else { return code.to_owned() };
    let start = code[..end].rfind(|character: char| !digits(character)).map_or(0, |at| at + 1);
    let Ok(number) = code[start..end].parse::<u64>() else { return code.to_owned() };
    let other = if rng.percent(50) { number + 1 } else { number.saturating_sub(1) };
    format!("{}{other}{}", &code[..start], &code[end..])
}

/// The first prefix one bit shorter.
fn widen(code: &str) -> String {
    let Some(slash) = code.find('/') else { return code.to_owned() };
    let end =
        code[slash + 1..].find(|character: char| !character.is_ascii_digit()).map_or(code.len(), |at| slash + 1 + at);
    match code[slash + 1..end].parse::<u8>() {
        Ok(length) if length > 0 => format!("{}/{}{}", &code[..slash], length - 1, &code[end..]),
        _ => code.to_owned(),
    }
}

/// Makes one change and looks whether verification and oracle see the same.
pub fn edit(
    rules: &str,
    network: &Network,
    meant: &mut Meant,
    oracle: &Oracle<'_>,
    packets: &[(Packet, Option<Outcome>)],
    rng: &mut Rng,
    totals: &mut Totals,
) -> Result<(), String> {
    let Some((text, what)) = change(rules, rng) else { return Ok(()) };
    totals.edits += 1;
    let Meant { standing, meaning, limits, space, .. } = meant;
    let files = [File { name: "hedgerow.nft".to_owned(), text: text.clone() }];
    let found = verify::compare(Target::Nftables, &files, network, standing, meaning, (limits, space));
    let Ok(found) = found else {
        totals.edits_refused += 1;
        return Ok(());
    };
    let Ok(reading) = read(&text, &standing.topology, limits, space) else {
        return Err(format!("edit: verified, but not readable: {what}"));
    };
    if found.is_equal() {
        totals.edits_equal += 1;
        for (packet, said) in packets.iter().filter(|(packet, _)| space.contains(reading.first, packet)) {
            if verdict(&reading.surely, space, packet)? != *said {
                return Err(format!("edit: said to be equal, but not for {}\n  {what}", describe(packet, network)));
            }
        }
        return Ok(());
    }
    totals.edits_different += 1;
    for difference in
        found.differences.iter().filter(|found| matches!(found.kind, Kind::Open | Kind::Closed | Kind::Translated))
    {
        let packet = &difference.packet;
        let (low, high) = (verdict(&reading.surely, space, packet)?, verdict(&reading.possibly, space, packet)?);
        if low == high && low == oracle.decide(packet) {
            return Err(format!(
                "edit: said to differ, but not for {} minute {} exceeded {}: {:?}\n  {what}",
                describe(packet, network),
                packet.minute,
                packet.exceeded,
                difference.kind,
            ));
        }
        totals.confirmed += 1;
    }
    Ok(())
}
