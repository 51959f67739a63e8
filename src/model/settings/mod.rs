//! The real settings of a Home Assistant, read from its `configuration.yaml`: what of them matters for who gets in.
//!
//! Takes the file that `settings from` names, with what it includes; gives [`Settings`], each value with its place. It
//! judges nothing: that is for the checks. A value that Home Assistant itself would refuse is an error, for then none of
//! the settings holds.

mod files;
mod http;
mod lookup;
mod yaml;

use std::rc::Rc;

use files::{Files, Found};
use lookup::items;
use yaml::{Kind, Node};

use super::{
    Network,
    network::{Said, Settings},
};
use crate::{
    diagnostic::{Diagnostic, Sources},
    world::World,
};

/// Reads the settings of every Home Assistant that has some.
pub fn read(network: &mut Network, root: &str, sources: &mut Sources, world: &dyn World) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for home in &mut network.home_assistants {
        let Some((path, place)) = &home.settings_file else { continue };
        let mut files = Files::new(world, sources, root, *place);
        home.settings = settings(&mut files, path);
        errors.extend(files.close());
    }
    errors
}

fn settings(files: &mut Files<'_>, path: &str) -> Option<Settings> {
    let place = files.place;
    let root = files.file(path, place)?;
    let mut settings = Settings { place, http: None, in_yaml: true, trusted_networks: Vec::new() };
    if let Some((block, span)) = stored(files, &root) {
        settings.in_yaml = false;
        settings.http = http::read(files, &block, span);
        return Some(settings);
    }
    let core = files.entry(&root, "homeassistant");
    // Each package may hold a part of any block.
    let mut parts = vec![Rc::clone(&root)];
    if let Some((_, Found::Node(core))) = &core
        && let Some((_, Found::Node(packages))) = files.entry(core, "packages")
    {
        for package in values(&packages) {
            if let Some(Found::Node(package)) = files.follow(package) {
                parts.push(package);
            }
        }
    }
    for part in &parts {
        if let Some((key, Found::Node(block))) = files.entry(part, "http")
            && let Some(found) = http::read(files, &block, key)
        {
            settings.http = Some(match settings.http.take() {
                Some(earlier) => earlier.or(found),
                None => found,
            });
        }
        if let Some((_, Found::Node(core))) = files.entry(part, "homeassistant") {
            settings.trusted_networks.extend(trusted_networks(files, &core));
        }
    }
    Some(settings)
}

/// What stands in a map, under whatever keys.
fn values(map: &Node) -> impl Iterator<Item = &Rc<Node>> {
    let entries = if let Kind::Map(entries) = &map.kind { entries.as_slice() } else { &[] };
    entries.iter().map(|(_, value)| value)
}

/// The settings as Home Assistant keeps them from 2026.8 on (`.storage/http`), or as hedgerow's own JSON writes them.
fn stored(files: &mut Files<'_>, root: &Rc<Node>) -> Option<(Rc<Node>, crate::diagnostic::Span)> {
    if let Some((span, Found::Node(data))) = files.entry(root, "data")
        && let Some((_, Found::Node(key))) = files.entry(root, "key")
        && matches!(&key.kind, Kind::Scalar { text, .. } if text == "http")
    {
        return Some((data, span));
    }
    let Kind::Map(entries) = &root.kind else { return None };
    let bare = entries.iter().find(|(key, _)| http::KEYS.contains(&key.text.as_str()))?;
    Some((Rc::clone(root), bare.0.span))
}

/// The networks whose clients need no password: `auth_providers` of type `trusted_networks`.
fn trusted_networks(files: &mut Files<'_>, core: &Rc<Node>) -> Vec<Said<super::network::Listed>> {
    let Some((_, Found::Node(providers))) = files.entry(core, "auth_providers") else { return Vec::new() };
    let mut found = Vec::new();
    for provider in items(&providers) {
        let Some(Found::Node(provider)) = files.follow(&provider) else { continue };
        let kind = files.entry(&provider, "type");
        let is = |kind: &Found| matches!(kind, Found::Node(node) if matches!(&node.kind, Kind::Scalar { text, .. } if text == "trusted_networks"));
        if kind.is_some_and(|(_, kind)| is(&kind))
            && let Some((_, networks)) = files.entry(&provider, "trusted_networks")
        {
            found.extend(files.networks(&networks));
        }
    }
    found
}
