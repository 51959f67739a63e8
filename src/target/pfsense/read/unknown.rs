//! What opens ports, or holds packets back, by rules that do not stand in `config.xml`.

use super::{
    ast::{Action, Addresses, Direction, Filter, Match, Origin, Rdr, Rules, To},
    builtin::everything,
    config::{Config, shown},
};

/// Adds `UPnP`, and notes for everything else.
pub fn unknown(config: &Config, rules: &mut Rules) {
    upnp(config, rules);
    if config.system("disablefilter") {
        rules.filters.clear();
        rules.notes.push(Origin { line: 0, text: "the packet filter is switched off: everything passes".to_owned() });
        rules.binats.clear();
        rules.nats.clear();
        rules.rdrs.clear();
    }
    let portals = config.root.get("captiveportal").map_or(&[][..], |node| node.children.as_slice());
    for portal in portals.iter().filter(|portal| portal.has("enable")) {
        for key in portal.text("interface").split(',') {
            let Some(interface) = config.interfaces.get(key) else { continue };
            let mut rule = Filter::new(Action::Block, "captive portal: who has not signed in is held back");
            rule.origin.line = portal.line;
            rule.direction = Some(Direction::In);
            rule.quick = true;
            rule.perhaps = true;
            rule.matches = everything(&interface.device, &[]);
            rules.filters.insert(0, rule);
        }
    }
    for package in config.root.all(&["installedpackages"], "package") {
        let hook = package.text("filter_rule_function");
        if !hook.is_empty() {
            let text = format!("package `{}` adds rules that are not in the file", shown(package.text("name")));
            rules.notes.push(Origin { line: package.line, text });
        }
    }
}

/// Whoever is inside may open ports: any of them may be open at this moment.
fn upnp(config: &Config, rules: &mut Rules) {
    let settings = config.root.all(&["installedpackages", "miniupnpd"], "config").next();
    let Some(settings) = settings.filter(|settings| settings.text("enable") == "on") else { return };
    let outside = config.interfaces.get(settings.text("ext_iface")).or_else(|| config.interfaces.get("wan"));
    let Some(outside) = outside else { return };
    let text = "UPnP opens ports that the file does not name".to_owned();
    let origin = Origin { line: settings.line, text };
    let matches: Match = everything(&outside.device, &[6, 17]);
    debug_assert!(matches.dst.addresses == Addresses::Any);
    rules.rdrs.push(Rdr {
        no: false,
        pass: false,
        matches: matches.clone(),
        to: To::Unknown,
        port: None,
        tag: String::new(),
        perhaps: true,
        origin: origin.clone(),
    });
    let mut rule = Filter::new(Action::Pass, "");
    rule.origin = origin;
    rule.direction = Some(Direction::In);
    rule.perhaps = true;
    rule.matches = matches;
    rules.filters.push(rule);
}
