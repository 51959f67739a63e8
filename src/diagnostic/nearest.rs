//! What a misspelt or foreign name may have meant.

/// Words of other tools, and of people, for what the language calls otherwise.
const CALLED: &[(&str, &[&str])] = &[
    ("allow", &["accept", "pass", "permit"]),
    ("deny", &["block", "disallow", "drop", "forbid", "reject"]),
    ("expose", &["dnat", "forward", "port-forward", "portforward", "publish"]),
    ("any", &["all", "anyone", "anywhere", "everybody", "everyone", "everything"]),
    ("router", &["firewall", "gateway", "self"]),
    ("mqtts", &["mqtt-ssl", "mqtt-tls"]),
    ("ping", &["echo", "echo-request", "icmp-echo"]),
    ("address", &["addr", "ip", "ipaddr", "ip-address"]),
    ("because", &["comment", "description", "note", "reason", "why"]),
    ("during", &["schedule", "time", "when"]),
    ("until", &["expires", "expiry", "valid-until"]),
    ("limit", &["rate", "rate-limit"]),
    ("network", &["cidr", "net", "prefix", "subnet"]),
    ("interface", &["device", "iface", "nic"]),
    ("isolated", &["client-isolation", "isolate", "isolation"]),
    ("role", &["kind", "trust", "type"]),
    ("mac", &["hwaddr", "mac-address"]),
    ("suffix", &["interface-id", "ip6hint", "token"]),
    ("runs", &["ports", "services"]),
    ("listen", &["port"]),
    ("peer", &["client", "clients", "peers", "user", "users"]),
    ("from", &["source", "sources"]),
    ("hairpin", &["loopback", "nat-loopback", "reflection"]),
    ("login-attempts", &["login-attempts-threshold", "login_attempts_threshold"]),
    ("kids", &["child", "children"]),
    ("camera", &["cam", "cameras", "cctv", "nvr"]),
    ("media", &["entertainment", "iptv", "multimedia", "speakers", "tv"]),
    ("voip", &["phone", "phones", "sip", "telephone", "telephony"]),
    ("iot", &["devices", "not", "smart-home"]),
    ("internet", &["external", "isp", "wan"]),
    ("trusted", &["home", "internal", "lan", "pc"]),
    ("management", &["admin", "mgmt"]),
    ("guest", &["guests", "untrusted", "visitor"]),
    ("ds-lite", &["dslite"]),
    ("home-assistant", &["ha", "hass", "homeassistant"]),
    ("letsencrypt", &["acme", "lets-encrypt"]),
];

/// The closest of the known names to a misspelt one, or what another tool's word is called here; nothing if none is
/// close.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = wrong.chars().count();
    let limit = (length / 3).clamp(1, 3);
    let called = CALLED.iter().filter(|(_, words)| words.contains(&wrong)).map(|(name, _)| *name);
    let called: Vec<&str> = called.collect();
    known
        .into_iter()
        // The distance is costly, and at least the difference of the lengths.
        .filter(|name| name.chars().count().abs_diff(length) <= limit || called.contains(name))
        .map(|name| {
            let same = called.contains(&name) || name.eq_ignore_ascii_case(wrong);
            let distance = if same { 0 } else { strsim::damerau_levenshtein(wrong, name) };
            (distance, name)
        })
        .filter(|&(distance, name)| distance <= limit && name != wrong)
        .min()
        .map(|(_, name)| name)
}

/// Names that may be meant by `wrong`, at most four: the nearest spelling, then those that have a word in common with
/// it (`dsm` for `synology-dsm`), those with most in common first.
pub fn akin<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let words: Vec<&str> = wrong.split(['-', '_', '.']).filter(|word| word.len() > 2).collect();
    let shared = |name: &str| name.split(['-', '_', '.']).filter(|word| words.contains(word)).count();
    let mut list: Vec<(usize, &str)> = known
        .clone()
        .into_iter()
        .map(|name| (shared(name), name))
        .filter(|&(shared, name)| shared > 0 && name != wrong)
        .collect();
    list.sort_by_key(|&(shared, name)| (std::cmp::Reverse(shared), name.len(), name));
    list.dedup();
    let near = nearest(wrong, known);
    near.into_iter().chain(list.into_iter().map(|(_, name)| name).filter(|name| Some(*name) != near)).take(4).collect()
}
