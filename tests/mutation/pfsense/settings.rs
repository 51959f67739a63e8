//! Changes to what pfSense makes rules of by itself: settings of the system and of interfaces, servers of DHCP, reflection,
//! the mode of outbound translation, packages.

use super::edits::{Change, Kind, Part, any, anywhere, put};
use crate::rng::Rng;

/// Addresses and ports at which such rules decide.
const AROUND: &str = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 fc00::/7 fe80::/10 ff02::/16 \
                      255.255.255.255 64:ff9b::a00:1 0 22 67 68 80 443 546 547";

pub const KINDS: [Kind; 27] = [
    ("no IPv6", |text, _| system(text, "<ipv6allow></ipv6allow>", "")),
    ("anti-lockout on", |text, _| system(text, "<noantilockout></noantilockout>", "")),
    ("anti-lockout on, with a shell", |text, _| {
        let (text, _) = system(text, "<noantilockout></noantilockout>", "")?;
        system(&text, "<webgui>", "<ssh>\n\t\t\t<enable>enabled</enable>\n\t\t</ssh>\n\t\t<webgui>")
    }),
    ("anti-lockout on, at another port", |text, _| {
        system(text, "<noantilockout></noantilockout>", "<port>8443</port>")
    }),
    ("rules of gateways that are down", |text, _| system(text, "<skip_rules_gw_down></skip_rules_gw_down>", "")),
    ("reflection by a program, for all", |text, _| {
        let (text, _) = system(text, "<disablenatreflection>yes</disablenatreflection>", "")?;
        any(&text, &mut Rng::new(1), Part::Forward, "natreflection", |_| Some(String::new()))
    }),
    ("reflection for all", |text, rng| {
        let pure = "<enablenatreflectionpurenat>yes</enablenatreflectionpurenat>";
        let (text, _) = system(text, "<disablenatreflection>yes</disablenatreflection>", pure)?;
        any(&text, rng, Part::Forward, "natreflection", |_| Some(String::new()))
    }),
    ("reflection as the system has it", |text, rng| {
        any(text, rng, Part::Forward, "natreflection", |_| Some(String::new()))
    }),
    ("no reflection said of the system", |text, _| {
        system(text, "<disablenatreflection>yes</disablenatreflection>", "")
    }),
    ("link-local IPv4 not blocked", |text, _| more(text, "<no_apipa_block></no_apipa_block>")),
    ("translated IPv4 not blocked", |text, _| {
        more(text, "<allow_nat64_prefix_override></allow_nat64_prefix_override>")
    }),
    ("no filter", |text, _| more(text, "<disablefilter>enabled</disablefilter>")),
    ("another name of the router", |text, _| system(text, "<hostname>", "<hostname>x")),
    ("outbound rules made by itself", |text, _| mode(text, "automatic")),
    ("outbound rules of both sorts", |text, _| mode(text, "hybrid")),
    ("no outbound rules", |text, _| mode(text, "disabled")),
    ("private networks blocked", |text, rng| interface(text, rng, "<blockpriv></blockpriv>")),
    ("bogons blocked", |text, rng| interface(text, rng, "<blockbogons></blockbogons>")),
    ("an interface by DHCP", |text, rng| {
        let at =
            places(text, "<ipaddr>").into_iter().filter(|at| text[*at..].starts_with(|c: char| c.is_ascii_digit()));
        let all: Vec<usize> = at.collect();
        let at = *rng.pick(all.get(..).filter(|all| !all.is_empty())?);
        let end = at + text[at..].find('<')?;
        Some((put(text, at..end, "dhcp"), format!("{} {AROUND}", &text[at..end])))
    }),
    ("an interface off", |text, rng| {
        let all = places(text, "<enable></enable>");
        let at = *rng.pick(all.get(..).filter(|all| !all.is_empty())?);
        Some((put(text, at - "<enable></enable>".len()..at, ""), AROUND.to_owned()))
    }),
    ("a pool of DHCP", |text, rng| {
        let (old, key) = ("<dhcpd>", key(text, rng)?);
        let pool = format!("<{key}>\n\t\t\t<enable></enable>\n\t\t</{key}>");
        if text.contains(old) {
            return anywhere(text, old, &format!("{old}\n\t\t{pool}")).map(aimed(&key));
        }
        let whole = format!("\t</interfaces>\n\t<dhcpd>\n\t\t{pool}\n\t</dhcpd>");
        anywhere(text, "\t</interfaces>", &whole).map(aimed(&key))
    }),
    ("a pool of DHCP that is off", |text, rng| {
        let key = key(text, rng)?;
        let whole = format!("\t</interfaces>\n\t<dhcpd>\n\t\t<{key}>\n\t\t</{key}>\n\t</dhcpd>");
        if text.contains("<dhcpd>") { None } else { anywhere(text, "\t</interfaces>", &whole).map(aimed(&key)) }
    }),
    ("a server of DHCPv6", |text, rng| {
        let mode = "<ramode>unmanaged</ramode>";
        let all: Vec<usize> = text.match_indices(mode).map(|(at, _)| at).collect();
        let at = *rng.pick(all.get(..).filter(|all| !all.is_empty())?);
        Some((put(text, at..at + mode.len(), "<enable></enable>"), AROUND.to_owned()))
    }),
    ("no announcement of routers", |text, rng| {
        let mode = "<ramode>unmanaged</ramode>";
        let all: Vec<usize> = text.match_indices(mode).map(|(at, _)| at).collect();
        let at = *rng.pick(all.get(..).filter(|all| !all.is_empty())?);
        Some((put(text, at..at + mode.len(), "<ramode>disabled</ramode>"), AROUND.to_owned()))
    }),
    ("a page to sign in on", |text, rng| {
        let key = key(text, rng)?;
        let zone = format!("\n\t\t<zone>\n\t\t\t<interface>{key}</interface>\n\t\t\t<enable></enable>\n\t\t</zone>");
        let whole = format!("\t</interfaces>\n\t<captiveportal>{zone}\n\t</captiveportal>");
        anywhere(text, "\t</interfaces>", &whole).map(aimed(&key))
    }),
    ("ports opened by UPnP", |text, _| {
        let config = "<config>\n\t\t\t\t<enable>on</enable>\n\t\t\t\t<ext_iface>wan</ext_iface>\n\t\t\t</config>";
        let package = format!("<installedpackages>\n\t\t<miniupnpd>\n\t\t\t{config}\n\t\t</miniupnpd>");
        if text.contains("<installedpackages>") {
            return anywhere(text, "<installedpackages>", &package);
        }
        anywhere(text, "\t</interfaces>", &format!("\t</interfaces>\n\t{package}\n\t</installedpackages>"))
    }),
    ("UPnP that is off", |text, _| {
        let package = "<installedpackages>\n\t\t<miniupnpd>\n\t\t\t<config>\n\t\t\t</config>\n\t\t</miniupnpd>";
        if text.contains("<installedpackages>") {
            return anywhere(text, "<installedpackages>", package);
        }
        anywhere(text, "\t</interfaces>", &format!("\t</interfaces>\n\t{package}\n\t</installedpackages>"))
    }),
];

