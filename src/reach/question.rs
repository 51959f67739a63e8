//! The words of a question, read as a policy would read them.

use super::public_name::{ByName, Typed};
use crate::{
    diagnostic::{Diagnostic, Severity, Sources},
    model::{Network, Region, resolve, resolve_with, service::Traffic},
    world::World,
};

/// The name of the question in messages.
const QUESTION: &str = "<question>";

/// A question that was resolved: who, whom and what.
#[derive(Clone, Debug)]
pub struct Question {
    pub from: Vec<Region>,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// Two hosts of one zone whose addresses the policy does not say: the regions are all of their zone.
    pub unaddressed: Option<(String, String)>,
    /// The public name by which it was asked.
    pub by_name: Option<ByName>,
    /// The same by each further uplink at which the name may lead in.
    pub others: Vec<Self>,
}

/// Reads the words of a question in a policy. A service may be written `tcp/8123`; `any` is every service. To whom may be
/// said by a public name too, as in `https://ha.example.org`.
///
/// # Errors
/// The diagnostics of the policy and of the words, with their sources.
pub fn ask(
    path: &str,
    text: &str,
    words: (&str, &str, &str),
    world: &dyn World,
) -> (Sources, Result<(Network, Question), Vec<Diagnostic>>) {
    let typed = Typed::read(words.1).and_then(|typed| {
        let (network, _) = resolve(path, text, &mut Sources::default(), world);
        // Names of modules have one dot.
        let far = typed.name.matches('.').count() > 1;
        (typed.url || far || typed.is_known(&network)).then_some(typed)
    });
    let words = (words.0, if typed.is_some() { "any" } else { words.1 }, words.2);
    let service = match words.2 {
        "any" | "" => String::new(),
        service => format!(" : {}", plain_service(service)),
    };
    // On a line of its own, so that a message about a word shows the question and nothing around it.
    let line = format!("check asked {{\n    never {} -> {}{service}\n}}\n", words.0, words.1);
    let mut sources = Sources::default();
    let (mut network, mut diagnostics) = resolve_with((path, text), (QUESTION, &line), &mut sources, world);
    diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.code != "expired-rule");
    // A policy that cannot be read leaves names unknown: about the question it says nothing.
    let in_policy =
        |found: &Diagnostic| sources.get(found.primary.span.source).is_some_and(|source| source.name != QUESTION);
    if diagnostics.iter().any(in_policy) {
        diagnostics.retain(in_policy);
    }
    // Hosts of one zone do not need addresses to be told that no router stands between them.
    let unaddressed = |found: &Diagnostic| found.code == "host-without-address";
    if let Some(zone) = shared_zone(&network, words).filter(|_| diagnostics.iter().all(unaddressed))
        && !diagnostics.is_empty()
    {
        let (sources, result) = ask(path, text, (&zone, &zone, words.2), world);
        let named = Some((words.0.to_owned(), words.1.to_owned()));
        return (sources, result.map(|(network, question)| (network, Question { unaddressed: named, ..question })));
    }
    let asked = network.checks.iter().position(|check| check.id == "asked").map(|index| network.checks.remove(index));
    let result = match asked.and_then(|check| check.assertions.into_iter().next()) {
        Some(asked) if diagnostics.is_empty() => match typed {
            Some(typed) => {
                let traffic = (!service.is_empty()).then_some(asked.traffic);
                match typed.question(&network, asked.from, traffic) {
                    Some(question) => Ok((network, question)),
                    None => Err(vec![unknown(&network, &typed)]),
                }
            }
            None => {
                let (from, to, traffic) = (asked.from, asked.to, asked.traffic);
                Ok((network, Question { from, to, traffic, unaddressed: None, by_name: None, others: Vec::new() }))
            }
        },
        _ => Err(diagnostics),
    };
    (sources, result)
}

/// Nothing has this name.
fn unknown(network: &Network, typed: &Typed) -> Diagnostic {
    let exposures = network.exposures.iter().filter_map(|exposure| exposure.name.as_deref());
    let mut known: Vec<&str> =
        exposures.chain(network.hosts.iter().filter_map(|host| host.dns_name.as_deref())).collect();
    known.sort_unstable();
    known.dedup();
    let error = Diagnostic::error(
        "unknown-name",
        network.router.span,
        format!("no exposure and no host of this policy is called `{}`", typed.name),
    )
    .label("nothing here answers to it");
    if known.is_empty() {
        error.help("give an exposure its public name, as in `name ha.example.org`")
    } else {
        error.help(format!("the names are {}", known.join(", ")))
    }
}

/// The one zone of two different hosts.
fn shared_zone(network: &Network, (from, to, _): (&str, &str, &str)) -> Option<String> {
    let zones = |name: &str| network.hosts.iter().find(|host| host.name == name).map(|host| host.zones.as_slice());
    match (zones(from)?, zones(to)?) {
        ([one], [other]) if one == other && from != to => Some(network.zone(*one).name.clone()),
        _ => None,
    }
}

/// `tcp/8123` as the language writes it.
fn plain_service(service: &str) -> String {
    match service.split_once('/') {
        Some((protocol @ ("tcp" | "udp" | "sctp" | "icmp" | "icmpv6" | "proto"), rest)) => format!("{protocol} {rest}"),
        _ => service.to_owned(),
    }
}
