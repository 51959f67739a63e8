//! The rules that pfSense makes of `config.xml` (`filter.inc`), in the order in which it writes them.

use hedgerow::{packet::Family, router::Topology};
use ipnet::IpNet;
use roxmltree::Node;

use super::{
    config::{Config, Gone, Port, at, child, has, list, literal, protocols, refused, text},
    judge::{Action, Conditions, End, Firewall, Outbound, Place, Redirect, Rule},
};

const LOOPBACK: u16 = 60_000;
const LINK6: &str = "fe80::/10";
const GROUP6: &str = "ff02::/16";

fn base(action: Action, inward: Option<bool>, quick: bool) -> Rule {
    let syn = action == Action::Pass;
    let (tag, tagged, icmp) = (String::new(), None, Vec::new());
    Rule {
        action,
        inward,
        quick,
        of: Conditions::default(),
        icmp,
        syn,
        stateless: false,
        tag,
        tagged,
        route: None,
        minutes: None,
        by_itself: false,
    }
}

fn nets(words: &[&str]) -> End {
    let nets = words.iter().map(|word| literal(word).unwrap()).collect();
    End { place: Place::Nets(nets), ..End::default() }
}

fn one(net: IpNet) -> End {
    End { place: Place::Nets(vec![net]), ..End::default() }
}

fn with(end: End, port: u16) -> End {
    End { ports: Some(vec![(port, port)]), ..end }
}

fn any(port: u16) -> End {
    with(End::default(), port)
}

/// May versions load the file whose words for networks leave further addresses of IPv6 out?
pub fn is_old(root: Node) -> bool {
    let (major, minor) = text(root, "version").split_once('.').unwrap_or_default();
    (major.parse().unwrap_or(0), minor.parse().unwrap_or(0)) < (24, 5)
}

/// Does something decide that does not stand in the file: bogons, who has signed in, which ports were opened by `UPnP`?
pub fn is_unsure(root: Node) -> bool {
    portals(root).next().is_some()
        || upnp(root).is_some()
        || root.descendants().any(|node| node.has_tag_name("blockbogons"))
}

fn portals<'a>(root: Node<'a, 'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    let portals = child(root, "captiveportal").into_iter().flat_map(|node| node.children());
    portals.filter(|portal| has(*portal, "enable"))
}

fn upnp<'a>(root: Node<'a, 'a>) -> Option<Node<'a, 'a>> {
    let settings = at(root, &["installedpackages", "miniupnpd", "config"])?;
    (text(settings, "enable") == "on").then_some(settings)
}

/// What is known on the router only holds for everything, if `full`, or for nothing.
///
/// # Errors
/// What pf would refuse, and what is not known here.
pub fn firewall(root: Node, topology: &Topology, further: bool, full: bool) -> Result<Firewall, String> {
    let config = Config::new(root, topology, further)?;
    let devices = topology.interfaces().map(|(id, own)| own.behind.map_or(id, |at| u16::try_from(at + 1).unwrap()));
    let devices = devices.collect();
    let mut made = Firewall { own: config.own.clone(), offset: topology.offset, devices, ..Firewall::default() };
    if config.system("disablefilter") {
        return Ok(made);
    }
    let known = |gone: Gone| match gone {
        Gone::Refused(why) => Some(why),
        Gone::Skipped => None,
    };
    translations(&config, &mut made).map_err(|gone| known(gone).unwrap_or_default())?;
    for portal in portals(root).filter(|_| full) {
        for port in text(portal, "interface").split(',').filter_map(|key| config.port(key)) {
            let mut rule = base(Action::Block, Some(true), true);
            rule.of.on = Some((vec![port.number], false));
            made.rules.push(rule);
        }
    }
    before(&config, full, &mut made.rules)?;
    let mut nodes = list(root, &["filter"], "rule");
    nodes.sort_by_key(|node| !has(*node, "floating"));
    for node in nodes.into_iter().filter(|node| !has(*node, "disabled")) {
        let families: &[Family] = match text(node, "ipprotocol") {
            "inet46" => &[Family::V4, Family::V6],
            "inet6" => &[Family::V6],
            _ => &[Family::V4],
        };
        for family in families {
            match user(&config, node, *family) {
                Ok(rule) => made.rules.push(rule),
                Err(Gone::Skipped) => {}
                Err(Gone::Refused(why)) => return Err(why),
            }
        }
    }
    if let Some(settings) = upnp(root).filter(|_| full) {
        let outside = config.port(text(settings, "ext_iface")).or_else(|| config.port("wan")).ok_or("no wan")?;
        let mut rule = base(Action::Pass, Some(true), false);
        rule.of.on = Some((vec![outside.number], false));
        rule.of.protocols = vec![6, 17];
        made.rules.push(rule);
    }
    Ok(made)
}