fn system(text: &str, from: &str, to: &str) -> Change {
    anywhere(text, from, to).map(|(text, told)| (text, format!("{told} {AROUND}")))
}

/// One more setting of the system.
fn more(text: &str, what: &str) -> Change {
    system(text, "<system>", &format!("<system>\n\t\t{what}"))
}

fn mode(text: &str, word: &str) -> Change {
    system(text, "<mode>advanced</mode>", &format!("<mode>{word}</mode>"))
}

/// Behind where some words stand among the interfaces.
fn places(text: &str, what: &str) -> Vec<usize> {
    let (Some(from), Some(to)) = (text.find("\t<interfaces>"), text.find("\t</interfaces>")) else { return Vec::new() };
    text[from..to].match_indices(what).map(|(at, _)| from + at + what.len()).collect()
}

/// One more setting of an interface.
fn interface(text: &str, rng: &mut Rng, what: &str) -> Change {
    let all = places(text, "<enable></enable>");
    let at = *rng.pick(all.get(..).filter(|all| !all.is_empty())?);
    let end = at + text[at..].find("</subnet>").unwrap_or(0);
    Some((put(text, at..at, &format!("\n\t\t\t{what}")), format!("{} {AROUND}", &text[at..end])))
}

/// The key of an interface.
fn key(text: &str, rng: &mut Rng) -> Option<String> {
    let starts = places(text, "<enable></enable>");
    let keys: Vec<&str> = starts.iter().filter_map(|at| text[..*at].rsplit('<').nth(2)?.split('>').next()).collect();
    keys.get(..).filter(|keys| !keys.is_empty()).map(|keys| (*rng.pick(keys)).to_owned())
}

/// Aims at an interface, whose key has its addresses in [`super::edits::expanded`].
fn aimed(key: &str) -> impl Fn((String, String)) -> (String, String) {
    let key = key.to_owned();
    move |(text, told)| (text, format!("{told} {key} {AROUND}"))
}
