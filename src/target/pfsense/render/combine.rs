//! Fewer rules that say the same.

use super::document::Rule;

/// Takes out what is said twice, and makes one of two rules that differ in TCP and UDP, or in the family, alone. Each
/// rule comes with the headings before it. Within a run of rules of one verdict the order has no meaning; nothing moves
/// from one run into another.
pub fn combined(rules: Vec<Rule>, headings: &[(usize, String)]) -> Vec<(Vec<String>, Rule)> {
    let headed = rules.into_iter().enumerate().map(|(index, rule)| {
        let before = headings.iter().filter(|(at, _)| *at == index).map(|(_, text)| text.clone());
        (before.collect(), rule)
    });
    // Rules for TCP and UDP of two families become alike once those of each family are one.
    once(once(headed.collect()))
}

fn once(rules: Vec<(Vec<String>, Rule)>) -> Vec<(Vec<String>, Rule)> {
    let mut found: Vec<(Vec<String>, Rule)> = Vec::with_capacity(rules.len());
    let mut start = 0;
    for (before, rule) in rules {
        let turns = found.last().is_some_and(|(_, last)| last.kind != rule.kind || last.gateway != rule.gateway);
        if !before.is_empty() || turns {
            start = found.len();
        }
        let run = found.get_mut(start..).unwrap_or_default();
        if !run.iter_mut().any(|(_, known)| joined(known, &rule)) {
            found.push((before, rule));
        }
    }
    found
}

/// Takes a rule into one that says the same, or the same for another protocol or family.
fn joined(known: &mut Rule, rule: &Rule) -> bool {
    let bare = |rule: &Rule| Rule { descr: String::new(), protocol: String::new(), family: "", ..rule.clone() };
    if bare(known) != bare(rule) || known.associated != rule.associated || known.log != rule.log {
        return false;
    }
    let (tcp_udp, families) = (
        matches!((known.protocol.as_str(), rule.protocol.as_str()), ("tcp", "udp") | ("udp", "tcp")),
        matches!((known.family, rule.family), ("inet", "inet6") | ("inet6", "inet")),
    );
    let same = (known.protocol == rule.protocol, known.family == rule.family);
    match same {
        (true, true) => true,
        (false, true) if tcp_udp && known.descr == rule.descr => {
            known.protocol = "tcp/udp".to_owned();
            true
        }
        (true, false) if families && known.protocol != "icmp" && known.descr == rule.descr && wordy(rule) => {
            known.family = "inet46";
            true
        }
        _ => false,
    }
}

/// Are both sides words that mean something in both families?
fn wordy(rule: &Rule) -> bool {
    [&rule.source, &rule.destination].into_iter().all(|end| end.kind != "address")
}
