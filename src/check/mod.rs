//! Assertions and checks over the meaning of a policy.

mod assertion;
mod beside;
mod contest;
mod exposed;
mod idle;
pub mod leak;
mod named;
mod not_enforced;
mod unaskable;
mod unused;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::Network,
    policy::Meant,
};

pub use leak::{Reckoning, Selection};

/// Everything that is found, what the model has found among it, and what the leak checks came to.
/// Checks that are not selected are not asked, so that they silence none.
pub fn run(
    network: &Network,
    earlier: Vec<Diagnostic>,
    meant: &mut Meant,
    selection: &Selection,
) -> (Vec<Diagnostic>, Reckoning) {
    let mut waivers = leak::Waivers::new(network);
    let mut reckoning = Reckoning::default();
    let mut found = earlier;
    found.extend(not_enforced::run(network));
    found.extend(beside::run(network));
    found.extend(contest::run(network, meant));
    found.extend(named::unknown(network));
    let mut leaks = Vec::new();
    if !network.assertions.is_empty() || !network.checks.is_empty() {
        let bounds = assertion::bounds(network, meant);
        found.extend(assertion::run(network, meant, &bounds));
        found.extend(named::run(network, meant, &bounds, &mut waivers));
        leaks = leak::run(network, meant, &bounds, &mut waivers, selection, &mut reckoning);
    }
    found.extend(exposed::run(network, meant));
    found.extend(idle::run(network, meant));
    found.extend(unaskable::run(network));
    found.extend(unused::run(network));
    reckoning.waived += waivers.settle(&mut found, &mut meant.space);
    // A host that a forward leads to is told of there: one cure mends both.
    let led_to: Vec<Span> = leaks
        .iter()
        .filter(|leak| leak.code == "forward-to-dynamic-address")
        .flat_map(|leak| leak.secondary.iter().map(|label| label.span))
        .collect();
    let told = |found: &Diagnostic| found.secondary.iter().any(|label| led_to.contains(&label.span));
    found.retain(|found| found.code != "rule-on-dynamic-address" || !told(found));
    found.extend(leaks);
    let catalogue = leak::catalogue();
    let asked = |id: &str| network.checks.iter().any(|check| leak::plain(&check.id) == id);
    let always = |id: &str| catalogue.iter().any(|leak| leak.id == id && leak.is_always());
    let own = network.checks.iter().map(|check| check.id.as_str());
    let known: Vec<&str> = catalogue.iter().map(|leak| leak.id).chain(own).collect();
    found.extend(waivers.unused(network, &known, |id| asked(id) || always(id), selection));
    (found, reckoning)
}
