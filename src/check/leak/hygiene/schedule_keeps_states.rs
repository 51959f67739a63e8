//! A schedule ends, and what was opened before goes on.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    options::opened,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    if subject.network.schedules.is_empty() {
        return Outcome::NotApplicable("no schedule");
    }
    let targets = &subject.network.router.targets;
    // pfSense drops what a schedule let through when it ends, unless it is told not to (System > Advanced).
    if !targets.is_empty() && targets.iter().all(|(target, _)| target == "pfsense") {
        return Outcome::NotApplicable("pfSense itself ends what a schedule opened");
    }
    let mut found = Vec::new();
    for opened in opened(subject).into_iter().filter(|opened| opened.options.during.is_some() && !opened.expired) {
        let diagnostic = warning(opened.span, "what was opened in time goes on after it")
            .label("decides over the first packet of a connection")
            .note("replies pass by connection tracking for as long as the connection lives")
            .help("drop the connections when it ends, by a timer on the router: `conntrack -D -s ADDRESS`");
        found.push(Finding::ends(diagnostic, opened.from, opened.to));
    }
    Outcome::Decided(found)
}
