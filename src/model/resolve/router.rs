//! `router NAME { }`

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, nearest},
    model::{attributes::Attributes, load::Units, network::Router},
    syntax::tree::StatementKind,
};

/// The targets that the language knows.
pub const TARGETS: [&str; 4] = ["nftables", "openwrt", "pfsense", "port-forward"];

impl<'t> Resolver<'t> {
    pub(super) fn router(&mut self, units: &'t Units) {
        self.network.router = Router { reject: true, output_open: true, ..Router::default() };
        let mut first = None;
        for unit in &units.list {
            for statement in &unit.file.statements {
                let StatementKind::Router(tree) = &statement.kind else { continue };
                if let Some(first) = first {
                    self.report(
                        Diagnostic::error("second-router", tree.name.span, "a policy describes one router")
                            .label("a second one")
                            .also(first, "the first one")
                            .help("write one policy for each router"),
                    );
                    continue;
                }
                first = Some(tree.name.span);
                let known = ["target", "hostname", "domain", "default-deny", "timezone", "output"];
                let attributes = Attributes::new("router", &tree.body, &known, &[], self.errors);
                let mut router = Router {
                    name: tree.name.text.clone(),
                    span: statement.span,
                    hostname: attributes.text("hostname").map(|name| name.text),
                    domain: attributes.text("domain").map(|name| name.text),
                    reject: attributes.choice("default-deny", &[("reject", true), ("drop", false)]).unwrap_or(true),
                    output_open: attributes.choice("output", &[("open", true), ("closed", false)]).unwrap_or(true),
                    ..Router::default()
                };
                if let Some(zone) = attributes.text("timezone") {
                    if jiff::tz::TimeZone::get(&zone.text).is_err() {
                        self.report(
                            Diagnostic::error(
                                "unknown-timezone",
                                zone.span,
                                format!("there is no time zone `{}`", zone.text),
                            )
                            .label("unknown time zone")
                            .help("write its IANA name in quotes, as in \"Europe/Berlin\""),
                        );
                    }
                    router.timezone = Some((zone.text, zone.span));
                }
                if let Some(mut arguments) = attributes.get("target") {
                    for name in arguments.names("a target") {
                        if !TARGETS.contains(&name.text.as_str()) {
                            let error = Diagnostic::error(
                                "unknown-target",
                                name.span,
                                format!("there is no target `{}`", name.text),
                            )
                            .label("unknown target");
                            self.report(match nearest(&name.text, TARGETS) {
                                Some(near) => error.help(format!("did you mean `{near}`?")),
                                None => error.help(format!("the targets are {}", TARGETS.join(", "))),
                            });
                        } else if !router.targets.iter().any(|(target, _)| *target == name.text) {
                            router.targets.push((name.text, name.span));
                        }
                    }
                }
                self.network.router = router;
            }
        }
    }
}
