//! Nobody can administer the router after it is configured.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, router},
};
use crate::model::service::{TCP, Traffic};

const SSH: u16 = 22;
/// Where routers have their page, if the policy does not say it.
const PAGES: [u16; 3] = [80, 443, 8443];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let said = subject.network.router.page.as_ref().map(|(ports, _)| ports.as_slice());
    let ports = [SSH].into_iter().chain(said.unwrap_or(&PAGES).iter().copied());
    let ports: Vec<Traffic> = ports.map(|port| Traffic::ports(TCP, port, port)).collect();
    let private = subject.private();
    let passes = subject.passing(&private, &[router()], &ports);
    if !passes.is_empty() {
        return Outcome::Decided(Vec::new());
    }
    let page = subject.network.router.page_port().map_or("https".to_owned(), |port| match port {
        80 => "http".to_owned(),
        443 => "https".to_owned(),
        port => format!("tcp {port}"),
    });
    let diagnostic = error(subject.network.router.span, "nobody can administer the router once this is applied")
        .label("no zone reaches its shell or its page")
        .help(format!("let one host in: `allow laptop -> router : ssh, {page}`"));
    Outcome::Decided(vec![Finding::fact(diagnostic)])
}
