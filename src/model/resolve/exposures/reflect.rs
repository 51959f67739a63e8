//! `reflect`

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{attributes::Attributes, load::Space, network::Reflector, resolve::Resolver, service::Discovery},
    syntax::tree,
};

impl Resolver<'_> {
    pub(in crate::model::resolve) fn reflect(&mut self, tree: &tree::Reflect, span: Span, space: Space) {
        let attributes = Attributes::new("reflect", &tree.body, self.errors);
        let protocol = match tree.protocol.text.as_str() {
            "mdns" => Discovery::Mdns,
            "ssdp" => Discovery::Ssdp,
            other => {
                self.report(
                    Diagnostic::error("attribute-value", tree.protocol.span, format!("`{other}` cannot be reflected"))
                        .label("expected mdns or ssdp")
                        .help("broadcasts stay inside one zone: add the devices by their addresses"),
                );
                return;
            }
        };
        let mut zones = Vec::new();
        for name in &tree.zones {
            let Some(zone) = self.zone_named(name, space) else { continue };
            if self.network.zone(zone).is_internet() {
                self.report(
                    Diagnostic::error("reflect-internet", name.span, "discovery is never reflected to the internet")
                        .label("expected zones of your own")
                        .help("remove it from the list"),
                );
            } else if zones.contains(&zone) {
                self.report(
                    Diagnostic::error("repeated-attribute", name.span, format!("zone `{}` is named twice", name.text))
                        .label("once is enough"),
                );
            } else {
                zones.push(zone);
            }
        }
        if zones.len() < 2 {
            if tree.zones.len() < 2 {
                self.report(
                    Diagnostic::error("reflect-alone", span, "a reflector needs two zones")
                        .label("between which?")
                        .help("write `reflect mdns between A, B`"),
                );
            }
            return;
        }
        let mut services = Vec::new();
        if let Some(mut arguments) = attributes.get("services") {
            if protocol == Discovery::Ssdp {
                self.report(
                    Diagnostic::error(
                        "misplaced-attribute",
                        arguments.attribute.key.span,
                        "`services` belongs to `reflect mdns`",
                    )
                    .label("has no meaning here")
                    .help("SSDP is reflected as a whole; remove it"),
                );
            }
            for name in arguments.names("service types such as _googlecast._tcp") {
                if !service_type(&name.text) {
                    self.report(
                        Diagnostic::error(
                            "attribute-value",
                            name.span,
                            format!("`{}` is no type of service", name.text),
                        )
                        .label("expected a type such as _googlecast._tcp")
                        .help("DNS-SD types start with `_` and end with `._tcp` or `._udp`"),
                    );
                }
                services.push(name.text);
            }
        }
        if let Some(first) = self.network.reflectors.iter().find(|other| {
            other.protocol == protocol
                && other.zones.len() == zones.len()
                && other.zones.iter().all(|zone| zones.contains(zone))
        }) {
            self.report(
                Diagnostic::error("repeated-attribute", span, "these zones have a reflector already")
                    .label("a second one")
                    .also(first.span, "the first one")
                    .help("put the services of both into one"),
            );
        }
        self.network.reflectors.push(Reflector { span, protocol, zones, services });
    }
}

/// `_googlecast._tcp` (RFC 6763).
fn service_type(text: &str) -> bool {
    let name =
        text.strip_suffix("._tcp").or_else(|| text.strip_suffix("._udp")).and_then(|name| name.strip_prefix('_'));
    name.is_some_and(|name| {
        (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}
