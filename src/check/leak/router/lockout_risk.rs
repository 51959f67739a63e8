//! Nobody can administer the router after it is configured.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, router},
};
use crate::model::service::{TCP, Traffic};

/// SSH, and the pages.
const PORTS: [u16; 4] = [22, 80, 443, 8443];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let said = subject.network.router.page.iter().flat_map(|(ports, _)| ports);
    let ports: Vec<Traffic> = PORTS.iter().chain(said).map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let private = subject.private();
    let passes = subject.passing(&private, &[router()], &ports);
    if !passes.is_empty() {
        return Outcome::Decided(Vec::new());
    }
    let diagnostic = error(subject.network.router.span, "nobody can administer the router once this is applied")
        .label("no zone reaches its shell or its page")
        .help("let one host in: `allow laptop -> router : ssh, https`");
    Outcome::Decided(vec![Finding::fact(diagnostic)])
}