fn before(config: &Config, full: bool, rules: &mut Vec<Rule>) -> Result<(), String> {
    let ipv6 = config.system("ipv6allow");
    let mut add = |rule: Rule, change: &dyn Fn(&mut Conditions)| {
        let mut rule = rule;
        change(&mut rule.of);
        rules.push(rule);
    };
    if !ipv6 {
        add(base(Action::Pass, None, true), &|of| {
            of.family = Some(Family::V6);
            of.on = Some((vec![LOOPBACK], false));
        });
        add(base(Action::Block, None, true), &|of| of.family = Some(Family::V6));
    }
    if !config.system("allow_nat64_prefix_override") {
        let beneath = [
            "64:ff9b::/104",
            "64:ff9b::a00:0/104",
            "64:ff9b::6440:0/106",
            "64:ff9b::7f00:0/104",
            "64:ff9b::a9fe:0/112",
            "64:ff9b::ac10:0/108",
            "64:ff9b::c000:0/120",
            "64:ff9b::c000:200/120",
            "64:ff9b::c058:6300/120",
            "64:ff9b::c0a8:0/112",
            "64:ff9b::c612:0/111",
            "64:ff9b::c633:6400/120",
            "64:ff9b::cb00:7100/120",
            "64:ff9b::e000:0/100",
            "64:ff9b::f000:0/100",
            "64:ff9b::ffff:ffff/128",
        ];
        add(base(Action::Block, None, true), &|of| of.dst = nets(&beneath));
    }
    if !config.system("no_apipa_block") {
        add(base(Action::Block, Some(true), true), &|of| of.src = nets(&["169.254.0.0/16"]));
        add(base(Action::Block, Some(true), true), &|of| of.dst = nets(&["169.254.0.0/16"]));
    }
    add(base(Action::Block, None, false), &|_| {});
    if ipv6 {
        let mut icmp6 = |inward: Option<bool>, types: &[u8], from: End, to: End| {
            let rule = Rule {
                icmp: types.iter().map(|kind| (*kind, None)).collect(),
                by_itself: true,
                ..base(Action::Pass, inward, true)
            };
            add(rule, &|of| {
                (of.family, of.protocols) = (Some(Family::V6), vec![58]);
                (of.src, of.dst) = (from.clone(), to.clone());
            });
        };
        icmp6(None, &[1, 2, 135, 136], End::default(), End::default());
        for to in [LINK6, GROUP6] {
            icmp6(Some(false), &[129, 133, 134, 135, 136], nets(&[LINK6]), nets(&[to]));
        }
        for (from, to) in [(LINK6, LINK6), (GROUP6, LINK6), (LINK6, GROUP6), ("::/128", GROUP6)] {
            icmp6(Some(true), &[128, 133, 134, 135, 136], nets(&[from]), nets(&[to]));
        }
    }
    for end in [true, false] {
        add(base(Action::Block, None, true), &|of| {
            of.protocols = vec![6, 17];
            *(if end { &mut of.src } else { &mut of.dst }) = any(0);
        });
    }
    for port in &config.ports {
        on_port(config, port, (ipv6, full), rules);
    }
    let mut loopback = base(Action::Pass, None, false);
    loopback.of.on = Some((vec![LOOPBACK], false));
    rules.push(loopback);
    rules.push(base(Action::Pass, Some(false), false));
    let web = at(config.root, &["system", "webgui"]).ok_or("no web page")?;
    if !has(web, "noantilockout") {
        let lan = config.port("lan").ok_or("no lan")?;
        let page = if text(web, "port").is_empty() { 443 } else { text(web, "port").parse().unwrap_or(443) };
        let mut ports = vec![(page, page), (80, 80)];
        if at(config.root, &["system", "ssh", "enable"]).is_some() {
            ports.push((22, 22));
        }
        let mut rule = base(Action::Pass, Some(true), true);
        rule.of.on = Some((vec![lan.number], false));
        rule.of.protocols = vec![6];
        rule.of.dst = End { place: Place::Of(lan.number), not: false, ports: Some(ports) };
        rules.push(rule);
    }
    Ok(())
}

