//! The list of rules of each interface.
//!
//! pfSense asks the rules of the interface on which a packet arrives, from above, and the first that fits decides. So
//! what no order has in the policy gets one here: forged sources; the router itself, and then nothing of it any more;
//! our zones; below a delegated prefix nothing any more; the internet. In each part the denies come first. What a rule
//! is about lies wholly in its part, so that neither a deny nor an allow of one part can take anything of another.

use super::{
    Renderer,
    aliases::{everything, family_word},
    combine::combined,
    document::{End, Rule, Separators, State},
    words,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        AddressSet, Options, Place, ZoneId,
        address::Intervals,
        service::{SCTP, Traffic},
    },
    packet::Family,
    plan::{Addresses, Line},
    policy::{Cause, baseline},
    router::number,
};

/// Marks what was let in, where the router's own packets have to be told from it on their way out.
pub const TAG: &str = "hr_forwarded";

/// The rules of one interface with the headings between them.
#[derive(Default)]
pub struct Sheet {
    pub rules: Vec<Rule>,
    headings: Vec<(usize, String)>,
}

impl Sheet {
    fn heading(&mut self, text: &str) {
        self.headings.push((self.rules.len(), words::description(&format!("{}{text}", words::MARK))));
    }
}

impl Renderer<'_> {
    pub(super) fn filter(&mut self) {
        self.output();
        let mut order: Vec<(String, ZoneId)> = self.interfaced().map(|id| (self.key(id), id)).collect();
        order.sort();
        for (key, id) in order {
            let sheet = self.sheet(id);
            let mut rows = Vec::new();
            for (index, (before, rule)) in combined(sheet.rules, &sheet.headings).into_iter().enumerate() {
                rows.extend(before.into_iter().map(|text| (index, text)));
                self.add(rule);
            }
            // The headings of a group stand under its name in small letters.
            self.document.separators.push(Separators { interface: key.to_lowercase(), rows });
        }
    }

    /// The zones that have an interface.
    pub(super) fn interfaced(&self) -> impl Iterator<Item = ZoneId> {
        self.network.zone_ids().filter(|(_, zone)| zone.behind.is_none()).map(|(id, _)| id)
    }

    /// Numbers a rule by what it says.
    pub(super) fn add(&mut self, mut rule: Rule) {
        let content = Rule { descr: String::new(), associated: String::new(), ..rule.clone() };
        let mut salt = 0_u32;
        rule.tracker = words::tracker(&content);
        while self.trackers.contains(&rule.tracker) {
            salt += 1;
            rule.tracker = words::tracker(&(&content, salt));
        }
        self.trackers.insert(rule.tracker);
        self.document.rules.push(rule);
    }

    fn sheet(&mut self, id: ZoneId) -> Sheet {
        let mut sheet = Sheet::default();
        let uplink = self.network.zone(id).is_internet();
        let senders = self.senders_on(id);
        sheet.heading("Sources that are none of this interface");
        self.forged(&mut sheet, id);
        sheet.heading("To the firewall itself");
        for from in &senders {
            self.neighbours(&mut sheet, *from);
            self.lines(&mut sheet, *from, Place::Router);
        }
        self.nothing_of_the_router(&mut sheet, id);
        sheet.heading("To our zones");
        let zones: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| !zone.is_internet()).map(|(zone, _)| zone).collect();
        let pairs = || senders.iter().flat_map(|from| zones.iter().map(move |to| (*from, *to)));
        for (from, to) in pairs() {
            self.denied(&mut sheet, from, Place::Zone(to));
        }
        for (from, to) in pairs() {
            self.forwarded(&mut sheet, from, to);
            self.allowed(&mut sheet, from, Place::Zone(to));
        }
        self.nothing_delegated(&mut sheet, id);
        sheet.heading("To the internet");
        for from in &senders {
            self.internet(&mut sheet, *from);
        }
        if !uplink && self.network.router.reject {
            sheet.heading("Everything else is refused");
            sheet.rules.push(self.closing(id, "everything else", End::any(), "inet46"));
        }
        sheet
    }

    /// The zones whose packets arrive on the interface of one: its own, and those of clients behind its hosts. Their
    /// sources tell them apart, and every line names its own.
    fn senders_on(&self, id: ZoneId) -> Vec<ZoneId> {
        let zones = self.network.zone_ids();
        let seen = zones.filter(|(zone, _)| self.network.link(*zone) == id && !self.network.is_hidden(*zone));
        seen.map(|(zone, _)| zone).collect()
    }

    /// A rule that holds back what goes somewhere, from wherever it comes.
    fn closing(&self, id: ZoneId, what: &str, destination: End, family: &'static str) -> Rule {
        Rule {
            kind: self.refusal(id),
            interface: self.key(id),
            family,
            source: End::any(),
            destination,
            descr: words::description(&format!("{}{what}", words::MARK)),
            ..Rule::default()
        }
    }

    /// The verdict on what is held back: inside it is told so at once, towards the internet nobody is told.
    fn refusal(&self, id: ZoneId) -> &'static str {
        if self.network.router.reject && !self.network.zone(id).is_internet() { "reject" } else { "block" }
    }

    fn forged(&mut self, sheet: &mut Sheet, id: ZoneId) {
        let block = |source: End, family: &'static str, descr: &str, key: String| Rule {
            kind: "block",
            interface: key,
            family,
            source,
            destination: End::any(),
            descr: words::description(&format!("{}{descr}", words::MARK)),
            ..Rule::default()
        };
        sheet.rules.push(block(End::network("(self)"), "inet46", "forged: an address of the firewall", self.key(id)));
        if !self.network.zone(id).is_internet() {
            return;
        }
        let inside: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.is_ours()).map(|(zone, _)| zone).collect();
        let written = inside.iter().flat_map(|zone| &self.network.zone(*zone).networks);
        let own = AddressSet::nets(written.filter(|net| net.delegated.is_none()).map(|net| net.net));
        for family in [Family::V4, Family::V6] {
            let nets = words::prefixes(own.family(family), family);
            if !nets.is_empty() {
                let name = self.alias("own_networks", true, family, nets, "our own networks");
                sheet.rules.push(block(
                    End::address(name),
                    family_word(family),
                    "forged: our own networks",
                    self.key(id),
                ));
            }
        }
        for zone in inside {
            if self.has_delegated(zone) {
                let source = End::network(self.key(zone));
                sheet.rules.push(block(source, "inet6", "forged: our own prefix", self.key(id)));
            }
        }
    }

    pub(super) fn has_delegated(&self, zone: ZoneId) -> bool {
        self.network.zone(zone).networks.iter().any(|network| network.delegated.is_some())
    }

    /// What has to reach the router for IPv6 and DHCP to work at all.
    fn neighbours(&mut self, sheet: &mut Sheet, id: ZoneId) {
        let span = self.network.zone(id).span;
        for flow in baseline(self.network).into_iter().filter(|flow| flow.from.place == Place::Zone(id)) {
            for family in [Family::V4, Family::V6].into_iter().filter(|family| flow.has_family(*family)) {
                let from = Addresses::of(self.network, flow.from.place, flow.from.addresses.family(family), family);
                let Ok(from) = from else { continue };
                for traffic in flow.traffic.iter().filter(|traffic| traffic.has_family(family)) {
                    let line = Line {
                        cause: flow.cause,
                        family,
                        from: from.clone(),
                        to: Addresses::literal(everything(family)),
                        traffic: traffic.clone(),
                        options: Options::default(),
                    };
                    self.line(&mut sheet.rules, id, Place::Router, &line, "pass", "", span);
                }
            }
        }
    }

    fn lines(&mut self, sheet: &mut Sheet, id: ZoneId, to: Place) {
        self.denied(sheet, id, to);
        self.allowed(sheet, id, to);
    }

    fn denied(&mut self, sheet: &mut Sheet, id: ZoneId, to: Place) {
        let book = self.book;
        let Some(pair) = book.pairs.get(&(Place::Zone(id), to)) else { return };
        let refusal = self.refusal(id);
        for line in &pair.denied {
            self.line(&mut sheet.rules, id, to, line, refusal, "", self.span(line.cause));
        }
    }

    fn allowed(&mut self, sheet: &mut Sheet, id: ZoneId, to: Place) {
        let book = self.book;
        let Some(pair) = book.pairs.get(&(Place::Zone(id), to)) else { return };
        for line in &pair.allowed {
            self.line(&mut sheet.rules, id, to, line, "pass", "", self.span(line.cause));
        }
    }

    /// The rules of one line that arrives from a zone.
    #[expect(clippy::too_many_arguments, reason = "the parts of a rule, each once")]
    pub(super) fn line(
        &mut self,
        rules: &mut Vec<Rule>,
        id: ZoneId,
        to: Place,
        line: &Line,
        kind: &'static str,
        gateway: &str,
        span: Span,
    ) {
        let from = self.ends(Place::Zone(id), &line.from, line.family, span);
        // The answers of hosts on the link go to the host behind which the other end is, and not by here.
        let one_way = to != Place::Zone(id) && self.network.on_one_link(Place::Zone(id), to);
        let to = self.destinations(to, &line.to, line.family, span);
        let model = Rule {
            state: if kind == "pass" && one_way { State::Sloppy } else { State::Keep },
            kind,
            interface: self.key(id),
            gateway: if kind == "pass" { gateway.to_owned() } else { String::new() },
            tag: if kind == "pass" { self.tag() } else { String::new() },
            ..Rule::default()
        };
        self.rules(rules, &model, line.family, (&from, &to), &line.traffic, (line.cause, &line.options));
    }

    /// The mark of what was let in, if the router's own packets have to be told from it.
    pub(super) fn tag(&self) -> String {
        if self.marks { TAG.to_owned() } else { String::new() }
    }

    /// Fills a rule for every two sides.
    pub(super) fn rules(
        &mut self,
        rules: &mut Vec<Rule>,
        model: &Rule,
        family: Family,
        (from, to): (&[End], &[End]),
        traffic: &Traffic,
        (cause, options): (Cause, &Options),
    ) {
        self.refuse_limit(options);
        let icmp = if traffic.has_ports() { String::new() } else { words::icmp_types(traffic) };
        let (source_port, port) = (self.usable(&traffic.from, traffic), self.usable(&traffic.to, traffic));
        let schedule = options.during.map(|(schedule, span)| self.schedule(schedule, span)).unwrap_or_default();
        let descr = words::description(&format!("{}{}", words::MARK, self.origins.of(cause)));
        for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (from, to))) {
            rules.push(Rule {
                family: family_word(family),
                protocol: words::protocol(traffic),
                icmp: icmp.clone(),
                source: from.port(&source_port),
                destination: to.port(&port),
                log: options.log,
                schedule: schedule.clone(),
                descr: descr.clone(),
                ..model.clone()
            });
        }
    }

    /// Ports as a rule takes them.
    pub(super) fn usable(&mut self, ranges: &[(u16, u16)], traffic: &Traffic) -> String {
        match (traffic.protocol, ranges) {
            // pfSense makes `at most` of a range from 1. That takes in port 0, which it blocks for TCP and UDP alone.
            (Some(SCTP), [(1, to)]) if *to > 1 => self.port_list(ranges),
            _ if traffic.has_ports() => self.ports(ranges),
            _ => String::new(),
        }
    }

    /// Limits count the connections of all senders in the policy, and those of each sender in pfSense.
    pub(super) fn refuse_limit(&mut self, options: &Options) {
        if let Some((_, span)) = options.limit {
            self.errors.push(
                Diagnostic::error("backend-cannot-express", span, "pfsense has no limit of new connections for all senders together")
                    .label("counts the connections of everybody who matches")
                    .help("take the limit out; pfSense can count per sender: Advanced Options of a rule, Max. src. conn. Rate"),
            );
        }
    }

    /// Where packets to a place go. The router is every address it has, and what is delivered to it beside them.
    pub(super) fn destinations(&mut self, to: Place, addresses: &Addresses, family: Family, span: Span) -> Vec<End> {
        if to != Place::Router {
            return self.ends(to, addresses, family, span);
        }
        let near = near(self, family);
        if addresses.literal == everything(family) {
            let name =
                self.alias("link", true, family, words::prefixes(&near, family), "broadcast, multicast, link-local");
            return vec![End::network("(self)"), End::address(name)];
        }
        let stand_in = |own: &crate::model::OwnAddress| {
            let (own_family, value) = number(own.address);
            !own.source.is_known() && own_family == family && addresses.literal.contains(value)
        };
        if self.network.zones.iter().flat_map(|zone| &zone.addresses).any(stand_in) {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    span,
                    "this names an address of the router that may change",
                )
                .label("is given to the router by somebody else")
                .help("name `router`, which is every address it has, or an address that is written in the policy"),
            );
            return Vec::new();
        }
        self.ends(Place::Router, addresses, family, span)
    }

    /// What is the router's and was let in by no rule above must not fall to a rule below: its addresses lie in the
    /// networks of zones, and beyond uplinks.
    fn nothing_of_the_router(&mut self, sheet: &mut Sheet, id: ZoneId) {
        sheet.rules.push(self.closing(id, "nothing else of the firewall", End::network("(self)"), "inet46"));
        for family in [Family::V4, Family::V6] {
            let near = near(self, family);
            let name =
                self.alias("link", true, family, words::prefixes(&near, family), "broadcast, multicast, link-local");
            sheet.rules.push(self.closing(id, "nothing else on the link", End::address(name), family_word(family)));
        }
    }

    /// Networks below a prefix that may change look like the internet: nothing of them must fall to a rule below.
    fn nothing_delegated(&self, sheet: &mut Sheet, id: ZoneId) {
        let zones = self.network.zone_ids().filter(|(zone, _)| self.has_delegated(*zone));
        for (zone, known) in zones {
            let what = format!("nothing else of {}", known.name);
            sheet.rules.push(self.closing(id, &what, End::network(self.key(zone)), "inet6"));
        }
    }
}

/// What is delivered to the router beside its own addresses.
fn near(renderer: &Renderer, family: Family) -> Intervals {
    let mut set = match family {
        Family::V4 => {
            AddressSet::nets(["224.0.0.0/4", "255.255.255.255/32"].into_iter().filter_map(|net| net.parse().ok()))
        }
        Family::V6 => AddressSet::nets(["fe80::/10", "ff00::/8"].into_iter().filter_map(|net| net.parse().ok())),
    };
    if family == Family::V4 {
        let links = renderer.standing.topology.interfaces.iter().flat_map(crate::router::Interface::links);
        for net in links.filter(|net| net.network().is_ipv4() && net.prefix_len() < 31) {
            set = set.union(&AddressSet::of(net.broadcast()));
        }
    }
    set.family(family).clone()
}
