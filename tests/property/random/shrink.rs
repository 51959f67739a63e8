//! A failing policy, made smaller as long as it fails in the same way.

use super::plan::{Policy, Side, Statement};

/// The kind of a failure: what stands before its first colon.
fn kind(failure: &str) -> &str {
    failure.split(':').next().unwrap_or("")
}

/// `fails` gives the failure of a valid policy, if it fails.
pub fn smallest(mut policy: Policy, first: &str, fails: impl Fn(&Policy) -> Option<String>) -> (Policy, String) {
    let kind = kind(first).to_owned();
    let mut failure = first.to_owned();
    let mut tries = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&policy) {
            tries += 1;
            if tries > 600 {
                return (policy, failure);
            }
            if let Some(found) = fails(&candidate).filter(|found| self::kind(found) == kind) {
                smaller = Some((candidate, found));
                break;
            }
        }
        match smaller {
            Some((candidate, found)) => (policy, failure) = (candidate, found),
            None => return (policy, failure),
        }
    }
}

/// Policies with one thing less.
fn candidates(policy: &Policy) -> Vec<Policy> {
    let mut found = Vec::new();
    let mut add = |change: &dyn Fn(&mut Policy)| {
        let mut other = policy.clone();
        change(&mut other);
        if other.text() != policy.text() {
            found.push(other);
        }
    };
    for at in (0..policy.statements.len()).rev() {
        add(&|other| {
            other.statements.remove(at);
        });
    }
    for at in (0..policy.zones.len()).rev() {
        add(&|other| {
            other.zones.remove(at);
        });
    }
    for at in 0..policy.statements.len() {
        for step in 0..14 {
            add(&|other| reduce(&mut other.statements[at], step));
        }
    }
    for at in 0..policy.zones.len() {
        add(&|other| other.zones[at].isolated = false);
        add(&|other| other.zones[at].egress = None);
        add(&|other| other.zones[at].masquerade = None);
        add(&|other| other.zones[at].uplink = None);
        add(&|other| other.zones[at].failover = false);
        add(&|other| other.zones[at].upstream.clear());
        add(&|other| other.zones[at].delegated = None);
        add(&|other| other.zones[at].assigned = None);
        add(&|other| {
            other.zones[at].addresses.pop();
        });
        add(&|other| {
            if other.zones[at].nets.len() > 1 {
                other.zones[at].nets.remove(0);
            }
        });
        add(&|other| {
            if other.zones[at].nets.len() > 1 {
                other.zones[at].nets.pop();
            }
        });
    }
    add(&|other| other.router.timezone = None);
    add(&|other| other.router.reject = None);
    add(&|other| other.router.output_open = None);
    found
}

fn reduce(statement: &mut Statement, step: usize) {
    let side = |side: &mut Side, step: usize| match step {
        0 if side.terms.len() > 1 => drop(side.terms.remove(0)),
        1 if side.terms.len() > 1 => drop(side.terms.pop()),
        2 => drop(side.except.pop()),
        _ => {}
    };
    match statement {
        Statement::Rule(rule) => match step {
            0..3 => side(&mut rule.from, step),
            3..6 => side(&mut rule.to, step - 3),
            6 if rule.items.len() > 1 => drop(rule.items.pop()),
            7 if rule.items.len() > 1 => drop(rule.items.remove(0)),
            8 => rule.options.as_router = false,
            9 => rule.options.log = false,
            10 => rule.options.during = None,
            11 => rule.options.until = false,
            12 => rule.options.limit = None,
            13 => rule.back = None,
            _ => {}
        },
        Statement::Expose(exposure) => match step {
            0 => exposure.from.clear(),
            1 => exposure.on = None,
            2 => exposure.port = None,
            3 => exposure.through = None,
            4 => exposure.http01 = false,
            5 => exposure.hairpin = None,
            6 => exposure.ipv6 = None,
            7 => exposure.options.log = false,
            8 => exposure.options.during = None,
            9 => exposure.options.until = false,
            10 => exposure.options.limit = None,
            11 if exposure.items.len() > 1 => drop(exposure.items.pop()),
            12 if exposure.items.len() > 1 => drop(exposure.items.remove(0)),
            _ => {}
        },
        Statement::Redirect(redirect) => match step {
            0..3 => side(&mut redirect.from, step),
            3 if redirect.items.len() > 1 => drop(redirect.items.pop()),
            4 if redirect.items.len() > 1 => drop(redirect.items.remove(0)),
            _ => {}
        },
        Statement::Assert(assertion) => match step {
            0..3 => side(&mut assertion.from, step),
            3..6 => side(&mut assertion.to, step - 3),
            6 if assertion.items.len() > 1 => drop(assertion.items.pop()),
            7 if assertion.items.len() > 1 => drop(assertion.items.remove(0)),
            _ => {}
        },
        Statement::Group(group) => side(&mut group.side, step),
        Statement::Host(host) => match step {
            0 => drop(host.addresses.pop()),
            1 => host.suffix = None,
            _ => {}
        },
        Statement::Vpn(vpn) => match step {
            0 => vpn.on = None,
            1 => vpn.server = None,
            _ => {}
        },
        Statement::Service(service) if step == 0 && service.items.len() > 1 => drop(service.items.pop()),
        Statement::Ranges(ranges) if step == 0 && ranges.terms.len() > 1 => drop(ranges.terms.pop()),
        Statement::Schedule(schedule) if step == 0 && schedule.parts.len() > 1 => drop(schedule.parts.pop()),
        _ => {}
    }
}