fn on_port(config: &Config, port: &Port, (ipv6, full): (bool, bool), rules: &mut Vec<Rule>) {
    let here = Some((vec![port.number], false));
    let udp = |inward: Option<bool>, from: End, to: End| {
        let of = Conditions { on: here.clone(), protocols: vec![17], src: from, dst: to, family: None };
        Rule { of, by_itself: true, ..base(Action::Pass, inward, true) }
    };
    if text(port.node, "ipaddr") == "dhcp" {
        for (inward, from, to) in [(true, 67, 68), (false, 68, 67)] {
            rules.push(Rule { stateless: true, ..udp(Some(inward), any(from), any(to)) });
        }
    }
    if ipv6 && ["slaac", "dhcp6"].contains(&text(port.node, "ipaddrv6")) {
        rules.push(udp(Some(true), with(nets(&[LINK6]), 546), with(nets(&[LINK6]), 546)));
        rules.push(udp(Some(true), any(547), any(546)));
        rules.push(udp(Some(false), any(546), any(547)));
    }
    if has(port.node, "blockbogons") && full {
        let mut rule = base(Action::Block, Some(true), true);
        rule.of.on.clone_from(&here);
        rules.push(rule);
    }
    if port.v4.is_some() {
        let own = port.vips.iter().filter(|vip| vip.1).map(|vip| vip.0);
        for net in port.v4.into_iter().chain(port.v6).chain(own) {
            let mut elsewhere = base(Action::Block, Some(true), false);
            elsewhere.of.on = Some((vec![port.number], true));
            elsewhere.of.src = one(net.trunc());
            let mut itself = base(Action::Block, Some(true), false);
            itself.of.src = one(net.addr().into());
            rules.extend([elsewhere, itself]);
        }
    }
    if has(port.node, "blockpriv") {
        let mut rule = base(Action::Block, Some(true), true);
        rule.of.on.clone_from(&here);
        rule.of.src = nets(&["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]);
        rules.push(rule);
    }
    let serves = |list: &str| at(config.root, &[list, port.key]).is_some_and(|pool| has(pool, "enable"));
    if serves("dhcpd") && !["", "none", "pppoe"].contains(&text(port.node, "ipaddr")) {
        rules.push(udp(Some(true), any(68), with(nets(&["255.255.255.255"]), 67)));
        if let Some(own) = port.v4 {
            let own = one(own.addr().into());
            rules.push(udp(Some(true), any(68), with(own.clone(), 67)));
            rules.push(udp(Some(false), with(own, 67), any(68)));
        }
    }
    if serves("dhcpdv6") {
        let mut v6 = |inward: Option<bool>, from: End, to: End| {
            let mut rule = udp(inward, from, to);
            rule.of.family = Some(Family::V6);
            rules.push(rule);
        };
        for (from, to, number) in
            [(LINK6, LINK6, 546), (LINK6, GROUP6, 546), (LINK6, GROUP6, 547), (GROUP6, LINK6, 547)]
        {
            v6(None, nets(&[from]), with(nets(&[to]), number));
        }
        if let Some(own) = port.v6 {
            let own = one(own.addr().into());
            v6(Some(true), nets(&[LINK6]), with(own.clone(), 546));
            v6(Some(false), with(own, 547), nets(&[LINK6]));
        }
    }
}

fn user<'a>(config: &Config<'a>, node: Node<'a, 'a>, family: Family) -> Result<Rule, Gone> {
    let floating = has(node, "floating");
    let word = text(node, "interface");
    let action = match text(node, "type") {
        "block" | "reject" => Action::Block,
        "match" => Action::Match,
        _ => Action::Pass,
    };
    let inward = match text(node, "direction") {
        _ if !floating => Some(true),
        "in" => Some(true),
        "out" => Some(false),
        _ => None,
    };
    let mut rule = base(action, inward, !floating || has(node, "quick"));
    let everywhere = floating && ["", "any"].contains(&word);
    if !everywhere {
        let keys: Vec<&str> = if floating { word.split(',').collect() } else { vec![word] };
        let numbers: Vec<u16> = keys.iter().filter_map(|key| config.number(key)).collect();
        if numbers.is_empty() {
            return Err(Gone::Skipped);
        }
        rule.of.on = Some((numbers, false));
    }
    let gateway = text(node, "gateway");
    if !gateway.is_empty() && action == Action::Pass {
        rule.route = behind(config, gateway);
        if rule.route.is_none() && config.system("skip_rules_gw_down") {
            return Err(Gone::Skipped);
        }
    }
    rule.of.family = Some(family);
    let protocol = text(node, "protocol");
    rule.of.protocols = protocols(protocol, family)?;
    let ported = ["source", "destination"].iter().any(|side| child(node, side).is_some_and(|end| has(end, "port")));
    if protocol.is_empty() && ported {
        // pfSense takes it for TCP, and forgets the port.
        rule.of.protocols = vec![6];
    }
    rule.of.src = config.end(node, "source", family)?;
    rule.of.dst = config.end(node, "destination", family)?;
    let types = text(node, "icmptype");
    if protocol == "icmp" && !["", "any"].contains(&types) {
        for word in types.split(',') {
            rule.icmp.push(icmp(word, family)?);
        }
    }
    text(node, "tag").clone_into(&mut rule.tag);
    let tagged = text(node, "tagged");
    rule.tagged = (!tagged.is_empty()).then(|| tagged.to_owned());
    if ["max", "max-src-nodes", "max-src-states", "max-src-conn"].iter().any(|name| !text(node, name).is_empty()) {
        return refused("a limit of states");
    }
    rule.minutes = schedule(config, text(node, "sched"));
    rule.stateless = action == Action::Pass && text(node, "statetype") == "none";
    // Only rules about TCP are about SYN by themselves; keeping a state makes the others so.
    rule.syn = if protocol == "tcp" { !has(node, "tcpflags_any") } else { action == Action::Pass && !rule.stateless };
    // pfSense writes `reply-to` where the interface has a gateway. On the way out it sends the answers there, and to nobody.
    let says = !has(node, "disablereplyto") && !config.system("disablereplyto");
    let bounces = action == Action::Pass && inward == Some(false) && gateway.is_empty() && says;
    rule.stateless |= bounces && config.port(word).is_some_and(|port| port.has_gateway(family));
    Ok(rule)
}

/// The minutes of a schedule; nothing for always, as for a name that no schedule has.
fn schedule(config: &Config, name: &str) -> Option<Vec<(u16, u16)>> {
    let all = list(config.root, &["schedules"], "schedule");
    let schedule = all.into_iter().find(|schedule| !name.is_empty() && text(*schedule, "name") == name)?;
    let clock = |word: &str| {
        let (hour, minute) = word.split_once(':')?;
        Some(hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?)
    };
    let mut found = Vec::new();
    for range in schedule.children().filter(|child| child.has_tag_name("timerange")) {
        let (from, to) = text(range, "hour").split_once('-')?;
        let (from, to) = (clock(from)?, clock(to)?);
        let days = text(range, "position").split(',').filter_map(|day| day.parse::<u16>().ok());
        found.extend(days.map(|day| ((day - 1) * 1440 + from, (day - 1) * 1440 + to)));
    }
    Some(found)
}

fn icmp(word: &str, family: Family) -> Result<(u8, Option<u8>), Gone> {
    let (kind, code) = word.split_once(" code ").map_or((word, None), |(kind, code)| (kind, Some(code)));
    let v4 = [
        ("echorep", 0),
        ("unreach", 3),
        ("redir", 5),
        ("echoreq", 8),
        ("routeradv", 9),
        ("routersol", 10),
        ("timex", 11),
        ("paramprob", 12),
        ("timereq", 13),
        ("timerep", 14),
    ];
    let v6 = [
        ("unreach", 1),
        ("toobig", 2),
        ("timex", 3),
        ("paramprob", 4),
        ("echoreq", 128),
        ("echorep", 129),
        ("routersol", 133),
        ("routeradv", 134),
        ("neighbrsol", 135),
        ("neighbradv", 136),
    ];
    let words = if family == Family::V4 { v4 } else { v6 };
    let named = words.iter().find(|(known, _)| *known == kind).map(|(_, number)| *number);
    let Some(number) = named.or_else(|| kind.parse().ok()) else { return refused("no type of this family") };
    Ok((number, code.and_then(|code| code.parse().ok())))
}

/// The interfaces that a gateway, or a group of them, lies behind.
fn behind(config: &Config, name: &str) -> Option<Vec<u16>> {
    let mut members = vec![name];
    let groups = list(config.root, &["gateways"], "gateway_group");
    if let Some(group) = groups.into_iter().find(|group| text(*group, "name") == name) {
        let items = group.children().filter(|child| child.has_tag_name("item"));
        members = items.filter_map(|item| item.text()?.split('|').next()).collect();
    }
    let items = list(config.root, &["gateways"], "gateway_item");
    let numbers: Vec<u16> = members
        .into_iter()
        .filter_map(|member| {
            let item = items.iter().find(|item| text(**item, "name") == member);
            let by_kind = |port: &&Port| {
                let start = format!("{}_", text(port.node, "descr").to_uppercase());
                member.strip_prefix(&start).is_some_and(|kind| {
                    [text(port.node, "ipaddr"), text(port.node, "ipaddrv6")].iter().any(|own| {
                        own.parse::<std::net::IpAddr>().is_err() && !own.is_empty() && own.to_uppercase() == kind
                    })
                })
            };
            match item {
                Some(item) => config.port(text(*item, "interface")),
                None => config.ports.iter().find(by_kind),
            }
        })
        .map(|port| port.number)
        .collect();
    (!numbers.is_empty()).then_some(numbers)
}

fn translations(config: &Config, made: &mut Firewall) -> Result<(), Gone> {
    if !list(config.root, &["nat"], "onetoone").is_empty() {
        return refused("1:1 is not known here");
    }
    // `no nat proto carp`, `no rdr proto carp`
    let carp = || Conditions { protocols: vec![112], ..Conditions::default() };
    let nowhere = std::net::IpAddr::from([0, 0, 0, 0]);
    made.outbound.push(Outbound { of: carp(), no: true, target: None, keeps_port: true });
    made.redirects.push(Redirect { of: carp(), no: true, passes: false, target: nowhere, port: None });
    let mode = at(config.root, &["nat", "outbound"]).map_or("", |node| text(node, "mode"));
    if ["advanced", "hybrid"].contains(&mode) {
        for node in list(config.root, &["nat", "outbound"], "rule").into_iter().filter(|node| !has(*node, "disabled")) {
            match outbound(config, node) {
                Ok(found) => made.outbound.extend(found),
                Err(Gone::Skipped) => {}
                Err(refused) => return Err(refused),
            }
        }
    }
    if ["", "automatic", "hybrid"].contains(&mode) {
        automatic(config, &mut made.outbound);
    }
    for node in list(config.root, &["nat"], "rule").into_iter().filter(|node| !has(*node, "disabled")) {
        match forward(config, node, made) {
            Ok(()) | Err(Gone::Skipped) => {}
            Err(refused) => return Err(refused),
        }
    }
    Ok(())
}

fn outbound<'a>(config: &Config<'a>, node: Node<'a, 'a>) -> Result<Vec<Outbound>, Gone> {
    let port = config.port(text(node, "interface")).ok_or(Gone::Skipped)?;
    let target = text(node, "target");
    let mut found = Vec::new();
    let ends = |side: &str, numbers: &str, v4: bool| {
        let part = child(node, side).ok_or(Gone::Skipped)?;
        let word = text(part, "network");
        let mut end = End { not: has(part, "not"), ..End::default() };
        if !has(part, "any") && word != "any" {
            end.place = match config.addresses(word)? {
                Some(nets) => Place::Nets(nets),
                None => config.network(word, v4).ok_or(Gone::Skipped)?,
            };
        }
        end.ports = config.numbers(text(node, numbers), "tcp")?;
        Ok(end)
    };
    let families: &[Family] = match text(node, "ipprotocol") {
        "inet" => &[Family::V4],
        "inet6" => &[Family::V6],
        _ => return refused("an outbound rule of no family"),
    };
    for family in families {
        let v4 = *family == Family::V4;
        let (src, dst) = (ends("source", "sourceport", v4)?, ends("destination", "dstport", v4)?);
        let mut protocols = protocols(text(node, "protocol"), *family)?;
        if protocols.is_empty() && (src.ports.is_some() || dst.ports.is_some()) {
            protocols = vec![6, 17];
        }
        let target = match target {
            "" => None,
            word => match word.parse::<std::net::IpAddr>() {
                Ok(address) if address.is_ipv4() == v4 => Some(address),
                _ => return refused("a target that is no address"),
            },
        };
        let of = Conditions { on: Some((vec![port.number], false)), family: Some(*family), protocols, src, dst };
        found.push(Outbound { of, no: has(node, "nonat"), target, keeps_port: has(node, "staticnatport") });
    }
    Ok(found)
}

