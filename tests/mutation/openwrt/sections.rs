//! Changes to what firewall4 makes rules of by itself: defaults, zones, forwardings, sets, included files.

use hedgerow::router::File;

use super::edits::{Kind, Told, from, more, section, sections, value, without};
use crate::rng::Rng;

pub const KINDS: [Kind; 44] = [
    ("no defaults", |files, rng| section(files, rng, "defaults", |_| Some(String::new()))),
    ("input of the defaults", |files, rng| value(files, rng, "defaults", "input", |_| Some("ACCEPT".to_owned()))),
    ("output of the defaults", |files, rng| value(files, rng, "defaults", "output", |_| Some("ACCEPT".to_owned()))),
    ("forward of the defaults", |files, rng| value(files, rng, "defaults", "forward", |_| Some("ACCEPT".to_owned()))),
    ("a default that is none", |files, rng| value(files, rng, "defaults", "input", |_| Some("ALLOW".to_owned()))),
    ("invalid packets not dropped", |files, rng| {
        value(files, rng, "defaults", "drop_invalid", |word| from(word, "1", "0"))
    }),
    ("without a word on invalid packets", |files, rng| without(files, rng, "defaults", "drop_invalid")),
    ("floods of SYNs held back", |files, rng| more(files, rng, "defaults", "option synflood_protect '1'")),
    ("helpers on", |files, rng| value(files, rng, "defaults", "auto_helper", |word| from(word, "0", "1"))),
    ("helpers as they are", |files, rng| without(files, rng, "defaults", "auto_helper")),
    ("connections by a short way", |files, rng| more(files, rng, "defaults", "option flow_offloading '1'")),
    ("a zone left out", |files, rng| section(files, rng, "zone", |_| Some(String::new()))),
    ("a zone disabled", |files, rng| more(files, rng, "zone", "option enabled '0'")),
    ("a zone twice", |files, rng| section(files, rng, "zone", |text| Some(format!("{text}\n{text}")))),
    ("a zone that rejects", |files, rng| verdict(files, rng, "REJECT")),
    ("a zone that drops", |files, rng| verdict(files, rng, "DROP")),
    ("a zone that accepts", |files, rng| verdict(files, rng, "ACCEPT")),
    ("a zone without a verdict", |files, rng| {
        let name = *rng.pick(&["input", "output", "forward"]);
        without(files, rng, "zone", name)
    }),
    ("a verdict that is none", |files, rng| value(files, rng, "zone", "input", |_| Some("ALLOW".to_owned()))),
    ("a zone of IPv4", |files, rng| more(files, rng, "zone", "option family 'ipv4'")),
    ("a zone of IPv6", |files, rng| more(files, rng, "zone", "option family 'ipv6'")),
    ("a zone of both families", |files, rng| more(files, rng, "zone", "option family 'any'")),
    ("a zone that lets invalid packets out", |files, rng| more(files, rng, "zone", "option masq_allow_invalid '1'")),
    ("masquerading of some sources", |files, rng| masquerading(files, rng, "list masq_src '192.168.0.0/16'")),
    ("masquerading of other sources", |files, rng| masquerading(files, rng, "list masq_src '!192.168.0.0/16'")),
    ("masquerading to some", |files, rng| masquerading(files, rng, "list masq_dest '!8.8.8.0/24'")),
    ("a zone with a helper", |files, rng| more(files, rng, "zone", "list helper 'ftp'")),
    ("a zone of one more device", |files, rng| more(files, rng, "zone", "list device 'eth9'")),
    ("a zone without its networks", |files, rng| without(files, rng, "zone", "network")),
    ("a zone without its devices", |files, rng| without(files, rng, "zone", "device")),
    ("another name of a zone", |files, rng| {
        value(files, rng, "zone", "name", |word| Some(format!("{}x", &word[..word.len().min(9)])))
    }),
    ("a forwarding that is off", |files, rng| forwarding(files, rng, ("?", "?"), "option enabled '0'")),
    ("a forwarding of one family", |files, rng| {
        let family = *rng.pick(&["option family 'ipv4'", "option family 'ipv6'"]);
        forwarding(files, rng, ("?", "?"), family)
    }),
    ("a forwarding from everywhere", |files, rng| forwarding(files, rng, ("*", "?"), "")),
    ("a forwarding to everywhere", |files, rng| forwarding(files, rng, ("?", "*"), "")),
    ("a forwarding to a zone that is not there", |files, rng| forwarding(files, rng, ("?", "gone"), "")),
    ("a set disabled", |files, rng| more(files, rng, "ipset", "option enabled '0'")),
    ("a set of the other family", |files, rng| {
        value(files, rng, "ipset", "family", |word| Some(if word == "ipv4" { "ipv6" } else { "ipv4" }.to_owned()))
    }),
    ("a set of single addresses", |files, rng| value(files, rng, "ipset", "match", |word| from(word, "net", "ip"))),
    ("a redirect disabled", |files, rng| more(files, rng, "redirect", "option enabled '0'")),
    ("an included file that is off", |files, rng| more(files, rng, "include", "option enabled '0'")),
    ("an included file that is gone", |files, rng| {
        value(files, rng, "include", "path", |path| Some(path.replace("/hedgerow/", "/gone/")))
    }),
    ("an included file in another chain", |files, rng| {
        let chain = *rng.pick(&["input", "output", "forward_wan", "srcnat"]);
        value(files, rng, "include", "chain", |_| Some(chain.to_owned()))
    }),
    ("an included file at the other end", |files, rng| {
        value(files, rng, "include", "position", |word| {
            let (end, head) = ("append", "prepend");
            Some(if word.contains(head) { word.replace(head, end) } else { word.replace(end, head) })
        })
    }),
];

fn verdict(files: &mut [File], rng: &mut Rng, word: &str) -> Told {
    let name = *rng.pick(&["input", "output", "forward"]);
    value(files, rng, "zone", name, |_| Some(word.to_owned()))
}

/// A line more, for a zone that masquerades.
fn masquerading(files: &mut [File], rng: &mut Rng, line: &str) -> Told {
    section(files, rng, "zone", |text| {
        text.contains("option masq '1'").then(|| format!("{}\n\t{line}\n", text.trim_end()))
    })
}

/// One more forwarding; `?` is any zone.
#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn forwarding(files: &mut [File], rng: &mut Rng, (src, dest): (&str, &str), line: &str) -> Told {
    let text = &files[0].text;
    let zones = sections(text, "zone").into_iter().map(|range| &text[range]);
    let names: Vec<&str> = zones.filter_map(|zone| zone.split("option name '").nth(1)?.split('\'').next()).collect();
    let mut of = |word: &str| if word == "?" { (*rng.pick(&names)).to_owned() } else { word.to_owned() };
    let (src, dest) = (of(src), of(dest));
    let new = format!("\nconfig forwarding 'by_hand'\n\toption src '{src}'\n\toption dest '{dest}'\n");
    let new = if line.is_empty() { new } else { format!("{new}\t{line}\n") };
    files[0].text.push_str(&new);
    Some(new.replace(['\n', '\t'], " "))
}
