//! `router NAME { }`

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Span, nearest},
    model::{
        attributes::{Arguments, Attributes, dns_name},
        load::Units,
        network::Router,
    },
    syntax::{reserved, tree::StatementKind},
};

/// The targets that the language knows.
pub const TARGETS: [&str; 4] = ["nftables", "openwrt", "pfsense", "port-forward"];

/// `page 8443`, `page 80, 443`, `page off`
fn page(mut arguments: Arguments<'_>) -> Option<(Vec<u16>, Span)> {
    let place = arguments.span();
    if arguments.word_is("off") {
        arguments.end();
        return Some((Vec::new(), place));
    }
    let mut ports = Vec::new();
    loop {
        let (port, _) = arguments.number("a port from 1 to 65535, or `off`", 1..=65535)?;
        ports.push(u16::try_from(port).ok()?);
        if !arguments.comma() {
            arguments.end();
            return Some((ports, place));
        }
    }
}

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
                let attributes = Attributes::new("router", &tree.body, self.errors);
                self.router_name(&tree.name);
                let dns = |key: &str, labels| {
                    attributes.text(key).filter(|name| dns_name(name, labels, self.errors)).map(|name| name.text)
                };
                let mut router = Router {
                    name: tree.name.text.clone(),
                    span: statement.span,
                    hostname: dns("hostname", 1..=1),
                    domain: dns("domain", 1..=127),
                    reject: attributes.choice("default-deny", &[("reject", true), ("drop", false)]).unwrap_or(true),
                    output_open: attributes.choice("output", &[("open", true), ("closed", false)]).unwrap_or(true),
                    ..Router::default()
                };
                router.page = attributes.get("page").and_then(page);
                if let Some(zone) = attributes.text("timezone") {
                    if jiff::tz::TimeZone::get(&zone.text).is_err() {
                        self.unknown_timezone(&zone);
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
                                _ if name.text == "opnsense" => error.help(
                                    "OPNsense takes no configuration of pfSense; its forwards can be typed in from `port-forward`",
                                ),
                                Some(near) => error.help(format!("did you mean `{near}`?")),
                                None => error.help(format!("the targets are {}", TARGETS.join(", "))),
                            });
                        } else if let Some((_, earlier)) =
                            router.targets.iter().find(|(target, _)| *target == name.text)
                        {
                            self.report(
                                Diagnostic::error(
                                    "repeated-attribute",
                                    name.span,
                                    format!("target `{}` is named twice", name.text),
                                )
                                .label("once is enough")
                                .also(*earlier, "named first here"),
                            );
                        } else {
                            router.targets.push((name.text, name.span));
                        }
                    }
                }
                let asked = self.world.targets();
                if !asked.is_empty() {
                    router.targets = asked.into_iter().map(|name| (name, tree.name.span)).collect();
                }
                self.network.router = router;
            }
        }
    }

    fn router_name(&self, name: &crate::syntax::tree::Name) {
        if reserved(&name.text) || name.text.contains('.') || name.text.starts_with('_') {
            self.report(
                Diagnostic::error("reserved-name", name.span, format!("a router cannot be called `{}`", name.text))
                    .label("this is a word of the language, or no plain name")
                    .help("choose a name such as `edge`; it is shown in reports"),
            );
        }
    }

    fn unknown_timezone(&self, zone: &crate::syntax::tree::Name) {
        let error = Diagnostic::error("unknown-timezone", zone.span, format!("there is no time zone `{}`", zone.text))
            .label("unknown time zone");
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        self.report(match nearest(&zone.text, known.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean `\"{near}\"`?")),
            None => error.help("write its IANA name in quotes, as in \"Europe/Berlin\""),
        });
    }
}