fn automatic(config: &Config, made: &mut Vec<Outbound>) {
    let mut inside = vec![literal("127.0.0.0/8").unwrap(), literal("::1/128").unwrap()];
    for port in config.ports.iter().filter(|port| !port.outward()) {
        if let Some(own) = port.v4 {
            inside.push(own.trunc());
            inside.extend(port.vips.iter().map(|vip| vip.0.trunc()).filter(|net| net.addr().is_ipv4()));
        }
    }
    for server in list(config.root, &["openvpn"], "openvpn-server") {
        inside.extend(literal(text(server, "tunnel_network")));
    }
    for port in config.ports.iter().filter(|port| port.outward() && !text(port.node, "if").starts_with("ovpn")) {
        let src = End { place: Place::Nets(inside.clone()), ..End::default() };
        let of = Conditions { on: Some((vec![port.number], false)), src, ..Conditions::default() };
        made.push(Outbound { of, no: false, target: None, keeps_port: false });
    }
}

fn forward<'a>(config: &Config<'a>, node: Node<'a, 'a>, made: &mut Firewall) -> Result<(), Gone> {
    let port = config.port(text(node, "interface")).ok_or(Gone::Skipped)?;
    let family = if text(node, "ipprotocol") == "inet6" { Family::V6 } else { Family::V4 };
    let v4 = family == Family::V4;
    let (src, dst) = (config.end(node, "source", family)?, config.end(node, "destination", family)?);
    let protocol = text(node, "protocol");
    let protocols = protocols(protocol, family)?;
    let no = has(node, "nordr");
    let target = text(node, "target");
    let address = match target.parse() {
        Ok(address) => address,
        Err(_) if no => std::net::IpAddr::from([0, 0, 0, 0]),
        Err(_) => match config.addresses(target)?.as_deref() {
            Some([net]) if net.prefix_len() == net.max_prefix_len() => net.addr(),
            Some(_) => return refused("a target of several addresses"),
            None => return Err(Gone::Skipped),
        },
    };
    let (outside, inside) = (text(child(node, "destination").ok_or(Gone::Skipped)?, "port"), text(node, "local-port"));
    let first = outside.split('-').next().unwrap();
    let ported = ["tcp", "udp", "tcp/udp", "sctp"].contains(&protocol);
    let mut shift = None;
    if ported && !["", first, outside].contains(&inside) {
        let Ok(inside) = inside.parse() else { return refused("an alias for the port inside") };
        match first.parse() {
            Ok(first) => shift = Some((first, inside)),
            Err(_) => return refused("a list of ports that moves to one"),
        }
    }
    let of = Conditions { on: Some((vec![port.number], false)), family: Some(family), protocols, src, dst };
    let passes = !no && text(node, "associated-rule-id") == "pass";
    let redirect = Redirect { of, no, passes, target: address, port: shift };
    made.redirects.push(redirect.clone());
    let reflected = match text(node, "natreflection") {
        "disable" => false,
        "purenat" => true,
        "enable" => return refused("reflection by a program"),
        _ if config.system("disablenatreflection") => false,
        _ if config.system("enablenatreflectionpurenat") => true,
        _ => return refused("reflection as the system has it"),
    };
    let inner = config.ports.iter().filter(|other| !other.outward() && other.number != port.number);
    let inner: Vec<u16> = inner.map(|other| other.number).collect();
    if reflected && !inner.is_empty() {
        let mut again = redirect.clone();
        again.of.on = Some((inner, false));
        if let (Place::Any, Some(own)) = (&again.of.dst.place, port.v4) {
            again.of.dst.place = Place::Nets(vec![own.trunc()]);
        }
        made.redirects.push(again);
    }
    if config.system("enablenatreflectionhelper") {
        return refused("the helper of reflection");
    }
    // Who is on the link of the forward gets its answers through the firewall.
    let own = if v4 { port.v4 } else { port.v6 };
    if let (Place::Any, false, Some(own), false) = (&redirect.of.dst.place, port.outward(), own, no) {
        let on = Some((vec![port.number], false));
        let back = |src: End, dst: End, no: bool| Outbound {
            of: Conditions { on: on.clone(), family: Some(family), protocols: vec![6], src, dst },
            no,
            target: None,
            keeps_port: false,
        };
        made.outbound.push(back(End { place: Place::Of(port.number), ..End::default() }, one(own.trunc()), true));
        let ports = match shift {
            Some((_, inside)) => Some(vec![(inside, inside)]),
            None => redirect.of.dst.ports.clone(),
        };
        made.outbound.push(back(one(own.trunc()), End { ports, ..one(address.into()) }, false));
    }
    Ok(())
}
