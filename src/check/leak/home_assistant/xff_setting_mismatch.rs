//! A proxy says who the client is and Home Assistant does not listen, or it listens and there is no proxy.

use super::{
    super::{Finding, Outcome, Subject, subject::error},
    home::{NO_SETTINGS, believes, homes},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    let mut settings_known = false;
    for home in homes(subject) {
        let (Some(http), Some(settings)) = (home.http(), home.settings()) else { continue };
        settings_known = true;
        let place = http.use_x_forwarded_for.as_ref().map_or(http.span, |said| said.span);
        let fronts = home.fronts(network);
        let telling = fronts.iter().find(|front| front.forwards_client());
        match (believes(&http), telling) {
            (Some(false), Some(front)) => found.push(Finding::fact(
                error(place, "a proxy says who the client is, and Home Assistant does not want to know")
                    .label(if http.use_x_forwarded_for.is_some() {
                        "refuses every request that bears X-Forwarded-For, with 400"
                    } else {
                        "`use_x_forwarded_for` is not set here, so every request that bears the header gets 400"
                    })
                    .also(front.exposure.span, "asks by this proxy")
                    .also(settings.place, "read for this")
                    .help("set `use_x_forwarded_for: true` and `trusted_proxies`; or, if the proxy sends no such header, say `forwarded-for off`"),
            )),
            (Some(true), None) if fronts.is_empty() => found.push(Finding::fact(
                error(place, "Home Assistant believes X-Forwarded-For, and the policy has no proxy before it")
                    .label("for whose sake?")
                    .also(settings.place, "read for this")
                    .help("say in the exposure which proxy it is (`through`, `tunnel`), or take `use_x_forwarded_for` and `trusted_proxies` out"),
            )),
            _ => {}
        }
    }
    if settings_known { Outcome::Decided(found) } else { Outcome::NotApplicable(NO_SETTINGS) }
}
