//! What firewall4 makes of mistakes. It leaves with 0 in all of these cases.

use crate::support::{attempt, refused, with};

const GUEST: &str = "br-lan.20 10.1.0.5 > 10.1.0.1 tcp 9";

#[test]
fn an_unknown_option_is_left_out_and_the_rule_stays() {
    with("config rule\n option name tmp\n option src guest\n option proto tcp\n option dport 22\n option target ACCEPT\n")
        .exact()
        .says("firewall:25: rule 'tmp': `dport` is no option of firewall4")
        .open(&[GUEST]);
}

#[test]
fn a_bad_value_skips_the_section() {
    for bad in [
        "option dest_port http",
        "option dest_port 90-80",
        "option dest_ip host.lan",
        "option src_ip 10.0.0.5,10.0.0.6",
        "option dest nowhere",
        "option family x",
        "option target bogus",
        "list limit 10/minute",
        "option weekdays 'mon,tue'",
    ] {
        with(&format!("config rule\n option src guest\n option proto tcp\n option target ACCEPT\n {bad}\n"))
            .says("so firewall4 skips the section")
            .closed(&[GUEST]);
    }
}

#[test]
fn mixed_families_are_left_out() {
    with("config rule\n option src guest\n option proto tcp\n option family ipv6\n option src_ip 10.1.0.5\n option target ACCEPT\n")
        .says("different families")
        .closed(&[GUEST]);
}

#[test]
fn what_nft_refuses_leaves_the_router_without_a_firewall() {
    let rule = "config rule\n option src guest\n option target ACCEPT\n";
    for (bad, words) in [
        (format!("{rule} option name {}\n", "x".repeat(123)), "122 letters"),
        (format!("{rule} option src_ip 10.0.0.9-10.0.0.1\n"), "an address range"),
        (format!("{rule} option src_ip 10.0.0.9/33\n"), "prefix that is none"),
        (format!("{rule} option proto 300\n"), "`300` is no protocol"),
        ("config rule\n option src guest\n option target DNAT\n".to_owned(), "cannot translate"),
        (
            "config redirect\n option src wan\n option dest_ip 10.0.0.5\n option dest_port 80\n".to_owned(),
            "`src_dport`",
        ),
        ("config zone\n option name lan\n".to_owned(), "a second zone"),
    ] {
        let message = refused(&bad);
        assert!(message.contains(words) && message.starts_with("firewall:25: "), "{message}");
    }
}

#[test]
fn a_name_may_have_122_letters() {
    let _ = with(&format!("config rule\n option name {}\n option src guest\n option target ACCEPT\n", "x".repeat(122)));
}

#[test]
fn files_that_libuci_refuses() {
    for (text, words) in [
        ("config rule 'a b'\n", "firewall:1: `a b` is no name"),
        ("\noption x 1\n", "firewall:2: an option before the first `config`"),
        ("config rule\n option name 'x\n", "firewall:2: the quote ' is never closed"),
        ("config rule\n\n option name x y\n", "firewall:3: too many words"),
        ("config\n", "expected a name after `config`"),
        ("frob x\n", "found `frob`"),
    ] {
        let message = attempt(text).err().map(|error| error.message).unwrap_or_default();
        assert!(message.contains(words), "{text:?}: {message}");
    }
}

#[test]
fn quotes_comments_and_lists_are_those_of_libuci() {
    // Quotes join, a line may go on, `;` parts commands, and the last `option` wins over what stood before.
    with("config rule # a comment\n option src gu'es't; option target \"ACCE\\\nPT\"\n list dest_port 1\n option dest_port 9\n option proto udp\n option proto tcp\n")
        .exact()
        .open(&[GUEST])
        .closed(&["br-lan.20 10.1.0.5 > 10.1.0.1 tcp 1", "br-lan.20 10.1.0.5 > 10.1.0.1 udp 9"]);
}
