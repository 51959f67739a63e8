//! Large rulesets are read in reasonable time.

use crate::support::case;

#[test]
fn thousands_of_rules_and_elements() {
    let elements: Vec<String> =
        (0..4_000).map(|n| format!("10.{}.{}.0/24 . tcp . {}-{}", n / 200, n % 200, n + 1, n + 9)).collect();
    let rules: Vec<String> = (0..2_000)
        .map(|n| format!("ip saddr 192.168.10.{} ip daddr 192.168.30.{} tcp dport {} accept", n % 250, n / 8, n + 1))
        .collect();
    let text = format!(
        "table inet t {{\n set s {{\n type ipv4_addr . inet_proto . inet_service\n flags interval\n elements = {{ {} }}\n }}\n\
         chain f {{ type filter hook forward priority 0; policy drop;\n ct state established,related accept\n ip saddr . meta l4proto . th dport @s accept\n {}\n }}\n}}\n",
        elements.join(",\n"),
        rules.join("\n")
    );
    case(&text)
        .exact()
        .open(&["lan 10.0.0.9 > 192.168.30.10 tcp 5", "lan 192.168.10.8 > 192.168.30.1 tcp 9"])
        .closed(&["lan 10.0.0.9 > 192.168.30.10 tcp 10", "lan 192.168.10.8 > 192.168.30.2 tcp 9"]);
}
