//! Targets of iptables in nft's words.

use super::line::Target;

/// The statement of a rule. `word` gives the word for a chain.
pub fn statement(target: &Target, v6: bool, word: impl FnOnce(&str) -> String) -> String {
    let option = |name: &str| {
        let at = target.options.iter().position(|option| option == name)?;
        target.options.get(at + 1).map(String::as_str)
    };
    let has = |name: &str| target.options.iter().any(|option| option == name);
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
        "MARK" => "meta mark set 0".to_owned(),
        "CONNMARK" => "ct mark set 0".to_owned(),
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
        "CT" if has("--helper") && !has("--zone") => "counter".to_owned(),
        // Targets are written in capitals, and so may be chains: one that is known as a target is none.
        "TPROXY" | "SYNPROXY" | "NETMAP" | "CLUSTERIP" | "RAWDNAT" | "RAWSNAT" | "DNPT" | "SNPT" | "SAME"
        | "MIRROR" | "TARPIT" | "CT" | "HMARK" => {
            format!("xt target \"{} {}\"", target.name, target.options.join(" ").replace('"', "'"))
        }
        chain => format!("jump {}", word(chain)),
    }
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
