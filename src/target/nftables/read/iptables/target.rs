//! Targets of iptables in nft's words.

use super::line::Target;

/// The statement of a rule. `word` gives the word for a chain.
pub fn statement(target: &Target, v6: bool, word: impl FnOnce(&str) -> String) -> String {
    let option = |name: &str| {
        let at = target.options.iter().position(|option| option == name)?;
        target.options.get(at + 1).map(String::as_str)
    };
    let has = |name: &str| target.options.iter().any(|option| option == name);
    if !takes(target) {
        // What it does may hang on that: `-j ACCEPT -s 10.0.0.5` is a condition for iptables.
        return unknown(target);
    }
    if target.goto {
        return format!("goto {}", word(&target.name));
    }
    match target.name.as_str() {
        "ACCEPT" => "accept".to_owned(),
        "DROP" => "drop".to_owned(),
        "RETURN" => "return".to_owned(),
        "REJECT" => "reject".to_owned(),
        "QUEUE" | "NFQUEUE" => "queue".to_owned(),
        "LOG" | "NFLOG" | "ULOG" => "log".to_owned(),
        "NOTRACK" => "notrack".to_owned(),
        "CT" if has("--notrack") => "notrack".to_owned(),
        "MARK" => mark("meta mark", &target.options, &option, &has),
        "CONNMARK" => mark("ct mark", &target.options, &option, &has),
        "CT" if has("--zone") || has("--zone-orig") || has("--zone-reply") => "ct zone set 1".to_owned(),
        // A rule that only counts, and those whose writing is looked at by nobody who decides here.
        "" | "TCPMSS" | "TTL" | "HL" | "DSCP" | "TOS" | "CHECKSUM" | "CLASSIFY" | "TRACE" | "AUDIT" | "ECN"
        | "SECMARK" | "CONNSECMARK" | "RATEEST" | "IDLETIMER" | "LED" | "SET" | "TEE" => "counter".to_owned(),
        "DNAT" => nat("dnat", option("--to-destination"), v6),
        "SNAT" => nat("snat", option("--to-source"), v6),
        "MASQUERADE" => match option("--to-ports") {
            Some(ports) => format!("masquerade to :{ports}"),
            None => "masquerade".to_owned(),
        },
        "REDIRECT" => match option("--to-ports") {
            Some(ports) => format!("redirect to :{ports}"),
            None => "redirect".to_owned(),
        },
        "CT" if has("--helper") && !has("--zone") => {
            format!("ct helper set \"{}\"", option("--helper").unwrap_or_default().replace('"', "'"))
        }
        // Targets are written in capitals, and so may be chains: one that is known as a target is none.
        "TPROXY" | "SYNPROXY" | "NETMAP" | "CLUSTERIP" | "RAWDNAT" | "RAWSNAT" | "DNPT" | "SNPT" | "SAME"
        | "MIRROR" | "TARPIT" | "CT" | "HMARK" => unknown(target),
        chain => format!("jump {}", word(chain)),
    }
}

fn unknown(target: &Target) -> String {
    format!("xt target \"{} {}\"", target.name, target.options.join(" ").replace('"', "'"))
}

/// Are all of its options its own? Of targets that decide nothing it makes no difference.
fn takes(target: &Target) -> bool {
    const NAT: &[&str] =
        &["--to-destination", "--to-source", "--to-ports", "--random", "--random-fully", "--persistent"];
    let own: &[&str] = match target.name.as_str() {
        "REJECT" => &["--reject-with"],
        "DNAT" | "SNAT" | "MASQUERADE" | "REDIRECT" => NAT,
        "QUEUE" | "NFQUEUE" | "LOG" | "NFLOG" | "ULOG" | "MARK" | "CONNMARK" | "CT" | "" | "TCPMSS" | "TTL" | "HL"
        | "DSCP" | "TOS" | "CHECKSUM" | "CLASSIFY" | "TRACE" | "AUDIT" | "ECN" | "SECMARK" | "CONNSECMARK"
        | "RATEEST" | "IDLETIMER" | "LED" | "SET" | "TEE" | "TPROXY" | "SYNPROXY" | "NETMAP" => return true,
        _ => &[],
    };
    // A value belongs to the option before it.
    let option = |word: &String| word.starts_with('-') && word.len() > 1;
    let first = target.options.first().is_none_or(option);
    first && target.options.iter().all(|word| if option(word) { own.contains(&word.as_str()) } else { word != "!" })
}

/// What a mark becomes (`mark_tg` in `xt_mark.c`, `connmark_tg` in `xt_connmark.c`).
fn mark<'o>(
    key: &str,
    options: &[String],
    option: &dyn Fn(&str) -> Option<&'o str>,
    has: &dyn Fn(&str) -> bool,
) -> String {
    const MARKS: [&str; 10] = [
        "--set-xmark",
        "--set-mark",
        "--and-mark",
        "--or-mark",
        "--xor-mark",
        "--save-mark",
        "--restore-mark",
        "--nfmask",
        "--ctmask",
        "--mask",
    ];
    let number = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse::<u32>().ok(),
    };
    let masked = |text: &str| match text.split_once('/') {
        Some((value, mask)) => Some((number(value)?, number(mask)?)),
        None => Some((number(text)?, u32::MAX)),
    };
    let mask = |name: &str| match option(name).or_else(|| option("--mask")) {
        Some(text) => number(text),
        None => Some(u32::MAX),
    };
    let foreign = |word: &String| word.starts_with('-') && !MARKS.contains(&word.as_str());
    let written = if options.iter().any(foreign) {
        None
    } else if let Some((value, mask)) = option("--set-xmark").and_then(masked) {
        Some(format!("{key} set {key} & {:#x} ^ {value:#x}", !mask))
    } else if let Some((value, mask)) = option("--set-mark").and_then(masked) {
        Some(format!("{key} set {key} & {:#x} | {value:#x}", !mask))
    } else if let Some(bits) = option("--and-mark").and_then(number) {
        Some(format!("{key} set {key} & {bits:#x}"))
    } else if let Some(bits) = option("--or-mark").and_then(number) {
        Some(format!("{key} set {key} | {bits:#x}"))
    } else if let Some(bits) = option("--xor-mark").and_then(number) {
        Some(format!("{key} set {key} ^ {bits:#x}"))
    } else if let (Some(from), Some(to)) = (mask("--nfmask"), mask("--ctmask")) {
        if has("--save-mark") {
            Some(format!("ct mark set ct mark & {:#x} ^ meta mark & {from:#x}", !to))
        } else {
            has("--restore-mark").then(|| format!("meta mark set meta mark & {:#x} ^ ct mark & {to:#x}", !from))
        }
    } else {
        None
    };
    // What is not understood writes any number.
    let either = if has("--restore-mark") { "meta mark" } else { key };
    written.unwrap_or_else(|| format!("{either} set numgen random mod 2"))
}

fn nat(kind: &str, to: Option<&str>, v6: bool) -> String {
    match to {
        // `:8080` alone, `10.0.0.5`, `10.0.0.5:80`, `[fd00::5]:80`, `10.0.0.5-10.0.0.9`
        Some(to) if !to.contains(['"', ' ', '/']) => {
            let family = if to.starts_with(':') {
                ""
            } else if v6 {
                " ip6"
            } else {
                " ip"
            };
            format!("{kind}{family} to {to}")
        }
        _ => format!("xt target \"{kind}\""),
    }
}
