//! Five households, what each of them expects of its network, and the program's answers. Every expectation is asked in
//! three ways: as an assertion that has to hold, as a question to `explain`, and once more with a change to the policy
//! under which it must not hold any longer.
//!
//! Two expectations are not here. E8.14, that answers leave by the uplink on which the question came: that is
//! routing, which a policy does not describe. E5.7, ICMPv6 errors in the forwarding path: they belong to a connection
//! and pass by connection tracking, so they are first packets of nothing; the test looks for that rule in the
//! compiled file instead.

#[path = "support/settings.rs"]
mod settings;

use std::{fmt::Write as _, fs, path::Path};

use hedgerow::{
    compile::{self, Checked},
    diagnostic::Human,
    reach::{Answer, Verdict, answer, ask},
    target::Target,
    world::Memory,
};
use libtest_mimic::{Arguments, Failed, Trial};

/// FROM, TO, SERVICES as the language writes them; no services are all.
type Words = (&'static str, &'static str, &'static str);

enum Expect {
    Never(Words),
    /// Every packet gets there.
    Reach(Words),
    /// Nobody but FROM.
    Only(Words),
    /// Not by any chain of hosts.
    NeverChain(&'static str, &'static str),
    /// The chain that has to be reported, by the names of its hosts.
    Chain(&'static str, &'static str, &'static [&'static str]),
    /// The lines of an `exposed` list, and a change that opens more.
    Exposed(&'static [&'static str], &'static str),
    /// One zone, so the router filters nothing.
    Unfiltered(&'static str, &'static str),
    /// All of these hosts are in one zone.
    SameZone(&'static [&'static str]),
    /// By the public address: who, port, and where it leads if it leads anywhere.
    PublicName(&'static str, u16, Option<&'static str>),
    /// The public address by which a zone leaves.
    Egress(&'static str, &'static str),
    /// Text of the compiled file.
    Compiled(&'static [&'static str]),
}

use Expect::{Chain, Compiled, Egress, Exposed, Never, NeverChain, Only, PublicName, Reach, SameZone, Unfiltered};

const E1: &str = "lan-only";
const E2: &str = "direct-tls";
const E4: &str = "nginx-cloudflare";
const E5: &str = "cgnat-tunnel";
const E8: &str = "multi-uplink-office";

