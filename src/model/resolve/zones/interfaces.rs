//! The interfaces of a zone.

use std::collections::BTreeMap;

use crate::{
    diagnostic::Diagnostic,
    model::{
        attributes::Attributes,
        network::InterfaceName,
        resolve::{Resolver, router::TARGETS},
    },
    syntax::{
        token::{Kind, Token},
        tree::Name,
    },
};

/// Linux allows 15 bytes (IFNAMSIZ less its terminator).
const INTERFACE_MAX: usize = 15;

impl Resolver<'_> {
    pub(super) fn interfaces(
        &self,
        attributes: &Attributes<'_>,
    ) -> (Option<InterfaceName>, BTreeMap<String, InterfaceName>) {
        let mut general: Option<InterfaceName> = None;
        let mut special = BTreeMap::new();
        for mut arguments in attributes.all("interface") {
            let target = match (arguments.rest(), arguments.peek()) {
                ([_, _, ..], Some(Token { kind: Kind::Word(word), .. })) => {
                    if !TARGETS.contains(&word.as_str()) {
                        arguments.expected("one interface, or a target and its name for it");
                        continue;
                    }
                    arguments.next();
                    Some(word.clone())
                }
                _ => None,
            };
            let Some(name) = arguments.text() else { continue };
            arguments.end();
            self.interface_name(&name, target.as_deref());
            let found = InterfaceName { name: name.text, span: name.span };
            let earlier = match target {
                Some(target) => special.insert(target, found.clone()),
                None => general.replace(found.clone()),
            };
            if let Some(earlier) = earlier {
                self.report(
                    Diagnostic::error("repeated-attribute", found.span, "this zone has two interfaces for one router")
                        .label("the second one")
                        .also(earlier.span, "the first one")
                        .help("join them in a bridge and name that, or make two zones"),
                );
            }
        }
        (general, special)
    }

    /// What the kernel takes as the name of an interface (`dev_valid_name`), and nothing that a ruleset could misread.
    fn interface_name(&self, name: &Name, target: Option<&str>) {
        let linux = target != Some("pfsense");
        let error =
            |text: String| Diagnostic::error("bad-interface", name.span, text).label("not a name that a router takes");
        if linux && name.text.len() > INTERFACE_MAX {
            self.report(
                error(format!("`{}` is too long for an interface", name.text))
                    .help("Linux takes at most 15 characters"),
            );
        } else if name.text.is_empty() || name.text == "." || name.text == ".." || name.text == "lo" {
            self.report(
                error(format!("`{}` cannot be the interface of a zone", name.text))
                    .help("name the interface on which the zone's packets arrive, as in eth1.30"),
            );
        } else if let Some(wrong) =
            name.text.chars().find(|character| !(character.is_ascii_alphanumeric() || "-_.@+".contains(*character)))
        {
            self.report(
                error(format!("an interface cannot have `{}` in its name", wrong.escape_debug()))
                    .help("letters, digits and - _ . @ + are taken"),
            );
        }
    }
}
