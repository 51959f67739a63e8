//! The block `http:` stands in YAML, where this Home Assistant does not read it any more.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    home::homes,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let mut any = false;
    for home in homes(subject) {
        let (Some(said), Some(settings)) = (home.said, home.settings()) else { continue };
        any |= said.version.is_some();
        if let (Some(http), true, Some(true)) = (&settings.http, settings.in_yaml, said.keeps_settings()) {
            let version = said.version.map_or(String::new(), |(year, month)| format!("{year}.{month}"));
            found.push(Finding::fact(
                warning(http.span, format!("Home Assistant {version} does not read this"))
                    .label("taken over once, and ignored since")
                    .also(settings.place, "read for this")
                    .note("what holds stands in Settings > System > Network; no other check has looked at these values")
                    .help("hold a copy of `.storage/http` against the policy: `settings from \"http.json\"`"),
            ));
        }
    }
    if any {
        Outcome::Decided(found)
    } else {
        Outcome::NotApplicable("no settings of a Home Assistant whose version is said")
    }
}