const EXPECTED: &[(&str, &str, Expect)] = &[
    ("E1.1", E1, Exposed(&[], "expose ha : home-assistant")),
    ("E1.2", E1, Never(("guest", "lan", ""))),
    ("E1.2, any private zone", E1, Never(("guest", "private", ""))),
    ("E1.3", E1, Never(("guest", "router", "ssh, http, https"))),
    ("E1.3, by the address in lan", E1, Never(("guest", "192.168.1.1", "ssh, http, https"))),
    ("E1.4", E1, Reach(("guest", "router", "dns"))),
    ("E1.5", E1, Reach(("guest", "internet", "https"))),
    ("E1.6", E1, NeverChain("guest", "lan")),
    ("E1.7", E1, Unfiltered("shelly", "lan")),
    ("E2.1", E2, Exposed(&["tcp 8123 -> ha"], "expose ha : ssh")),
    ("E2.2", E2, Never(("iot", "lan except ha", ""))),
    ("E2.3", E2, Never(("iot", "internet", ""))),
    ("E2.4", E2, Reach(("iot", "ha", "mqtt"))),
    ("E2.5", E2, Never(("iot", "ha", "ssh, ha-observer"))),
    ("E2.6", E2, Never(("guest", "private", ""))),
    ("E2.7", E2, Reach(("ha", "esp1", "esphome-api"))),
    ("E2.8", E2, PublicName("lan", 8123, Some("192.168.10.10"))),
    ("E2.9", E2, PublicName("guest", 8123, None)),
    ("E2.10", E2, Chain("iot", "lan except ha", &["(iot)", "ha", "(lan)"])),
    ("E4.1", E4, Exposed(&["tcp 443 -> ha from cloudflare-v4"], "expose frigate : frigate-auth")),
    ("E4.2", E4, Never(("198.51.100.99", "ha", "tcp 443"))),
    ("E4.3", E4, Reach(("104.18.0.1", "ha", "tcp 443"))),
    ("E4.4", E4, Never(("104.18.0.1", "ha", "tcp 8123"))),
    ("E4.5", E4, Never(("cam", "internet", ""))),
    ("E4.6", E4, Never(("iot", "internet", ""))),
    ("E4.7", E4, Never(("internet, private", "frigate", "frigate-noauth"))),
    ("E4.8", E4, Only(("cam", "ha", "home-assistant"))),
    ("E4.9", E4, NeverChain("cam", "pc")),
    ("E4.10", E4, NeverChain("iot", "pc")),
    ("E4.11", E4, Never(("guest", "private", ""))),
    ("E4.12", E4, Reach(("laptop", "ha", "https"))),
    ("E4.13", E4, Never(("pc", "ha", "home-assistant"))),
    ("E4.14", E4, Chain("cam", "iot", &["(cam)", "ha", "(iot)"])),
    ("E5.1", E5, Exposed(&[], "expose ha : matter-server { ipv6 on }")),
    ("E5.2", E5, Reach(("ha", "internet", "cloudflared"))),
    ("E5.3", E5, Never(("iot", "home", ""))),
    ("E5.4", E5, Never(("guest", "private", ""))),
    ("E5.5", E5, Never(("iot", "internet", "dns, dot"))),
    ("E5.6", E5, Reach(("iot", "router", "dns"))),
    ("E5.7", E5, Compiled(&["established : accept, related : accept"])),
    ("E5.7, neighbours", E5, Reach(("home", "router", "icmpv6 133, icmpv6 135, icmpv6 136, icmpv6 130, icmpv6 143"))),
    ("E5.8", E5, SameZone(&["ha", "bulb", "atv", "phone"])),
    ("E5.8, the router is not asked", E5, Unfiltered("ha", "atv, phone")),
    ("E5.9", E5, Reach(("admin-phone", "ha", "home-assistant"))),
    ("E5.10", E5, Never(("tailnet", "iot", ""))),
    ("E5.11", E5, NeverChain("iot", "home")),
    (
        "E8.1",
        E8,
        Exposed(
            &["udp 1194 -> router", "tcp 443 -> proxy from cloudflare-v4"],
            "expose nas : https { on wan;  port 8443 }",
        ),
    ),
    ("E8.2", E8, Only(("proxy, vpn-user, vpn-admin", "ha", "home-assistant"))),
    ("E8.3", E8, Only(("router", "ipa", "radius"))),
    ("E8.4", E8, Only(("adminpc, vpn-admin", "pve", "proxmox"))),
    ("E8.5", E8, Never(("dmz", "mgmt, pc, office, iot, cam, guest", ""))),
    ("E8.6", E8, NeverChain("dmz", "mgmt, pc, office")),
    ("E8.7", E8, Chain("dmz", "nas", &["proxy", "ha", "nas"])),
    ("E8.8", E8, Never(("office", "srv, pc, iot, cam, mgmt, dmz", ""))),
    ("E8.9", E8, Never(("srv, pc, iot, cam, dmz, guest", "office", ""))),
    ("E8.10", E8, Never(("guest", "private", ""))),
    ("E8.11", E8, Never(("cam", "internet", ""))),
    ("E8.12", E8, Never(("vpn-user", "mgmt, nas, iot, cam, office, pc", ""))),
    ("E8.13", E8, Egress("office", "198.51.100.11")),
    ("E8.15", E8, Never(("srv", "pve", ""))),
    ("E8.16", E8, Reach(("adminpc", "router", "https"))),
    ("from outside: not Cloudflare, https", E8, Never(("198.51.100.99", "proxy", "https"))),
    ("from outside: Cloudflare, past the proxy", E8, Never(("104.18.0.1", "ha", "home-assistant"))),
];

fn main() {
    let arguments = Arguments::from_args();
    let clean = [E1, E2, E4, E5, E8]
        .map(|name| Trial::test(format!("{name}: nothing is found"), move || clean(name)))
        .into_iter();
    let expected = EXPECTED
        .iter()
        .map(|(id, name, expect)| Trial::test(format!("{name}: {id}"), move || Household::new(name).holds(expect)));
    libtest_mimic::run(&arguments, clean.chain(expected).collect()).exit();
}

