//! The certificate by which Cloudflare proves itself is one that all of its customers share.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    proxied,
};
use crate::{diagnostic::Severity, model::OriginPulls};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let names = proxied(subject);
    if names.is_empty() {
        return Outcome::NotApplicable("no proxied name");
    }
    let shared = names.into_iter().filter(|(_, proxied)| proxied.pulls == OriginPulls::Global);
    let told = shared.map(|(_, proxied)| {
        let diagnostic = warning(proxied.span, "this certificate proves that it is Cloudflare, not that it is you")
            .label("each of its customers comes with the same one")
            .help("upload a certificate of your own to Cloudflare, and write `origin-pulls zone` or `hostname`");
        Finding::fact(diagnostic).with_severity(Severity::Note)
    });
    Outcome::Decided(told.collect())
}
