//! A proxied name on a port that Cloudflare does not pass on.

use super::{
    super::{Finding, Outcome, Subject, subject::error},
    proxied,
};
use crate::model::{Exposure, Tls};

/// developers.cloudflare.com, "Network ports".
const HTTP: [u16; 7] = [80, 8080, 8880, 2052, 2082, 2086, 2095];
const HTTPS: [u16; 6] = [443, 2053, 2083, 2087, 2096, 8443];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let names = proxied(subject);
    if names.is_empty() {
        return Outcome::NotApplicable("no proxied name");
    }
    let mut found = Vec::new();
    for (exposure, proxied) in names {
        let passes = |port: &u16| {
            let plain = HTTP.contains(port) && matches!(exposure.tls, None | Some(Tls::None));
            plain || HTTPS.contains(port) && exposure.tls != Some(Tls::None)
        };
        let Some(port) = public(exposure).into_iter().find(|port| !passes(port)) else { continue };
        let what = if exposure.tls == Some(Tls::None) { "HTTP" } else { "HTTPS" };
        let diagnostic = error(
            exposure.port.map_or(proxied.span, |(_, span)| span),
            format!("Cloudflare passes nothing on to port {port}"),
        )
        .label(format!("not among its ports for {what}"))
        .also(proxied.span, "proxied here")
        .help("write `port 443`; inside it may be another")
        .note(format!("HTTPS: {HTTPS:?}; HTTP: {HTTP:?}").replace(['[', ']'], ""));
        found.push(Finding::fact(diagnostic));
    }
    Outcome::Decided(found)
}

/// The public ports, by the first and last of each range.
fn public(exposure: &Exposure) -> Vec<u16> {
    match exposure.port {
        Some((port, _)) => vec![port],
        None => {
            exposure.target().1.iter().flat_map(|traffic| &traffic.to).flat_map(|(from, to)| [*from, *to]).collect()
        }
    }
}