fn clean(name: &str) -> Result<(), Failed> {
    let household = Household::new(name);
    let checked = household.with("");
    if checked.diagnostics.is_empty() { Ok(()) } else { Err(Household::shown(&checked).into()) }
}

struct Household {
    text: String,
}

fn on_a_day() -> Memory {
    Memory { files: settings::settings(), date: jiff::civil::date(2026, 11, 23) }
}

fn fail<T>(text: impl Into<String>) -> Result<T, Failed> {
    Err(text.into().into())
}

fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.diagnostics.iter().map(|found| found.code).collect()
}

/// `: ssh, http`, or nothing for everything.
fn on(services: &str) -> String {
    if services.is_empty() { String::new() } else { format!(" : {services}") }
}

impl Household {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).join("main.hedge");
        Self { text: fs::read_to_string(path).unwrap() }
    }

    /// The example's own list of what is exposed is taken out: a policy has one.
    fn without_list(&self) -> Self {
        let start = self.text.find("\nexposed {").unwrap();
        let end = start + self.text[start..].find('}').unwrap();
        Self { text: format!("{}{}", &self.text[..start], &self.text[end + 1..]) }
    }

    fn with(&self, more: &str) -> Checked {
        compile::check("main.hedge", &format!("{}\n{more}\n", self.text), &on_a_day())
    }

    fn shown(checked: &Checked) -> String {
        let human = Human::new(&checked.sources, false);
        checked.diagnostics.iter().fold(String::new(), |mut text, found| {
            let _ = write!(text, "{}\n\n", human.render(found));
            text
        })
    }

    /// An assertion is true of the policy, and is false with a change to the policy.
    fn assertion(&self, line: &str, change: &str, code: &str) -> Result<(), Failed> {
        let checked = self.with(line);
        if checked.meant.is_none() || codes(&checked).iter().any(|code| *code != "redundant-rule") {
            return fail(format!("`{line}` does not hold:\n{}", Self::shown(&checked)));
        }
        let changed = self.with(&format!("{change}\n{line}"));
        let own = |found: &&hedgerow::diagnostic::Diagnostic| {
            let span = found.primary.span;
            found.code == code && changed.sources.line_column(span).0 > self.text.lines().count()
        };
        if !changed.diagnostics.iter().any(|found| own(&found)) {
            return fail(format!("`{line}` holds in spite of `{change}`:\n{}", Self::shown(&changed)));
        }
        Ok(())
    }

    fn explain(&self, (from, to, services): Words) -> Result<Answer, Failed> {
        let world = on_a_day();
        let services = if services.is_empty() { "any" } else { services };
        let (sources, asked) = ask("main.hedge", &self.text, (from, to, services), &world);
        let (network, question) = asked.map_err(|errors| {
            let human = Human::new(&sources, false);
            errors.iter().map(|error| human.render(error)).collect::<String>()
        })?;
        let mut meant = compile::meant(&network, &world).unwrap();
        Ok(answer(&network, &sources, &mut meant, &question))
    }

    fn verdict(&self, words: Words, verdict: Verdict) -> Result<(), Failed> {
        let found = self.explain(words)?;
        if found.verdict == verdict { Ok(()) } else { fail(format!("expected {verdict:?}: {found:#?}")) }
    }

    fn holds(&self, expect: &Expect) -> Result<(), Failed> {
        match *expect {
            Never(words) => {
                let (from, to, services) = words;
                let services = on(services);
                let line = format!("never {from} -> {to}{services}");
                self.assertion(&line, &format!("allow {from} -> {to}{services}"), "never-failed")?;
                self.verdict(words, Verdict::Denied)
            }
            Reach(words) => {
                let (from, to, services) = words;
                // What always passes cannot be denied, so there is nothing to break.
                if services.starts_with("icmpv6") {
                    return self.verdict(words, Verdict::Allowed);
                }
                let services = on(services);
                let line = format!("always {from} -> {to}{services}");
                self.assertion(&line, &format!("deny {from} -> {to}{services}"), "always-failed")?;
                self.verdict(words, Verdict::Allowed)
            }
            Only((from, to, services)) => {
                let services = on(services);
                let line = format!("only {from} -> {to}{services}");
                self.assertion(&line, &format!("allow private -> {to}{services}"), "only-failed")?;
                let nobody = if from == "router" { "private" } else { &format!("private except {from}") };
                let others: &'static str = String::leak(nobody.to_owned());
                let services = String::leak(services.trim_start_matches(" : ").to_owned());
                self.verdict((others, to, services), Verdict::Denied)
            }
            NeverChain(from, to) => self.assertion(
                &format!("never {from} ~> {to}"),
                &format!("allow {from} -> {to} : https"),
                "never-failed",
            ),
            Chain(from, to, hosts) => self.chain(from, to, hosts),
            Exposed(lines, change) => {
                let list = |lines: &[&str]| format!("exposed {{ {} }}", lines.join("; "));
                let bare = self.without_list();
                bare.assertion(&list(lines), change, "exposed-more")?;
                let longer = [lines, &["tcp 22 -> router"]].concat();
                let checked = bare.with(&list(&longer));
                if codes(&checked) == ["exposed-less"] { Ok(()) } else { fail(Self::shown(&checked)) }
            }
            Unfiltered(from, to) => self.verdict((from, to, ""), Verdict::Unfiltered),
            SameZone(names) => {
                let network = self.with("").network;
                let zones: Vec<_> = names
                    .iter()
                    .filter_map(|name| network.hosts.iter().find(|host| host.name == *name))
                    .map(|host| &host.zones)
                    .collect();
                assert_eq!(zones.len(), names.len());
                if zones.windows(2).all(|pair| pair[0] == pair[1]) { Ok(()) } else { fail("in different zones") }
            }
            PublicName(from, port, target) => self.public_name(from, port, target),
            Egress(from, address) => {
                let found = self.explain((from, "internet", "https"))?;
                let seen = found.passes.as_ref().and_then(|case| case.seen_as.as_deref());
                if seen == Some(address) { Ok(()) } else { fail(format!("{found:#?}")) }
            }
            Compiled(texts) => {
                let mut checked = self.with("");
                let output = compile::render(&mut checked, "main.hedge", Target::Nftables, &[])
                    .map_err(|errors| format!("{errors:#?}"))?;
                let text = &output.files.first().unwrap().text;
                match texts.iter().find(|wanted| !text.contains(**wanted)) {
                    Some(missing) => fail(format!("`{missing}` is missing")),
                    None => Ok(()),
                }
            }
        }
    }

    /// The chain is no secret: an assertion against it fails, and names the hosts in their order.
    fn chain(&self, from: &str, to: &str, hosts: &[&str]) -> Result<(), Failed> {
        let checked = self.with(&format!("never {from} ~> {to}"));
        let path = checked
            .diagnostics
            .iter()
            .filter(|found| found.code == "never-failed")
            .flat_map(|found| &found.notes)
            .find_map(|note| note.strip_prefix("path: "));
        let Some(path) = path else { return fail(format!("no path:\n{}", Self::shown(&checked))) };
        // The hosts stand between the arrows: `A -[how]-> B -[how]-> C`.
        let named: Vec<&str> =
            path.split(" -[").map(|part| part.split_once("]-> ").map_or(part, |(_, name)| name)).collect();
        let fits = named.len() == hosts.len() && named.iter().zip(hosts).all(|(name, host)| name.ends_with(host));
        if fits { Ok(()) } else { fail(format!("expected {hosts:?}, found `{path}`")) }
    }

    /// As someone inside meets the public name: by the address that the uplink has today.
    fn public_name(&self, from: &'static str, port: u16, target: Option<&str>) -> Result<(), Failed> {
        let today = Self { text: self.text.replace("address   dhcp", "address   203.0.113.20") };
        let service = String::leak(format!("tcp {port}"));
        let found = today.explain((from, "203.0.113.20", service))?;
        let leads = found.passes.as_ref().and_then(|case| case.translated_to.as_deref());
        if leads == target && found.held_back.is_none() == target.is_some() {
            Ok(())
        } else {
            fail(format!("{found:#?}"))
        }
    }
}
